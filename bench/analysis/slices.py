"""Scores that enter no mean: of slices of the test part, and figures that need several trials."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    import pandas as pd

ACROSS = "across"
"""The part of scores that a task made of several trials."""

_NAMES = ["task", "dataset_label", "label"]
_COLUMNS = [*_NAMES, "family", "role", "n_train", "size_unit", "primary_metric"]
_KEY = [*_NAMES, "part", "slice", "metric"]


@dataclass(frozen=True, kw_only=True)
class SliceScore:
    """A mean over the trials of a contender on a dataset, at the largest size that it has.

    Parameters
    ----------
    task, dataset, model, family
        Whose it is; of a control the family is ``"control"``.
    n_train, size_unit
        The size.
    part, slice
        ``"test"`` and which of its units, as in ``"class=2"``; or `ACROSS`, for a figure that
        needed several trials.
    metric
        That leads, of a slice; of a figure across trials any.
    value, n_trials
        The mean, and over how many trials.
    """

    task: str
    dataset: str
    model: str
    family: str
    n_train: int
    size_unit: str
    part: str
    slice: str
    metric: str
    value: float
    n_trials: int


def read_slices(trials: pa.Table, scores: Iterable[pa.Table]) -> tuple[SliceScore, ...]:
    """Return scores of slices by the metric that leads, and figures across trials.

    Parameters
    ----------
    trials
        As in ``bench.load(...).trials``.
    scores
        As from ``bench.load(...).stream("scores")``.
    """
    kept = pa.concat_tables([one for part in scores if len(one := apart(part))] or [_NONE])
    if not len(kept):
        return ()
    of: pd.DataFrame = trials.select(["run_id", "trial_id", *_COLUMNS]).to_pandas()
    rows: pd.DataFrame = kept.to_pandas().merge(of, on=["run_id", "trial_id"])
    rows = rows.loc[(rows["part"] == ACROSS) | (rows["metric"] == rows["primary_metric"])]
    largest = rows.groupby(_NAMES)["n_train"].transform("max")
    rows = rows.loc[rows["n_train"] == largest]
    family = rows["family"].where(rows["role"] != "control", "control")
    groups = rows.assign(family=family).groupby(_KEY, sort=True)
    means = groups.agg(
        value=("value", "mean"),
        n_trials=("value", "size"),
        n_train=("n_train", "first"),
        size_unit=("size_unit", "first"),
        family=("family", "first"),
    )
    return tuple(
        SliceScore(
            task=str(row["task"]),
            dataset=str(row["dataset_label"]),
            model=str(row["label"]),
            family=str(row["family"]),
            n_train=int(row["n_train"]),
            size_unit=str(row["size_unit"]),
            part=str(row["part"]),
            slice=str(row["slice"]),
            metric=str(row["metric"]),
            value=float(row["value"]),
            n_trials=int(row["n_trials"]),
        )
        for row in means.reset_index().to_dict("records")
    )


_KEPT = ["run_id", "trial_id", "part", "slice", "metric", "value"]
_NONE = pa.schema(
    [(name, pa.float64() if name == "value" else pa.string()) for name in _KEPT]
).empty_table()


def apart(scores: pa.Table) -> pa.Table:
    """Return the scores that enter no mean: of test slices, and across trials."""
    part = scores["part"].cast(pa.string())
    is_slice = pc.not_equal(pc.fill_null(scores["slice"].cast(pa.string()), ""), "")
    wanted = pc.or_(pc.and_(pc.equal(part, "test"), is_slice), pc.equal(part, ACROSS))
    kept = scores.select(_KEPT).filter(pc.and_(wanted, pc.is_valid(scores["value"])))
    return kept.cast(_NONE.schema)
