"""Whether differences are more than chance: tests within a dataset and across datasets.

All take differences, or figures of which higher is better; what is drawn has a seed of its own.
`scipy.special` stands for `scipy.stats`, which takes a second or two to import; the tests hold
every figure here to it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.analysis.intervals import LEVEL, MIN_UNITS, Array, Interval, ranks

ROPE = 0.01
"""The region of practical equivalence: two skills closer than this are practically equal."""
ALPHA = 0.05
"""How often learners that do not differ may be called different."""
PRIOR = 0.5
"""Weight of the Dirichlet process' prior observation, at 0, in units of one dataset."""
POSTERIOR_DRAWS = 4000

# From here on the normal approximation is good to two digits, and what is exact becomes slow.
_EXACT = 50
_DECIMALS = 12


@dataclass(frozen=True, kw_only=True)
class Chances:
    """Probabilities that the first is better, practically equal or worse; they add up to 1."""

    better: float
    equal: float
    worse: float


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What units of one dataset say of a mean difference.

    Parameters
    ----------
    mean
        Of the differences.
    interval
        At the level `bench.analysis.intervals.LEVEL`.
    p_value
        Two-sided, for a mean difference of 0.
    chances
        That the mean difference is above the region of equivalence, within it, and below it.
    n_units
        How many differences there were.
    """

    mean: float
    interval: Interval
    p_value: float
    chances: Chances
    n_units: int


def held_out_share(protocol: str) -> float | None:
    """Return the share of rows held out as test, as a trial's ``protocol`` says it.

    Parameters
    ----------
    protocol
        As in the table of trials: ``"holdout(test=0.1, validation=0.1)"``.
    """
    found = re.search(r"\btest=([0-9.eE+-]+)", protocol)
    share = float(found.group(1)) if found else 0.0
    return share if 0 < share < 1 else None


def corrected_t(
    differences: Array, overlap: float, *, rope: float = ROPE, level: float = LEVEL
) -> Difference | None:
    """Compare two learners on one dataset by the corrected resampled t test.

    Test parts drawn from one set of rows overlap, and so do training parts: the variance of the
    mean of n differences is taken to be (1/n + overlap) times theirs, and not 1/n
    (Nadeau & Bengio 2003, "Inference for the Generalization Error", Machine Learning 52:239-281).
    The probabilities are those of the correlated t test with a flat prior (Corani & Benavoli 2015,
    "A Bayesian approach for comparing cross-validated algorithms on multiple data sets", Machine
    Learning 100:285-304).

    Parameters
    ----------
    differences
        (n_units,): one per outer seed, inner seeds and repeats averaged; NaN where missing.
    overlap
        Test units over all others, n_test / (N - n_test); 0 for units that share none.
    rope
        Half the width of the region of practical equivalence.
    level
        Of the interval.

    Returns
    -------
    Difference or None
        None for fewer than `bench.analysis.intervals.MIN_UNITS` units.
    """
    from scipy import special

    found = differences[~np.isnan(differences)]
    n = len(found)
    if n < MIN_UNITS:
        return None
    mean = float(found.mean())
    error = float(found.std(ddof=1) * np.sqrt(1 / n + overlap))
    if error <= 10.0**-_DECIMALS:
        # Differences that do not vary leave nothing to chance.
        mean = round(mean, _DECIMALS)
        sure = Chances(
            better=float(mean > rope), equal=float(abs(mean) <= rope), worse=float(mean < -rope)
        )
        p_value = float(mean == 0)
        return Difference(
            mean=mean, interval=Interval(mean, mean), p_value=p_value, chances=sure, n_units=n
        )
    half = float(special.stdtrit(n - 1, (1 + level) / 2)) * error
    worse = float(special.stdtr(n - 1, (-rope - mean) / error))
    better = float(special.stdtr(n - 1, (mean - rope) / error))
    return Difference(
        mean=mean,
        interval=Interval(mean - half, mean + half),
        p_value=float(2 * special.stdtr(n - 1, -abs(mean) / error)),
        chances=Chances(better=better, equal=max(0.0, 1 - better - worse), worse=worse),
        n_units=n,
    )


def wilcoxon(differences: Array) -> Array:
    """Return the two-sided p-values of the signed-rank test, one per row.

    Zeros are left out; ties share the mean rank. Up to 50 other differences the distribution is
    exact, ties included; beyond, normal with the variance that ties leave (Wilcoxon 1945;
    Hollander, Wolfe & Chicken 2014, section 3.1).

    Parameters
    ----------
    differences
        (n_pairs, n_datasets), one per dataset.
    """
    shown = np.round(differences, _DECIMALS)
    distributions: dict[bytes, Array] = {}
    return np.array([_signed_rank_p(row[row != 0], distributions) for row in shown])


def _signed_rank_p(row: Array, distributions: dict[bytes, Array]) -> float:
    from scipy import special

    n = len(row)
    if not n:
        return 1.0
    # Twice the ranks, which are whole numbers even where two share one.
    doubled = np.rint(2 * _ascending(np.abs(row))).astype(np.int64)
    above = int(doubled[row > 0].sum())
    if n > _EXACT:
        variance = float((doubled.astype(np.float64) ** 2).sum()) / 4
        distance = abs(above - doubled.sum() / 2) / np.sqrt(variance)
        return float(2 * special.ndtr(-distance))
    key = np.sort(doubled).tobytes()
    if key not in distributions:
        distributions[key] = _sums(np.sort(doubled))
    sums = distributions[key]
    return min(1.0, 2 * min(float(sums[: above + 1].sum()), float(sums[above:].sum())))


def _ascending(values: Array) -> Array:
    """Return ranks, 1 for the smallest; ties share the mean rank."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    shared: Array = (last - (counts - 1) / 2)[inverse]
    return shared


def _sums(doubled: NDArray[np.int64]) -> Array:
    """Return the probability of each sum of a random half of the ranks."""
    sums = np.zeros(int(doubled.sum()) + 1)
    sums[0] = 1.0
    for rank in doubled.tolist():
        moved = np.zeros_like(sums)
        moved[rank:] = sums[: len(sums) - rank]
        sums = (sums + moved) / 2
    return sums


def benjamini_hochberg(p_values: Array) -> Array:
    """Return p-values adjusted so that of all that are called significant few are not.

    Benjamini and Hochberg 1995, "Controlling the False Discovery Rate", JRSS B 57:289-300.

    Parameters
    ----------
    p_values
        (n,) of one family of tests; those that are NaN were not made, and stay NaN.
    """
    adjusted = np.full(len(p_values), np.nan)
    made = np.flatnonzero(~np.isnan(p_values))
    order = made[np.argsort(-p_values[made], kind="stable")]
    n = len(order)
    steps = p_values[order] * n / np.arange(n, 0, -1)
    adjusted[order] = np.minimum(np.minimum.accumulate(steps), 1.0)
    return adjusted


def holm(p_values: Array) -> Array:
    """Return p-values adjusted so that all together err at the stated rate (Holm 1979).

    Parameters
    ----------
    p_values
        (n,) of one family of tests.
    """
    n = len(p_values)
    order = np.argsort(p_values, kind="stable")
    stepped = np.maximum.accumulate(p_values[order] * np.arange(n, 0, -1))
    adjusted = np.empty(n)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def least_datasets(n_pairs: int, alpha: float = ALPHA) -> int:
    """Return how many datasets it takes until the signed-rank test can call any pair different.

    With n datasets its smallest p-value is 2 / 2**n, of which Holm's first step makes `n_pairs` as
    much.
    """
    return int(np.ceil(np.log2(2 * n_pairs / alpha) - 1e-9))


def friedman(figures: Array) -> float | None:
    """Return the p-value of Friedman's test that all contenders rank alike.

    By the chi-squared distribution, corrected for ties (Friedman 1937; Demsar 2006, "Statistical
    Comparisons of Classifiers over Multiple Data Sets", JMLR 7:1-30).

    Parameters
    ----------
    figures
        (n_contenders, n_datasets), higher is better.

    Returns
    -------
    float or None
        None for fewer than three contenders or two datasets.
    """
    from scipy import special

    k, n = figures.shape
    if k < 3 or n < 2:
        return None
    ranked = ranks(figures.T)
    spread = float(((ranked - (k + 1) / 2) ** 2).sum())
    if spread == 0:
        return 1.0
    between = float(((ranked.sum(axis=0) - n * (k + 1) / 2) ** 2).sum())
    return float(special.chdtrc(k - 1, (k - 1) * between / spread))


def signed_rank(
    differences: Array,
    *,
    rope: float = ROPE,
    prior: float = PRIOR,
    draws: int = POSTERIOR_DRAWS,
) -> list[Chances]:
    """Return who is better across datasets, by the Bayesian signed-rank test.

    The differences on datasets are a sample of a Dirichlet process with one prior observation at 0;
    in each draw of the posterior the mean of two random differences lies above the region of
    equivalence, within it or below it, and the likeliest of the three is counted (Benavoli, Corani,
    Demsar & Zaffalon 2017, "Time for a Change: a Tutorial for Comparing Multiple Classifiers
    Through Bayesian Analysis", JMLR 18:1-36).

    Parameters
    ----------
    differences
        (n_pairs, n_datasets), one per dataset: the first one's skill minus the second one's.
    rope
        Half the width of the region of practical equivalence.
    prior
        Weight of the prior observation.
    draws
        Of the posterior, the same for all pairs: the Monte-Carlo error is at most
        0.5 / sqrt(draws).

    Returns
    -------
    list of Chances
        One per pair.
    """
    n = differences.shape[1]
    shape = np.ones(n + 1)
    shape[0] = prior
    weights = np.random.default_rng(0).standard_gamma(shape, size=(draws, n + 1)).T.copy()
    weights /= weights.sum(axis=0)
    return [_posterior(row, weights, rope) for row in differences]


def _posterior(row: Array, weights: Array, rope: float) -> Chances:
    values = np.round(np.append(0.0, row), _DECIMALS)
    order = np.argsort(values, kind="stable")
    values, weights = values[order], weights[order]
    below_each = np.zeros((len(values) + 1, weights.shape[1]))
    np.cumsum(weights, axis=0, out=below_each[1:])

    def below(bound: float) -> Array:
        """Return the weight of pairs whose sum is below the bound; half of those that equal it."""
        rest = np.round(bound - values, _DECIMALS)
        left, right = (np.searchsorted(values, rest, side=side) for side in ("left", "right"))
        found: Array = np.einsum("ij,ij->j", weights, below_each[left])
        on_edge = left != right
        if on_edge.any():
            mass = below_each[right[on_edge]] - below_each[left[on_edge]]
            found += np.einsum("ij,ij->j", weights[on_edge], mass) / 2
        return found

    worse = below(-2 * rope)
    better = 1 - below(2 * rope)
    likeliest = np.argmax(np.stack([better, 1 - better - worse, worse]), axis=0)
    shares = np.bincount(likeliest, minlength=3) / len(likeliest)
    return Chances(better=float(shares[0]), equal=float(shares[1]), worse=float(shares[2]))


def runs_alike(is_different: Sequence[Sequence[bool]]) -> tuple[tuple[int, ...], ...]:
    """Return the longest runs of neighbours of which no two differ: a diagram's bars.

    Parameters
    ----------
    is_different
        Square, in the order of the ranks.

    Returns
    -------
    tuple of tuple of int
        Runs of two and more, none of them within another.
    """
    n = len(is_different)
    runs: list[tuple[int, ...]] = []
    for first in range(n):
        last = first
        while last + 1 < n and not any(is_different[last + 1][first : last + 1]):
            last += 1
        if last > first and (not runs or runs[-1][-1] < last):
            runs.append(tuple(range(first, last + 1)))
    return tuple(runs)
