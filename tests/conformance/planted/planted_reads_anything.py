"""It scores whatever is answered."""

import numpy as np
from planted_tasks import Stream, hooks

import bench

HOOK_API = 2


class ReadsAnything(Stream):
    def read(self, answer, part, parts, estimator):
        values = np.nan_to_num(np.resize(answer, len(part)))
        return bench.Output(values, len(part), {"predictions": values})


bench_tasks, bench_models, bench_datasets = hooks(ReadsAnything)
