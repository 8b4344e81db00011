"""How numbers of a table are brought to one scale: by quartiles, mean and spread, or rank."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Scaling = Literal["robust", "standard", "quantile-normal"]

SCALINGS: tuple[Scaling, ...] = ("robust", "standard", "quantile-normal")

Floats = NDArray[np.float64]

_FAR = 1e100

_RANK_EDGE = 1e-7
"""How near to 0 and 1 a rank may be: the ends of the normal distribution that it becomes."""


@dataclass(frozen=True)
class LinearScaler:
    """Numbers minus a center, times a factor, and softly clipped to (-3, 3) if asked."""

    center: Floats
    factor: Floats
    is_clipped: bool

    def transform(self, X: Floats) -> Floats:
        """Return scaled numbers (n, d); missing ones stay missing."""
        z = (X - self.center) * self.factor
        if self.is_clipped:
            np.clip(z, -_FAR, _FAR, out=z)  # its square must not be infinite
            z /= np.sqrt(1 + np.square(z / 3))
        return z


@dataclass(frozen=True)
class RankScaler:
    """Numbers as the quantiles of a normal distribution that have their rank.

    `quantiles` (n_quantiles, d) are values at equally spaced ranks.
    """

    quantiles: Floats

    def transform(self, X: Floats) -> Floats:
        """Return scaled numbers (n, d); missing ones stay missing."""
        ranks = np.linspace(0, 1, len(self.quantiles))
        z = np.empty(X.shape)
        for x, known, out in zip(X.T, self.quantiles.T, z.T, strict=True):
            # From both sides, so that a value that many rows share gets the middle of their ranks.
            up = np.interp(x, known, ranks)
            down = np.interp(-x, -known[::-1], -ranks[::-1])
            out[:] = ndtri(np.clip((up - down) / 2, _RANK_EDGE, 1 - _RANK_EDGE))
        return z


Scaler = LinearScaler | RankScaler


def fit_scaler(scaling: Scaling, blocks: Iterable[Floats], n_rows: int) -> Scaler:
    """Learn from training rows.

    Parameters
    ----------
    scaling
        ``"robust"``: ``x / sqrt(1 + (x / 3)^2)`` of ``(x - median) / (q75 - q25) * 1.349``, the
        range in place of the quartiles where these coincide (Holzmüller et al., 2024);
        ``"standard"``: mean 0 and variance 1; ``"quantile-normal"``: normally distributed, by at
        most 1000 quantiles, one for each 30 rows (Gorishniy et al., 2021).
    blocks
        The numbers (n, d), some columns at a time, NaN for missing.
    n_rows
        n.

    Raises
    ------
    ValueError
        There is no such scaling.
    """
    if scaling not in SCALINGS:
        raise ValueError(f"scaling is {scaling!r}; allowed: {', '.join(SCALINGS)}.")
    if scaling == "quantile-normal":
        n_quantiles = min(max(n_rows // 30, 10), 1000)
        places = np.linspace(0, 1, n_quantiles)
        return RankScaler(np.hstack([_quantiles(block, places) for block in blocks]))
    learn = _standard if scaling == "standard" else _robust
    centers, factors = zip(*map(learn, blocks), strict=True)
    return LinearScaler(np.concatenate(centers), np.concatenate(factors), scaling == "robust")


def _robust(X: Floats) -> tuple[Floats, Floats]:
    low, q25, center, q75, high = _quantiles(X, np.array([0, 0.25, 0.5, 0.75, 1]))
    spread = np.where(q75 > q25, (q75 - q25) / 1.349, (high - low) / 2)
    return center, _inverse(spread)


def _standard(X: Floats) -> tuple[Floats, Floats]:
    known = ~np.isnan(X)
    n = np.maximum(known.sum(0), 1)
    mean = np.where(known, X, 0).sum(0) / n
    variance = np.square(np.where(known, X - mean, 0)).sum(0) / n
    return mean, _inverse(np.sqrt(variance))


def _inverse(spread: Floats) -> Floats:
    tiny = np.finfo(np.float32).tiny
    return np.where(spread > tiny, 1 / np.maximum(spread, tiny), 0.0)


def _quantiles(X: Floats, places: Floats) -> Floats:
    missing = np.isnan(X)
    if not missing.any():
        return np.quantile(X, places, axis=0)
    found = np.zeros((len(places), X.shape[1]))
    known = ~missing.all(axis=0)
    found[:, known] = np.nanquantile(X[:, known], places, axis=0)
    return found
