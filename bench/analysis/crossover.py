"""Where one learning curve overtakes another, where one becomes cheaper, and what time buys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.analysis import curves
from bench.analysis.intervals import DRAWS, LEVEL, MIN_UNITS, Interval
from bench.spec.errors import BenchError

CrossingOutcome = Literal["always", "within", "beyond", "never", "unknown", "not-measured"]
Array = NDArray[np.float64]

_OUTCOMES: tuple[CrossingOutcome, ...] = ("always", "within", "beyond", "never", "unknown")
_SEED = 5
# Seconds grow by a power of the size where sizes are large: the last sizes tell which.
_N_SLOPE = 3


@dataclass(frozen=True, kw_only=True)
class Crossover:
    """The size from which on `b` stays ahead of `a`.

    Parameters
    ----------
    outcome
        The likeliest: ``"always"``: b is ahead at all sizes measured; ``"within"``: b overtakes
        between the smallest and the largest size; ``"beyond"``: not there, but (by extrapolation)
        before `reach`; ``"never"``: not before `reach`; ``"unknown"``: b is behind at the largest
        size, and what follows cannot be told, see `reason`; ``"not-measured"``: fewer than five
        units or two sizes in common, see `reason`.
    p_always, p_within, p_beyond, p_never, p_unknown
        Probabilities of these outcomes; they add to one. None where ``"not-measured"``.
    n_cross
        The crossing of the mean curves (extrapolated ones beyond the range), in rows; None where
        they do not cross.
    low, high
        Confidence set (90 %) of the crossing, in rows. A `low` of None: "always" is in the set,
        unless `high` is None too and `p_always` at most 0.05. A `high` of None: "never" (or
        "unknown") is in the set, unless `p_never` and `p_unknown` are together at most 0.05. So a
        b that is ahead everywhere, and surely, has neither, and `p_always` near one.
    smallest, largest
        Range of the common sizes, in rows; None where there is none.
    reach
        How far the extrapolation went: four times `largest`, or `largest` where there is none.
    n_units
        Units that both have, at the size with the fewest.
    reason
        Why something is unknown or not measured; None otherwise.
    """

    outcome: CrossingOutcome
    p_always: float | None
    p_within: float | None
    p_beyond: float | None
    p_never: float | None
    p_unknown: float | None
    n_cross: float | None
    low: float | None
    high: float | None
    smallest: int | None
    largest: int | None
    reach: float | None
    n_units: int
    reason: str | None

    @property
    def is_surely_within(self) -> bool:
        """Whether b overtakes, and the whole confidence set lies within the sizes measured."""
        if self.low is None or self.high is None or self.largest is None:
            return False
        return self.outcome == "within" and self.high <= self.largest


@dataclass(frozen=True, kw_only=True)
class CostCrossover:
    """The size from which on `b` stays cheaper than `a`.

    Parameters
    ----------
    where
        As for figures: "ahead" means "cheaper".
    ratio_smallest, ratio_largest
        Seconds of b over seconds of a (geometric mean over units) at the smallest and at the
        largest common size: 40 means that b takes 40 times as long. None where not measured.
    """

    where: Crossover
    ratio_smallest: float | None
    ratio_largest: float | None


@dataclass(frozen=True, kw_only=True)
class BudgetSkill:
    """The best skill that a contender reaches when a fit may take so many seconds.

    Parameters
    ----------
    budget_seconds
        What a fit may take.
    n_train
        The size at which that skill is reached, in rows; None where even the smallest takes longer.
    skill
        Mean over units; None likewise.
    interval
        Of the skill, at 90 %; None with fewer than five units, and where one draw in twenty cannot
        afford the smallest size.
    saturated
        The largest measured size costs less than the budget: more may be had from larger sizes.
    """

    budget_seconds: float
    n_train: float | None
    skill: float | None
    interval: Interval | None
    saturated: bool


def crossover(
    sizes: Sequence[int],
    a: ArrayLike,
    b: ArrayLike,
    *,
    overlap: float = 1 / 9,
    limits: tuple[float, float] = (-1.0, 1.0),
) -> Crossover:
    """Tell where `b` overtakes `a`: the size from which on it stays ahead.

    Whole curves of differences are drawn 2,000 times: the mean curve plus a combination of the
    units' deviations from it with normal factors, scaled so that each size by itself follows
    Student's t for as many units. Every draw has its own crossing: where its last change of sign
    lies, between two sizes on a logarithmic axis. So the set holds for all sizes at once, and does
    not suffer from testing several. Draws that are behind at the largest size go on along the
    extrapolated difference (`bench.analysis.curves.fit` of both), with its uncertainty, up to four
    times the size. The set is from the 5th to the 95th percentile of the draws' crossings, where
    "ahead from the start" is less and "not within reach" more than any size.

    Parameters
    ----------
    sizes
        Ascending numbers of training rows, (n_sizes,).
    a, b
        Figures, higher is better, (n_units, n_sizes), rows paired by unit; NaN where missing. Sizes
        where fewer than five units have both are left out.
    overlap
        Test rows over training rows of the protocol: variances of means over units are enlarged by
        a factor ``1 + n_units * overlap``, as units share rows (Nadeau and Bengio 2003, "Inference
        for the generalization error", Machine Learning 52:239-281). 0 for units that share none,
        such as datasets.
    limits
        Least and greatest figure that there can be.

    Raises
    ------
    BenchError
        For shapes that do not fit each other, or sizes that do not ascend.
    """
    pairs = _paired(sizes, a, b)
    apart = pairs.b - pairs.a
    if pairs.missing is not None:
        return _not_measured(pairs)
    rows = _drawn([apart], overlap)[0]
    beyond = _Beyond()
    if (rows[:, -1] <= 0).any():
        beyond = _extrapolated(pairs, rows[:, -1], limits)
    return _summary(pairs, rows, beyond)


def cost_crossover(
    sizes: Sequence[int], a: ArrayLike, b: ArrayLike, *, overlap: float = 0.0
) -> CostCrossover:
    """Tell from which size on `b` is cheaper than `a`.

    As `crossover`, with logarithms of seconds. Beyond the largest size each draw goes on along the
    straight line through its last three sizes (seconds as powers of the size).

    Parameters
    ----------
    sizes
        Ascending numbers of training rows, (n_sizes,).
    a, b
        Seconds, (n_units, n_sizes), rows paired by unit; NaN where missing.
    overlap
        As for `crossover`; 0, as clocks share no rows.
    """
    pairs = _paired(sizes, _log(a), _log(b))
    apart = pairs.a - pairs.b
    ratios = np.exp(-_means(apart))
    if pairs.missing is not None:
        where = _not_measured(pairs)
    else:
        rows = _drawn([apart], overlap)[0]
        where = _summary(pairs, rows, _along_slope(pairs.sizes, rows))
    return CostCrossover(
        where=where,
        ratio_smallest=float(ratios[0]) if len(ratios) else None,
        ratio_largest=float(ratios[-1]) if len(ratios) else None,
    )


def skill_for_budget(
    sizes: Sequence[int],
    skills: ArrayLike,
    seconds: ArrayLike,
    budgets: Sequence[float],
    *,
    overlap: float = 1 / 9,
) -> tuple[BudgetSkill, ...]:
    """Tell what skill each time budget buys of one contender.

    The largest affordable size is where the mean of the logarithms of seconds, between sizes a
    straight line on a logarithmic axis, exceeds the budget for good; the skill is the best of the
    mean curve up to there. Intervals are from draws of whole curves, as in `crossover`, of skill
    and seconds together; each finds its own size and its own best.

    Parameters
    ----------
    sizes
        Ascending numbers of training rows, (n_sizes,).
    skills, seconds
        Of the same trials, (n_units, n_sizes); NaN where missing.
    budgets
        Seconds that one fit may take, each more than none.
    overlap
        As for `crossover`.

    Raises
    ------
    BenchError
        For shapes that do not fit each other, sizes that do not ascend, or a budget of nothing.
    """
    if any(not budget > 0 for budget in budgets):
        raise BenchError(f"Time budgets must be more than 0 seconds, and are {list(budgets)}.")
    pairs = _paired(sizes, skills, _log(seconds))
    if not pairs.sizes:
        return tuple(_unaffordable(budget) for budget in budgets)
    if pairs.missing is None:
        skill, cost = _drawn([pairs.a, pairs.b], overlap)
    else:
        skill, cost = _means(pairs.a)[None], _means(pairs.b)[None]
    return tuple(_bought(pairs.sizes, skill, cost, budget) for budget in budgets)


@dataclass(frozen=True)
class _Pairs:
    """Common sizes, and both tables there; `missing` says what is too little."""

    sizes: tuple[int, ...]
    a: Array
    b: Array
    n_units: int
    missing: str | None


@dataclass(frozen=True)
class _Beyond:
    """How rows of differences go on: logarithms of sizes (n_ahead,) and paths (rows, n_ahead).

    Without paths, `reason` says why nothing is known; None where nobody asked.
    """

    axis: Array | None = None
    paths: Array | None = None
    reason: str | None = None


def _paired(sizes: Sequence[int], a: ArrayLike, b: ArrayLike) -> _Pairs:
    first, second = (np.atleast_2d(np.asarray(x, dtype=np.float64)) for x in (a, b))
    if first.shape != second.shape or first.ndim != 2 or first.shape[1] != len(sizes):
        raise BenchError(
            f"Two learning curves of {len(sizes)} sizes need tables (units, {len(sizes)}) of the "
            f"same units, and these are {first.shape} and {second.shape}: give a row per unit, NaN "
            "where a size is missing."
        )
    curves.check_sizes(sizes)
    both = np.isfinite(first) & np.isfinite(second)
    counts = both.sum(axis=0)
    kept = counts >= MIN_UNITS
    missing = None
    if kept.sum() < 2:
        most = int(counts.max(initial=0))
        missing = (
            f"{most} units have both, and {MIN_UNITS} are needed"
            if most < MIN_UNITS
            else f"{int(kept.sum())} size has {MIN_UNITS} units of both, and two sizes are needed"
        )
        kept = counts > 0
    return _Pairs(
        sizes=tuple(int(size) for size in np.asarray(sizes)[kept]),
        a=np.where(both, first, np.nan)[:, kept],
        b=np.where(both, second, np.nan)[:, kept],
        n_units=int(counts[kept].min()) if kept.any() else 0,
        missing=missing,
    )


def _log(seconds: ArrayLike) -> Array:
    table = np.asarray(seconds, dtype=np.float64)
    return np.log(np.where(table > 0, table, np.nan))


def _means(table: Array) -> Array:
    return np.nanmean(table, axis=0) if table.shape[1] else np.empty(0)


def _drawn(tables: Sequence[Array], overlap: float) -> list[Array]:
    """Return for each table the mean curve and below it draws of it, (1 + n_draws, n_sizes)."""
    rng = np.random.default_rng(_SEED)
    n_units = tables[0].shape[0]
    fewest = int(np.isfinite(tables[0]).sum(axis=0).min())
    factors = rng.standard_normal((DRAWS, n_units))
    # Divided by the root of a chi-square over its degrees of freedom, normal becomes Student's t.
    factors /= np.sqrt(rng.chisquare(fewest - 1, size=(DRAWS, 1)) / (fewest - 1))
    drawn = []
    for table in tables:
        counts = np.isfinite(table).sum(axis=0)
        mean = np.nanmean(table, axis=0)
        off = np.where(np.isfinite(table), table - mean, 0.0)
        error = off * np.sqrt((1 / counts + overlap) / (counts - 1))
        drawn.append(np.vstack([mean, mean + factors @ error]))
    return drawn


def _crossings(axis: Array, rows: Array) -> Array:
    """Return for each row where it turns positive for good: -inf at once, inf not at all."""
    behind = rows <= 0
    last = rows.shape[1] - 1 - np.argmax(behind[:, ::-1], axis=1)
    after = np.minimum(last + 1, rows.shape[1] - 1)
    each = np.arange(len(rows))
    below, above = rows[each, last], rows[each, after]
    rise = np.where(above > below, above - below, 1.0)
    where = axis[last] - below / rise * (axis[after] - axis[last])
    where = np.where(behind[:, -1], np.inf, where)
    found: Array = np.where(behind.any(axis=1), where, -np.inf)
    return found


def _extrapolated(pairs: _Pairs, ends: Array, limits: tuple[float, float]) -> _Beyond:
    """Continue differences from what they are at the largest size, as both curves are told to."""
    fits = [curves.fit(pairs.sizes, table, limits=limits) for table in (pairs.a, pairs.b)]
    for name, fit in zip("ab", fits, strict=True):
        if fit.unknown is not None:
            return _Beyond(reason=f"{name} cannot be extrapolated: {fit.unknown}")
    a, b = (np.array(fit.ahead_values) for fit in fits)
    change = b - a - (b[0] - a[0])
    spreads = np.sum([np.array(fit.ahead_spreads) ** 2 for fit in fits], axis=0)
    # The noise at the largest size is in the draws already.
    from scipy import special

    error = np.sqrt(np.maximum(spreads - spreads[0], 0.0)) / special.ndtri((1 + LEVEL) / 2)
    luck = np.random.default_rng(_SEED + 1).standard_normal(len(ends))
    luck[0] = 0.0
    paths = ends[:, None] + change + luck[:, None] * error
    return _Beyond(axis=np.log(fits[0].ahead)[1:], paths=paths[:, 1:])


def _along_slope(sizes: Sequence[int], rows: Array) -> _Beyond:
    axis = np.log(sizes)
    if len(sizes) < _N_SLOPE:
        return _Beyond(reason=f"fewer than {_N_SLOPE} sizes tell how seconds grow")
    late = axis[-_N_SLOPE:] - axis[-_N_SLOPE:].mean()
    slopes = rows[:, -_N_SLOPE:] @ late / (late @ late)
    further = np.log(curves.REACH)
    paths = rows[:, -1:] + slopes[:, None] * further
    return _Beyond(axis=np.array([axis[-1] + further]), paths=paths)


def _summary(pairs: _Pairs, rows: Array, beyond: _Beyond) -> Crossover:
    axis = np.log(pairs.sizes)
    where = _crossings(axis, rows)
    behind = rows[:, -1] <= 0
    reach = float(pairs.sizes[-1])
    known = beyond.axis is not None and beyond.paths is not None
    if beyond.axis is not None and beyond.paths is not None:
        reach *= curves.REACH
        further = np.hstack([rows, beyond.paths])[behind]
        where[behind] = _crossings(np.concatenate([axis, beyond.axis]), further)
    mean, drawn, later = where[0], where[1:], behind[1:]
    lost = later & np.isinf(drawn)
    shares: dict[CrossingOutcome, float] = {
        "always": float((drawn == -np.inf).mean()),
        "within": float((np.isfinite(drawn) & ~later).mean()),
        "beyond": float((np.isfinite(drawn) & later).mean()),
        "never": float(lost.mean()) if known else 0.0,
        "unknown": 0.0 if known else float(lost.mean()),
    }
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail], method="inverted_cdf")
    return Crossover(
        outcome=max(_OUTCOMES, key=lambda name: shares[name]),
        p_always=shares["always"],
        p_within=shares["within"],
        p_beyond=shares["beyond"],
        p_never=shares["never"],
        p_unknown=shares["unknown"],
        n_cross=_rows(mean),
        low=_rows(low),
        high=_rows(high),
        smallest=pairs.sizes[0],
        largest=pairs.sizes[-1],
        reach=reach,
        n_units=pairs.n_units,
        reason=beyond.reason,
    )


def _rows(where: float) -> float | None:
    return float(np.exp(where)) if np.isfinite(where) else None


def _not_measured(pairs: _Pairs) -> Crossover:
    return Crossover(
        outcome="not-measured",
        p_always=None,
        p_within=None,
        p_beyond=None,
        p_never=None,
        p_unknown=None,
        n_cross=None,
        low=None,
        high=None,
        smallest=pairs.sizes[0] if pairs.sizes else None,
        largest=pairs.sizes[-1] if pairs.sizes else None,
        reach=None,
        n_units=pairs.n_units,
        reason=pairs.missing,
    )


def _unaffordable(budget: float) -> BudgetSkill:
    return BudgetSkill(
        budget_seconds=budget, n_train=None, skill=None, interval=None, saturated=False
    )


def _bought(sizes: Sequence[int], skill: Array, cost: Array, budget: float) -> BudgetSkill:
    axis = np.log(sizes)
    most = np.minimum(_crossings(axis, cost - np.log(budget)), axis[-1])
    best = np.where(axis <= most[:, None], skill, -np.inf)
    at_most = np.array([np.interp(x, axis, row) for x, row in zip(most, skill, strict=True)])
    at_most[np.isinf(most)] = -np.inf
    reached = np.maximum(best.max(axis=1), at_most)
    if np.isinf(reached[0]):
        return _unaffordable(budget)
    interval = None
    if len(reached) > 1:
        tail = (1 - LEVEL) / 2
        low, high = np.quantile(reached[1:], [tail, 1 - tail], method="inverted_cdf")
        interval = Interval(float(low), float(high)) if np.isfinite(low) else None
    i = int(np.argmax(best[0]))
    n_train = float(sizes[i]) if best[0, i] >= at_most[0] else float(np.exp(most[0]))
    return BudgetSkill(
        budget_seconds=budget,
        n_train=n_train,
        skill=float(reached[0]),
        interval=interval,
        saturated=bool(cost[0, -1] <= np.log(budget)),
    )
