"""Its groups stand on both sides of the official split."""

import planted_parts

import bench

HOOK_API = 2
bench_datasets = planted_parts.dataset(__name__)


def load():
    import numpy as np

    rng = np.random.default_rng(0)
    parts = np.array(["train"] * 30 + ["test"] * 30)
    y, groups = np.arange(60) % 2, np.arange(60) % 10
    return bench.Dataset(rng.normal(size=(60, 3)), y, parts=parts, groups=groups)
