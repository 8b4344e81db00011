"""The nearest series: by points of time, and by dynamic time warping."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin

from bench_sklearn.dtw import nearest
from bench_sklearn.steps import scaler
from bench_sklearn.time_series import Floats, as_series, longest, resampled


class OneLength(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Series as an array of one length: where lengths differ, stretched to the longest in training.

    Parameters
    ----------
    scale
        Whether each channel gets mean 0 and variance 1, over all steps of all training series.
    """

    def __init__(self, *, scale: bool = False) -> None:
        self.scale = scale

    def fit(self, X: Any, y: Any = None) -> Self:
        """Look at the lengths and values of X, series as in `as_series`; `y` is not used."""
        series = as_series(X)
        self.length_ = longest(series)
        self.n_channels_ = series[0].shape[1]
        if self.scale:
            self.scaler_ = scaler("variance").fit(np.concatenate(series))
        return self

    def transform(self, X: Any) -> Floats:
        """Return (n_rows, length, channels)."""
        series = as_series(X, self.n_channels_)
        if self.scale:
            series = [self.scaler_.transform(row) for row in series]
        return resampled(series, self.length_)


class DtwClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Vote of the series, all of one length, that are nearest by dynamic time warping.

    Parameters
    ----------
    n_neighbors
        How many vote.
    window
        Share of the length by which matched steps may differ, from 0 (Euclidean) to 1.
    """

    def __init__(self, n_neighbors: int = 1, window: float = 0.1) -> None:
        self.n_neighbors = n_neighbors
        self.window = window

    def fit(self, X: Any, y: Any) -> Self:
        """Keep X, (n_rows, length, channels), and its (n_rows,) classes `y`."""
        self.series_ = np.asarray(X, np.float64)
        self.classes_, self.codes_ = np.unique(np.asarray(y), return_inverse=True)
        return self

    def predict_proba(self, X: Any) -> Floats:
        """Return each class's share of the votes, (n_rows, n_classes)."""
        band = round(self.window * self.series_.shape[1])
        # A warm-up may have fewer rows than neighbours.
        n_neighbors = min(self.n_neighbors, len(self.series_))
        positions, _ = nearest(np.asarray(X, np.float64), self.series_, n_neighbors, band)
        votes = self.codes_[positions][:, :, np.newaxis] == np.arange(len(self.classes_))
        return np.asarray(votes.mean(axis=1))

    def predict(self, X: Any) -> Any:
        """Return (n_rows,) classes: of those with most votes the first."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]
