"""The learning curves that a page embeds: few figures, few digits, the lines worth looking at."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bench.analysis.cells import Cells
from bench.analysis.evidence import Evidence
from bench.analysis.failures import Failures
from bench.analysis.families import represent
from bench.analysis.intervals import LEVEL, MIN_UNITS, Array
from bench.analysis.merits import Merit
from bench.analysis.points import make_points
from bench.analysis.sides import FAMILIES
from bench.report.html.curve_ends import PER_FAMILY, curve_ends
from bench.report.text import clean, in_unit
from bench.report.verdicts.crossing import crossing_details, crossing_words

if TYPE_CHECKING:
    from bench.analysis.verdict import Verdict

MAX_LINES = 12
"""On one dataset: the best, with both families among them, and the baseline."""
_PER_FAMILY = 4
MAX_BYTES = 600_000
"""Of curves in one page; with the chart library and all else it stays below two million."""
_FEWER_LINES = 6
"""Where there are so many datasets that all lines would not fit."""
_DIGITS = 4

_KEY = ["problem", "contender", "n_train"]
_FIGURES = ("skill", "skill_half", "value", "value_half", "value_n", "n_failed")


@dataclass(frozen=True, kw_only=True)
class CurveData:
    """What the script draws.

    Parameters
    ----------
    object
        ``contenders`` (pairs of name and family), ``datasets``: each with ``task, name, metric``
        (with its unit), ``unit`` (of sizes), ``baseline, sizes, lines`` (an object each: ``c`` the
        contender, ``s`` skill and ``v`` value as lists of means, lows and highs, ``k`` seeds, ``f``
        failed trials, an entry per size; and
        what `bench.report.html.curve_ends.curve_ends` returns), ``others`` (contenders without a
        line), ``marks`` (``[n, low, high, text]``) and ``said`` (sentences).
    n_datasets, n_drawn
        Datasets there are, and those that are in the object.
    notes
        What was left out, in sentences.
    """

    object: Mapping[str, Any]
    n_datasets: int
    n_drawn: int
    notes: tuple[str, ...]


def curve_data(
    cells: Cells,
    *,
    failures: Failures = "baseline",
    verdicts: Sequence[Verdict] = (),
    evidence: Evidence | None = None,
    max_bytes: int = MAX_BYTES,
) -> CurveData:
    """Return the curves of as many datasets as fit.

    Intervals are Student's t over outer seeds (means over inner seeds and repeats), at the level of
    the leaderboard's; fewer than five seeds have none.

    Parameters
    ----------
    cells
        What is looked at.
    failures
        How a failed trial counts in skill.
    verdicts
        Those of datasets give the marks of crossings.
    evidence
        What they rest on: a family of several candidates gets a line of its representatives, whose
        crossing it is that is marked.
    max_bytes
        Of JSON.
    """
    of_tasks = [make_points(cells, task) for task in sorted(set(cells.problems["task"]))]
    points = pd.concat(own) if (own := [one for one in of_tasks if len(one)]) else pd.DataFrame()
    names = [clean(name) for name in cells.contenders["name"]]
    families = cells.contenders["family"].tolist()
    if evidence is not None and len(points):
        points = pd.concat([points, _of_families(evidence, len(names), str(failures))])
        names += [f"{family}: best by validation" for family in FAMILIES]
        families += FAMILIES
    summary = _summary(points, failures) if len(points) else points
    crossings = {(v.task, v.name): v for v in verdicts if v.scope == "dataset"}
    numbered: list[tuple[int, dict[str, Any]]] = []
    groups = list(summary.groupby("problem", sort=True)) if len(summary) else []
    for number, all_rows in groups:
        # A size at which all failed has nothing to draw.
        has_value = all_rows.loc[all_rows["value_n"] > 0, "n_train"]
        rows = all_rows.loc[all_rows["n_train"].isin(has_value)]
        if rows.empty:
            continue
        problem = cells.problems.iloc[int(str(number))]
        one = _dataset(problem, cells.merits, rows, families, n_own=len(cells.contenders))
        verdict = crossings.get((str(problem["task"]), str(problem["name"])))
        one["marks"] = _marks(verdict)
        one["said"] = [] if verdict is None else crossing_details(verdict)
        numbered.append((int(str(number)), one))
    numbered.sort(key=lambda pair: (pair[1]["task"], pair[1]["name"]))
    _add_ends(numbered, points, families, failures)
    made, notes = _fitted([one for _, one in numbered], max_bytes)
    drawn = sorted({line["c"] for one in made for line in one["lines"]})
    place = {contender: at for at, contender in enumerate(drawn)}
    for one in made:
        for line in one["lines"]:
            line["c"] = place[line["c"]]
    return CurveData(
        object={
            "contenders": [[names[contender], families[contender]] for contender in drawn],
            "datasets": made,
        },
        n_datasets=len(groups),
        n_drawn=len(made),
        notes=tuple(notes),
    )


def _of_families(evidence: Evidence, first: int, column: str) -> pd.DataFrame:
    """Return points of the families' representatives, as contenders numbered from `first` on."""
    frame, has_skill = represent(evidence).frame, evidence.problems["has_skill"]
    among = frame.groupby(["problem", "family"])["n_present"].transform("max")
    frame = frame.loc[among > 1]
    numbers = {family: first + at for at, family in enumerate(FAMILIES)}
    return pd.DataFrame(
        {
            "problem": frame["problem"],
            "contender": frame["family"].map(numbers),
            "outer_seed": frame["outer_seed"],
            "n_train": frame["n_train"],
            "n_failed": frame["failed"].round(),
            "value": frame["value"],
            column: frame["figure"].where(frame["problem"].map(has_skill)),
        }
    )


def _add_ends(
    numbered: Sequence[tuple[int, dict[str, Any]]],
    points: pd.DataFrame,
    families: Sequence[str],
    failures: Failures,
) -> None:
    """Let the lines that the page shows at first go on beyond the sizes measured."""
    rivals: dict[int, list[int]] = {}
    first: dict[int, list[int]] = {}
    for number, one in numbered:
        with_skill = [line["c"] for line in one["lines"] if "s" in line]
        for family in FAMILIES:
            own = [contender for contender in with_skill if families[contender] == family]
            rivals.setdefault(number, []).extend(own)
            first.setdefault(number, []).extend(own[:PER_FAMILY])
    ends = curve_ends(rivals, first, points, failures)
    for number, one in numbered:
        for line in one["lines"]:
            told = ends.get((number, line["c"]), {})
            line.update({key: told[key] for key in told if key != "a"})
            if "a" in told:
                line["a"] = [_short(row) for row in told["a"]]


def _fitted(made: list[dict[str, Any]], max_bytes: int) -> tuple[list[dict[str, Any]], list[str]]:
    """Leave out what matters least until the curves fit, and say what that was."""
    notes = []
    n_lines = MAX_LINES
    if _n_bytes(made) > max_bytes:
        made = [_without_values(one) for one in made]
        notes.append("Skill alone, without the metric's own values: there are many curves.")
    if _n_bytes(made) > max_bytes:
        n_lines = _FEWER_LINES
        made = [_with_lines(one, n_lines) for one in made]
    n_datasets = len(made)
    sizes = np.cumsum([_n_bytes([one]) for one in made]) if made else np.empty(0)
    made = made[: max(1, int((sizes <= max_bytes).sum()))]
    if len(made) < n_datasets:
        notes.append(
            f"Curves of {len(made):,} of {n_datasets:,} datasets: more would make the page too "
            "large. Choose them with --datasets."
        )
    if any(one["others"] for one in made):
        notes.append(
            f"A dataset shows at most {n_lines} contenders: the best at the largest size, with "
            "both families among them."
        )
    return made, notes


def _n_bytes(made: Sequence[Mapping[str, Any]]) -> int:
    return len(json.dumps(made, separators=(",", ":"), ensure_ascii=False).encode())


def _without_values(one: Mapping[str, Any]) -> dict[str, Any]:
    lines = [
        {key: value for key, value in line.items() if key != "v" or "s" not in line}
        for line in one["lines"]
    ]
    return {**one, "lines": lines}


def _with_lines(one: Mapping[str, Any], n: int) -> dict[str, Any]:
    kept = one["lines"][:n]
    return {**one, "lines": kept, "others": one["others"] + len(one["lines"]) - len(kept)}


def _summary(points: pd.DataFrame, failures: Failures) -> pd.DataFrame:
    """Return mean, half width of the interval, seeds and failures per contender and size."""
    groups = points.groupby(_KEY, sort=True)
    table = groups[["n_failed"]].sum()
    for name, column in (("skill", failures), ("value", "value")):
        own = groups[column]
        n = own.count()
        table[name] = own.mean()
        table[f"{name}_half"] = (own.std(ddof=1) * _t(n) / np.sqrt(n)).where(n >= MIN_UNITS)
        table[f"{name}_n"] = n
    return table.reset_index()


def _t(n: pd.Series[int]) -> pd.Series[float]:
    # Imported where it is needed, and not scipy.stats: that takes a second.
    from scipy import special

    quantiles = special.stdtrit(np.maximum(n.to_numpy() - 1, 1), (1 + LEVEL) / 2)
    return pd.Series(quantiles, index=n.index)


def _dataset(
    problem: pd.Series[Any],
    merits: Mapping[str, Merit],
    rows: pd.DataFrame,
    families: Sequence[str],
    n_own: int,
) -> dict[str, Any]:
    """Return the lines of a dataset: of whole families, numbered from `n_own` on, come first."""
    sizes, at_size = np.unique(rows["n_train"].to_numpy(), return_inverse=True)
    there, at_line = np.unique(rows["contender"].to_numpy(), return_inverse=True)
    grids: dict[str, Array] = {}
    for name in _FIGURES:
        grids[name] = np.full((len(there), len(sizes)), np.nan)
        grids[name][at_line, at_size] = rows[name].to_numpy(dtype=float)
    metric = str(problem["metric"])
    by_skill = bool(problem["has_skill"])
    order = _best_first(grids["skill"] if by_skill else problem["sign"] * grids["value"])
    of_families = [row for row in range(len(there)) if there[row] >= n_own]
    order = [row for row in order if row not in of_families]
    worth = _worth_showing(order, [families[contender] for contender in there])
    shown = [*of_families, *worth]
    lines = []
    for row in shown:
        line: dict[str, Any] = {
            "c": int(there[row]),
            "k": _short(grids["value_n"][row]),
            "v": _band(grids["value"][row], grids["value_half"][row]),
        }
        if by_skill:
            line["s"] = _band(grids["skill"][row], grids["skill_half"][row], ends=(-1.0, 1.0))
        if np.nansum(grids["n_failed"][row]):
            line["f"] = _short(grids["n_failed"][row])
        lines.append(line)
    return {
        "task": clean(str(problem["task"])),
        "name": clean(str(problem["name"])),
        "metric": clean(in_unit(metric, merits[metric].unit)),
        "unit": clean(str(problem["size_unit"])),
        "baseline": clean(str(problem["yardstick"])),
        "sizes": [int(n) for n in sizes],
        "lines": lines,
        "others": len(order) - len(worth),
    }


def _best_first(figures: Array) -> list[int]:
    """Return rows by their figure at the largest size that they have; larger sizes first."""
    has = ~np.isnan(figures)
    last = np.where(has.any(axis=1), figures.shape[1] - 1 - has[:, ::-1].argmax(axis=1), -1)
    final = np.nan_to_num(figures[np.arange(len(figures)), last], nan=-np.inf)
    return [int(row) for row in np.lexsort((-final, -last))]


def _worth_showing(order: Sequence[int], families: Sequence[str]) -> list[int]:
    """Return the rows to be drawn, the families taking turns, so that any first few hold both."""
    own = {
        name: [row for row in order if families[row] == name] for name in (*FAMILIES, "baseline")
    }
    turns = zip_longest(own["classical"][:_PER_FAMILY], own["deep"][:_PER_FAMILY])
    chosen = [row for turn in turns for row in turn if row is not None]
    chosen[2:2] = own["baseline"][:1]
    return (chosen + [row for row in order if row not in chosen])[:MAX_LINES]


def _band(
    mean: Array, half: Array, ends: tuple[float, float] = (-math.inf, math.inf)
) -> list[list[float | None]]:
    """Return means, and where there are any the ends of their intervals."""
    bands = [_short(mean)]
    if not np.isnan(half).all():
        bands += [_short(np.clip(end, *ends)) for end in (mean - half, mean + half)]
    return bands


def _short(figures: Iterable[float]) -> list[float | None]:
    """Return figures with as many digits as a chart can show."""
    short = [
        float(f"{figure:.{_DIGITS}g}") if math.isfinite(figure) else None for figure in figures
    ]
    return [int(one) if one is not None and one.is_integer() else one for one in short]


def _marks(verdict: Verdict | None) -> list[list[Any]]:
    """Return where deep learning overtakes, as a mark with its range and a few words."""
    crossing = verdict.crossover if verdict is not None else None
    if verdict is None or crossing is None or crossing.n_cross is None:
        return []
    words = crossing_words(crossing, verdict.size_unit)
    if not words:
        return []
    is_within = crossing.largest is not None and crossing.n_cross <= crossing.largest
    low = crossing.low if crossing.low is not None else crossing.smallest
    high = crossing.high
    if high is None:
        high = crossing.largest if is_within else crossing.reach
    return [[crossing.n_cross, low, high, words]]
