"""Scores that enter no mean: of slices of the test part, and figures that need several trials."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    import pandas as pd

    from bench.analysis.cells import Cells

ACROSS = "across"
"""The part of scores that a task made of several trials."""


@dataclass(frozen=True, kw_only=True)
class SliceScore:
    """A mean over the trials of a contender on a dataset, at the largest size that it has.

    Parameters
    ----------
    task, dataset, model, family
        Whose it is, named as on leaderboards; the family is one of `bench.analysis.sides.SIDES`.
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


def read_slices(cells: Cells, scores: Iterable[pa.Table]) -> tuple[SliceScore, ...]:
    """Return scores of slices by the metric that leads, and figures across trials.

    Datasets and contenders are told apart as on leaderboards: by parameters, conditions, versions
    of the task. Metrics of several versions are left out.

    Parameters
    ----------
    cells
        What `bench.analysis.cells.read_cells` made of the tables, perhaps narrowed.
    scores
        As from ``bench.load(...).stream("scores")``.
    """
    kept = pa.concat_tables([one for part in scores if len(one := apart(part))] or [_NONE])
    if not len(kept):
        return ()
    of = cells.frame[["run_id", "trial_id", "problem", "contender", "n_train"]]
    rows: pd.DataFrame = kept.to_pandas().merge(of, on=["run_id", "trial_id"])
    leading = cells.problems["metric"].to_numpy()[rows["problem"].to_numpy()]
    wanted = (rows["part"] == ACROSS) | (rows["metric"] == leading)
    rows = rows.loc[wanted & ~rows["metric"].isin(cells.unpooled_metrics)]
    largest = rows.groupby(["problem", "contender"])["n_train"].transform("max")
    groups = rows.loc[rows["n_train"] == largest].groupby(_KEY)
    means = groups.agg(
        value=("value", "mean"), n_trials=("value", "size"), n_train=("n_train", "first")
    )
    problems = cells.problems[["task", "name", "size_unit"]].to_dict("records")
    contenders = cells.contenders[["name", "family"]].to_dict("records")
    found = []
    for row in means.reset_index().to_dict("records"):
        problem, contender = problems[row["problem"]], contenders[row["contender"]]
        found.append(
            SliceScore(
                task=str(problem["task"]),
                dataset=str(problem["name"]),
                model=str(contender["name"]),
                family=str(contender["family"]),
                n_train=int(row["n_train"]),
                size_unit=str(problem["size_unit"]),
                part=str(row["part"]),
                slice=str(row["slice"]),
                metric=str(row["metric"]),
                value=float(row["value"]),
                n_trials=int(row["n_trials"]),
            )
        )
    return tuple(sorted(found, key=lambda one: (one.task, one.dataset, one.model)))


_KEY = ["problem", "contender", "part", "slice", "metric"]
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
