"""It is judged in the episode that it has learned in."""

import dataclasses

from planted_tasks import Episodes, hooks

HOOK_API = 2


class SharedSeeds(Episodes):
    def prepare(self, dataset, protocol, cell):
        parts = super().prepare(dataset, protocol, cell)
        rows = [parts.train.seed, *parts.test.rows[1:]]
        return dataclasses.replace(parts, test=dataclasses.replace(parts.test, rows=rows))


bench_tasks, bench_models, bench_datasets = hooks(SharedSeeds)
