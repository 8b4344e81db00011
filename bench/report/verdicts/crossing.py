"""Where deep learning overtakes, and where it becomes cheaper, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.report.text import clean, figure, seconds, span
from bench.report.verdicts.words import OTHER, percent, ratio_words

if TYPE_CHECKING:
    from bench.analysis.crossover import CostCrossover, Crossover
    from bench.analysis.verdict import Verdict

_LIKELY = 0.5
"""A crossing less likely than this is left to the details."""


def crossing_words(where: Crossover, unit: str) -> str:
    """Return "deep overtakes at 1,200 rows (800 to 2,000)", or "" where that is not likely.

    Parameters
    ----------
    where
        Of deep over classical.
    unit
        What sizes count.
    """
    p_cross = (where.p_within or 0.0) + (where.p_beyond or 0.0)
    if where.outcome not in ("within", "beyond") or p_cross < _LIKELY:
        return ""
    if where.n_cross is None or where.largest is None:
        return ""
    said = _range_words(where.low, where.high)
    if where.is_surely_within:
        return f"deep overtakes at {about(where.n_cross)} {clean(unit)}{said}"
    at = "at" if where.n_cross <= where.largest else "beyond"
    return f"deep may overtake {at} {about(where.n_cross)} {clean(unit)}{said}"


def _range_words(low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return ""
    if low is None or high is None:
        return f" (from {about(low)})" if low is not None else f" (up to {about(high or 0.0)})"
    return f" ({about(low)} to {about(high)})"


def about(value: float) -> str:
    """Return a size in two digits: "1,200"."""
    return f"{float(f'{value:.2g}'):,.0f}"


def crossing_details(verdict: Verdict) -> list[str]:
    """Return how likely deep overtakes where, and how the seconds compare by size.

    Parameters
    ----------
    verdict
        From `bench.analysis.judging.judge`.
    """
    said = []
    where, cost = verdict.crossover, verdict.cheaper
    if where is not None and where.smallest is not None and where.largest is not None:
        said += _chances_of_crossing(where, clean(verdict.size_unit))
    if cost is not None and cost.ratio_largest is not None and cost.ratio_smallest is not None:
        said.append(_cheaper_words(cost, clean(verdict.size_unit)))
    return said + _budget_words(verdict)


def _chances_of_crossing(where: Crossover, unit: str) -> list[str]:
    measured = f"{span(where.smallest or 0, where.largest or 0)} {unit}"
    words = (
        (f"ahead at all of {measured}", where.p_always),
        (f"overtakes within {measured}", where.p_within),
        (f"overtakes beyond, by {about(where.reach or 0.0)} {unit}", where.p_beyond),
        ("not by then", where.p_never),
        (f"not known beyond{_why(where)}", where.p_unknown),
    )
    found = [f"{percent(p)} {word}" for word, p in words if p is not None and p >= 0.005]
    return [f"deep: {', '.join(found)}"] if found else []


def _why(where: Crossover) -> str:
    """Return the reason in brackets, by the families' names: `Crossover` knows "a" and "b"."""
    if where.reason is None:
        return ""
    who, space, rest = where.reason.partition(" ")
    who = {"a": "classical", "b": "deep"}.get(who, who)
    return f" ({clean(who + space + rest)})"


def _cheaper_words(cost: CostCrossover, unit: str) -> str:
    """Return how much longer deep takes at both ends, and from where on it takes less."""
    where = cost.where
    at = [
        f"{ratio_words(ratio or 0.0)} at {size:,} {unit}"
        for ratio, size in (
            (cost.ratio_smallest, where.smallest),
            (cost.ratio_largest, where.largest),
        )
        if size is not None
    ]
    said = f"warm fit, deep over classical by size: {', '.join(at)}"
    if where.outcome in ("within", "beyond") and where.n_cross is not None:
        said += f"; deep cheaper from {about(where.n_cross)} {unit}"
        said += _range_words(where.low, where.high)
    return said


def _budget_words(verdict: Verdict) -> list[str]:
    """Return what a fit of so many seconds buys, budget by budget."""
    found = []
    for pair in zip(*(verdict.budgets.get(family, ()) for family in OTHER), strict=True):
        skills = [
            f"{family} nothing" if one.skill is None else f"{family} {figure(one.skill)}"
            for family, one in zip(OTHER, pair, strict=True)
        ]
        if any(one.skill is not None for one in pair):
            found.append(f"{seconds(pair[0].budget_seconds)}: {', '.join(skills)}")
    return [f"skill that a fit buys: {'; '.join(found)}"] if found else []
