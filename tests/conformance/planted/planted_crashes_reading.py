"""It falls over answers that are too short."""

from planted_tasks import Rows, hooks

HOOK_API = 2


class CrashesReading(Rows):
    def read(self, answer, part, parts, estimator):
        if len(answer) != len(part):
            raise ValueError("too short")
        return super().read(answer, part, parts, estimator)


bench_tasks, bench_models, bench_datasets = hooks(CrashesReading)
