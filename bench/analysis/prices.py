"""What a family costs: its representative, and all of its candidates together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bench.analysis.evidence import COSTS
from bench.analysis.sides import FAMILIES

CHEAPER = 1.25
"""One costs less than the other when their ratio is beyond this: smaller ones may be noise."""
_SUMMED = ("warm_seconds", "cold_seconds")


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one fit costs: medians; None where it was not measured.

    Parameters
    ----------
    warm_seconds, cold_seconds
        ``fit`` alone on a warm process; start of the backend, warm-up with compilation, and fit.
    latency_seconds
        To predict one row.
    memory_bytes
        Peak of anonymous memory above what there was before ``fit``.
    n_parameters
        Of the fitted model.
    at_least
        The seconds are lower bounds: a time limit cut fits short, or a candidate of several failed,
        and what it took is not known.
    """

    warm_seconds: float | None = None
    cold_seconds: float | None = None
    latency_seconds: float | None = None
    memory_bytes: float | None = None
    n_parameters: float | None = None
    at_least: bool = False


@dataclass(frozen=True, kw_only=True)
class Price:
    """What a family costs.

    Parameters
    ----------
    winner
        The representative's own figures.
    total
        Over all candidates, for all of them were fitted to find the winner: seconds are summed,
        memory is the largest; latency and parameters are None, since only the winner is kept.
    """

    winner: Cost
    total: Cost


def prices(representatives: pd.DataFrame, candidates: pd.DataFrame) -> dict[int, dict[str, Price]]:
    """Return the price of each family by problem, at one size of each.

    Parameters
    ----------
    representatives
        Rows of `bench.analysis.families.Represented.frame`, of one size per problem.
    candidates
        Rows of `bench.analysis.evidence.Evidence.points` at the same sizes.
    """
    family = ["problem", "family"]
    winners = representatives.groupby(family)[[*COSTS, "late"]].median()
    each = candidates.groupby([*family, "contender"])[[*COSTS, "late"]].median()
    # What failed cost something too, nobody knows how much: the sum is a lower bound.
    each["late"] = each["late"].where(each["warm_seconds"].notna(), 1.0)
    groups = each.groupby(level=family)
    totals = groups[list(_SUMMED)].sum(min_count=1)
    totals[["memory_bytes", "late"]] = groups[["memory_bytes", "late"]].max()
    of_totals = totals.to_dict("index")
    found: dict[int, dict[str, Price]] = {}
    for row in winners.reset_index().to_dict("records"):
        problem, name = int(row["problem"]), str(row["family"])
        found.setdefault(problem, {})[name] = Price(
            winner=_cost(row), total=_cost(of_totals[problem, name])
        )
    return found


def _cost(figures: Mapping[Any, Any]) -> Cost:
    known: dict[str, Any] = {name: _number(figures[name]) for name in COSTS if name in figures}
    is_bound = known["warm_seconds"] is not None and figures["late"] >= 0.5
    return Cost(**known, at_least=bool(is_bound))


def median_price(of_datasets: Sequence[Mapping[str, Price]]) -> dict[str, Price]:
    """Return the median over datasets of every figure, by family."""
    return {
        family: Price(
            winner=_median_cost([one[family].winner for one in of_datasets]),
            total=_median_cost([one[family].total for one in of_datasets]),
        )
        for family in FAMILIES
        if of_datasets
    }


def _median_cost(costs: Sequence[Cost]) -> Cost:
    figures: dict[str, float] = {}
    for name in COSTS:
        known = [value for cost in costs if (value := getattr(cost, name)) is not None]
        figures[name] = float(np.median(known)) if known else float("nan")
    return _cost(figures | {"late": float(np.median([cost.at_least for cost in costs]))})


def ratios(price: Mapping[str, Price], *, total: bool) -> dict[str, float]:
    """Return deep over classical of every figure that both have, of winners or of totals."""
    costs = {family: one.total if total else one.winner for family, one in price.items()}
    if len(costs) < len(FAMILIES):
        return {}
    found = {}
    for name in COSTS:
        classical, deep = (getattr(costs[family], name) for family in FAMILIES)
        if classical and deep:
            found[name] = float(deep / classical)
    return found


def median_ratios(of_datasets: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the median over datasets of each ratio, halfway on a log scale between two."""
    names = [name for name in COSTS if any(name in one for one in of_datasets)]
    return {
        name: float(np.exp(np.median([np.log(one[name]) for one in of_datasets if name in one])))
        for name in names
    }


def cheaper_family(total_ratios: Mapping[str, float]) -> str | None:
    """Return the family that takes less time in all, None where neither does clearly."""
    ratio = total_ratios.get("warm_seconds")
    if ratio is None or 1 / CHEAPER < ratio < CHEAPER:
        return None
    return "classical" if ratio > 1 else "deep"


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
