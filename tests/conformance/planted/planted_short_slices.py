"""A slice has a label too few."""

import dataclasses

from planted_tasks import Rows, hooks

HOOK_API = 2


class ShortSlices(Rows):
    def prepare(self, dataset, protocol, cell):
        parts = super().prepare(dataset, protocol, cell)
        slices = {"side": ["left"] * (len(parts.test) - 1)}
        return dataclasses.replace(parts, test=dataclasses.replace(parts.test, slices=slices))


bench_tasks, bench_models, bench_datasets = hooks(ShortSlices)
