"""The verdict: classical or deep, by how much, how sure, at what price, and what to run next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa

from bench.analysis.cases import Case, budgets, crossovers, gaps, make_cases, notes, winners
from bench.analysis.cells import Cells, read_cells
from bench.analysis.decisions import (
    MIN_DATASETS,
    REGION,
    SURE,
    Contrast,
    Decision,
    agreeing,
    contrasts,
    counted,
    majority,
    not_better,
)
from bench.analysis.evidence import FAMILIES, Evidence, read_evidence
from bench.analysis.families import represent
from bench.analysis.intervals import MIN_UNITS, Array, Block, Interval, intervals
from bench.analysis.prices import (
    Cost,
    Price,
    cheaper_family,
    median_price,
    median_ratios,
    ratios,
)

if TYPE_CHECKING:
    from bench.analysis.crossover import BudgetSkill, CostCrossover, Crossover
    from bench.spec import DatasetSpec, Metric, Task

__all__ = ["MIN_DATASETS", "REGION", "SURE", "Cost", "Price", "Verdict", "verdicts"]

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
        Mean difference of skill, and its 90 % interval.
    gain_in_metric, gain_in_metric_interval
        The same in units of the metric, as measured (so lower is deep's where lower is better).
        None where it would mislead: where a family failed at a seed, which has skill but no
        figure, and where the mean skill says the opposite, as spans differ. Across datasets the
        gain only where all share a metric whose ideal is 1, and no interval.
    is_share
        Whether the metric's ideal is 1, so that hundredths of it are points.
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
        Half width of the region of practical equivalence.
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
    region: float = REGION
    notes: tuple[str, ...] = ()


def verdicts(
    trials: pa.Table,
    scores: pa.Table,
    metrics: Mapping[str, Metric],
    tasks: Mapping[str, Task],
    datasets: Mapping[str, DatasetSpec] | None = None,
    *,
    cells: Cells | None = None,
    region: float = REGION,
    n_crossovers: int = 40,
) -> tuple[Verdict, ...]:
    """Return the verdicts of result tables: `judge` of the evidence in them.

    Parameters
    ----------
    trials, scores
        As in ``bench.load(...).trials`` and ``.scores``.
    metrics, tasks
        By name, from the registry.
    datasets
        By name, for those that have a primary metric of their own.
    cells
        What `bench.analysis.cells.read_cells` made of the tables, perhaps narrowed; read where not
        given.
    region, n_crossovers
        As for `judge`.
    """
    cells = cells or read_cells(trials, scores, metrics, tasks, datasets)
    if cells.frame.empty:
        return ()
    evidence = read_evidence(cells, trials, scores, metrics, tasks)
    return judge(evidence, metrics, region=region, n_crossovers=n_crossovers)


def judge(
    evidence: Evidence,
    metrics: Mapping[str, Metric],
    *,
    region: float = REGION,
    n_crossovers: int = 40,
) -> tuple[Verdict, ...]:
    """Return the verdict of the suite (where it has several tasks), of each task, of each dataset.

    Within a dataset the unit is the outer seed; across datasets it is the dataset, one value each.
    Each outer seed's representatives are chosen within it (`bench.analysis.families.represent`), so
    that resampling seeds resamples the choice. Probabilities and intervals within a dataset, and
    across `MIN_DATASETS` and more, are those of `bench.analysis.posterior.posterior`; across fewer
    datasets the interval speaks of these datasets, by resampling their outer seeds.

    Parameters
    ----------
    evidence
        From `bench.analysis.evidence.read_evidence`.
    metrics
        By name, from the registry.
    region
        Half width of the region of practical equivalence, in skill.
    n_crossovers
        For how many datasets at most the crossover is sought: it takes most of the time.

    Returns
    -------
    tuple of Verdict
        Widest scope first, then by name; none without a trial of a known task.
    """
    cases = make_cases(evidence, represent(evidence))
    judged = _judged(cases, region)
    singles = [
        _of_dataset(case, judged[at], metrics, region, with_curves=at < n_crossovers)
        for at, case in enumerate(cases)
    ]
    found: list[Verdict] = []
    groups: dict[str, list[int]] = {}
    for at, case in enumerate(cases):
        groups.setdefault(case.task, []).append(at)
    for task, members in sorted(groups.items()):
        found.append(_across("task", task, members, cases, judged, singles, metrics, region))
    if len(groups) > 1:
        name = str(evidence.problems["suite"].iloc[0])
        everyone = list(range(len(cases)))
        suite = _across("suite", name, everyone, cases, judged, singles, metrics, region)
        return (replace(suite, exploratory=False), *found, *singles)
    found = [replace(one, exploratory=False) for one in found]
    if len(singles) == 1:
        singles = [replace(singles[0], exploratory=False)]
    return (*found, *singles)


def _judged(cases: Sequence[Case], region: float) -> list[dict[str, Contrast]]:
    """Return the contrast of every case by every metric: all decided at once, which is fast."""
    flat = [(at, name) for at, case in enumerate(cases) for name in case.gains]
    decided = contrasts(
        [cases[at].gains[name] for at, name in flat],
        [cases[at].facts["overlap"] for at, _ in flat],
        region=region,
    )
    found: list[dict[str, Contrast]] = [{} for _ in cases]
    for (at, name), contrast in zip(flat, decided, strict=True):
        found[at][name] = contrast
    return found


def _of_dataset(
    case: Case,
    judged: Mapping[str, Contrast],
    metrics: Mapping[str, Metric],
    region: float,
    *,
    with_curves: bool,
) -> Verdict:
    contrast = judged[case.metric]
    totals = ratios(case.price, total=True)
    wanted = gaps(case, contrast, region)
    value = _known(case.value_gain)
    sign = -1.0 if case.metric in metrics and metrics[case.metric].direction == "lower" else 1.0
    in_metric = None
    if len(value) == contrast.n_units:
        in_metric = agreeing(sign * value, contrast.gain)
    in_metric = None if in_metric is None else sign * in_metric
    has_curves = with_curves and contrast.n_units >= MIN_UNITS
    place = crossovers(case) if has_curves else (None, None)
    return Verdict(
        scope="dataset",
        name=case.name,
        task=case.task,
        metric=case.metric,
        decision=contrast.decision,
        choice=_choice(contrast, None, totals),
        n_train=case.size,
        sizes=None if case.size is None else (case.size, case.size),
        n_units=contrast.n_units,
        p_deep=contrast.p_deep,
        p_equal=contrast.p_equal,
        p_classical=contrast.p_classical,
        gain=contrast.gain,
        gain_interval=contrast.interval,
        gain_in_metric=in_metric,
        gain_in_metric_interval=None
        if in_metric is None
        else _scaled(contrast.interval, sign * case.span),
        is_share=_is_share([case.metric], metrics),
        winners=winners([case]),
        candidates=case.candidates,
        failed={family: n for family, n in case.failed.items() if family in FAMILIES},
        price=case.price,
        ratios=ratios(case.price, total=False),
        total_ratios=totals,
        environment_id=_text(case.facts["environment_id"]),
        flips=_flips(contrast.decision, {n: c.decision for n, c in judged.items()}),
        crossover=place[0],
        cheaper=place[1],
        budgets=budgets(case) if has_curves else {},
        missing=tuple(text for text, _ in wanted),
        n_missing=sum(n for _, n in wanted),
        region=region,
        notes=tuple(notes(case)),
    )


def _choice(
    contrast: Contrast, counts: dict[str, int] | None, total_ratios: Mapping[str, float]
) -> str | None:
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


def _scaled(interval: Interval | None, by: float) -> Interval | None:
    if interval is None or np.isnan(by):
        return None
    low, high = sorted((interval.low * by, interval.high * by))
    return Interval(float(low), float(high))


def _flips(decision: str, others: Mapping[str, str]) -> tuple[str, ...]:
    open_ = {"undecided", "not-measured", decision}
    return tuple(sorted(name for name, other in others.items() if other not in open_))


def _across(
    scope: Scope,
    name: str,
    members: Sequence[int],
    cases: Sequence[Case],
    judged: Sequence[Mapping[str, Contrast]],
    singles: Sequence[Verdict],
    metrics: Mapping[str, Metric],
    region: float,
) -> Verdict:
    """Return the verdict over several datasets, one value each."""
    with_gain = [at for at in members if singles[at].gain is not None]
    chosen = [cases[at] for at in with_gain]
    of_metric = sorted(set.intersection(*(set(judged[at]) for at in with_gain))) if chosen else []
    primary = [judged[at][cases[at].metric] for at in with_gain]
    (contrast,) = _over_datasets([primary], region)
    counts = None
    if len(with_gain) < MIN_DATASETS:
        counts = counted(one.decision for one in primary if one.decision != "not-measured")
    decision = contrast.decision if counts is None else majority(counts)
    interval = contrast.interval if counts is None else _of_these(chosen)
    others = [[judged[at][metric] for at in with_gain] for metric in of_metric]
    over = _over_datasets(others, region)
    by_metric = {
        metric: one.decision if counts is None else majority(counted(c.decision for c in each))
        for metric, one, each in zip(of_metric, over, others, strict=True)
    }
    totals = median_ratios([singles[at].total_ratios for at in with_gain])
    names = tuple(dict.fromkeys(case.metric for case in (cases[at] for at in members)))
    # Metrics whose ideal is 1 are better the higher they are.
    shares = _is_share(names, metrics)
    gains = [one for at in with_gain if (one := singles[at].gain_in_metric) is not None]
    is_whole = shares and len(gains) == len(with_gain)
    sizes = [case.size for case in chosen if case.size is not None]
    where = _most_common(singles[at].environment_id for at in with_gain)
    open_ = [at for at in members if singles[at].decision == "not-measured"]
    wanted: dict[str, list[str]] = {}
    for at in open_:
        for text in singles[at].missing:
            wanted.setdefault(text, []).append(cases[at].name)
    return Verdict(
        scope=scope,
        name=name,
        task=", ".join(sorted({cases[at].task for at in members})),
        metric=", ".join(names),
        decision=decision,
        choice=_choice(contrast, counts, totals),
        sizes=(min(sizes), max(sizes)) if sizes else None,
        n_units=len(with_gain),
        p_deep=contrast.p_deep,
        p_equal=contrast.p_equal,
        p_classical=contrast.p_classical,
        counts=counts,
        gain=contrast.gain,
        gain_interval=interval,
        gain_in_metric=agreeing(gains, contrast.gain) if is_whole else None,
        is_share=shares,
        winners=winners(chosen),
        candidates=_most(cases[at].candidates for at in members),
        failed=_with_failures(cases[at] for at in members),
        price=median_price(
            [
                singles[at].price
                for at in with_gain
                if singles[at].price and singles[at].environment_id == where
            ]
        ),
        ratios=median_ratios([singles[at].ratios for at in with_gain]),
        total_ratios=totals,
        environment_id=where,
        flips=_flips(decision, by_metric),
        missing=tuple(f"{', '.join(of)}: {text}" for text, of in wanted.items()),
        n_missing=sum(singles[at].n_missing for at in open_),
        region=region,
        notes=tuple(_notes_across([singles[at] for at in members], counts)),
    )


def _over_datasets(groups: Sequence[Sequence[Contrast]], region: float) -> list[Contrast]:
    gains = [np.array([c.gain for c in group if c.gain is not None]) for group in groups]
    return contrasts(gains, [0.0] * len(gains), region=region, least=MIN_DATASETS)


def _known(figures: Array) -> Array:
    return figures[~np.isnan(figures)]


def _of_these(cases: Sequence[Case]) -> Interval | None:
    """Return the interval of the mean gain over these datasets, under other outer seeds."""
    blocks = [Block(case.name, _known(case.gains[case.metric])[np.newaxis]) for case in cases]
    found = intervals(blocks, lambda means: means)
    return found[0] if found else None


def _most(of_datasets: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Return the largest number of candidates that each family had on a dataset."""
    found = dict.fromkeys(FAMILIES, 0)
    for one in of_datasets:
        found = {family: max(n, one[family]) for family, n in found.items()}
    return found


def _with_failures(cases: Iterable[Case | Verdict]) -> dict[str, int]:
    """Return in how many datasets a family failed at some seed, by family."""
    found = Counter(family for case in cases for family in case.failed)
    return {family: found[family] for family in FAMILIES if found[family]}


def _is_share(names: Sequence[str], metrics: Mapping[str, Metric]) -> bool:
    """Whether there is one metric, and its ideal is 1."""
    return len(names) == 1 and names[0] in metrics and metrics[names[0]].ideal == 1


def _most_common(environments: Iterable[str | None]) -> str | None:
    """Return the environment of most datasets; of equals, the first by name."""
    found = Counter(name for name in environments if name is not None)
    return min(found, key=lambda name: (-found[name], name), default=None)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _notes_across(singles: Sequence[Verdict], counts: Mapping[str, int] | None) -> list[str]:
    said = []
    if counts is not None:
        said.append(
            f"fewer than {MIN_DATASETS} datasets: these are counted, and the interval speaks of "
            "these alone"
        )
    left_out = [one.name for one in singles if one.decision == "not-measured"]
    if left_out:
        said.append(f"not enough measured on: {', '.join(left_out)}")
    unequal = [one for one in singles if len(set(one.candidates.values())) > 1]
    if unequal:
        said.append(f"unequal numbers of candidates on {len(unequal)} of {len(singles)} datasets")
    for family, n in _with_failures(singles).items():
        said.append(
            f"no {family} candidate ended well in some seeds of {n} of {len(singles)} datasets: "
            "these count as the baseline's score"
        )
    where = [one.crossover for one in singles if one.crossover is not None]
    overtaken = sum(one.is_surely_within for one in where)
    if overtaken:
        said.append(
            f"deep overtakes within the sizes measured on {overtaken} of {len(where)} datasets"
        )
    if len({one.environment_id for one in singles}) > 1:
        said.append(
            "datasets were timed on several machines; prices are those of the one with most "
            "datasets, ratios are each dataset's own"
        )
    return said
