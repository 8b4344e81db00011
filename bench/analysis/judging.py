"""From evidence to verdicts: of each dataset, of each task, and of all together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from bench.analysis.cases import Case, budgets, crossovers, gaps, make_cases, notes, winners
from bench.analysis.cells import Cells, read_cells
from bench.analysis.decisions import REGION, Contrast, agreeing, contrasts, known
from bench.analysis.evidence import Evidence, read_evidence
from bench.analysis.families import represent
from bench.analysis.intervals import MIN_UNITS, Interval
from bench.analysis.over_datasets import verdict_across
from bench.analysis.prices import ratios
from bench.analysis.sides import FAMILIES
from bench.analysis.verdict import Verdict, contradicting, whom_to_take


def verdicts(
    trials: pa.Table,
    scores: pa.Table,
    metrics: pa.Table,
    *,
    cells: Cells | None = None,
    region: float = REGION,
    n_crossovers: int = 40,
) -> tuple[Verdict, ...]:
    """Return the verdicts of result tables: `judge` of the evidence in them.

    Parameters
    ----------
    trials, scores, metrics
        As in ``bench.load(...).trials``, ``.scores`` and ``.metrics``.
    cells
        What `bench.analysis.cells.read_cells` made of the tables, perhaps narrowed; read where not
        given.
    region, n_crossovers
        As for `judge`.
    """
    cells = cells or read_cells(trials, scores, metrics)
    if cells.frame.empty:
        return ()
    evidence = read_evidence(cells, trials, scores)
    return judge(evidence, region=region, n_crossovers=n_crossovers)


def judge(
    evidence: Evidence, *, region: float = REGION, n_crossovers: int = 40
) -> tuple[Verdict, ...]:
    """Return the verdict of the suite (where it has several tasks), of each task, of each dataset.

    Where a task is of several versions there is none of the suite.

    Within a dataset the unit is the outer seed; across datasets it is the dataset, one value each.
    Each outer seed's representatives are chosen within it (`bench.analysis.families.represent`), so
    that resampling seeds resamples the choice. Probabilities and intervals within a dataset, and
    across `MIN_DATASETS` and more, are those of `bench.analysis.posterior.posterior`; across fewer
    datasets the interval speaks of these datasets, by resampling their outer seeds.

    Parameters
    ----------
    evidence
        From `bench.analysis.evidence.read_evidence`.
    region
        Half width of the region of practical equivalence, in skill. Where there is no skill, the
        metric's own region stands for it.
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
        _of_dataset(case, judged[at], region, with_curves=at < n_crossovers)
        for at, case in enumerate(cases)
    ]
    found: list[Verdict] = []
    groups: dict[str, list[int]] = {}
    for at, case in enumerate(cases):
        groups.setdefault(case.task, []).append(at)
    for task, members in sorted(groups.items()):
        found.append(verdict_across("task", task, members, cases, judged, singles, region))
    if evidence.problems["plain_task"].nunique() < len(groups):
        # Versions of a task have no verdict in common, and none of theirs was declared.
        return (*found, *singles)
    if len(groups) > 1:
        name = str(evidence.problems["suite"].iloc[0])
        everyone = list(range(len(cases)))
        suite = verdict_across("suite", name, everyone, cases, judged, singles, region)
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
        regions=[cases[at].region(region) for at, _ in flat],
    )
    found: list[dict[str, Contrast]] = [{} for _ in cases]
    for (at, name), contrast in zip(flat, decided, strict=True):
        found[at][name] = contrast
    return found


def _of_dataset(
    case: Case,
    judged: Mapping[str, Contrast],
    region: float,
    *,
    with_curves: bool,
) -> Verdict:
    contrast = judged[case.metric]
    totals = ratios(case.price, total=True)
    wanted = gaps(case, contrast, case.region(region))
    value = known(case.value_gain)
    sign = case.merit.sign
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
        choice=whom_to_take(contrast, None, totals),
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
        else _scaled(contrast.interval, sign * (case.span if case.has_skill else 1.0)),
        is_share=case.merit.ideal == 1,
        has_skill=case.has_skill,
        unit=case.merit.unit,
        size_unit=case.size_unit,
        winners=winners([case]),
        candidates=case.candidates,
        failed={family: n for family, n in case.failed.items() if family in FAMILIES},
        price=case.price,
        ratios=ratios(case.price, total=False),
        total_ratios=totals,
        environment_id=_text(case.facts["environment_id"]),
        flips=contradicting(contrast.decision, {n: c.decision for n, c in judged.items()}),
        crossover=place[0],
        cheaper=place[1],
        budgets=budgets(case) if has_curves else {},
        missing=tuple(text for text, _ in wanted),
        n_missing=sum(n for _, n in wanted),
        region=case.region(region),
        notes=tuple(notes(case)),
    )


def _scaled(interval: Interval | None, by: float) -> Interval | None:
    if interval is None or np.isnan(by):
        return None
    low, high = sorted((interval.low * by, interval.high * by))
    return Interval(float(low), float(high))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
