"""The usual table of how machine learning and deep learning differ, filled with what was measured.

The cells are those that introductions to the field fill with adjectives; here each holds a figure
with its interval, or "not measured".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bench.analysis.evidence import Evidence
from bench.analysis.families import common_sizes, represent
from bench.analysis.intervals import MIN_UNITS, Array, Block, Interval, intervals
from bench.analysis.sides import FAMILIES
from bench.report.html.tables import Cell, Column, Row, Table
from bench.report.text import clean, figure, listed, plural, seconds

if TYPE_CHECKING:
    import pandas as pd

NOT_MEASURED = "not measured"
ASPECTS = (
    "Definition",
    "Feature selection",
    "Data requirements",
    "Training time",
    "Performance",
    "Interpretability",
)
SHARE = 0.9
"""What part of its last skill a family has to reach: so large a size is its need of data."""


@dataclass(frozen=True, kw_only=True)
class _Figures:
    """A figure of each family, averaged over datasets, with intervals or None."""

    values: dict[str, float]
    ranges: dict[str, Interval] | None
    n_datasets: int


def differences_table(evidence: Evidence | None) -> Table:
    """Return the table, a row per aspect, a column per family.

    Families are represented as in verdicts. Intervals resample outer seeds within datasets, as the
    leaderboard's do.

    Parameters
    ----------
    evidence
        What verdicts rest on; None where there is no trial.
    """
    none = dict.fromkeys(FAMILIES, NOT_MEASURED)
    measured = {} if evidence is None else _measured(evidence)
    aspects = {aspect: measured.get(aspect, none) for aspect in ASPECTS}
    rows = [
        Row(cells=[Cell(aspect), *(Cell(told[family].replace("%", " %")) for family in FAMILIES)])
        for aspect, told in aspects.items()
    ]
    return Table(
        name="differences-table",
        caption="Differences between machine learning and deep learning, as measured here",
        columns=[
            Column(title="Aspect", is_text=True),
            Column(title="Machine learning (classical)", is_text=True),
            Column(title="Deep learning", is_text=True),
        ],
        rows=rows,
        notes=[
            "Means over datasets (of sizes and seconds: geometric), with 90 % intervals over outer "
            "seeds. A family is represented, seed by seed and size by size, by its candidate that "
            "is best on the validation part."
        ],
    )


def _measured(evidence: Evidence) -> dict[str, dict[str, str]]:
    frame = represent(evidence).frame
    frame = frame.loc[frame["n_train"] <= frame["problem"].map(common_sizes(frame))]
    # What has no skill has no place on its scale.
    has_skill = frame["problem"].map(evidence.problems["has_skill"]).astype(bool)
    frame = frame.assign(figure=frame["figure"].where(has_skill))
    grids = {int(str(n)): _grids(own) for n, own in frame.groupby("problem", sort=True)}
    labels = {n: str(evidence.problems["name"].loc[n]) for n in grids}
    skill = _averaged({n: _last(grid.skill) for n, grid in grids.items()}, labels)
    units = evidence.problems["size_unit"].loc[list(grids)]
    most = next(iter(units.value_counts().index), "rows")
    need = _averaged({n: _needed(grids[n]) for n in grids if units[n] == most}, labels, np.exp2)
    timed = _of_one_environment(evidence, list(grids))
    time = _averaged({n: _last(np.log10(grids[n].seconds)) for n in timed}, labels, _power_of_ten)
    enough = f"{clean(most)} to reach {SHARE:.0%} of its last skill"
    return {
        "Definition": _who(evidence),
        "Data requirements": _told(need, lambda x: f"{x:,.0f}", enough),
        "Training time": _told(
            time, seconds, "for the representative's fit at the largest size in common"
        ),
        "Performance": _told(skill, figure, "skill at the largest size in common"),
    }


def _who(evidence: Evidence) -> dict[str, str]:
    """Return who stood for each family."""
    present = sorted(set(evidence.points["contender"]))
    lines = evidence.contenders.loc[present]
    told = {}
    for family in FAMILIES:
        own = [clean(str(name)) for name in lines.loc[lines["family"] == family, "name"]]
        words = f"{plural(len(own), 'contender')}: {listed(own, most=8)}"
        told[family] = words if own else NOT_MEASURED
    return told


@dataclass(frozen=True)
class _Grids:
    """One dataset: sizes (n,), skill and seconds (families, units, n); NaN for holes."""

    sizes: Array
    skill: Array
    seconds: Array


def _grids(own: pd.DataFrame) -> _Grids:
    sizes, at_size = np.unique(own["n_train"].to_numpy(), return_inverse=True)
    units, at_unit = np.unique(own["outer_seed"].to_numpy(), return_inverse=True)
    at_family = own["family"].map({name: at for at, name in enumerate(FAMILIES)}).to_numpy()
    found = []
    for name in ("figure", "warm_seconds"):
        grid = np.full((len(FAMILIES), len(units), len(sizes)), np.nan)
        grid[at_family, at_unit, at_size] = own[name].to_numpy(dtype=float)
        found.append(grid)
    seconds = np.where(found[1] > 0, found[1], np.nan)
    return _Grids(sizes.astype(float), found[0], seconds)


def _last(grid: Array) -> Array:
    """Return (families, units): the figure at the largest size; units that both have."""
    return _of_both(grid[:, :, -1])


def _of_both(figures: Array) -> Array:
    return figures[:, ~np.isnan(figures).any(axis=0)]


def _needed(grids: _Grids) -> Array:
    """Return (families, units): the logarithm of the size that it takes to come near the last."""
    if len(grids.sizes) < 2:
        return np.empty((len(FAMILIES), 0))
    last = grids.skill[:, :, -1:]
    # A family that learned nothing needs no data for it.
    near = (grids.skill >= SHARE * last) & (last > 0)
    first = np.log2(grids.sizes)[near.argmax(axis=-1)]
    return _of_both(np.where(near.any(axis=-1), first, np.nan))


def _power_of_ten(figures: Array) -> Array:
    return 10.0**figures


def _of_one_environment(evidence: Evidence, numbers: Sequence[int]) -> list[int]:
    """Return the problems of the environment that most were measured on: times are not pooled."""
    where = evidence.problems["environment_id"].astype(str)
    keys = [where.loc[number] for number in numbers]
    if not keys:
        return []
    most = max(sorted(set(keys)), key=keys.count)
    return [number for number, key in zip(numbers, keys, strict=True) if key == most]


def _averaged(
    figures: dict[int, Array],
    labels: dict[int, str],
    unscaled: Callable[[Array], Array] = np.asarray,
) -> _Figures | None:
    """Return means over datasets with intervals; None where there is nothing."""
    blocks = [Block(labels[n], own) for n, own in figures.items() if own.shape[1]]
    # One dataset of few seeds would take the interval from all.
    enough = [block for block in blocks if block.figures.shape[1] >= MIN_UNITS]
    blocks = enough or blocks
    if not blocks:
        return None
    means = unscaled(np.mean([block.figures.mean(axis=1) for block in blocks], axis=0))
    made = intervals(blocks, lambda drawn: drawn)
    ranges = None
    if made is not None:
        ends = [unscaled(np.array([one.low, one.high])) for one in made]
        ranges = {
            family: Interval(float(low), float(high))
            for family, (low, high) in zip(FAMILIES, ends, strict=True)
        }
    values = dict(zip(FAMILIES, means.tolist(), strict=True))
    return _Figures(values=values, ranges=ranges, n_datasets=len(blocks))


def _told(found: _Figures | None, shown: Callable[[float], str], what: str) -> dict[str, str]:
    if found is None:
        return dict.fromkeys(FAMILIES, NOT_MEASURED)
    told = {}
    for family in FAMILIES:
        words = shown(found.values[family])
        if found.ranges is not None:
            between = found.ranges[family]
            words += f" ({shown(between.low)} to {shown(between.high)})"
        else:
            words += f" (no interval: fewer than {MIN_UNITS} outer seeds)"
        told[family] = f"{words} {what}, {plural(found.n_datasets, 'dataset')}"
    return told
