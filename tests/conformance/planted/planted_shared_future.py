"""Its history does not end where the test block begins."""

import dataclasses

import numpy as np
from planted_tasks import Stream, hooks

HOOK_API = 2


class SharedFuture(Stream):
    def prepare(self, dataset, protocol, cell):
        parts = super().prepare(dataset, protocol, cell)
        X = np.append(parts.train.X[1:], parts.test.X[0])
        return dataclasses.replace(parts, train=dataclasses.replace(parts.train, X=X))


bench_tasks, bench_models, bench_datasets = hooks(SharedFuture)
