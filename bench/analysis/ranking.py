"""The leaderboard: per task, contenders by mean skill, mean rank and Elo over datasets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.analysis import elo
from bench.analysis.board import Board, Standing
from bench.analysis.cells import Cells, size_unit_of
from bench.analysis.distinctions import distinguish
from bench.analysis.failures import Failures
from bench.analysis.intervals import Array, Block, intervals, ranks
from bench.analysis.points import make_points
from bench.analysis.sides import UNRANKED, board_group
from bench.analysis.sizes import Size, chosen_sizes
from bench.analysis.timing import contender_times


def leaderboards(
    cells: Cells,
    *,
    size: Size = "common",
    failures: Failures = "baseline",
) -> tuple[Board, ...]:
    """Rank the contenders of every task.

    Contenders are compared on nothing but what all of them have: the ranking takes the block of
    contenders x units (dataset x outer seed) without holes that holds most values, and recomputes
    ranks within it. Contenders outside it are listed without a place.

    Parameters
    ----------
    cells
        From `bench.analysis.cells.read_cells`; leave rows out beforehand to rank fewer contenders
        or datasets.
    size
        Which sizes of training set are looked at.
    failures
        How a failed trial counts.
    """
    present = cells.problems.iloc[sorted(set(cells.frame["problem"]))]
    tasks = sorted(set(present["task"]))
    return tuple(_board(cells, task, size, failures) for task in tasks)


def full_block(has: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return rows and columns of a block without holes, as large as a greedy search finds.

    Tried are: all rows, then again and again without the row whose removal leaves the largest block
    (of equals: the row with the fewest values); and, for each row, all rows that have what it has.

    Parameters
    ----------
    has
        (n_contenders, n_units): where there is a value.
    """
    n_rows = has.shape[0]
    best: tuple[int, int, tuple[int, ...]] = (0, 0, ())
    candidates: list[tuple[int, ...]] = []
    rows = list(range(n_rows))
    filled = has.sum(axis=1)
    holes = n_rows - has.sum(axis=0)
    while rows:
        candidates.append(tuple(rows))
        # Without row r the shared columns are those that lack nothing, or lack r alone.
        shared = int((holes == 0).sum())
        gains = {row: shared + int(((holes == 1) & ~has[row]).sum()) for row in rows}
        worst = max(rows, key=lambda row: (gains[row], -int(filled[row]), row))
        rows.remove(worst)
        holes = holes - ~has[worst]
    for row in range(n_rows):
        lacks = (has[row] & ~has).any(axis=1)
        candidates.append(tuple(np.flatnonzero(~lacks).tolist()))
    for chosen in candidates:
        area = len(chosen) * int(has[list(chosen)].all(axis=0).sum())
        if area and (area, len(chosen)) > best[:2]:
            best = (area, len(chosen), chosen)
    kept = np.array(best[2], dtype=np.intp)
    columns = np.flatnonzero(has[kept].all(axis=0)) if len(kept) else np.array([], dtype=np.intp)
    return kept, columns


@dataclass(frozen=True)
class _Units:
    """Figures of rivals and baselines at the sizes looked at: a matrix per rule for failures."""

    contenders: NDArray[np.int64]
    problems: NDArray[np.int64]
    chosen: Array
    drop: Array
    worst: Array


def _board(cells: Cells, task: str, size: Size, failures: Failures) -> Board:
    numbers = np.flatnonzero((cells.problems["task"] == task).to_numpy())
    frame = cells.frame.loc[cells.frame["problem"].isin(numbers)]
    problems = cells.problems.loc[sorted(set(frame["problem"]))]
    by_skill = bool(problems["has_skill"].any())
    points = make_points(cells, task, scale="skill" if by_skill else "metric")
    families = cells.contenders["family"].to_numpy()
    is_rival = ~np.isin(families[points["contender"].to_numpy()], UNRANKED)
    kept = chosen_sizes(points.loc[is_rival & points[failures].notna()], size)
    looked_at = points.merge(kept, on=["problem", "outer_seed", "n_train"])
    everyone = np.array(sorted(set(frame["contender"])), dtype=np.int64)
    units = _units(looked_at, kept, everyone, failures)
    rivals = ~np.isin(families[everyone], UNRANKED)
    rows, columns = full_block(~np.isnan(units.chosen[rivals]))
    rows = np.flatnonzero(rivals)[rows]
    names = [str(cells.contenders["name"].iloc[contender]) for contender in everyone]
    lines, means = _ranked(cells, units, rows, columns, by_skill)
    for row in np.setdiff1d(np.arange(len(everyone)), rows):
        lines[int(row)] = _unranked(cells, units, int(row), by_skill)
    if not by_skill and len(problems) == 1:
        sign = float(problems["sign"].iloc[0])
        for row in range(len(everyone)):
            own = columns if row in rows else np.flatnonzero(~np.isnan(units.drop[row]))
            lines[row] = lines.get(row, {}) | _value(sign * units.drop[row, own])
    seen = frame.merge(kept, on=["problem", "outer_seed", "n_train"])
    ranked_problems = sorted(set(units.problems[columns].tolist()))
    counted = _counts(everyone, frame, seen, units, cells, ranked_problems, rows)
    standings = [
        Standing(
            name=names[row],
            model=str(cells.contenders["model"].iloc[everyone[row]]),
            family=str(families[everyone[row]]),
            tuning=str(cells.contenders["tuning"].iloc[everyone[row]]),
            n_candidates=int(cells.contenders["n_candidates"].iloc[everyone[row]]),
            **{**lines[row], **counted[row]},
        )
        for row in range(len(everyone))
    ]
    datasets = problems["name"]
    seeds = [int((units.problems[columns] == problem).sum()) for problem in ranked_problems]
    spans = kept.groupby("problem")["n_train"].agg(["min", "max"])
    active = frame.loc[frame["status"] != "skipped", "contender"].unique()
    candidates = pd.Series(families[active]).value_counts().drop(list(UNRANKED), errors="ignore")
    no_ideal = problems["ideal"].isna()
    metrics = tuple(dict.fromkeys(problems["metric"]))
    return Board(
        task=task,
        metrics=metrics,
        unit=cells.merits[metrics[0]].unit if len(metrics) == 1 else "",
        size_unit=size_unit_of(problems),
        by_skill=by_skill,
        failures=failures,
        size=size,
        datasets=tuple(datasets),
        ranked_on=tuple(str(datasets.loc[problem]) for problem in ranked_problems),
        sizes={
            str(datasets.loc[row["problem"]]): (int(row["min"]), int(row["max"]))
            for row in spans.reset_index().to_dict("records")
        },
        n_seeds=(min(seeds, default=0), max(seeds, default=0)),
        without_baseline=tuple(datasets.loc[by_skill & ~problems["has_skill"] & ~no_ideal]),
        without_ideal=tuple(datasets.loc[no_ideal]),
        standings=tuple(sorted(standings, key=_order)),
        candidates={str(family): int(n) for family, n in candidates.sort_index().items()},
        comparison=distinguish([names[row] for row in rows], means) if by_skill else None,
    )


def _order(line: Standing) -> tuple[Any, ...]:
    skill = float("inf") if line.skill is None else -round(line.skill, 12)
    return board_group(line.family, line.place), line.place or 0, skill, line.rank or 0.0, line.name


def _units(
    points: pd.DataFrame, kept: pd.DataFrame, contenders: NDArray[np.int64], failures: Failures
) -> _Units:
    """Average the sizes looked at; a contender has a unit when it has all of them."""
    wanted = kept.groupby(["problem", "outer_seed"]).size()
    matrices = {}
    for name in (failures, "drop", "worst"):
        present = points.loc[points[name].notna()]
        groups = present.groupby(["contender", "problem", "outer_seed"])[name]
        means, counts = groups.mean(), groups.size()
        if name != "drop" or failures == "drop":
            at_unit = counts.index.to_frame(index=False)[["problem", "outer_seed"]]
            full = wanted.reindex(pd.MultiIndex.from_frame(at_unit)).to_numpy()
            means = means.loc[counts.to_numpy() == full]
        wide = means.unstack("contender").reindex(index=wanted.index, columns=contenders)
        matrices[name] = wide.to_numpy(dtype=np.float64).T
    problems = wanted.index.get_level_values("problem").to_numpy(dtype=np.int64)
    return _Units(contenders, problems, matrices[failures], matrices["drop"], matrices["worst"])


def _blocks(
    cells: Cells, units: _Units, figures: Array, rows: Sequence[int], columns: NDArray[np.intp]
) -> list[Block]:
    """Cut a matrix of figures into one block per dataset."""
    problems = units.problems[columns]
    names = cells.problems["name"].to_numpy()
    return [
        Block(str(names[problem]), figures[np.ix_(rows, columns[problems == problem])])
        for problem in np.unique(problems)
    ]


def _over_datasets(blocks: Sequence[Block]) -> Array:
    """Return the mean over datasets of the means over units, leaving out what is missing."""
    return _row_means(_dataset_means(blocks))


def _dataset_means(blocks: Sequence[Block]) -> Array:
    """Return (n_contenders, n_datasets): means over units."""
    return np.array([_row_means(block.figures) for block in blocks]).T


def _row_means(figures: Array) -> Array:
    present = ~np.isnan(figures)
    count = present.sum(axis=1)
    total = np.where(present, figures, 0.0).sum(axis=1)
    means: Array = np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)
    return means


def _mean_ranks(blocks: Sequence[Block]) -> Array:
    ranked: Array = ranks(np.array([block.figures.mean(axis=1) for block in blocks])).mean(axis=0)
    return ranked


def _ranked(
    cells: Cells,
    units: _Units,
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    by_skill: bool,
) -> tuple[dict[int, dict[str, Any]], Array]:
    """Return the figures of the contenders in the block, by row, and their means per dataset."""
    if not len(rows) or not len(columns):
        return {}, np.empty((0, 0))
    blocks = _blocks(cells, units, units.chosen, rows.tolist(), columns)
    worst = _mean_ranks(_blocks(cells, units, units.worst, rows.tolist(), columns))
    dropped = _over_datasets(_blocks(cells, units, units.drop, rows.tolist(), columns))
    means = _dataset_means(blocks)
    skill, rank = _row_means(means), _mean_ranks(blocks)
    rated, gaps = elo.ratings(means), improvability(1 - means)
    skill_intervals = intervals(blocks, lambda means: means) if by_skill else None
    rank_intervals = intervals(blocks, ranks)
    # What is shown decides the place: skill where there is one, else mean rank.
    key = np.round(-skill if by_skill else rank, 12)
    lines = {}
    for at, row in enumerate(rows.tolist()):
        lines[row] = {
            "place": int((key < key[at]).sum()) + 1,
            "skill": float(skill[at]) if by_skill else None,
            "skill_interval": skill_intervals[at] if skill_intervals else None,
            "complete_skill": _number(dropped[at]) if by_skill else None,
            "rank": float(rank[at]),
            "rank_interval": rank_intervals[at] if rank_intervals else None,
            "worst_rank": float(worst[at]),
            "elo": rated[at].elo,
            "elo_interval": rated[at].interval,
            # Ranks count who is above, ties as half: the rest are beaten.
            "win_rate": float((n - rank[at]) / (n - 1)) if (n := len(rows)) > 1 else None,
            "improvability": float(gaps[at]) if by_skill else None,
            "n_datasets": len(blocks),
        }
    return lines, means


def improvability(errors: Array) -> Array:
    """Return the mean over datasets of 1 - (least error of all) / (own error).

    Parameters
    ----------
    errors
        (n_contenders, n_datasets), 0 where nothing is left to improve.
    """
    shown = np.round(errors, 12)
    gaps = 1 - np.divide(shown.min(axis=0), shown, out=np.ones_like(shown), where=shown > 0)
    mean: Array = gaps.mean(axis=1)
    return mean


def _unranked(cells: Cells, units: _Units, row: int, by_skill: bool) -> dict[str, Any]:
    """Return the figures of a baseline or of a contender outside the block, on its own units."""
    columns = np.flatnonzero(~np.isnan(units.chosen[row]))
    if not by_skill or not len(columns):
        return {}
    blocks = _blocks(cells, units, units.chosen, [row], columns)
    # A yardstick is 0 by definition, not by measurement.
    is_zero = not units.chosen[row, columns].any()
    interval = None if is_zero else intervals(blocks, lambda means: means)
    return {
        "skill": float(_over_datasets(blocks)[0]),
        "skill_interval": interval[0] if interval else None,
        "complete_skill": _number(
            _over_datasets(_blocks(cells, units, units.drop, [row], columns))[0]
        ),
        "n_datasets": len(blocks),
    }


def _value(figures: Array) -> dict[str, Any]:
    """Return the mean of a metric over outer seeds, with its interval."""
    known = figures[~np.isnan(figures)]
    if not len(known):
        return {}
    found = intervals([Block("", known[np.newaxis])], lambda means: means)
    return {"value": float(known.mean()), "value_interval": found[0] if found else None}


def _counts(
    everyone: NDArray[np.int64],
    frame: pd.DataFrame,
    seen: pd.DataFrame,
    units: _Units,
    cells: Cells,
    ranked_problems: list[int],
    rows: NDArray[np.intp],
) -> list[dict[str, Any]]:
    """Return what was counted and timed, by row; what needs no failure is blanked without one."""
    rivals = ~np.isin(cells.contenders["family"].to_numpy(), UNRANKED)[everyone]
    reached = (~np.isnan(units.chosen[rivals])).any(axis=0)
    statuses = frame.groupby(["contender", "status"], observed=True).size()
    failed = seen.loc[seen["failed"]].groupby("contender").size()
    # Times are compared like skill: over the same datasets.
    inside = set(everyone[rows].tolist()) | set(everyone[~rivals].tolist())
    comparable = ~seen["contender"].isin(inside) | seen["problem"].isin(ranked_problems)
    times = contender_times(seen.loc[comparable])
    counted = []
    for row, contender in enumerate(everyone.tolist()):
        has = ~np.isnan(units.chosen[row])
        own = statuses.loc[contender].to_dict()
        counts: dict[str, Any] = {
            "n_datasets_measured": len(set(units.problems[has].tolist())),
            "n_units": int(has.sum()),
            "n_units_missing": int((reached & ~has).sum()),
            "n_trials": int(sum(own.values())),
            "statuses": {str(name): int(n) for name, n in sorted(own.items()) if n},
            "n_failed_ranked": int(failed.get(contender, 0)),
            "times": times.get(contender, ()),
        }
        if not counts["n_failed_ranked"]:
            counts |= {"complete_skill": None, "worst_rank": None}
        counted.append(counts)
    return counted


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
