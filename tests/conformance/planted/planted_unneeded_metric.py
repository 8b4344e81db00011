"""It is scored by a metric for which it offers nothing."""

from planted_tasks import Rows, hooks

HOOK_API = 2


class UnneededMetric(Rows):
    metrics = ("planted-misses", "planted-distance")


bench_tasks, bench_models, bench_datasets = hooks(UnneededMetric)
