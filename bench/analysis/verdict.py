"""A verdict: classical or deep, by how much, how sure, at what price, and what to run next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from bench.analysis.decisions import REGION, Contrast, Decision, majority, not_better
from bench.analysis.intervals import Interval
from bench.analysis.prices import Price, cheaper_family
from bench.analysis.sides import FAMILIES

if TYPE_CHECKING:
    from bench.analysis.crossover import BudgetSkill, CostCrossover, Crossover

Scope = Literal["dataset", "task", "suite"]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Which family fits, as far as the tables tell.

    Deep minus classical throughout: a positive gain is deep learning's. `None` is "not measured".

    Parameters
    ----------
    scope
        What it speaks of: one dataset, the datasets of a task, or all datasets of the tables.
    name
        Of the dataset, task or suite.
    task
        Its task; of a suite of several, all of them with commas.
    metric
        The primary metric; where datasets have several, all of them with commas.
    decision
        Who scores better: a family, when the probability that it is better by more than `region` is
        at least `SURE`; ``"equal"``, when the interval of the gain lies within the region;
        ``"undecided"``; ``"not-measured"``, when there are fewer than five units, a family is
        missing or skill has no baseline. Across fewer than `MIN_DATASETS` datasets: what more than
        half of them say while none says the opposite.
    choice
        Whom to take, price included: the better family; of equal ones, or where the dearer one is
        not better with probability `SURE`, the cheaper (warm seconds of all candidates). None:
        neither.
    n_train
        The largest common size. Across datasets: None, see `sizes`.
    sizes
        Smallest and largest size looked at.
    n_units
        Outer seeds of a dataset, or datasets of a task or suite, that both families have.
    p_deep, p_equal, p_classical
        Probability that deep is better by more than `region` of skill, that neither is, and that
        classical is.
    counts
        Datasets by decision, across datasets.
    gain, gain_interval
        Mean difference of skill, and its 90 % interval; without skill of the metric, turned so that
        more is better, on one dataset, and None across several.
    gain_in_metric, gain_in_metric_interval
        The same in units of the metric, as measured (so lower is deep's where lower is better).
        None where it would mislead: where a family failed at a seed, which has skill but no
        figure, and where the mean skill says the opposite, as spans differ. Across datasets the
        gain only where all share a metric whose ideal is 1, and no interval.
    is_share
        Whether the metric's ideal is 1, so that hundredths of it are points.
    has_skill
        Whether gains are of skill; without it they are of the metric.
    unit
        Of the metric; empty: it has none, or there are several.
    size_unit
        What sizes count: ``"rows"``, ``"characters"``, ``"environment steps"``.
    winners
        The candidate that most often represents the family, by family.
    candidates
        How many candidates each family had.
    failed
        Of a dataset, outer seeds among `n_units` in which no candidate of a family ended well, by
        family; across datasets, the datasets with such a seed. Families without are absent.
    price
        By family; at the sizes looked at; across datasets the median of those of
        `environment_id`.
    ratios
        Deep over classical, of the winners: a field of `Cost` to a ratio. Across datasets: the
        median of their ratios.
    total_ratios
        The same of all candidates together.
    environment_id
        Where times are from, across datasets that of most of them; times of different
        environments are never pooled.
    flips
        Metrics under which another decision would be reached.
    crossover
        Where deep overtakes; None across datasets.
    cheaper
        Where deep becomes cheaper (warm seconds).
    budgets
        The skill that a fit of so many seconds buys, by family.
    missing, n_missing
        What to run for an answer, and how many trials that is in all.
    exploratory
        Whether it is one of several looks: the contrast declared in advance is that of the widest
        scope, at the largest common size, on the primary metric.
    region
        Half width of the region of practical equivalence, in the unit of `gain`; None: it is not
        known, and nothing is called equal.
    notes
        What is to be said beside it.
    """

    scope: Scope
    name: str
    task: str
    metric: str
    decision: Decision
    choice: str | None = None
    n_train: int | None = None
    sizes: tuple[int, int] | None = None
    n_units: int = 0
    p_deep: float | None = None
    p_equal: float | None = None
    p_classical: float | None = None
    counts: Mapping[str, int] | None = None
    gain: float | None = None
    gain_interval: Interval | None = None
    gain_in_metric: float | None = None
    gain_in_metric_interval: Interval | None = None
    is_share: bool = False
    has_skill: bool = True
    unit: str = ""
    size_unit: str = "rows"
    winners: Mapping[str, str]
    candidates: Mapping[str, int]
    price: Mapping[str, Price]
    ratios: Mapping[str, float]
    total_ratios: Mapping[str, float]
    environment_id: str | None = None
    flips: tuple[str, ...] = ()
    crossover: Crossover | None = None
    cheaper: CostCrossover | None = None
    budgets: Mapping[str, tuple[BudgetSkill, ...]] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    n_missing: int = 0
    failed: Mapping[str, int] = field(default_factory=dict)
    exploratory: bool = True
    region: float | None = REGION
    notes: tuple[str, ...] = ()


def whom_to_take(
    contrast: Contrast, counts: dict[str, int] | None, total_ratios: Mapping[str, float]
) -> str | None:
    """Return the family to take, price included; None where neither is to be preferred."""
    decision = majority(counts) if counts is not None else contrast.decision
    if decision in FAMILIES:
        return decision
    less = cheaper_family(total_ratios)
    if less is None:
        return None
    dearer = "deep" if less == "classical" else "classical"
    if decision == "equal" or dearer in not_better(contrast, counts):
        return less
    return None


def contradicting(decision: str, others: Mapping[str, str]) -> tuple[str, ...]:
    """Return the metrics under which another decision would be reached."""
    open_ = {"undecided", "not-measured", decision}
    return tuple(sorted(name for name, other in others.items() if other not in open_))
