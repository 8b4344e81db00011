"""The truth is told to whom it is asked of."""

from planted_tasks import Rows, hooks

HOOK_API = 2


class TellsAnswers(Rows):
    def ask(self, estimator, part):
        estimator.predict(part.y)
        return estimator.predict(part.X)


bench_tasks, bench_models, bench_datasets = hooks(TellsAnswers)
