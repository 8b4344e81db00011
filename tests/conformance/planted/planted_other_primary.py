"""A metric leads that is not one of its own."""

from planted_tasks import Rows, hooks

HOOK_API = 2


class OtherPrimary(Rows):
    def primary(self, target):
        return "accuracy" if target is not None else self.metrics[0]


bench_tasks, bench_models, bench_datasets = hooks(OtherPrimary)
