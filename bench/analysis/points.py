"""A point per contender, dataset, outer seed and size: what is averaged, ranked and resampled."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from bench.analysis.cells import Cells
from bench.analysis.failures import FAILURES
from bench.analysis.sides import UNRANKED

Scale = Literal["skill", "metric", "either"]
"""What points are compared by: skill (nothing where a dataset has none); the primary metric, turned
so that more is better; or skill where the metric has an ideal, else the metric."""

POINT = ["problem", "contender", "outer_seed", "n_train"]


def make_points(cells: Cells, task: str, *, scale: Scale = "skill") -> pd.DataFrame:
    """Average inner seeds and repeats, under each rule for failed trials.

    Without a baseline's value on its split, a failed trial counts as the worst of the others where
    the metric is compared by, and is missing where skill is.

    Parameters
    ----------
    cells
        The trials.
    task
        The task whose datasets are wanted.
    scale
        What the figures are.

    Returns
    -------
    DataFrame
        A row per ``problem, contender, outer_seed, n_train`` with at least one trial: ``baseline,
        drop, worst`` (the figure under each rule, NaN where missing), ``value`` (mean of the
        primary metric over trials that have one), ``difference`` (of these from the baseline),
        ``n_trials, n_failed``.
    """
    numbers = np.flatnonzero((cells.problems["task"] == task).to_numpy())
    frame = cells.frame.loc[cells.frame["problem"].isin(numbers)]
    family = cells.contenders["family"].to_numpy()[frame["contender"].to_numpy()]
    at = frame["problem"].to_numpy()
    sign = cells.problems["sign"].to_numpy()[at]
    has_ideal = cells.problems["ideal"].notna().to_numpy()[at]
    by_skill = {"skill": True, "metric": False, "either": has_ideal}[scale]
    frame = frame.assign(
        rival=~np.isin(family, UNRANKED),
        by_skill=by_skill,
        figure=np.where(by_skill, frame["skill"], sign * frame["value"]),
        # What stands for the baseline, where there is one on this split.
        zero=np.where(by_skill, frame["baseline"] * 0.0, sign * frame["baseline"]),
        difference=frame["value"] - frame["baseline"],
    )
    cell = ["problem", "outer_seed", "n_train"]
    worst = frame.loc[frame["rival"]].groupby(cell)["figure"].min()
    frame = frame.merge(worst.reset_index(name="lowest"), on=cell, how="left")
    lowest = frame[["lowest", "zero"]].min(axis=1)
    # Without the baseline's value there is no scale of skill to put a failure on.
    lowest = lowest.where(frame["zero"].notna() | ~frame["by_skill"])
    zero = frame["zero"].where(frame["zero"].notna() | frame["by_skill"], lowest)
    failed = frame["failed"]
    frame = frame.assign(
        drop=frame["figure"],
        worst=frame["figure"].where(~failed, lowest),
        baseline=frame["figure"].where(~failed, zero),
    )
    groups = frame.groupby(POINT, sort=True)
    made: pd.DataFrame = groups[[*FAILURES, "value", "difference"]].mean()
    made["n_trials"] = groups.size()
    made["n_failed"] = groups["failed"].sum()
    return made.reset_index()
