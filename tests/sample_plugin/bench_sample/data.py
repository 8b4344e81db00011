"""The dataset of the sample plugin."""

import numpy as np

import bench


def load_rings(n_rows: int, seed: int) -> bench.Dataset:
    """Return two noisy rings, of radius 1 and 2, half of the rows each."""
    rng = np.random.default_rng(seed)
    y = np.arange(n_rows) % 2
    angle = rng.uniform(0, 2 * np.pi, n_rows)
    radius = 1 + y + rng.normal(0, 0.1, n_rows)
    X = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    return bench.Dataset(X, np.array(["inner", "outer"])[y])
