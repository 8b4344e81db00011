"""It brings answers into form while the clock runs."""

from planted_tasks import Rows, hooks

HOOK_API = 2


class TimedReading(Rows):
    def ask(self, estimator, part):
        return super().read(super().ask(estimator, part), part, None, estimator)

    def read(self, answer, part, parts, estimator):
        return answer


bench_tasks, bench_models, bench_datasets = hooks(TimedReading)
