"""What the page's script draws besides learning curves: skill against time, and mean ranks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bench.report.notes import environment
from bench.report.text import clean, figure, seconds

if TYPE_CHECKING:
    from bench.analysis.board import Board, Standing

_KINDS = (("warm", "warm_seconds"), ("cold", "cold_seconds"))


def tradeoffs(boards: Sequence[Board], machines: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return skill against seconds: an object per task and environment.

    Each has ``task, machine, warm, cold``; these have ``points`` (``name, family, seconds, shown,
    skill, low, high, interval, is_bound, above, below``) and ``front`` (``seconds, skill``,
    ascending).
    """
    made = []
    for board in boards:
        if not board.by_skill:
            continue
        for key in board.environments:
            kinds = {kind: _tradeoff(board.standings, key, attribute) for kind, attribute in _KINDS}
            if any(kind["points"] for kind in kinds.values()):
                where = clean(environment(key, dict(machines)))
                made.append({"task": clean(board.task), "machine": where, **kinds})
    return made


def _tradeoff(lines: Sequence[Standing], key: str, attribute: str) -> dict[str, Any]:
    points = []
    for line in lines:
        own = next((times for times in line.times if times.environment_id == key), None)
        taken = None if own is None else getattr(own, attribute)
        # Places are compared on the same data; what has no place was measured on other data.
        if own is None or not taken or line.skill is None or line.place is None:
            continue
        between = line.skill_interval
        points.append(
            {
                "name": clean(line.name),
                "family": line.family,
                "seconds": taken,
                "shown": (">" if own.at_least else "") + seconds(taken),
                "skill": line.skill,
                "low": line.skill if between is None else between.low,
                "high": line.skill if between is None else between.high,
                "interval": "not enough measured"
                if between is None
                else f"{figure(between.low)} to {figure(between.high)}",
                "is_bound": own.at_least,
                "above": "",
                "below": "",
            }
        )
    front = pareto(points)
    for at, point in enumerate(front):
        point["above" if at % 2 else "below"] = point["name"]
    shown = [{"seconds": point["seconds"], "skill": point["skill"]} for point in front]
    return {"points": points, "front": shown}


def pareto(points: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the points that no other beats in time without losing skill, fastest first.

    One whose time is a lower bound is never among them.
    """
    front: list[dict[str, Any]] = []
    exact = [point for point in points if not point["is_bound"]]
    for point in sorted(exact, key=lambda one: (one["seconds"], -one["skill"])):
        if not front or point["skill"] > front[-1]["skill"]:
            front.append(point)
    return front


def mean_ranks(boards: Sequence[Board]) -> list[dict[str, Any]]:
    """Return mean ranks with bars over groups: an object per task that has a comparison.

    Each has ``task, points`` (``name, family, rank, row, label``) and ``groups`` (``low, high,
    row``): a bar joins contenders that cannot be told apart.
    """
    made = []
    for board in boards:
        comparison = board.comparison
        if comparison is None:
            continue
        families = {line.name: line.family for line in board.standings}
        rank = dict(zip(comparison.names, comparison.ranks, strict=True))
        middle = (min(comparison.ranks) + max(comparison.ranks)) / 2
        groups = comparison.groups if not comparison.reason else ()
        points = [
            {
                "name": clean(name),
                "family": families.get(name, ""),
                "rank": value,
                "row": len(groups) + at,
                "left": f"{clean(name)} {value:.2f}" if value > middle else "",
                "right": f"{clean(name)} {value:.2f}" if value <= middle else "",
            }
            for at, (name, value) in enumerate(rank.items())
        ]
        bars = [
            {
                "low": min(rank[name] for name in group),
                "high": max(rank[name] for name in group),
                "row": at,
            }
            for at, group in enumerate(groups)
        ]
        made.append({"task": clean(board.task), "points": points, "groups": bars})
    return made


def compared(board: Board) -> list[str]:
    """Return what can and cannot be told apart, in sentences."""
    comparison = board.comparison
    if comparison is None:
        return []
    n = f"{comparison.n_datasets} dataset{'s' * (comparison.n_datasets != 1)}"
    if comparison.reason:
        return [f"Cannot distinguish: {comparison.reason}."]
    p = "" if comparison.friedman_p is None else f", Friedman p = {comparison.friedman_p:.2g}"
    different = [pair for pair in comparison.pairs if pair.is_different]
    return [
        f"{len(different):,} of {len(comparison.pairs):,} pairs differ on {n} (signed-rank tests, "
        f"Holm, {comparison.alpha:.2g}{p}). A bar joins contenders of whom no two are called "
        "different."
    ]
