"""The model of the sample plugin."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

import bench


class Centroid:
    """Answer the class whose mean is nearest, the means drawn by `shrink` towards the middle."""

    def __init__(self, shrink: float = 0.0) -> None:
        self.shrink = shrink

    def fit(self, X: NDArray[np.float64], y: NDArray[np.int64]) -> Centroid:
        """Learn the mean of each class of X (n, p), y (n,)."""
        X = np.asarray(X, dtype=float)
        self.classes_ = np.unique(y)
        means = np.stack([X[y == label].mean(axis=0) for label in self.classes_])
        self.means_ = means + self.shrink * (X.mean(axis=0) - means)
        return self

    def predict(self, X: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return a class for each row of X (n, p)."""
        distances = np.linalg.norm(np.asarray(X, dtype=float)[:, None] - self.means_, axis=2)
        return self.classes_[distances.argmin(axis=1)]


def make_centroid(context: bench.ModelContext, shrink: float) -> Centroid:
    """Return an unfitted estimator."""
    if context.has_missing:
        raise bench.Skip("no missing values")
    return Centroid(shrink)
