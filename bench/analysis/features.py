"""What features are worth: raw data, features by hand and learned ones of the same data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bench.analysis.evidence import Evidence
from bench.analysis.families import represent
from bench.analysis.intervals import MIN_UNITS, Interval
from bench.analysis.posterior import posterior
from bench.spec import FEATURES

if TYPE_CHECKING:
    from bench.spec import ModelSpec

STEPS = (("engineered", "raw"), ("learned", "engineered"), ("learned", "raw"))
"""The differences that are told: the first over the second."""


@dataclass(frozen=True, kw_only=True)
class FeaturePoint:
    """What one kind of features reaches at one size.

    Parameters
    ----------
    skill
        Mean over outer seeds of its representative's; None where there is none.
    winner
        The candidate that most often represents it.
    seconds
        Median warm fit of its representatives.
    n_units
        Outer seeds.
    """

    skill: float | None
    winner: str
    seconds: float | None
    n_units: int


@dataclass(frozen=True, kw_only=True)
class FeatureGain:
    """What one kind of features gains over another at one size, paired by outer seed.

    Parameters
    ----------
    gain
        Mean difference of skill.
    interval
        Its 90 % interval; None below five outer seeds.
    p_better
        Probability that the gain is greater than the region of practical equivalence; None below
        five outer seeds.
    n_units
        Outer seeds that both have.
    """

    gain: float
    interval: Interval | None
    p_better: float | None
    n_units: int


@dataclass(frozen=True, kw_only=True)
class FeatureBoard:
    """The kinds of features side by side on one dataset, over sizes.

    Parameters
    ----------
    task, dataset, modality, metric
        Where: the metric is the primary one.
    sizes
        Training sizes in `size_unit`, rising.
    candidates
        How many models each kind had, by kind; a kind without one is absent.
    points
        By kind, then by size.
    gains
        By pair of kinds (the first over the second, see `STEPS`), then by size.
    """

    task: str
    dataset: str
    modality: str
    metric: str
    sizes: tuple[int, ...]
    size_unit: str = "rows"
    candidates: Mapping[str, int]
    points: Mapping[str, Mapping[int, FeaturePoint]]
    gains: Mapping[tuple[str, str], Mapping[int, FeatureGain]]


def kind_of(model: str, family: str, models: Mapping[str, ModelSpec]) -> str:
    """Return the kind of features that a model works on: as its record says, else by family.

    A deep model learns its own. A classical one without a word about it takes the data as they are.
    """
    spec = models.get(model)
    said = "" if spec is None else spec.features
    return said or ("learned" if family == "deep" else "raw")


def feature_boards(
    evidence: Evidence, models: Mapping[str, ModelSpec], *, region: float = 0.01
) -> tuple[FeatureBoard, ...]:
    """Return a board for each dataset on which two kinds of features, or more, were measured.

    Only where there is skill. A kind is represented, per outer seed and size, by its candidate that
    is best on the validation part, as a family is (`bench.analysis.families.represent`); a failed
    trial counts as the baseline. Intervals are those of `bench.analysis.posterior.posterior`.

    Parameters
    ----------
    evidence
        From `bench.analysis.evidence.read_evidence`.
    models
        By name, from the registry.
    region
        Half width of the region of practical equivalence, in skill.
    """
    problems = evidence.problems.loc[evidence.problems["has_skill"]]
    names = evidence.contenders["model"].astype(str).to_numpy()
    points = evidence.points
    kinds = [
        kind_of(names[contender], family, models)
        for contender, family in zip(points["contender"], points["family"], strict=True)
    ]
    sorted_by_kind = replace(evidence, points=points.assign(family=kinds))
    represented = represent(sorted_by_kind)
    frame = represented.frame
    winners = _winners(sorted_by_kind.points, represented.shares, evidence.contenders)
    distinct = sorted_by_kind.points[["problem", "family", "contender"]].drop_duplicates()
    boards = []
    for number, own in frame.groupby("problem", sort=True):
        here = distinct.loc[distinct["problem"] == number, "family"].value_counts()
        candidates = {kind: int(here[kind]) for kind in FEATURES if kind in here.index}
        if len(candidates) < 2 or number not in problems.index:
            continue
        problem = problems.loc[number].to_dict()
        wide = {
            kind: own.loc[own["family"] == kind].pivot(
                index="outer_seed", columns="n_train", values="figure"
            )
            for kind in candidates
        }
        boards.append(
            FeatureBoard(
                task=str(problem["task"]),
                dataset=str(problem["name"]),
                modality=str(problem["modality"]),
                metric=str(problem["metric"]),
                size_unit=str(problem["size_unit"]),
                sizes=tuple(sorted({int(n) for n in own["n_train"]})),
                candidates=candidates,
                points={kind: _points(own, kind, number, winners) for kind in candidates},
                gains={
                    (above, below): gains
                    for above, below in STEPS
                    if above in wide and below in wide
                    if (gains := _gains(wide[above], wide[below], problem["overlap"], region))
                },
            )
        )
    return tuple(sorted(boards, key=lambda board: (board.task, board.dataset)))


def _winners(
    points: pd.DataFrame, shares: np.ndarray, contenders: pd.DataFrame
) -> dict[tuple[object, ...], str]:
    """Return the candidate that most often stands for a kind, by problem, kind and size."""
    names = contenders["name"].astype(str).to_numpy()[points["contender"].to_numpy()]
    tally = points[["problem", "family", "n_train"]].assign(name=names, share=shares)
    summed = tally.groupby(["problem", "family", "n_train", "name"])["share"].sum().reset_index()
    summed = summed.sort_values(["share", "name"], ascending=[False, True])
    first = summed.drop_duplicates(["problem", "family", "n_train"])
    keys = first[["problem", "family", "n_train"]].itertuples(index=False, name=None)
    return dict(zip(keys, first["name"], strict=True))


def _points(
    own: pd.DataFrame, kind: str, number: object, winners: Mapping[tuple[object, ...], str]
) -> dict[int, FeaturePoint]:
    found = {}
    for size, rows in own.loc[own["family"] == kind].groupby("n_train"):
        skill = rows["figure"].dropna()
        seconds = rows["warm_seconds"].median()
        found[int(str(size))] = FeaturePoint(
            skill=float(skill.mean()) if len(skill) else None,
            winner=winners.get((number, kind, size), ""),
            seconds=None if np.isnan(seconds) else float(seconds),
            n_units=len(skill),
        )
    return found


def _gains(
    above: pd.DataFrame, below: pd.DataFrame, overlap: float, region: float
) -> dict[int, FeatureGain]:
    """Return the gain at every size at which both have a figure of the same outer seed."""
    found = {}
    for size in above.columns.intersection(below.columns):
        difference = (above[size] - below[size]).dropna().to_numpy()
        n = len(difference)
        if n == 0:
            continue
        interval, p_better = None, None
        if n >= MIN_UNITS:
            known = posterior(
                difference.mean(), difference.std(ddof=1), n, overlap=overlap, region=region
            )
            interval = Interval(float(known.low), float(known.high))
            p_better = float(known.above)
        found[int(size)] = FeatureGain(
            gain=float(difference.mean()), interval=interval, p_better=p_better, n_units=n
        )
    return found
