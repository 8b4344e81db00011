"""It says that `fit` sees no truth, and passes it on."""

from planted_tasks import Rows, hooks

HOOK_API = 2


class TellsTruth(Rows):
    learns_from_truth = False

    def fit(self, estimator, parts, fit_params):
        return estimator.fit(parts.train.X, parts.train.y)


bench_tasks, bench_models, bench_datasets = hooks(TellsTruth)
