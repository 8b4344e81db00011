"""What a leaderboard shows, put together from result tables: the same for every format."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.analysis.board import Board
from bench.analysis.by_dataset import DatasetBoard, dataset_boards
from bench.analysis.cells import Cells, read_cells, size_unit_of
from bench.analysis.evidence import Evidence, read_evidence, whole_parts
from bench.analysis.failures import Failures
from bench.analysis.features import FeatureBoard, feature_boards
from bench.analysis.judging import judge
from bench.analysis.ranking import leaderboards
from bench.analysis.sides import UNRANKED
from bench.analysis.sizes import Size
from bench.analysis.slices import SliceScore, apart, read_slices
from bench.analysis.timing import Noise, timing_noise
from bench.analysis.verdict import Verdict
from bench.report.text import clean, listed
from bench.results.schema import SCHEMAS
from bench.results.store import Results
from bench.spec.errors import ResultsError, nearest

if TYPE_CHECKING:
    from bench.spec import ModelSpec

By = Literal["task", "dataset", "features"]
MOST_TRIALS = 200_000
"""Verdicts of more take longer than the ranking; they are then made only when asked for."""


class HasTables(Protocol):
    """What is needed of `bench.load(...)`."""

    @property
    def trials(self) -> pa.Table: ...  # noqa: D102

    @property
    def scores(self) -> pa.Table: ...  # noqa: D102

    @property
    def measures(self) -> pa.Table: ...  # noqa: D102

    @property
    def environments(self) -> pa.Table: ...  # noqa: D102

    @property
    def metrics(self) -> pa.Table: ...  # noqa: D102


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What of the tables is looked at, and how.

    Parameters
    ----------
    tasks
        Names of tasks; empty: all.
    models, datasets
        Glob patterns of names; empty: all. Ranks are recomputed among what is selected; baselines
        and controls always stay.
    size
        Which sizes of training set the ranking looks at.
    failures
        How a failed trial counts.
    """

    tasks: Sequence[str] = ()
    models: Sequence[str] = ()
    datasets: Sequence[str] = ()
    size: Size = "common"
    failures: Failures = "baseline"


@dataclass(frozen=True, kw_only=True)
class Contents:
    """Everything that a leaderboard shows.

    Parameters
    ----------
    boards
        One per task, when asked by task.
    dataset_boards
        One per dataset, when asked by dataset.
    feature_boards
        One per dataset with two kinds of features or more, when asked by features.
    verdicts
        Widest scope first; none unless asked for.
    slices
        Scores that enter no mean; read with the verdicts.
    cells, trials
        What was looked at: with figures, and as it stands in the table.
    evidence
        What verdicts and features were made of; None where neither was asked for.
    noise
        Of timing, per environment.
    machines
        Processor by environment id.
    unknown_tasks, unpooled_metrics
        As in `bench.analysis.cells.Cells`: they are not shown.
    """

    boards: tuple[Board, ...] = ()
    dataset_boards: tuple[DatasetBoard, ...] = ()
    feature_boards: tuple[FeatureBoard, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    slices: tuple[SliceScore, ...] = ()
    cells: Cells
    trials: pa.Table
    evidence: Evidence | None = None
    noise: tuple[Noise, ...] = ()
    machines: Mapping[str, str]
    unknown_tasks: tuple[str, ...] = ()
    unpooled_metrics: tuple[str, ...] = ()

    @property
    def unread(self) -> list[str]:
        """What of the tables is not shown, and why, in sentences."""
        notes = []
        if self.unknown_tasks:
            names = listed(map(clean, self.unknown_tasks), most=20)
            notes.append(
                f"Not shown, for these tables do not say which metric leads, or which direction of "
                f"it is better: {names}. Measure again: tables say so since schema 3."
            )
        if self.unpooled_metrics:
            names = listed(map(clean, self.unpooled_metrics), most=20)
            notes.append(f"Not looked at, being of several versions in these results: {names}.")
        return notes


def read_contents(
    results: HasTables,
    *,
    models: Mapping[str, ModelSpec] | None = None,
    by: By = "task",
    selection: Selection | None = None,
    with_verdicts: bool | None = False,
) -> Contents:
    """Analyse result tables.

    Parameters
    ----------
    results
        From ``bench.load(...)``.
    models
        By name, as far as they are known: they say what kind of features they learn from.
    by
        A board per task, learning curves per dataset, or what features are worth.
    selection
        What is looked at; everything where not given.
    with_verdicts
        Whether verdicts are made; None: of up to `MOST_TRIALS` trials.

    Raises
    ------
    ResultsError
        The selection names something that is not in the tables, or leaves nothing.
    """
    selection = selection or Selection()
    if with_verdicts is None:
        with_verdicts = results.trials.num_rows <= MOST_TRIALS
    scores: pa.Table | Iterable[pa.Table] = _scores(results)
    rest: list[pa.Table] = []
    if with_verdicts or by == "features":
        scores, rest = _read_once(results)
    cells = read_cells(results.trials, scores, results.metrics)
    cells = _selected(cells, selection)
    trials = _looked_at(results.trials, cells)
    rules = {"failures": selection.failures}
    machines = results.environments.select(["environment_id", "cpu_model"]).to_pylist()
    ranked = leaderboards(cells, size=selection.size, **rules) if by == "task" else ()
    if isinstance(selection.size, int) and by == "task" and not any(b.ranked_on for b in ranked):
        raise ResultsError(_no_such_size(cells, selection.size))
    evidence = None
    if (with_verdicts or by == "features") and not cells.frame.empty:
        evidence = read_evidence(cells, results.trials, scores)
    judged: tuple[Verdict, ...] = ()
    if with_verdicts and evidence is not None:
        judged = judge(evidence)
    featured: tuple[FeatureBoard, ...] = ()
    if by == "features":
        featured = feature_boards(evidence, models or {}) if evidence is not None else ()
        if not featured:
            raise ResultsError(_no_features(cells))
    return Contents(
        boards=ranked,
        dataset_boards=dataset_boards(cells, **rules) if by == "dataset" else (),
        feature_boards=featured,
        verdicts=judged,
        slices=read_slices(cells, rest),
        cells=cells,
        trials=trials,
        evidence=evidence,
        noise=timing_noise(results.measures, results.trials),
        machines={str(m["environment_id"]): str(m["cpu_model"] or "") for m in machines},
        unknown_tasks=cells.unknown_tasks,
        unpooled_metrics=cells.unpooled_metrics,
    )


def _scores(results: HasTables) -> Iterable[pa.Table]:
    # Of millions of scores few are needed: they are not all in memory at once.
    return results.stream("scores") if isinstance(results, Results) else [results.scores]


def _read_once(results: HasTables) -> tuple[pa.Table, list[pa.Table]]:
    """Return the scores that rankings and verdicts look at, and those that enter no mean."""
    primaries = pc.unique(results.trials["primary_metric"].cast(pa.string()))
    whole, rest = [], []
    for part in _scores(results):
        whole.append(whole_parts(part, primaries))
        rest.append(apart(part))
    none = SCHEMAS["scores"].empty_table()
    return pa.concat_tables(whole or [whole_parts(none, primaries)]), rest


def _looked_at(trials: pa.Table, cells: Cells) -> pa.Table:
    if len(cells.frame) == trials.num_rows:
        return trials
    kept = pa.array(cells.frame["trial_id"], pa.string())
    return trials.filter(pc.is_in(trials["trial_id"].cast(pa.string()), value_set=kept))


def _no_features(cells: Cells) -> str:
    datasets = listed(sorted(map(clean, set(cells.problems["name"]))))
    return (
        "--by features: no dataset was measured with two kinds of features (raw, engineered, "
        f"learned); looked at: {datasets or 'none'}. Run a suite with models of several kinds, "
        "such as 'features'."
    )


def _selected(cells: Cells, selection: Selection) -> Cells:
    problems, contenders = cells.problems, cells.contenders
    is_task = np.ones(len(problems), dtype=bool)
    if selection.tasks:
        for task in selection.tasks:
            known = sorted({*problems["plain_task"], *problems["task"], *cells.unknown_tasks})
            if task in cells.unknown_tasks:
                raise ResultsError(
                    f"task {task!r} is in the results, but their tables do not say which metric "
                    "leads, or which direction of it is better; measure again."
                )
            if task not in known:
                raise ResultsError(_unknown("task", task, known))
        named = list(selection.tasks)
        is_task = (problems["plain_task"].isin(named) | problems["task"].isin(named)).to_numpy()
    is_dataset = _matching("dataset", problems["name"], problems["dataset"], selection.datasets)
    is_model = _matching("model", contenders["name"], contenders["model"], selection.models)
    is_model |= contenders["family"].isin(UNRANKED).to_numpy()
    frame = cells.frame
    at_problem, at_contender = frame["problem"].to_numpy(), frame["contender"].to_numpy()
    return replace(
        cells, frame=frame.loc[(is_task & is_dataset)[at_problem] & is_model[at_contender]]
    )


def _matching(
    what: str, shown: Iterable[str], plain: Iterable[str], patterns: Sequence[str]
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return which names one of the patterns matches; each must match something."""
    names = list(zip(shown, plain, strict=True))
    found = np.full(len(names), not patterns)
    for pattern in patterns:
        hits = [any(fnmatchcase(name, pattern) for name in pair) for pair in names]
        if not any(hits):
            raise ResultsError(_unknown(what, pattern, sorted(set(shown))))
        found |= np.array(hits)
    return found


def _unknown(what: str, given: str, known: Sequence[str]) -> str:
    there = listed(map(clean, known), most=20) or "none"
    return f"no {what} {clean(given)!r} in the results; there: {there}.{nearest(given, known)}"


def _no_such_size(cells: Cells, size: int) -> str:
    sizes = sorted(set(cells.frame.loc[cells.frame["ok"], "n_train"].tolist()))
    unit = clean(size_unit_of(cells.problems))
    return (
        f"--size {size}: nothing was measured at {size} training {unit}; there: "
        f"{listed((str(n) for n in sizes), most=30) or 'none'}."
    )
