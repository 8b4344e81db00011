"""Per dataset: the primary metric and the skill of every contender at every size."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bench.analysis.cells import Cells
from bench.analysis.failures import Failures
from bench.analysis.points import make_points
from bench.analysis.sides import board_group
from bench.spec.outcome import FAILED


@dataclass(frozen=True, kw_only=True)
class DatasetPoint:
    """One contender on one dataset at one size.

    Parameters
    ----------
    value, spread
        Mean of the primary metric over outer seeds (inner seeds and repeats averaged first), and
        the standard deviation over outer seeds; None without a value (a spread needs two).
    skill
        Mean over outer seeds, failures counted as the board's rule says; None where the dataset has
        no skill.
    difference
        Without skill: mean over outer seeds of the metric less the baseline's; None without one.
    n_seeds
        Outer seeds with a value.
    n_trials, n_failed
        Trials there are, and how many of them failed.
    statuses
        How many trials ended how; empty: none was made.
    """

    value: float | None = None
    spread: float | None = None
    skill: float | None = None
    difference: float | None = None
    n_seeds: int = 0
    n_trials: int = 0
    n_failed: int = 0
    statuses: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class DatasetLine:
    """One contender's learning curve on one dataset, a point per size of the board."""

    name: str
    model: str
    family: str
    points: Mapping[int, DatasetPoint]


@dataclass(frozen=True, kw_only=True)
class DatasetBoard:
    """The learning curves of one dataset.

    Lines are sorted by skill at the largest size (by the metric where there is none), those without
    a value there after the others, controls and then baselines last. `unit` is the metric's,
    `size_unit` what sizes count; `has_skill` is false without a baseline or an ideal.
    """

    task: str
    dataset: str
    metric: str
    unit: str = ""
    size_unit: str = "rows"
    baseline: str
    has_skill: bool
    failures: Failures
    sizes: tuple[int, ...]
    lines: tuple[DatasetLine, ...]


def dataset_boards(cells: Cells, *, failures: Failures = "baseline") -> tuple[DatasetBoard, ...]:
    """Return a board per dataset, with every contender of its task, by task and name.

    Parameters
    ----------
    cells
        From `bench.analysis.cells.read_cells`.
    failures
        How a failed trial counts in skill.
    """
    boards = []
    contenders = {
        name: cells.contenders[name].astype(str).tolist() for name in ("name", "model", "family")
    }
    present = cells.problems.loc[sorted(set(cells.frame["problem"]))]
    for task, problems in present.groupby("task", sort=True):
        frame = cells.frame.loc[cells.frame["problem"].isin(problems.index)]
        points = _points(frame, make_points(cells, str(task)), problems["has_skill"], failures)
        everyone = sorted(set(frame["contender"]))
        for number, problem in problems.iterrows():
            own = points.get(int(str(number)), {})
            sizes = tuple(sorted({n for curve in own.values() for n in curve}))
            empty = DatasetPoint(statuses={})
            lines = [
                DatasetLine(
                    name=contenders["name"][contender],
                    model=contenders["model"][contender],
                    family=contenders["family"][contender],
                    points={n: own.get(contender, {}).get(n, empty) for n in sizes},
                )
                for contender in everyone
            ]
            metric = str(problem["metric"])
            lower, has_skill = problem["sign"] < 0, bool(problem["has_skill"])
            boards.append(
                DatasetBoard(
                    task=str(task),
                    dataset=str(problem["name"]),
                    metric=metric,
                    unit=cells.merits[metric].unit,
                    size_unit=str(problem["size_unit"]),
                    baseline=str(problem["yardstick"]),
                    has_skill=has_skill,
                    failures=failures,
                    sizes=sizes,
                    lines=_sorted(lines, lower),
                )
            )
    return tuple(boards)


def _points(
    frame: pd.DataFrame, skill: pd.DataFrame, has_skill: pd.Series[bool], failures: Failures
) -> dict[int, dict[int, dict[int, DatasetPoint]]]:
    """Return points by problem, contender and size."""
    key = ["problem", "contender", "n_train"]
    groups = skill.groupby(key, sort=True)
    table = pd.DataFrame(
        {
            "value": groups["value"].mean(),
            "spread": groups["value"].std(ddof=1),
            "skill": groups[failures].mean(),
            "difference": groups["difference"].mean(),
            "seeds": groups["value"].count(),
        }
    )
    counts = frame.groupby([*key, "status"], observed=True).size().reset_index(name="n")
    statuses: dict[tuple[int, int, int], dict[str, int]] = {}
    for row in counts.to_dict("records"):
        cell = row["problem"], row["contender"], row["n_train"]
        statuses.setdefault(cell, {})[str(row["status"])] = int(row["n"])
    found: dict[int, dict[int, dict[int, DatasetPoint]]] = {}
    for row in table.reset_index().to_dict("records"):
        ended = statuses[row["problem"], row["contender"], row["n_train"]]
        point = DatasetPoint(
            value=_number(row["value"]),
            spread=_number(row["spread"]),
            skill=_number(row["skill"]),
            difference=None if has_skill[row["problem"]] else _number(row["difference"]),
            n_seeds=int(row["seeds"]),
            n_trials=sum(ended.values()),
            n_failed=sum(ended.get(status, 0) for status in FAILED),
            statuses=ended,
        )
        curve = found.setdefault(int(row["problem"]), {}).setdefault(int(row["contender"]), {})
        curve[int(row["n_train"])] = point
    return found


def _sorted(lines: Iterable[DatasetLine], lower: bool) -> tuple[DatasetLine, ...]:
    return tuple(sorted(lines, key=lambda line: _order(line, lower)))


def _order(line: DatasetLine, lower: bool) -> tuple[int, bool, float, str]:
    last = line.points[max(line.points)] if line.points else None
    figure = None
    if last is not None:
        sign = -1.0 if lower else 1.0
        figure = last.skill
        if figure is None and last.value is not None:
            figure = sign * last.value
    ordered = float("inf") if figure is None else -round(figure, 12)
    return board_group(line.family), figure is None, ordered, line.name


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
