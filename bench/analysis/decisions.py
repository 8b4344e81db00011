"""From differences between the families to a decision, and what would settle an open one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bench.analysis.intervals import MIN_UNITS, Interval
from bench.analysis.posterior import posterior
from bench.analysis.significance import corrected_t

Array = NDArray[np.float64]
Decision = Literal["deep", "classical", "equal", "undecided", "not-measured"]

REGION = 0.01
"""Skills that differ by no more are practically equal."""
SURE = 0.9
"""A family is called better when the probability that it is reaches this."""
MIN_DATASETS = 12
"""Below as many datasets these are counted, and no probability is given across them."""
COUNTED: tuple[Decision, ...] = ("deep", "equal", "classical", "undecided")

_MOST_UNITS = 100
# Normal quantiles: one-sided for "better", two-sided for "equal", at 90 %.
_ONE_SIDED, _TWO_SIDED = 1.2816, 1.6449


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """Deep minus classical, over units.

    Parameters
    ----------
    decision
        Who is better; see `bench.analysis.verdict.Verdict`.
    n_units
        How many differences there are.
    gain
        Their mean; None without any.
    spread
        Their standard deviation; None for fewer than two.
    interval, p_deep, p_equal, p_classical
        Of the gain; None for too few units.
    """

    decision: Decision
    n_units: int
    gain: float | None = None
    spread: float | None = None
    interval: Interval | None = None
    p_deep: float | None = None
    p_equal: float | None = None
    p_classical: float | None = None


def contrasts(
    differences: Sequence[Array],
    overlaps: Sequence[float],
    *,
    regions: Sequence[float | None] | None = None,
    least: int = MIN_UNITS,
) -> list[Contrast]:
    """Decide each of many contrasts.

    Parameters
    ----------
    differences
        Of each contrast, (n_units,); NaN where missing.
    overlaps
        Of each, see `bench.analysis.posterior.posterior`.
    regions
        Of each the half width of the region of practical equivalence, in the unit of its
        differences; where not given they are of skill. The prior is a multiple of it. None: it is
        not known, and nothing is called equal; the prior is flat.
    least
        With fewer units nothing is decided.
    """
    measured = [known(one) for one in differences]
    within = [REGION] * len(measured) if regions is None else list(regions)
    enough = [at for at, one in enumerate(measured) if len(one) >= least]
    full = [at for at in enough if within[at]]
    # In units of the region, a difference of any metric is what one of skill is.
    unit = np.array([(within[at] or REGION) / REGION for at in full])
    sure = posterior(
        np.array([measured[at].mean() for at in full]) / unit,
        np.array([measured[at].std(ddof=1) for at in full]) / unit,
        np.array([len(measured[at]) for at in full]),
        overlap=np.array([overlaps[at] for at in full]),
        region=REGION,
    )
    found = [
        Contrast(
            decision="not-measured",
            n_units=len(one),
            gain=float(one.mean()) if len(one) else None,
            spread=float(one.std(ddof=1)) if len(one) > 1 else None,
        )
        for one in measured
    ]
    for row, at in enumerate(full):
        interval = Interval(float(sure.low[row] * unit[row]), float(sure.high[row] * unit[row]))
        chances = float(sure.above[row]), float(sure.within[row]), float(sure.below[row])
        found[at] = _settled(found[at], interval, chances, within[at])
    for at in enough:
        if not within[at] and (flat := corrected_t(measured[at], overlaps[at], rope=0.0)):
            chances = flat.chances.better, flat.chances.equal, flat.chances.worse
            found[at] = _settled(found[at], flat.interval, chances, None)
    return found


def _settled(
    contrast: Contrast,
    interval: Interval,
    chances: tuple[float, float, float],
    region: float | None,
) -> Contrast:
    deep, equal, classical = chances
    return replace(
        contrast,
        decision=_decided(deep, classical, interval, region),
        interval=interval,
        p_deep=deep,
        p_equal=equal,
        p_classical=classical,
    )


def known(figures: Array) -> Array:
    """Return the figures that are there."""
    return figures[~np.isnan(figures)]


def _decided(deep: float, classical: float, interval: Interval, region: float | None) -> Decision:
    if deep >= SURE:
        return "deep"
    if classical >= SURE:
        return "classical"
    if not region or interval.low < -region or interval.high > region:
        return "undecided"
    return "equal"


def counted(decisions: Iterable[str]) -> dict[str, int]:
    """Return how many datasets were decided how, those not measured left out."""
    found = Counter(decisions)
    return {name: found[name] for name in COUNTED}


def majority(counts: dict[str, int]) -> Decision:
    """Return what more than half of the datasets say while none says the opposite.

    The opposite of a family is the other one; of ``"equal"``, either.
    """
    n = sum(counts.values())
    if not n:
        return "not-measured"
    if counts["deep"] > n / 2 and not counts["classical"]:
        return "deep"
    if counts["classical"] > n / 2 and not counts["deep"]:
        return "classical"
    if counts["equal"] > n / 2 and not counts["deep"] and not counts["classical"]:
        return "equal"
    return "undecided"


def not_better(contrast: Contrast, counts: dict[str, int] | None) -> tuple[str, ...]:
    """Return the families that are not better than the other, whatever else is open."""
    if counts is not None:
        n = sum(counts.values())
        pairs = (("deep", "classical"), ("classical", "deep"))
        return tuple(
            one
            for one, other in pairs
            if not counts[one] and counts[other] + counts["equal"] > n / 2
        )
    chances = {"deep": contrast.p_deep, "classical": contrast.p_classical}
    return tuple(name for name, p in chances.items() if p is not None and p <= 1 - SURE)


def agreeing(gains: Array | Sequence[float], skill: float | None) -> float | None:
    """Return the mean of gains in a metric, unless skill says that another one is ahead."""
    if not len(gains) or skill is None:
        return None
    mean = float(np.mean(gains))
    return None if mean * skill < 0 else mean


def units_to_settle(
    contrast: Contrast, overlap: float, region: float | None = REGION
) -> int | None:
    """Return how many units would settle an open contrast if gain and spread stay as they are.

    None where that takes more than a hundred, or more units cannot do it because they share rows.
    """
    if contrast.gain is None or not contrast.spread:
        return None
    away = abs(contrast.gain) - (region or 0.0)
    error = away / _ONE_SIDED if away > 0 else -away / _TWO_SIDED
    left = (error / contrast.spread) ** 2 - overlap
    if left <= 1 / _MOST_UNITS:
        return None
    return max(contrast.n_units + 1, int(np.ceil(1 / left)))
