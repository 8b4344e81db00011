"""The verdict over several datasets: one value each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from bench.analysis.cases import Case, winners
from bench.analysis.decisions import (
    MIN_DATASETS,
    Contrast,
    agreeing,
    contrasts,
    counted,
    known,
    majority,
)
from bench.analysis.intervals import Block, Interval, intervals
from bench.analysis.prices import median_price, median_ratios
from bench.analysis.sides import FAMILIES
from bench.analysis.verdict import Scope, Verdict, contradicting, whom_to_take


def verdict_across(
    scope: Scope,
    name: str,
    members: Sequence[int],
    cases: Sequence[Case],
    judged: Sequence[Mapping[str, Contrast]],
    singles: Sequence[Verdict],
    region: float,
) -> Verdict:
    """Return the verdict over several datasets, one value each.

    Gains of several metrics have no mean: where one is not of skill, datasets are counted.
    """
    with_gain = [at for at in members if singles[at].gain is not None]
    chosen = [cases[at] for at in with_gain]
    of_metric = sorted(set.intersection(*(set(judged[at]) for at in with_gain))) if chosen else []
    primary = [judged[at][cases[at].metric] for at in with_gain]
    has_skill = all(case.has_skill for case in chosen)
    (contrast,) = _over_datasets([primary if has_skill else []], region)
    counts = None
    if len(with_gain) < MIN_DATASETS or not has_skill:
        counts = counted(one.decision for one in primary if one.decision != "not-measured")
    decision = contrast.decision if counts is None else majority(counts)
    interval = contrast.interval if counts is None else _of_these(chosen) if has_skill else None
    others = [[judged[at][metric] for at in with_gain] for metric in of_metric]
    over = _over_datasets(others, region)
    by_metric = {
        metric: one.decision if counts is None else majority(counted(c.decision for c in each))
        for metric, one, each in zip(of_metric, over, others, strict=True)
    }
    totals = median_ratios([singles[at].total_ratios for at in with_gain])
    names = tuple(dict.fromkeys(case.metric for case in (cases[at] for at in members)))
    # Metrics whose ideal is 1 are better the higher they are.
    shares = len(names) == 1 and all(cases[at].merit.ideal == 1 for at in members)
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
        choice=whom_to_take(contrast, counts, totals),
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
        has_skill=has_skill,
        size_unit=" / ".join(dict.fromkeys(cases[at].size_unit for at in members)),
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
        flips=contradicting(decision, by_metric),
        missing=tuple(f"{', '.join(of)}: {text}" for text, of in wanted.items()),
        n_missing=sum(singles[at].n_missing for at in open_),
        region=region,
        notes=tuple(_notes_across([singles[at] for at in members], counts, has_skill)),
    )


def _over_datasets(groups: Sequence[Sequence[Contrast]], region: float) -> list[Contrast]:
    gains = [np.array([c.gain for c in group if c.gain is not None]) for group in groups]
    return contrasts(gains, [0.0] * len(gains), regions=[region] * len(gains), least=MIN_DATASETS)


def _of_these(cases: Sequence[Case]) -> Interval | None:
    """Return the interval of the mean gain over these datasets, under other outer seeds."""
    blocks = [Block(case.name, known(case.gains[case.metric])[np.newaxis]) for case in cases]
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


def _most_common(environments: Iterable[str | None]) -> str | None:
    """Return the environment of most datasets; of equals, the first by name."""
    found = Counter(name for name in environments if name is not None)
    return min(found, key=lambda name: (-found[name], name), default=None)


def _notes_across(
    singles: Sequence[Verdict], counts: Mapping[str, int] | None, has_skill: bool
) -> list[str]:
    said = []
    if not has_skill:
        said.append("without skill the gains of several datasets have no mean: these are counted")
    elif counts is not None:
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
