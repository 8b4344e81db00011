"""What stands in the page's tables: leaderboards, failures, machines, how to do it again."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from bench.analysis.sides import board_group
from bench.report.html.tables import Cell, Column, Row, Table
from bench.report.notes import environment
from bench.report.text import decimals, figure, in_unit, plural, seconds, shown, span
from bench.results.runs import suite_text
from bench.spec.outcome import FAILED

if TYPE_CHECKING:
    from bench.analysis.board import Board, Standing
    from bench.analysis.intervals import Interval
    from bench.analysis.slices import SliceScore
    from bench.results.store import RunInfo

MAX_FAILURES = 200
MAX_SLICES = 500
_MAX_REASON = 300
_MAX_SUITE = 20_000


def _group(line: Standing) -> int:
    return board_group(line.family, line.place)


def board_table(board: Board, machines: Mapping[str, str]) -> Table:
    """Return the leaderboard of one task."""
    lines = board.standings
    columns = [
        Column(title="#", help="Place; none for baselines, controls and what misses datasets.")
    ]
    columns.append(Column(title="model", is_text=True))
    columns.append(Column(title="family", is_text=True))
    cells: list[list[Cell]] = [
        [_whole(line.place), Cell(line.name), Cell(line.family)] for line in lines
    ]
    optional = [
        (_skill_column(), [_skill(line) for line in lines], board.by_skill),
        _value_column(board),
        _ranged("rank", "Mean over datasets of the rank; 1 is best.", lines, "rank", 2),
        _ranged("Elo", "From who beats whom on how many datasets; 1000 is mean.", lines, "elo", 0),
        _column("wins", "Share of rivals that it beats, mean over datasets.", lines, "win_rate"),
        _column(
            "gap",
            "How much less the best contender's error is, as a share of this one's.",
            lines,
            "improvability",
        ),
    ]
    several = len(board.environments) > 1
    for key in board.environments:
        where = f" on {environment(key, dict(machines))}" if several else ""
        for name, field, help_ in _TIMES:
            made = [_seconds(line, key, field) for line in lines]
            optional.append((Column(title=name + where, help=help_), made, True))
    optional.append(_data_column(board))
    optional.append(_failed_column(lines))
    for column, made, is_there in optional:
        if is_there and any(cell.text for cell in made):
            columns.append(column)
            for row, cell in zip(cells, made, strict=True):
                row.append(cell)
    rows = [
        Row(
            cells=made,
            family=line.family,
            is_apart=at > 0 and _group(line) != _group(lines[at - 1]),
        )
        for at, (line, made) in enumerate(zip(lines, cells, strict=True))
    ]
    return Table(
        name=f"board-{re.sub(r'[^A-Za-z0-9_-]+', '-', board.task).strip('-')}",
        caption=f"Leaderboard: {board.task}",
        columns=columns,
        rows=rows,
    )


_TIMES = (
    ("fit", "warm_seconds", "Training alone, on a warm process."),
    ("cold", "cold_seconds", "With the start of the backend, warm-up and compilation."),
    ("latency", "latency_1_seconds", "An answer about a single one."),
)

_Optional = tuple[Column, list[Cell], bool]


def _whole(value: int | None) -> Cell:
    return Cell("" if value is None else f"{value:,}", value)


def _between(interval: Interval | None, places: int) -> str:
    if interval is None:
        return ""
    return f"{figure(interval.low, places)} to {figure(interval.high, places)}"


def _skill_column() -> Column:
    return Column(title="skill", help="0 is the baseline, 1 is perfect; with its 90 % interval.")


def _skill(line: Standing) -> Cell:
    if line.skill is None:
        return Cell("")
    mark = " ✗" if line.n_failed_ranked else ""
    note = _between(line.skill_interval, 3)
    bar = min(1.0, max(0.0, line.skill))
    return Cell(figure(line.skill) + mark, line.skill, note, bar)


def _value_column(board: Board) -> _Optional:
    places = decimals(line.value or 0.0 for line in board.standings)
    cells = [
        Cell("")
        if line.value is None
        else Cell(figure(line.value, places), line.value, _between(line.value_interval, places))
        for line in board.standings
    ]
    title = in_unit(" / ".join(board.metrics), board.unit)
    help_ = "Mean over outer seeds, with its 90 % interval; without an ideal there is no skill."
    return Column(title=title, help=help_), cells, not board.by_skill


def _ranged(
    title: str, help_: str, lines: Sequence[Standing], field: str, places: int
) -> _Optional:
    cells = []
    for line in lines:
        value = getattr(line, field)
        text = "" if value is None else figure(value, places)
        cells.append(Cell(text, value, _between(getattr(line, f"{field}_interval"), places)))
    return Column(title=title, help=help_), cells, True


def _column(title: str, help_: str, lines: Sequence[Standing], field: str) -> _Optional:
    cells = []
    for line in lines:
        value = getattr(line, field)
        cells.append(Cell("" if value is None else f"{value:.0%}".replace("%", " %"), value))
    return Column(title=title, help=help_), cells, True


def _seconds(line: Standing, key: str, field: str) -> Cell:
    own = next((times for times in line.times if times.environment_id == key), None)
    value = None if own is None else getattr(own, field)
    if own is None or value is None:
        return Cell("")
    is_bound = own.at_least and field in ("warm_seconds", "cold_seconds")
    return Cell((">" if is_bound else "") + seconds(value), value)


def _data_column(board: Board) -> _Optional:
    total = len(board.datasets)
    counts = [
        line.n_datasets if line.place else line.n_datasets_measured for line in board.standings
    ]
    cells = [Cell(f"{n}/{total}", n) for n in counts]
    # Where all have all there is nothing to tell.
    is_there = any(n != total for n in counts)
    return Column(title="data", help="Datasets that it has values on."), cells, is_there


def _failed_column(lines: Sequence[Standing]) -> _Optional:
    cells = [
        Cell(f"{line.n_failed:,}/{line.n_trials:,}" if line.n_failed else "", line.n_failed)
        for line in lines
    ]
    return Column(title="failed", help="Trials that failed, of all of its trials."), cells, True


def failures_table(trials: pa.Table) -> Table | None:
    """Return what did not end well, those alike in one row; None where all did."""
    statuses = pa.array([*FAILED, "skipped"], pa.string())
    bad = trials.filter(pc.is_in(trials["status"].cast(pa.string()), value_set=statuses))
    if not bad.num_rows:
        return None
    keys = ["label", "model", "family", "dataset_label", "dataset", "status", "reason"]
    names = [*keys, "n_train", "size_unit"]
    groups: dict[tuple[str, ...], list[int]] = {}
    for row in bad.select(names).to_pylist():
        reason = " ".join((row["reason"] or "").split())
        key = (
            row["label"] or row["model"] or "",
            row.get("dataset_label") or row["dataset"] or "",
            row["status"],
            reason if len(reason) <= _MAX_REASON else f"{reason[: _MAX_REASON - 1]}…",
            row["family"] or "",
            row["size_unit"] or "rows",
        )
        groups.setdefault(key, []).append(int(row["n_train"] or 0))
    order = sorted(groups, key=lambda key: (key[2] == "skipped", -len(groups[key]), key))
    rows = [
        Row(
            cells=[
                Cell(model),
                Cell(dataset),
                Cell(status.replace("_", " ")),
                Cell(f"{len(sizes):,}", len(sizes)),
                Cell(f"{span(min(sizes), max(sizes))} {unit}", min(sizes)),
                Cell(reason or "no reason given"),
            ],
            family=family,
        )
        for (model, dataset, status, reason, family, unit), sizes in (
            (key, groups[key]) for key in order[:MAX_FAILURES]
        )
    ]
    notes = []
    if len(order) > MAX_FAILURES:
        notes.append(f"The {MAX_FAILURES} commonest of {len(order):,}; 'bench show' has them all.")
    return Table(
        name="failures",
        caption="Trials that failed or were skipped, and why",
        columns=[
            Column(title="model", is_text=True),
            Column(title="dataset", is_text=True),
            Column(title="ended as", is_text=True),
            Column(title="trials"),
            Column(title="training size"),
            Column(title="reason", is_text=True),
        ],
        rows=rows,
        notes=notes,
    )


def slices_table(slices: Sequence[SliceScore]) -> Table | None:
    """Return scores that enter no mean; None where there are none."""
    if not slices:
        return None
    rows = [
        Row(
            cells=[
                Cell(one.dataset),
                Cell(one.model),
                Cell(one.slice or "across trials"),
                Cell(one.metric),
                Cell(figure(one.value), one.value),
                Cell(f"{one.n_train:,} {one.size_unit}", one.n_train),
                Cell(f"{one.n_trials:,}", one.n_trials),
            ],
            family=one.family,
        )
        for one in slices[:MAX_SLICES]
    ]
    notes = ["Means over the trials at the largest size; they enter no ranking and no verdict."]
    if len(slices) > MAX_SLICES:
        notes.append(f"The first {MAX_SLICES} of {len(slices):,}; the table scores has them all.")
    return Table(
        name="slices-table",
        caption="Scores of slices of the test part, and figures across trials",
        columns=[
            Column(title="dataset", is_text=True),
            Column(title="model", is_text=True),
            Column(title="slice", is_text=True),
            Column(title="metric", is_text=True),
            Column(title="mean"),
            Column(title="training size"),
            Column(title="trials"),
        ],
        rows=rows,
        notes=notes,
    )


@dataclass(frozen=True, kw_only=True)
class Machine:
    """An environment: facts as pairs, and the versions of libraries in one text."""

    name: str
    facts: tuple[tuple[str, str], ...]
    libraries: str


def machines(environments: pa.Table) -> tuple[Machine, ...]:
    """Return what trials were measured on."""
    made = []
    for row in environments.to_pylist():
        name = row["cpu_model"] or "unknown processor"
        memory = row["memory_bytes"]
        facts = [
            ("processor", name),
            ("cores", shown(row["n_cores"])),
            ("memory", f"{memory / 2**30:.1f} GiB" if memory else ""),
            ("accelerators", shown(_parsed(row["accelerators"]))),
            ("driver", row["driver"] or ""),
            ("system", row["os"] or ""),
            ("Python", row["python"] or ""),
            ("bench", row["bench_version"] or ""),
            ("threads", shown(_parsed(row["threads"]))),
            ("XLA flags", row["xla_flags"] or ""),
            ("load at the start", shown(row["load"])),
            ("environment", row["environment_id"] or ""),
        ]
        versions = {**_mapping(row["distributions"]), **_mapping(row["libraries"])}
        made.append(
            Machine(
                name=name,
                facts=tuple((key, text) for key, text in facts if text),
                libraries=shown(versions),
            )
        )
    return tuple(made)


def _parsed(text: str | None) -> Any:
    try:
        return json.loads(text or "null")
    except ValueError:
        return text


def _mapping(text: str | None) -> dict[str, Any]:
    value = _parsed(text)
    return value if isinstance(value, dict) else {}


@dataclass(frozen=True, kw_only=True)
class Origin:
    """A run: what made it, and the text of its suite."""

    name: str
    run_id: str
    suite: str
    created: str
    bench_version: str
    command: str
    suite_text: str


def origins(runs: Sequence[RunInfo]) -> tuple[Origin, ...]:
    """Return how each run came about, to do it again."""
    return tuple(
        Origin(
            name=run.folder.name,
            run_id=run.run_id,
            suite=run.suite,
            created=run.created,
            bench_version=run.bench_version,
            command=shlex.join(run.argv),
            suite_text=_suite_text(run),
        )
        for run in runs
    )


def _suite_text(run: RunInfo) -> str:
    text = suite_text(run.folder) or ""
    return text if len(text) <= _MAX_SUITE else f"{text[:_MAX_SUITE]}\n# ... and more"


def measured(trials: pa.Table) -> str:
    """Return what was measured, in a few words."""
    counts = {
        str(row["values"]): int(row["counts"])
        for row in trials["status"].value_counts().to_pylist()
    }
    n_failed = sum(counts.get(status, 0) for status in FAILED)
    words = [plural(trials.num_rows, "trial")]
    if n_failed:
        words.append(f"{n_failed:,} failed")
    if counts.get("skipped"):
        words.append(f"{counts['skipped']:,} skipped")
    for name, column in (("model", "model"), ("dataset", "dataset"), ("task", "task")):
        words.append(plural(len(pc.unique(trials[column])), name))
    return ", ".join(words)


def versions(trials: pa.Table) -> str:
    """Return plugins with the versions that measured."""
    pairs = trials.select(["plugin", "plugin_version"]).group_by(["plugin", "plugin_version"])
    rows = pairs.aggregate([]).to_pylist()
    return ", ".join(
        sorted(f"{row['plugin']} {row['plugin_version'] or ''}".strip() for row in rows)
    )
