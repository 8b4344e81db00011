"""One row per trial with its score and its skill: what rankings, curves and verdicts start from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from bench.analysis.keys import keyed, parsed
from bench.analysis.merits import Merit, read_merits
from bench.spec.outcome import FAILED

_RECIPE = ["model", "params", "model_version", "plugin", "tuning", "search", "device", "cores"]
_RECIPE += ["control", "tuned_for", "side"]
_DATA = [
    "task",
    "task_version",
    "dataset",
    "dataset_params",
    "dataset_version",
    "conditions",
    "protocol",
    "dataset_fingerprint",
]
_TEXT = ["label", "dataset_label", "modality", "status", "environment_id"]
_SAID = ["primary_metric", "size_unit", "role", "family", "pretrained", "overlap", "started_at"]
_GRID = ["outer_seed", "inner_seed", "repeat", "n_train"]
_SECONDS = [
    "init_seconds",
    "warm_up_seconds",
    "fit_seconds",
    "predict_seconds",
    "latency_1_seconds",
    "limit_seconds",
]
Array = NDArray[np.float64]
_MADE = ("tuned_for", "side")
_CATEGORIES = [name for name in _RECIPE + _DATA + _TEXT if name not in ("cores", *_MADE)]
_CATEGORIES += ["primary_metric", "size_unit", "role", "family"]


@dataclass(frozen=True)
class Cells:
    """Trials with their score, in a form that groups fast.

    Parameters
    ----------
    frame
        A row per trial: ``problem`` and ``contender`` (rows of the two tables below),
        ``outer_seed, inner_seed, repeat, n_train``, ``status, ok, failed``, ``value`` (primary
        metric on the test part, NaN where there is none), ``skill`` (NaN where it has no value,
        there is no baseline's value on the same split and size, or the metric has no ideal),
        ``baseline`` (that value), ``environment_id``, and times in seconds.
    problems
        A row per dataset with its parameters, conditions, protocol and version of the task: ``name,
        task`` (with its version where there are several), ``plain_task`` (without), ``modality,
        metric`` (the one that leads), ``sign`` (-1 where less of it is better, else
        1), ``ideal`` (NaN: none), ``size_unit`` (what sizes count), ``overlap`` (of test parts; NaN
        where that is not known), ``yardstick`` (the name of the baseline that skill is measured
        from, or "") and ``has_skill`` (whether there are both, a yardstick and an ideal).
    contenders
        A row per model with its parameters, version, tuning, device and cores: ``name, model,
        family`` (one of `bench.analysis.sides.SIDES`: a task's yardstick is a baseline, its
        controls are a side of their own), ``tuning, pretrained, n_candidates`` (sets of parameters
        that tuning may try; 1 without it).
    merits
        The metrics of the tables, by name.
    unknown_tasks
        Tasks of which the tables do not say what leads, or which direction of it is better: their
        trials are left out. Only a plugin's tasks of schema 1 and 2 can be so.
    unpooled_metrics
        Metrics that lead nowhere, and are of several versions: nothing is made of their values.
    """

    frame: pd.DataFrame
    problems: pd.DataFrame
    contenders: pd.DataFrame
    merits: Mapping[str, Merit]
    unknown_tasks: tuple[str, ...] = ()
    unpooled_metrics: tuple[str, ...] = ()


def read_cells(trials: pa.Table, scores: pa.Table | Iterable[pa.Table], metrics: pa.Table) -> Cells:
    """Join trials with the test score of their primary metric, and put it on the scale of skill.

    Skill is (value - baseline) / (ideal - baseline), clipped to [-1, 1], against the value of the
    task's yardstick on the same dataset, outer and inner seed and size (mean over its repeats), or
    where it names none of the model of the family ``baseline``. Where a dataset has several such
    models, the one with the most values is taken. Which metric leads on a dataset, its latest
    trials say.

    Parameters
    ----------
    trials, scores
        As in ``bench.load(...).trials`` and ``.scores``; or the scores in parts, as from
        ``.stream("scores")``, of which only what is needed is kept.
    metrics
        As in ``bench.load(...).metrics``.

    Raises
    ------
    ResultsError
        A metric that leads is of several versions.
    """
    merits = read_merits(metrics)
    frame = _trials_frame(trials)
    known = frame["primary_metric"].isin(list(merits.known))
    unknown = tuple(sorted(set(frame.loc[~known, "task"].astype(str))))
    if unknown:
        frame = frame.loc[known].copy()
    frame["problem"], problems = keyed(frame, _DATA, "dataset_label", "dataset")
    frame["contender"], contenders = keyed(frame, _RECIPE, "label", "model")
    contenders["n_candidates"] = [parsed(text).get("trials", 1) for text in contenders["search"]]
    problems = _described(frame, _apart_by_version(problems), merits.known)
    merits.check(problems["metric"])
    parts = [scores] if isinstance(scores, pa.Table) else scores
    frame["value"] = _values(frame, problems, parts)
    # Only a trial that ended well has a score that counts.
    frame["ok"] = (frame["status"] == "ok") & frame["value"].notna()
    frame["value"] = frame["value"].where(frame["ok"])
    frame["failed"] = frame["status"].isin(FAILED)
    frame["cold_seconds"] = frame["fit_seconds"] + frame[["init_seconds", "warm_up_seconds"]].sum(
        axis=1
    )
    drop = [*_CATEGORIES, *_SAID, *_MADE, "cores", "init_seconds", "warm_up_seconds"]
    keep = {"status", "environment_id"}
    frame = frame.drop(columns=[column for column in drop if column not in keep])
    frame = _sorted(frame)
    yardsticks = _yardsticks(frame, contenders)
    frame = frame.drop(columns="is_yardstick")
    problems["yardstick"] = [
        "" if code is None else str(contenders["name"].iloc[code])
        for code in (yardsticks.get(problem) for problem in range(len(problems)))
    ]
    problems["has_skill"] = (problems["yardstick"] != "") & problems["ideal"].notna()
    frame = _with_skill(frame, problems, contenders, yardsticks)
    pooled = {name: one for name, one in merits.known.items() if name not in merits.versions}
    unpooled = tuple(sorted(merits.versions))
    return Cells(frame, problems, contenders, pooled, unknown, unpooled)


def _trials_frame(trials: pa.Table) -> pd.DataFrame:
    columns = ["run_id", "trial_id", *_RECIPE, *_DATA, *_TEXT, *_SAID, *_GRID, *_SECONDS]
    columns = [name for name in columns if name not in _MADE]
    frame: pd.DataFrame = trials.select(columns).to_pandas(categories=_CATEGORIES)
    for column in _SECONDS:
        frame[column] = frame[column].astype("float64")
    role, family = frame["role"].astype(str), frame["family"].astype(str)
    frame["is_yardstick"] = role == "yardstick"
    side = family.where(~role.isin(["baseline", "yardstick"]), "baseline")
    frame["side"] = side.where(role != "control", "control").astype("category")
    # Of what one metric chose the parameters, another one is no repetition.
    tuned_for = frame["primary_metric"].astype(str).where(frame["tuning"] == "tuned", "")
    frame["tuned_for"] = tuned_for.astype("category")
    return frame


def _apart_by_version(problems: pd.DataFrame) -> pd.DataFrame:
    """Let a task of several versions be several tasks: their scores are never pooled."""
    several = problems.groupby("task")["task_version"].transform("nunique") > 1
    versioned = problems["task"] + " (version " + problems["task_version"] + ")"
    return problems.assign(
        plain_task=problems["task"], task=problems["task"].where(~several, versioned)
    )


def _described(
    frame: pd.DataFrame, problems: pd.DataFrame, merits: Mapping[str, Merit]
) -> pd.DataFrame:
    """Add to problems what their trials say of them; of several answers the latest."""
    said = frame[["problem", "primary_metric", "size_unit", "overlap", "started_at"]]
    latest = said.sort_values(["problem", "started_at"], na_position="first", kind="stable")
    latest = latest.drop_duplicates("problem", keep="last").set_index("problem")
    latest = latest.reindex(range(len(problems)))
    problems = problems.assign(
        metric=latest["primary_metric"].astype(str).to_numpy(),
        size_unit=latest["size_unit"].astype(str).to_numpy(),
        overlap=latest["overlap"].to_numpy(dtype=np.float64),
    )
    leading = [merits[name] for name in problems["metric"]]
    return problems.assign(
        sign=np.array([merit.sign for merit in leading], dtype=np.float64),
        ideal=np.array([merit.ideal for merit in leading], dtype=np.float64),
    )


def _values(frame: pd.DataFrame, problems: pd.DataFrame, scores: Iterable[pa.Table]) -> Array:
    """Return each trial's score: of the whole test part by the primary metric, or NaN."""
    metrics = sorted(set(problems["metric"]))
    wanted = pa.array(metrics, type=pa.string())
    kept = [_tested(part, wanted) for part in scores]
    values = np.full(len(frame), np.nan)
    if not any(len(part) for part in kept):
        return values
    tested = pa.concat_tables(kept)
    at_trial = pc.index_in(_key(tested["run_id"], tested["trial_id"]), _key(*_ids(frame)))
    at_metric = pc.index_in(tested["metric"], wanted).to_numpy()
    at = pc.fill_null(at_trial, -1).to_numpy()
    own = pd.Index(metrics).get_indexer(problems["metric"])[frame["problem"].to_numpy()]
    own = (at >= 0) & (own[at] == at_metric)
    values[at[own]] = tested["value"].to_numpy()[own]
    return values


def _tested(scores: pa.Table, metrics: pa.Array) -> pa.Table:
    mask = pc.equal(scores["part"].cast(pa.string()), "test")
    mask = pc.and_(mask, pc.equal(pc.fill_null(scores["slice"].cast(pa.string()), ""), ""))
    mask = pc.and_(mask, pc.is_in(scores["metric"].cast(pa.string()), value_set=metrics))
    kept = scores.select(["run_id", "trial_id", "metric", "value"]).filter(mask)
    types = [pa.string(), pa.string(), pa.string(), pa.float64()]
    return kept.cast(pa.schema(list(zip(kept.column_names, types, strict=True))))


def size_unit_of(problems: pd.DataFrame) -> str:
    """Return what sizes of some problems count; of several units all of them."""
    return " / ".join(dict.fromkeys(problems["size_unit"]))


def _ids(frame: pd.DataFrame) -> list[pa.Array]:
    return [pa.array(frame[name], pa.string()) for name in ("run_id", "trial_id")]


def _key(run_id: pa.Array, trial_id: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(run_id, trial_id, "\0")


def _sorted(frame: pd.DataFrame) -> pd.DataFrame:
    """Sort by what the trials are, and those that are the same by where they are from."""
    keys = [frame[name].to_numpy() for name in ("problem", "contender", *_GRID)]
    order = np.lexsort(keys[::-1])
    same = np.logical_and.reduce([key[order][1:] == key[order][:-1] for key in keys])
    frame = frame.iloc[order]
    if same.any():
        # Few are, and strings sort slowly.
        twins = np.append(same, False) | np.append(False, same)
        by = ["problem", "contender", *_GRID, "run_id", "trial_id"]
        among = frame.loc[twins].sort_values(by).index
        index = frame.index.to_numpy().copy()
        index[twins] = among
        frame = frame.loc[index]
    return frame.reset_index(drop=True)


def _yardsticks(frame: pd.DataFrame, contenders: pd.DataFrame) -> dict[int, int]:
    """Return for each problem its task's yardstick, else the baseline with the most values.

    Ties go by name.
    """
    baselines = np.flatnonzero((contenders["family"] == "baseline").to_numpy())
    rows = frame.loc[frame["contender"].isin(baselines) & frame["ok"]]
    groups = rows.groupby(["problem", "contender"])
    counts = groups.agg(n=("ok", "size"), named=("is_yardstick", "max")).reset_index()
    counts = counts.sort_values(
        ["problem", "named", "n", "contender"], ascending=[True, False, False, True]
    )
    first = counts.drop_duplicates("problem")
    return dict(zip(first["problem"].tolist(), first["contender"].tolist(), strict=True))


def _with_skill(
    frame: pd.DataFrame,
    problems: pd.DataFrame,
    contenders: pd.DataFrame,
    yardsticks: Mapping[int, int],
) -> pd.DataFrame:
    split = ["problem", "outer_seed", "inner_seed", "n_train"]
    chosen = frame["problem"].map(yardsticks)
    is_yardstick = frame["contender"] == chosen
    # The same baseline on other cores or another device has the same scores and fills gaps.
    recipe = (contenders["model"] + "\0" + contenders["params"]).to_numpy()
    has = chosen.notna()
    same = pd.Series(False, index=frame.index)
    same[has] = (
        recipe[frame.loc[has, "contender"].to_numpy()]
        == recipe[chosen[has].to_numpy(dtype=np.int64)]
    )
    base = frame.loc[same & frame["ok"]].groupby(split)["value"].mean()
    frame = frame.merge(base.reset_index(name="baseline"), on=split, how="left")
    ideal = problems["ideal"].to_numpy()[frame["problem"].to_numpy()]
    frame["skill"] = skills(
        frame["value"].to_numpy(dtype=np.float64),
        frame["baseline"].to_numpy(dtype=np.float64),
        ideal,
    )
    is_zero = is_yardstick.to_numpy() & frame["ok"].to_numpy() & ~np.isnan(ideal)
    frame.loc[is_zero, "skill"] = 0.0
    return frame


def skills(
    value: np.ndarray[Any, np.dtype[np.float64]],
    baseline: np.ndarray[Any, np.dtype[np.float64]],
    ideal: np.ndarray[Any, np.dtype[np.float64]],
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return `Metric.skill` of whole columns; NaN where a value or its baseline is missing."""
    span = ideal - baseline
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        skill = np.clip((value - baseline) / span, -1.0, 1.0)
    perfect = span == 0
    skill[perfect] = np.where(value[perfect] == baseline[perfect], 0.0, -1.0)
    skill[np.isnan(value) | np.isnan(baseline)] = np.nan
    return skill
