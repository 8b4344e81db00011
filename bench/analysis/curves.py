"""Learning curves: what was measured at each size, how the curve behaves, where it goes next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.analysis.extrapolation import MIN_CUT, Extrapolation, extrapolate
from bench.analysis.intervals import LEVEL, MIN_UNITS, Interval
from bench.spec.errors import BenchError

FAMILIES = ("pow4", "mmf4", "wbl4", "last")
REACH = 4
"""An extrapolation goes at most as many times beyond the largest size."""
MIN_SIZES = 5
"""Fewer sizes are not extrapolated: four parameters, and one size to be wrong about."""

_N_AHEAD = 17
_FLAT = 0.05
_SIGNIFICANCE = 0.05
_NARROWING = 0.25
_TINY = 1e-6

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What a curve shows at a size: `value`, within `low` and `high` at 90 %.

    `low` and `high` are None where the size was measured with fewer than five units.
    """

    value: float
    low: float | None
    high: float | None
    extrapolated: bool


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """Nothing can be said of a size, and why: a clause such as ``"fewer than 5 sizes"``."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class CurveFit:
    """A learning curve of one contender on one dataset.

    Parameters
    ----------
    sizes
        Ascending; those at which at least one unit was measured.
    means
        Mean at each size over the units measured there.
    intervals
        90 % interval (Student's t) of the mean at each size; None where fewer than five units were
        measured.
    n_units
        How many units were measured at each size.
    flags
        As `flags` returns them.
    weights
        Of each of `FAMILIES` in the extrapolation; empty where there is none.
    unknown
        Why there is no extrapolation; None where there is one.
    ahead, ahead_values, ahead_lows, ahead_highs
        Sizes from the largest to `REACH` times as many rows, evenly spaced on a logarithmic axis,
        the values there, and the ends of their 90 % intervals; empty where `unknown`.
    ahead_spreads
        Half the width of these intervals before they are cut at what figures there can be.
    """

    sizes: tuple[int, ...]
    means: tuple[float, ...]
    intervals: tuple[Interval | None, ...]
    n_units: tuple[int, ...]
    flags: tuple[str, ...]
    weights: Mapping[str, float]
    unknown: str | None
    ahead: tuple[float, ...]
    ahead_values: tuple[float, ...]
    ahead_lows: tuple[float, ...]
    ahead_highs: tuple[float, ...]
    ahead_spreads: tuple[float, ...]

    def at(self, n: float) -> Estimate | Unknown:
        """Return what the curve shows at a size.

        Between measured sizes it is read off the straight line between neighbours on a logarithmic
        axis of sizes; beyond the largest it is extrapolated, at most `REACH` times.
        """
        if not self.sizes:
            return Unknown(reason="nothing was measured")
        if n < self.sizes[0]:
            return Unknown(reason=f"less than the smallest size measured, {self.sizes[0]}")
        if n > self.sizes[-1]:
            return self._beyond(n)
        right = int(np.searchsorted(self.sizes, n))
        left = right if self.sizes[right] == n else right - 1
        whole = np.log(self.sizes[right] / self.sizes[left])
        share = float(np.log(n / self.sizes[left]) / whole) if right > left else 0.0
        value = (1 - share) * self.means[left] + share * self.means[right]
        a, b = self.intervals[left], self.intervals[right]
        if a is None or b is None:
            return Estimate(value=value, low=None, high=None, extrapolated=False)
        low = (1 - share) * a.low + share * b.low
        high = (1 - share) * a.high + share * b.high
        return Estimate(value=value, low=low, high=high, extrapolated=False)

    def _beyond(self, n: float) -> Estimate | Unknown:
        if self.unknown is not None:
            return Unknown(reason=self.unknown)
        if n > REACH * self.sizes[-1]:
            most = REACH * self.sizes[-1]
            return Unknown(reason=f"more than {REACH} times the largest size measured ({most})")
        axis = np.log(self.ahead)
        value, low, high = (
            float(np.interp(np.log(n), axis, figures))
            for figures in (self.ahead_values, self.ahead_lows, self.ahead_highs)
        )
        return Estimate(value=value, low=low, high=high, extrapolated=True)


def fit(
    sizes: Sequence[int],
    figures: ArrayLike,
    *,
    errors: ArrayLike | None = None,
    limits: tuple[float, float] = (-np.inf, np.inf),
) -> CurveFit:
    """Summarise and extrapolate one learning curve.

    Three parametric families (Viering and Loog 2022, "The Shape of Learning Curves: A Review",
    arXiv:2103.10948), all of them ``a + b g(n)``::

        pow4  g = (n + c) ** -d              c >= 0, 0.08 <= d <= 2.5
        mmf4  g = 1 / (1 + (n / c) ** d)     0.3 <= d <= 3
        wbl4  g = exp(-(n / c) ** d)         0.3 <= d <= 3

    are fitted by least squares, weighted by the standard errors (smoothed over sizes): a and b
    exactly for each shape of a grid of c and d. Refining c and d from there takes longer and
    extrapolates worse, as it follows the noise: 0.53 and 0.55 of the error of "the last
    value stays" at two and four times the size, where the grid alone has 0.51 and 0.49.

    The curve's earlier cuts of the last two octaves (three sizes or more) are fitted likewise and
    asked for the measured sizes after them; each family, and "the last value stays", is weighted by
    the inverse of its mean squared error there. The half width of an interval is the root of the
    sum of squares of: 1.645 standard errors of the mean; 1.645 times the families' weighted spread;
    and the root mean square of the cuts' errors per octave (weighted by octaves), times the octaves
    asked for and Student's t for as many errors.

    What is chosen, on the curves that the Learning Curve Database 1.1 publishes for four data sets
    and 27 learners: the grid, three sizes, two octaves, and errors in proportion to octaves.

    Parameters
    ----------
    sizes
        Ascending numbers of training rows, (n_sizes,).
    figures
        Higher is better: skill, or a metric turned so; (n_units, n_sizes), a row per outer seed,
        NaN where it was not measured. A single row may be a curve of means.
    errors
        Standard errors, (n_sizes,), where they are known otherwise than from the units, such as
        those of published means. Without units and without these the noise is what the best of the
        families leaves unexplained.
    limits
        Least and greatest figure that there can be: (-1, 1) for skill. Asymptotes keep to them.

    Raises
    ------
    BenchError
        For shapes that do not fit each other, or sizes that do not ascend.
    """
    table, given = _checked(sizes, figures, errors)
    n_units = (~np.isnan(table)).sum(axis=0)
    measured = n_units > 0
    n = np.asarray(sizes, dtype=np.float64)[measured]
    table, counts = table[:, measured], n_units[measured]
    given = None if given is None else given[measured]
    means = np.nanmean(table, axis=0) if len(n) else np.empty(0)
    found = _flags(table, given)
    noise = _noise(n, table, given)
    unknown = None
    if len(n) < MIN_SIZES:
        unknown = f"fewer than {MIN_SIZES} sizes were measured"
    elif found:
        unknown = f"the curve is {' and '.join(found)}"
    ahead = np.empty(0) if unknown else np.geomspace(n[-1], REACH * n[-1], _N_AHEAD)
    told = Extrapolation(values=ahead, spreads=ahead, weights={})
    if unknown is None:
        told = extrapolate(n, means, noise.errors, ahead, limits, errors_known=noise.known)
    return CurveFit(
        sizes=tuple(int(size) for size in n),
        means=tuple(float(mean) for mean in means),
        intervals=_intervals(table, counts),
        n_units=tuple(int(count) for count in counts),
        flags=found,
        weights=told.weights,
        unknown=unknown,
        ahead=tuple(ahead.tolist()),
        ahead_values=tuple(told.values.tolist()),
        ahead_lows=tuple(np.clip(told.values - told.spreads, *limits).tolist()),
        ahead_highs=tuple(np.clip(told.values + told.spreads, *limits).tolist()),
        ahead_spreads=tuple(told.spreads.tolist()),
    )


def flags(
    sizes: Sequence[int], figures: ArrayLike, *, errors: ArrayLike | None = None
) -> tuple[str, ...]:
    """Return in which ways a curve is ill-behaved, beyond its noise.

    As the Learning Curve Database 1.1 (Yan, Mohr and Viering 2025, arXiv:2505.15657): one-sided
    paired t-tests of all pairs of sizes, at 5 % after Holm. What is less than a twentieth of the
    curve's span is not counted. With fewer than five units the means are compared as independent,
    with `errors` or with the curve's own roughness as their noise.

    Parameters
    ----------
    sizes, figures, errors
        As for `fit`.

    Returns
    -------
    tuple of str
        ``"non-monotone"``: some size is worse than a smaller one; with it ``"peaking"``: and a
        larger one is better again (the error has a peak); ``"dipping"``: the largest is worse than
        a smaller one.
    """
    table, given = _checked(sizes, figures, errors)
    measured = ~np.isnan(table).all(axis=0)
    return _flags(table[:, measured], None if given is None else given[measured])


def check_sizes(sizes: Sequence[int]) -> None:
    """Raise `BenchError` for sizes that are no numbers of rows, or do not ascend."""
    if any(later <= size for size, later in pairwise(sizes)) or any(size < 1 for size in sizes):
        raise BenchError(
            f"The sizes of a learning curve must be positive and ascend, and are {list(sizes)}: "
            "sort them, and the columns of the figures with them."
        )


def _checked(
    sizes: Sequence[int], figures: ArrayLike, errors: ArrayLike | None
) -> tuple[Array, Array | None]:
    table = np.atleast_2d(np.asarray(figures, dtype=np.float64))
    if table.ndim != 2 or table.shape[1] != len(sizes):
        raise BenchError(
            f"A learning curve of {len(sizes)} sizes needs figures (units, {len(sizes)}), and "
            f"these are {table.shape}: give a row per unit, NaN where a size is missing."
        )
    check_sizes(sizes)
    if errors is None:
        return table, None
    given = np.asarray(errors, dtype=np.float64)
    if given.shape != (len(sizes),):
        raise BenchError(
            f"The standard errors of a curve of {len(sizes)} sizes are {given.shape}: "
            "give one per size."
        )
    return table, given


def _intervals(table: Array, counts: NDArray[np.int_]) -> tuple[Interval | None, ...]:
    from scipy import special

    found: list[Interval | None] = []
    for column, count in zip(table.T, counts, strict=True):
        if count < MIN_UNITS:
            found.append(None)
            continue
        spread = np.nanstd(column, ddof=1) / np.sqrt(count)
        half = special.stdtrit(count - 1, (1 + LEVEL) / 2) * spread
        mean = np.nanmean(column)
        found.append(Interval(float(mean - half), float(mean + half)))
    return tuple(found)


@dataclass(frozen=True)
class _Noise:
    """Standard errors of the means; where not `known`, only their ratios mean something."""

    errors: Array
    known: bool


def _noise(n: Array, table: Array, given: Array | None) -> _Noise:
    counts = (~np.isnan(table)).sum(axis=0)
    if given is None and (len(n) < MIN_CUT or np.median(counts) < 2):
        return _Noise((n / n[0]) ** -_NARROWING if len(n) else n, known=False)
    if given is None:
        several = counts > 1
        errors = np.full(len(n), np.nan)
        errors[several] = np.nanstd(table[:, several], axis=0, ddof=1) / np.sqrt(counts[several])
    else:
        errors = given
    seen = np.isfinite(errors) & (errors > _TINY)
    if seen.sum() < MIN_CUT:
        typical = np.median(errors[seen]) if seen.any() else _TINY
        return _Noise(np.full(len(n), typical), known=True)
    # A straight line through their logarithms: those of few units are noisy themselves.
    line = np.polynomial.Polynomial.fit(np.log(n[seen]), np.log(errors[seen]), 1)
    return _Noise(np.exp(line(np.log(n))), known=True)


def _flags(table: Array, given: Array | None) -> tuple[str, ...]:
    n_sizes = table.shape[1]
    if n_sizes < MIN_CUT:
        return ()
    means = np.nanmean(table, axis=0)
    p = _p_worse(table, means, given)
    least = _FLAT * np.ptp(means)
    drop = means[:, None] - means[None, :]
    earlier = np.triu(np.ones((n_sizes, n_sizes), dtype=bool), 1)
    counted = earlier & (drop > least)
    worse = counted & (_holm(np.where(earlier, p, np.nan)) <= _SIGNIFICANCE)
    last = np.full_like(p, np.nan)
    last[:-1, -1] = p[:-1, -1]
    dipping = bool((counted & (_holm(last) <= _SIGNIFICANCE)).any())
    peaking = False
    for low in np.flatnonzero(worse.any(axis=0)):
        # The same tests the other way round: a larger size is better than the one at the peak.
        after = np.full_like(p, np.nan)
        after[low, low + 1 :] = 1 - p[low, low + 1 :]
        peaking |= bool((_holm(after) <= _SIGNIFICANCE)[low, means - means[low] > least].any())
    named = {
        "non-monotone": bool(worse.any()) or dipping,
        "peaking": peaking,
        "dipping": dipping,
    }
    return tuple(name for name, holds in named.items() if holds)


def _p_worse(table: Array, means: Array, given: Array | None) -> Array:
    """Return one-sided p-values (n_sizes, n_sizes) of "column's size is worse than row's"."""
    from scipy import special

    paired = (~np.isnan(table)).astype(np.float64)
    shared = paired.T @ paired
    if given is None and np.median(shared) >= MIN_UNITS:
        apart = table[:, :, None] - table[:, None, :]
        counts = np.maximum((~np.isnan(apart)).sum(axis=0), 1)
        drop = np.nansum(apart, axis=0) / counts
        squares = np.nansum((apart - drop) ** 2, axis=0)
        degrees = np.maximum(counts - 1, 1)
        error = np.sqrt(squares / degrees / counts)
        error = np.where(counts < MIN_UNITS, np.inf, error)
        p: Array = special.stdtr(degrees, -drop / np.maximum(error, _TINY))
        return p
    errors = np.full(len(means), _roughness(means)) if given is None else given
    error = np.sqrt(errors[:, None] ** 2 + errors[None, :] ** 2)
    one_sided: Array = special.ndtr((means[None, :] - means[:, None]) / np.maximum(error, _TINY))
    return one_sided


def _roughness(means: Array) -> float:
    """Return the noise of a curve, from how far its points are off the middle of neighbours."""
    off = means[1:-1] - (means[:-2] + means[2:]) / 2
    return float(np.median(np.abs(off)) / 0.6745 / np.sqrt(1.5))


def _holm(p: Array) -> Array:
    """Return p-values adjusted for their number (Holm 1979); NaN is no test and never small."""
    tested = np.flatnonzero(~np.isnan(p))
    order = tested[np.argsort(p.ravel()[tested])]
    adjusted = np.full(p.size, np.inf)
    factors = np.arange(len(order), 0, -1)
    adjusted[order] = np.maximum.accumulate(p.ravel()[order] * factors)
    return adjusted.reshape(p.shape)
