"""Nobody knows who may use it."""

import planted_parts

import bench

HOOK_API = 2
bench_datasets = planted_parts.dataset(__name__, license="")


def load():
    import numpy as np

    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    return bench.Dataset(rng.normal(size=(60, 3)), y)
