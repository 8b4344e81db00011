"""Tuning tests on what it has learned from."""

from planted_tasks import Rows, hooks

import bench

HOOK_API = 2


class Undivided(Rows):
    def divide(self, dataset, train, *, share, seed):
        yield bench.Parts(train, None, train)


bench_tasks, bench_models, bench_datasets = hooks(Undivided)
