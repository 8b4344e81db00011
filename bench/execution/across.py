"""Figures that need several trials: computed when a session ends, over those that ended well."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from bench.spec import AcrossRow, Figure, Task
from bench.spec.outcome import Score

if TYPE_CHECKING:
    from bench.planning.plan import Plan
    from bench.results.store import Results

PART = "across"
"""Under which these figures stand in the table of scores."""


@dataclass(frozen=True)
class Across:
    """The figures of the datasets of a plan.

    `scores` are by `trial_id`. `trial_ids` are all that were looked at, whose earlier figures these
    replace; `faults` say which tasks failed: the trials of their datasets are not among them.
    """

    scores: tuple[tuple[str, Score], ...] = ()
    trial_ids: frozenset[str] = frozenset()
    faults: tuple[str, ...] = ()


def is_needed(plan: Plan) -> bool:
    """Whether any task of a plan has such figures."""
    return any(_has_figures(subject.task) for subject in plan.subjects.values())


def compute(plan: Plan, results: Results) -> Across:
    """Ask each task for the figures over the trials of each of its datasets."""
    found: list[tuple[str, Score]] = []
    trial_ids: set[str] = set()
    faults = []
    trials = {
        label: _of(results.trials, plan, label)
        for label, subject in plan.subjects.items()
        if _has_figures(subject.task)
    }
    every = pa.concat_tables([results.trials.slice(0, 0), *map(_ended_well, trials.values())])
    ids = every["trial_id"].cast(pa.string()).combine_chunks()
    scores, load = _scores(results, ids), _Predictions(results, ids)
    for label, own in trials.items():
        subject = plan.subjects[label]
        task = subject.task
        rows = list(_rows(_ended_well(own), scores, load))
        known = {row.trial_id for row in rows}
        try:
            figures = [
                _checked(figure, known, plan.metrics_of(subject)) for figure in task.across(rows)
            ]
        except Exception as error:  # a plugin may raise anything; no trial is lost by it
            faults.append(
                f"the figures across the trials of {label} were not computed, which is for the "
                f"task {task.name!r} to mend: {type(error).__name__}: {error}"
            )
            continue
        found += figures
        trial_ids.update(own["trial_id"].to_pylist())
    return Across(tuple(found), frozenset(trial_ids), tuple(faults))


def _has_figures(task: Task) -> bool:
    return type(task).across is not Task.across


def _checked(
    figure: Figure, trial_ids: Collection[str], metrics: Sequence[str]
) -> tuple[str, Score]:
    """Return a figure as a score.

    Raises
    ------
    ValueError
        It is of none of the trials, or of a metric that the task does not name.
    """
    if figure.trial_id not in trial_ids:
        raise ValueError(f"a figure is of no trial that it was given: {figure.trial_id!r}")
    if figure.metric not in metrics:
        raise ValueError(f"{figure.metric!r} is none of its metrics: {', '.join(metrics)}")
    value = float(figure.value)
    if math.isfinite(value):
        return figure.trial_id, Score(PART, "", figure.metric, value, figure.n)
    reason = f"the metric's value is {value}"
    return figure.trial_id, Score(PART, "", figure.metric, None, figure.n, reason)


def _of(trials: pa.Table, plan: Plan, label: str) -> pa.Table:
    """Return the trials of one dataset as it is now, under the task and protocol as they are now.

    In the folder there may be others: of before its file, its splits or the task were changed.
    """
    subject = plan.subjects[label]
    wanted = {
        "dataset_label": label,
        "dataset_fingerprint": subject.facts.fingerprint,
        "protocol": subject.task.protocol(plan.protocol),
        "task": subject.task.name,
        "task_version": subject.task.version,
    }
    return trials.filter(
        reduce(pc.and_, (_equal(trials, column, value) for column, value in wanted.items()))
    )


def _ended_well(trials: pa.Table) -> pa.Table:
    return trials.filter(_equal(trials, "status", "ok"))


def _rows(
    trials: pa.Table,
    scores: Mapping[str, Mapping[tuple[str, str, str], float]],
    load: _Predictions,
) -> Iterator[AcrossRow]:
    """Yield trials in an order of their own."""
    for row in sorted(trials.to_pylist(), key=lambda row: str(row["trial_id"])):
        names = [name for name in _COPIED if name in row]
        yield AcrossRow(
            **{name: row[name] for name in names},
            params=json.loads(row["params"]),
            conditions=json.loads(row["conditions"]),
            scores=scores.get(row["trial_id"], {}),
            load=partial(load, row["trial_id"]),
        )


_COPIED = (
    "trial_id", "label", "model", "family", "role", "control", "outer_seed", "inner_seed",
    "repeat", "n_train",
)  # fmt: skip


def _equal(table: pa.Table, column: str, value: str) -> Any:
    return pc.equal(table[column].cast(pa.string()), value)


def _scores(results: Results, ids: pa.Array) -> Mapping[str, dict[tuple[str, str, str], float]]:
    found: dict[str, dict[tuple[str, str, str], float]] = {}
    for table in results.stream("scores"):
        own = table.filter(pc.is_in(table["trial_id"].cast(pa.string()), value_set=ids))
        for row in own.to_pylist():
            if row["value"] is not None and row["part"] != PART:
                key = (row["part"], row["slice"], row["metric"])
                found.setdefault(row["trial_id"], {})[key] = row["value"]
    return found


class _Predictions:
    """The kept predictions of some trials, read when they are first asked for."""

    def __init__(self, results: Results, ids: pa.Array) -> None:
        self._results, self._ids = results, ids
        self._known: dict[str, tuple[list[int], list[Any]]] | None = None

    def __call__(self, trial_id: str) -> tuple[Any, Any] | None:
        if self._known is None:
            self._known = {}
            for table in self._results.stream("predictions"):
                own = table["trial_id"].cast(pa.string())
                for row in table.filter(pc.is_in(own, value_set=self._ids)).to_pylist():
                    rows, values = self._known.setdefault(row["trial_id"], ([], []))
                    rows.append(row["row"])
                    values.append(row["output"] if row["text"] is None else row["text"])
        return self._known.get(trial_id)
