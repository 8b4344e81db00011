"""Its official test rows lie before the training rows."""

import planted_parts

import bench

HOOK_API = 2
bench_datasets = planted_parts.dataset(__name__)


def load():
    import numpy as np

    rng = np.random.default_rng(0)
    parts = np.array(["test"] * 30 + ["train"] * 30)
    return bench.Dataset(
        rng.normal(size=(60, 3)), np.arange(60) % 2, parts=parts, time=np.arange(60)
    )
