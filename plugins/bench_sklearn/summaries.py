"""Series as statistics of their parts, for learners of tables.

Mean, deviation and slope are those of the time series forest (Deng, Runger, Tuv & Vladimir, 2013,
doi:10.1016/j.ins.2013.02.030), quantiles of halves of halves, and of differences and spectra too,
those of Dempster, Schmidt & Webb (2024), QUANT, doi:10.1007/s10618-024-01036-9.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Self

import numpy as np
from scipy import fft
from sklearn.base import BaseEstimator, TransformerMixin

from bench_sklearn.time_series import Floats, as_series, longest, resampled

QUANTILES = (0.0, 0.25, 0.5, 0.75, 1.0)

_SHORTEST = 3
"""Steps of the shortest part: a slope and a deviation of fewer say nothing that a mean does not."""


class SeriesSummary(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Series as statistics of the whole, its halves, their halves, and so on.

    Of each part and channel: mean, standard deviation, slope, and the five quartiles, of the
    series, its differences and its amplitude spectrum. Where lengths differ, series are stretched
    to the longest in training, and the length they had is a feature.

    Parameters
    ----------
    depth
        How often parts are halved.
    """

    def __init__(self, depth: int = 4) -> None:
        self.depth = depth

    def fit(self, X: Any, y: Any = None) -> Self:
        """Look at the lengths of X, series as in `as_series`; `y` is not used."""
        series = as_series(X)
        self.length_ = longest(series)
        self.n_channels_ = series[0].shape[1]
        return self

    def transform(self, X: Any) -> Floats:
        """Return (n_rows, n_features) statistics."""
        series = as_series(X, self.n_channels_)
        whole = resampled(series, self.length_)
        lengths = np.array([[len(row)] for row in series], np.float64)
        spectra = np.abs(fft.rfft(whole, axis=1))
        forms = (whole, np.diff(whole, axis=1), spectra)
        return np.hstack([lengths, *(s for form in forms for s in _of_parts(form, self.depth))])


def _of_parts(values: Floats, depth: int) -> Iterator[Floats]:
    length = values.shape[1]
    for level in range(depth + 1):
        edges = np.linspace(0, length, 2**level + 1).round().astype(np.intp)
        if level and length < _SHORTEST * 2**level:
            return
        for start, end in pairwise(edges):
            if end > start:
                yield _statistics(values[:, start:end])


def _statistics(part: Floats) -> Floats:
    """Return (n_rows, 8 * channels) for (n_rows, length, channels)."""
    means = part.mean(axis=1)
    steps = np.arange(part.shape[1]) - (part.shape[1] - 1) / 2
    slopes = np.einsum("nlc,l->nc", part, steps) / max(float(steps @ steps), 1.0)
    quantiles = np.quantile(part, QUANTILES, axis=1)
    return np.hstack([means, part.std(axis=1), slopes, *quantiles])
