"""The trials of two runs, each beside its counterpart: same dataset, model, split and size."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from bench.analysis.cells import Cells, read_cells
from bench.analysis.evidence import overlaps
from bench.analysis.merits import Merit, read_merits
from bench.spec.errors import ResultsError
from bench.spec.outcome import FAILED

USUAL_OVERLAP = 1 / 9
"""Of test parts where neither trials nor protocol say it: that of a tenth held out."""
UNSCORED = "unscored"
"""Stands for the status of a trial that ended well, without a value of the primary metric."""

Kind = Literal["newly failing", "recovered", "missing", "new"]

# What sets apart the learning curves of a run, and the trials of a curve. Neither versions nor
# parameters: that these change is why two runs are compared.
CURVE = ["task", "dataset_label", "label", "tuning", "device", "cores", "protocol", "conditions"]
SPLIT = ["outer_seed", "inner_seed", "repeat", "n_train"]
_RECIPE = ["model_version", "plugin_version", "params", "search"]
_DETAILS = ["task_version", "dataset_fingerprint", "started_at", "reason"]
_FIGURES = ["family", "ok", "status", "value", "skill", "metric", "size_unit", "overlap"]
_FIGURES += ["environment_id"]
_SECONDS = ["fit_seconds", "predict_seconds"]


@dataclass(frozen=True)
class Side:
    """One of the two runs: its tables, as in ``bench.load(...)``."""

    trials: pa.Table
    scores: pa.Table
    measures: pa.Table
    environments: pa.Table
    metrics: pa.Table


@dataclass(frozen=True, kw_only=True)
class Ending:
    """Trials of one learning curve that are in one run alone, or ended otherwise in the other.

    Parameters
    ----------
    kind
        ``"newly failing"``: failed (or without a score) in head, and not in base. ``"recovered"``:
        failed in base, well in head. ``"missing"`` and ``"new"``: absent from, or skipped in, head
        or base.
    base_status, head_status
        How they ended; None: there is no such trial.
    sizes
        Smallest and largest training size, in `size_unit`.
    n_trials
        How many.
    reason
        What the first of them said in head, or in base where it is absent from head.
    """

    kind: Kind
    task: str
    dataset: str
    model: str
    base_status: str | None
    head_status: str | None
    sizes: tuple[int, int]
    size_unit: str
    n_trials: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class Pairing:
    """Two runs, laid side by side.

    Parameters
    ----------
    pairs
        A row per pair: ``curve`` (a row of `curves`), ``outer_seed, inner_seed, repeat, n_train``,
        and with the endings ``_base`` and ``_head``: ``family, ok, status, value, skill, metric,
        overlap, environment_id, fit_seconds, predict_seconds``, versions and parameters.
    curves
        A row per learning curve of either run: ``task, dataset, model, metric, size_unit``.
    merits
        What the metrics that lead are, by name.
    endings
        Newly failing ones first.
    changed_data, changed_tasks, changed_metrics
        Datasets of which the content is different in head, tasks and metrics that lead of which the
        version is: their trials do not pair.
    n_base, n_head
        Trials of either run, without those superseded.
    n_superseded
        Trials left out for being older than another of the same names in the same run.
    unknown_tasks
        As in `bench.analysis.cells.Cells`; they are left out.
    """

    pairs: pd.DataFrame
    curves: pd.DataFrame
    merits: Mapping[str, Merit]
    endings: tuple[Ending, ...]
    changed_data: tuple[str, ...]
    changed_tasks: tuple[str, ...]
    changed_metrics: tuple[str, ...]
    n_base: int
    n_head: int
    n_superseded: int
    unknown_tasks: tuple[str, ...]


def marked(side: Side, run_id: str) -> Side:
    """Return the tables with another run id: a run may be compared with a copy of itself."""

    def renamed(table: pa.Table) -> pa.Table:
        at = table.schema.get_field_index("run_id")
        return table.set_column(at, "run_id", pa.array([run_id] * len(table), pa.string()))

    return replace(
        side,
        trials=renamed(side.trials),
        scores=renamed(side.scores),
        measures=renamed(side.measures),
    )


def pair(base: Side, head: Side) -> Pairing:
    """Lay two runs side by side.

    Trials pair by identity and, what is left, by the labels of model and dataset.

    Parameters
    ----------
    base, head
        Two runs with different run ids; see `marked`.

    Raises
    ------
    ResultsError
        No trial of head has a counterpart in base.
    """
    metrics = pa.concat_tables([base.metrics, head.metrics])
    torn = read_merits(metrics).versions
    changed_metrics = _changed_metrics(base, head, torn)
    base, head = _without(base, torn), _without(head, torn)
    # Read as one: skill is then measured from the same baseline on both sides.
    cells = read_cells(
        pa.concat_tables([base.trials, head.trials]),
        pa.concat_tables([base.scores, head.scores]),
        metrics,
    )
    older, newer = _described(base.trials, cells), _described(head.trials, cells)
    left, right = _latest(older), _latest(newer)
    joined = _joined(left, right)
    both = joined["trial_id_base"].notna() & joined["trial_id_head"].notna()
    same = joined["dataset_fingerprint_base"] == joined["dataset_fingerprint_head"]
    changed = tuple(sorted(set(joined.loc[both & ~same, "dataset_label"])))
    is_task = joined["task_version_base"] == joined["task_version_head"]
    changed_tasks = _changed_versions(joined.loc[both & ~is_task])
    same &= is_task
    if not (both & same).any():
        raise ResultsError(_nothing_shared(left, right, changed, changed_tasks, changed_metrics))
    joined = joined.loc[same | ~both].reset_index(drop=True)
    joined["curve"], curves = _curves(joined)
    both = joined["trial_id_base"].notna() & joined["trial_id_head"].notna()
    return Pairing(
        pairs=joined.loc[both].reset_index(drop=True),
        curves=curves,
        merits=cells.merits,
        endings=_endings(joined, curves),
        changed_data=changed,
        changed_tasks=changed_tasks,
        changed_metrics=changed_metrics,
        n_base=len(left),
        n_head=len(right),
        n_superseded=len(older) + len(newer) - len(left) - len(right),
        unknown_tasks=cells.unknown_tasks,
    )


def _without(side: Side, metrics: Collection[str]) -> Side:
    """Leave out the trials that one of these metrics leads."""
    led = pc.is_in(
        side.trials["primary_metric"].cast(pa.string()), value_set=pa.array(metrics, pa.string())
    )
    return replace(side, trials=side.trials.filter(pc.invert(led)))


def _changed_metrics(base: Side, head: Side, torn: Collection[str]) -> tuple[str, ...]:
    """Return the metrics that lead and are not the same in all trials, each with its versions."""
    leading = {
        name
        for side in (base, head)
        for name in side.trials["primary_metric"].cast(pa.string()).unique().to_pylist()
    }
    found = []
    for name in sorted(leading & set(torn)):
        of = [
            sorted(
                {row["version"] or "1" for row in side.metrics.to_pylist() if row["name"] == name}
            )
            for side in (base, head)
        ]
        found.append(f"{name} ({' → '.join(' and '.join(one) or '—' for one in of)})")
    return tuple(found)


def _changed_versions(pairs: pd.DataFrame) -> tuple[str, ...]:
    found = pairs[["task", "task_version_base", "task_version_head"]].drop_duplicates()
    return tuple(sorted(f"{task} ({old} → {new})" for task, old, new in found.to_numpy()))


def differing_facts(base: Side, head: Side) -> tuple[str, ...]:
    """Return the facts of the environments that differ, each with its values in either run."""
    used = []
    for side in (base, head):
        ids = set(side.trials["environment_id"].to_pylist())
        used.append([r for r in side.environments.to_pylist() if r["environment_id"] in ids])
    found = []
    for name in base.environments.column_names:
        if name not in ("environment_id", "load", "distributions"):
            before, after = ([_entries(name, row[name]) for row in rows] for rows in used)
            keys = sorted({key for entries in (*before, *after) for key in entries})
            for key in keys:
                pair_of = [
                    ", ".join(sorted({entries.get(key, "—") for entries in several}))
                    for several in (before, after)
                ]
                if pair_of[0] != pair_of[1]:
                    found.append(f"{key}: {pair_of[0]} → {pair_of[1]}")
    return tuple(found)


def _entries(name: str, value: object) -> dict[str, str]:
    """Return the facts of a column: many where it is JSON, as of the libraries."""
    try:
        parsed = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        parsed = value
    if isinstance(parsed, dict):
        return {str(key): str(entry) for key, entry in parsed.items()}
    return {} if value is None else {name: str(value)}


def _described(trials: pa.Table, cells: Cells) -> pd.DataFrame:
    """Return the trials of known tasks with names, seeds, figures and how they ended."""
    names = ["run_id", "trial_id", *CURVE, *SPLIT, *_RECIPE, *_DETAILS]
    frame: pd.DataFrame = trials.select(names).to_pandas()
    figures = cells.frame[["run_id", "trial_id", "problem", "ok", "status", "value", "skill"]]
    figures = figures.join(cells.frame[["environment_id", *_SECONDS]])
    at = figures["problem"].to_numpy()
    figures = figures.assign(
        family=cells.contenders["family"].to_numpy()[cells.frame["contender"].to_numpy()],
        metric=cells.problems["metric"].to_numpy()[at],
        size_unit=cells.problems["size_unit"].to_numpy()[at],
        overlap=overlaps(cells.problems, USUAL_OVERLAP)[at],
        status=figures["status"].astype(str),
        environment_id=figures["environment_id"].astype(str),
    )
    unscored = (figures["status"] == "ok") & ~figures["ok"]
    figures["status"] = figures["status"].where(~unscored, UNSCORED)
    return frame.merge(figures.drop(columns="problem"), on=["run_id", "trial_id"])


def _latest(frame: pd.DataFrame) -> pd.DataFrame:
    """Drop what a resumed run has measured again, with a later version."""
    ordered = frame.sort_values("started_at", kind="stable", na_position="first")
    return ordered.drop_duplicates([*CURVE, *SPLIT], keep="last")


def _joined(base: pd.DataFrame, head: pd.DataFrame) -> pd.DataFrame:
    """Return a row per trial of either run, by identity first, then by names (those of head)."""
    facts = [*_RECIPE, *_DETAILS, *_FIGURES, *_SECONDS]
    keys = [*CURVE, *SPLIT]
    names = head.set_index("trial_id")[keys]
    known = base["trial_id"].isin(names.index)
    # A pair by identity may have been given another label since.
    renamed = {
        name: base["trial_id"].map(names[name]).where(known, base[name]).astype(head[name].dtype)
        for name in keys
    }
    base = base.assign(**renamed).drop_duplicates(keys)
    sides = [
        frame[[*keys, "trial_id", *facts]].rename(
            columns={name: f"{name}_{side}" for name in ["trial_id", *facts]}
        )
        for frame, side in ((base, "base"), (head, "head"))
    ]
    joined: pd.DataFrame = sides[0].merge(sides[1], on=keys, how="outer")
    return joined


def _curves(joined: pd.DataFrame) -> tuple[pd.Series[int], pd.DataFrame]:
    """Number the learning curves; namesakes get what sets them apart behind their names."""
    codes = joined.groupby(CURVE, sort=True, dropna=False).ngroup()
    first = joined.loc[~codes.duplicated(), CURVE]
    curves = first.set_axis(codes.loc[first.index]).sort_index().astype(str)
    namesakes = curves.groupby(CURVE[:3])
    shown = curves["label"].copy()
    for column in CURVE[3:]:
        several = namesakes[column].transform("nunique") > 1
        # The conditions are in the dataset's label already.
        detail = curves.loc[several, column]
        if column == "cores":
            detail = (detail + " cores").replace("1 cores", "1 core")
        shown[several] += " (" + detail + ")"
    metric, unit = (
        joined[f"{name}_head"].fillna(joined[f"{name}_base"]) for name in ("metric", "size_unit")
    )
    return codes, pd.DataFrame(
        {
            "task": curves["task"],
            "dataset": curves["dataset_label"],
            "model": shown,
            "metric": metric.groupby(codes).first(),
            "size_unit": unit.groupby(codes).first(),
        }
    )


def _endings(joined: pd.DataFrame, curves: pd.DataFrame) -> tuple[Ending, ...]:
    frame = joined.assign(kind=_kinds(joined))
    frame = frame.loc[frame["kind"] != ""].sort_values(["curve", *SPLIT])
    reason = frame["reason_head"].where(frame["trial_id_head"].notna(), frame["reason_base"])
    frame = frame.assign(reason=reason.fillna("").astype(str))
    found = []
    groups = frame.groupby(["kind", "curve", "status_base", "status_head"], dropna=False)
    for _, group in groups:
        first = group.iloc[0]
        names = curves.loc[first["curve"]]
        before, after = first["status_base"], first["status_head"]
        found.append(
            Ending(
                kind=first["kind"],
                task=str(names["task"]),
                dataset=str(names["dataset"]),
                model=str(names["model"]),
                base_status=before if isinstance(before, str) else None,
                head_status=after if isinstance(after, str) else None,
                sizes=(int(group["n_train"].min()), int(group["n_train"].max())),
                size_unit=str(names["size_unit"]),
                n_trials=len(group),
                reason=first["reason"],
            )
        )
    order: tuple[Kind, ...] = ("newly failing", "missing", "recovered", "new")
    return tuple(sorted(found, key=lambda e: (order.index(e.kind), e.task, e.dataset, e.model)))


def _kinds(joined: pd.DataFrame) -> pd.Series[str]:
    failing = [*FAILED, UNSCORED]
    before, after = joined["status_base"], joined["status_head"]
    is_gone, is_there = after.isna() | (after == "skipped"), before.isna() | (before == "skipped")
    kind = pd.Series("", index=joined.index)
    kind[after.isin(failing) & (before == "ok")] = "newly failing"
    kind[before.isin(failing) & (after == "ok")] = "recovered"
    kind[is_gone & ~is_there] = "missing"
    kind[is_there & ~is_gone] = "new"
    return kind


def _nothing_shared(
    base: pd.DataFrame,
    head: pd.DataFrame,
    changed: Sequence[str],
    tasks: Sequence[str],
    metrics: Sequence[str],
) -> str:
    versions = [*(f"task {one}" for one in tasks), *(f"metric {one}" for one in metrics)]
    if versions:
        return (
            f"Nothing to compare: what was measured is of another version in head: "
            f"{', '.join(versions)}. Run one of them again."
        )
    if changed:
        return (
            f"Nothing to compare: the data of {', '.join(map(repr, changed))} are not the same in "
            "both runs. Run one of them again."
        )
    parts = []
    for what, column in (("datasets", "dataset_label"), ("models", "label")):
        here, there = sorted(set(base[column])), sorted(set(head[column]))
        if not set(here) & set(there):
            sides = [", ".join(names[:6]) or "none" for names in (here, there)]
            parts.append(f"{what} of base: {sides[0]}; of head: {sides[1]}")
    why = "; ".join(parts) or "they have no split and size in common"
    return (
        f"Nothing to compare: no trial of head has a counterpart in base ({why}). Compare two runs "
        "of one suite."
    )
