"""It does not shorten what is asked about."""

from planted_tasks import Stream, hooks

HOOK_API = 2


class WholeParts(Stream):
    def shorten(self, part, n):
        return super().shorten(part, n) if part.is_train else part


bench_tasks, bench_models, bench_datasets = hooks(WholeParts)
