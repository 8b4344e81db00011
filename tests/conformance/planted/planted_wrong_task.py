"""It offers numbers for classification."""

import planted_parts

import bench

HOOK_API = 2
bench_datasets = planted_parts.dataset(__name__)


def load():
    import numpy as np

    rng = np.random.default_rng(0)
    target = bench.Target("continuous")
    return bench.Dataset(rng.normal(size=(60, 3)), rng.normal(size=60), target=target)
