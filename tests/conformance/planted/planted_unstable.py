"""Its rows come in the order of a set."""

import planted_parts

import bench

HOOK_API = 2
bench_datasets = planted_parts.dataset(__name__, modality="text")


def load():
    import numpy as np

    words = sorted({f"word {k}" for k in range(60)}, key=hash)
    y = np.arange(60) % 2
    return bench.Dataset(words, y)
