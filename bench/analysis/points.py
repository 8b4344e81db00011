"""A point per contender, dataset, outer seed and size: what is averaged, ranked and resampled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from bench.analysis.cells import Cells

if TYPE_CHECKING:
    from bench.spec import Metric

Failures = Literal["baseline", "drop", "worst"]
"""How a failed trial counts: with the baseline's score, not at all, or with the worst score that
any contender got on the same split and size (the baseline's at best)."""

FAILURES: tuple[Failures, ...] = ("baseline", "drop", "worst")
POINT = ["problem", "contender", "outer_seed", "n_train"]


def make_points(
    cells: Cells, task: str, metrics: Mapping[str, Metric], *, by_skill: bool = True
) -> pd.DataFrame:
    """Average inner seeds and repeats, under each rule for failed trials.

    Parameters
    ----------
    cells
        The trials.
    task
        The task whose datasets are wanted.
    metrics
        By name, from the registry.
    by_skill
        False where there is no baseline: figures are then values of the primary metric, negated
        where lower is better, and a failed trial counts as the worst of the others.

    Returns
    -------
    DataFrame
        A row per ``problem, contender, outer_seed, n_train`` with at least one trial: ``baseline,
        drop, worst`` (the figure under each rule, NaN where missing), ``value`` (mean of the
        primary metric over trials that have one), ``n_trials, n_failed``.
    """
    numbers = np.flatnonzero((cells.problems["task"] == task).to_numpy())
    frame = cells.frame.loc[cells.frame["problem"].isin(numbers)]
    family = cells.contenders["family"].to_numpy()[frame["contender"].to_numpy()]
    frame = frame.assign(rival=family != "baseline")
    if by_skill:
        frame["figure"] = frame["skill"]
    else:
        signs = np.array([_sign(metrics, name) for name in cells.problems["metric"]])
        frame["figure"] = frame["value"] * signs[frame["problem"].to_numpy()]
    cell = ["problem", "outer_seed", "n_train"]
    worst = frame.loc[frame["rival"]].groupby(cell)["figure"].min()
    frame = frame.merge(worst.reset_index(name="lowest"), on=cell, how="left")
    if by_skill:
        # Without the baseline's value on this split there is no scale to put a failure on.
        zero = frame["baseline"].where(frame["baseline"].isna(), 0.0)
        lowest = frame[["lowest"]].assign(zero=zero).min(axis=1).where(zero.notna())
    else:
        zero = lowest = frame["lowest"]
    failed = frame["failed"]
    frame = frame.assign(
        drop=frame["figure"],
        worst=frame["figure"].where(~failed, lowest),
        baseline=frame["figure"].where(~failed, zero),
    )
    groups = frame.groupby(POINT, sort=True)
    made: pd.DataFrame = groups[[*FAILURES, "value"]].mean()
    made["n_trials"] = groups.size()
    made["n_failed"] = groups["failed"].sum()
    return made.reset_index()


def _sign(metrics: Mapping[str, Metric], name: str) -> float:
    return -1.0 if name in metrics and metrics[name].direction == "lower" else 1.0
