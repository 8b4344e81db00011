"""Intervals from resampling outer seeds: what another draw of the splits might have shown."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

LEVEL = 0.90
MIN_UNITS = 5
"""Below as many outer seeds in a dataset there is no interval, but "not enough measured"."""
DRAWS = 2000
_FEW_UNITS = 8
"""Up to which most draws are drawn more than once: 6,435 different ones of eight units."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """From `low` to `high`, at the level `LEVEL`."""

    low: float
    high: float


@dataclass(frozen=True)
class Block:
    """Units of one dataset: figures (n_contenders, n_units), a column per outer seed."""

    name: str
    figures: Array


def intervals(
    blocks: Sequence[Block],
    statistic: Callable[[Array], Array],
    *,
    draws: int = DRAWS,
    level: float = LEVEL,
) -> list[Interval] | None:
    """Return an interval per contender for the mean over datasets of a statistic.

    Outer seeds are drawn with replacement within each dataset, the same for all contenders;
    datasets stay as they are, so the interval speaks of these datasets and of other splits of them.
    The ends are percentiles, moved away from the statistic by what makes them too narrow for few
    units: a factor of sqrt(n / (n - 1)), and Student's t over the normal quantile (both as in
    Hesterberg 2015, "What Teachers Should Know About the Bootstrap", The American Statistician
    69:371-386, who reads percentiles further out instead; few units have too little there: of five,
    those held the truth in 84-88 % of simulated worlds, these in 87-91 %). No end lies beyond what
    was drawn.

    Parameters
    ----------
    blocks
        One per dataset, all with the same contenders.
    statistic
        Maps means (draws, n_contenders) of one dataset to what is averaged over datasets, of the
        same shape: the means themselves, or their ranks.
    draws, level
        Number of resamples, and the share of them that the interval aims to hold.

    Returns
    -------
    list of Interval or None
        None where a dataset has fewer than `MIN_UNITS` units.
    """
    units = [block.figures.shape[1] for block in blocks]
    if not units or min(units) < MIN_UNITS:
        return None
    total: Array = np.zeros((draws, blocks[0].figures.shape[0]))
    for block in blocks:
        means, drawn = _resampled_means(block, draws)
        total += statistic(means)[drawn]
    total /= len(blocks)
    centre = np.median(total, axis=0)
    ends = np.quantile(total, [(1 - level) / 2, (1 + level) / 2], axis=0)
    factor = stretch(min(units), sum(n - 1 for n in units), level)
    low, high = np.clip(centre + factor * (ends - centre), total.min(axis=0), total.max(axis=0))
    return [Interval(float(a), float(b)) for a, b in zip(low, high, strict=True)]


def stretch(n: int, degrees: int, level: float) -> float:
    """Return how much further out than the percentiles the ends lie."""
    from scipy import special

    t = special.stdtrit(degrees, (1 + level) / 2)
    return float(np.sqrt(n / (n - 1)) * t / special.ndtri((1 + level) / 2))


def expanded_tail(n: int, degrees: int, level: float) -> float:
    """Return the percentile, of 0 to 1, to read off instead of (1 - level) / 2."""
    # Imported where it is needed, and not scipy.stats: that takes a second.
    from scipy import special

    t = special.stdtrit(degrees, (1 + level) / 2)
    return float(special.ndtr(-np.sqrt(n / (n - 1)) * t))


def _resampled_means(block: Block, draws: int) -> tuple[Array, NDArray[np.intp]]:
    """Return the means that were drawn, and each draw's number among them."""
    n = block.figures.shape[1]
    counts, drawn = _drawn(block.name, n, draws)
    return counts @ block.figures.T / n, drawn


# A leaderboard asks for skill and ranks of the same datasets; a draw of few units is small.
@lru_cache(maxsize=1024)
def _drawn(name: str, n: int, draws: int) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """Return how often each draw has each unit, those of few units once, and each draw's number.

    Five units make 126 different draws, however often one draws. They are seeded by the dataset's
    name: neither order nor company of the datasets matters.
    """
    digest = hashlib.sha256(name.encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    counts = rng.multinomial(n, np.full(n, 1 / n), size=draws)
    if n > _FEW_UNITS:
        return counts, np.arange(draws)
    # Each draw as one number, for rows are slow to compare.
    codes = counts @ (n + 1) ** np.arange(n)
    _, first, drawn = np.unique(codes, return_index=True, return_inverse=True)
    return counts[first], drawn


def ranks(figures: Array) -> Array:
    """Return the rank of each column within its row, 1 for the largest; ties share the mean rank.

    Figures, a row or (n, k), are compared to twelve decimals: less is the order of a sum, not a
    difference.
    """
    shown = pd.DataFrame(np.atleast_2d(np.round(figures, 12)))
    ranked: Array = shown.rank(axis=1, ascending=False).to_numpy().reshape(figures.shape)
    return ranked
