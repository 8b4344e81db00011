"""The leaderboard in a terminal: as wide as the window, plain where it is no terminal."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from bench.analysis.sides import UNRANKED
from bench.report.grid import EXPENDABLE, Column, drawn, fitted
from bench.report.text import MARKS, clean, decimals, figure, in_unit, listed, seconds, signed

if TYPE_CHECKING:
    from bench.analysis.board import Board, Standing
    from bench.analysis.by_dataset import DatasetBoard, DatasetLine, DatasetPoint
    from bench.analysis.timing import Times
    from bench.analysis.verdict import Verdict
    from bench.report.contents import By, Contents, HasTables, Selection

PIPE_WIDTH = 140
"""Columns of text that goes to a file or a pipe, unless COLUMNS says otherwise."""

_DIM = "bright_black"
# Told apart by shape, and by colours that the colour-blind tell apart.
_STYLES = {"classical": "cyan", "deep": "magenta", "control": "yellow", "baseline": _DIM}
_MARKS = {side: (mark, _STYLES[side]) for side, mark in MARKS.items()}
_ASCII = str.maketrans("●◆□○─█▉▊▋▌▍▎▏✗—–±·µ…", "o*+.-########x--~-u.")
_EIGHTHS = " ▏▎▍▌▋▊▉"
_BAR = 16
_WIDE = 118
"""From this width on there are the lesser times too."""


def make_console(*, stderr: bool = False) -> Console:
    """Return a console for standard output, or error, that shows every text literally."""
    console = Console(highlight=False, markup=False, emoji=False, stderr=stderr)
    if not console.is_terminal and not os.environ.get("COLUMNS"):
        console.width = PIPE_WIDTH
    return console


def show_leaderboard(
    results: HasTables,
    *,
    by: By = "task",
    selection: Selection | None = None,
    console: Console | None = None,
) -> None:
    """Print the leaderboard of one or more runs.

    Parameters
    ----------
    results
        From ``bench.load(...)``.
    by
        A board per ``"task"``, or learning curves per ``"dataset"``.
    selection
        What is looked at; everything where not given.
    console
        Where to; standard output where not given.
    """
    from bench.report.contents import read_contents

    contents = read_contents(
        results,
        by=by,
        selection=selection,
        with_verdicts=None if by == "task" else False,
    )
    show_contents(contents, console)


def show_contents(contents: Contents, console: Console | None = None) -> None:
    """Print what `bench.report.contents.read_contents` put together."""
    from bench.report.notes import dataset_notes, noise_notes, notes_of_boards

    console = console or make_console()
    names = dict(contents.machines)
    of_boards, shared = notes_of_boards(contents.boards)
    for board, own in zip(contents.boards, of_boards, strict=True):
        _show_board(board, names, console)
        _show_notes(own, console)
    for dataset_board in contents.dataset_boards:
        _show_dataset(dataset_board, console)
    notes = dataset_notes(contents.dataset_boards) if contents.dataset_boards else shared
    notes = [*notes, *(noise_notes(contents.noise, names) if contents.boards else [])]
    notes += contents.unread
    if not contents.boards and not contents.dataset_boards:
        notes.append("No finished trial yet: nothing to rank.")
    if contents.boards or contents.dataset_boards:
        _legend(contents, console)
    _show_notes(notes, console)
    if contents.verdicts:
        show_verdicts(contents.verdicts, console)


def show_verdicts(verdicts: Sequence[Verdict], console: Console) -> None:
    """Print verdicts, the one that was declared in advance with its details."""
    from bench.report.verdicts.several import lines

    _print([Text(), Text("Verdict", style="bold")], console)
    _print([Text(line) for line in lines(verdicts, _room(console))], console)


def _show_board(board: Board, names: Mapping[str, str], console: Console) -> None:
    from bench.report.notes import environment, subtitle

    lines = board.standings
    ranked = [at for at, line in enumerate(lines) if line.place is not None]
    others = [at for at, line in enumerate(lines) if line.place is None]
    rivals = [at for at in others if lines[at].family not in UNRANKED]
    controls = [at for at in others if lines[at].family == "control"]
    room = _room(console)
    rules = {group[-1] for group in (ranked, rivals, controls) if group} - {len(lines) - 1}
    has_one_environment = len(board.environments) < 2
    columns = [
        *_identity(lines),
        *_skill_columns(board),
        *_value_columns(board),
        *_rank_columns(board),
        *_contest_columns(board),
        *(_time_columns([line.times[:1] for line in lines], room) if has_one_environment else []),
        *_count_columns(board),
    ]
    _title(board.task, subtitle(board), console)
    _print(drawn(columns, room, sorted(rules)), console)
    if not has_one_environment:
        for key in board.environments:
            own = [
                (line, tuple(times for times in line.times if times.environment_id == key))
                for line in lines
            ]
            there = [(line, times) for line, times in own if times]
            _print(
                [Text(), Text(f"seconds on {environment(key, dict(names))}", style=_DIM)], console
            )
            columns = _identity([line for line, _ in there])[1:]
            columns += _time_columns([times for _, times in there], _WIDE)
            _print(drawn(columns, room), console)


def _identity(lines: Sequence[Standing]) -> list[Column]:
    places = [Text("" if line.place is None else str(line.place), style=_DIM) for line in lines]
    return [
        Column("#", places, 99),
        Column("model", [_name(line) for line in lines], 100, False, shrinks_to=14),
        Column("family", [_family(line.family) for line in lines], 30, False),
    ]


def _name(line: Standing | DatasetLine) -> Text:
    mark, style = _MARKS.get(line.family, ("·", _DIM))
    first = getattr(line, "place", None) == 1
    style_of_name = "bold" if first else _DIM if line.family in UNRANKED else ""
    return Text.assemble((mark, style), " ", (clean(line.name), style_of_name))


def _family(family: str) -> Text:
    return Text(clean(family), style=_MARKS.get(family, ("", _DIM))[1])


def _skill_columns(board: Board) -> list[Column]:
    from bench.report.contest import between

    if not board.by_skill:
        return []
    lines = board.standings
    any_failed = any(line.n_failed_ranked for line in lines)
    skills, ranges, bars = [], [], []
    for line in lines:
        style = "bold" if line.place == 1 else _DIM if line.place is None else ""
        text = Text(figure(line.skill), style=style)
        if any_failed:
            text.append("✗" if line.n_failed_ranked else " ", style="red")
        skills.append(text)
        ranges.append(Text(between(line.skill_interval, figure), style=_DIM))
        bars.append(Text(_bar(line.skill), style=_MARKS.get(line.family, ("", _DIM))[1]))
    complete = [
        Text("" if line.complete_skill is None else figure(line.complete_skill), style=_DIM)
        for line in lines
    ]
    header = "skill " if any_failed else "skill"
    # Without failures the column is empty, and empty columns are not drawn.
    return [
        Column(header, skills, 98),
        Column("", bars, 25, False),
        Column("90 %", ranges, 54, False),
        Column("w/o ✗", complete, 22),
    ]


def _value_columns(board: Board) -> list[Column]:
    """Return the metric itself, where there is no skill and a single dataset."""
    from bench.report.contest import between

    lines = board.standings
    places = decimals(line.value or 0.0 for line in lines)

    def shown(value: float) -> str:
        return figure(value, places)

    values = [Text("" if line.value is None else shown(line.value)) for line in lines]
    ranges = [Text(between(line.value_interval, shown), style=_DIM) for line in lines]
    # Where nobody has one the columns are empty, and empty columns are not drawn.
    return [
        Column(clean(in_unit(" / ".join(board.metrics), board.unit)), values, 98),
        Column("90 %", ranges, 54, False),
    ]


def _bar(skill: float | None) -> str:
    whole, rest = divmod(round(max(0.0, skill or 0.0) * _BAR * 8), 8)
    return ("█" * whole + _EIGHTHS[rest] * bool(rest)).ljust(_BAR)


def _rank_columns(board: Board) -> list[Column]:
    lines = board.standings
    shown = [Text("" if line.rank is None else figure(line.rank, 2), style="") for line in lines]
    return [Column("rank", shown, 60 if board.by_skill else 98)]


def _contest_columns(board: Board) -> list[Column]:
    """Return who wins against whom, and who cannot be told from whom."""
    from bench.report.contest import alike, between, percent, rating

    lines, letters = board.standings, alike(board)
    shared = [Text(letters.get(line.name, "") if line.place else "", style=_DIM) for line in lines]
    return [
        Column("alike", shared, 56, False),
        Column("Elo", [Text(rating(line.elo)) for line in lines], 53),
        Column("90 %", [Text(between(line.elo_interval, rating), style=_DIM) for line in lines], 8),
        Column("wins", [Text(percent(line.win_rate)) for line in lines], 24),
        Column("gap", [Text(percent(line.improvability)) for line in lines], 23),
    ]


def _time_columns(times: Sequence[tuple[Times, ...]], room: int) -> list[Column]:
    def column(header: str, attribute: str, priority: int) -> Column:
        cells = []
        for own in times:
            value = getattr(own[0], attribute) if own else None
            bound = bool(own) and own[0].at_least and attribute in ("warm_seconds", "cold_seconds")
            shown = "" if value is None else (">" if bound else "") + seconds(value)
            cells.append(Text(shown))
        return Column(header, cells, priority)

    columns = [column("fit", "warm_seconds", 70), column("cold", "cold_seconds", 52)]
    if room >= _WIDE:
        columns.append(column("predict", "predict_seconds", 15))
        columns.append(column("latency", "latency_1_seconds", 10))
    return columns


def _count_columns(board: Board) -> list[Column]:
    lines = board.standings
    total = len(board.datasets)
    data = [
        Text(f"{line.n_datasets if line.place else line.n_datasets_measured}/{total}", style=_DIM)
        for line in lines
    ]
    failed = [
        Text(f"{line.n_failed}/{line.n_trials}" if line.n_failed else "", style="red")
        for line in lines
    ]
    return [Column("data", data, 55), Column("failed", failed, 35)]


def _show_dataset(board: DatasetBoard, console: Console) -> None:
    room = _room(console)
    lines = [line for line in board.lines if any(p.n_trials for p in line.points.values())]
    absent = [line.name for line in board.lines if line not in lines]
    columns = _size_columns(board, lines, is_brief=False)
    if len(fitted(columns, room)) < len(columns):
        columns = _size_columns(board, lines, is_brief=True)
    rivals = [at for at, line in enumerate(lines) if line.family not in UNRANKED]
    last = sum(_height(board, line) for line in lines[: len(rivals)]) - 1
    rules = [last] if rivals and len(rivals) < len(lines) else []
    measured = clean(in_unit(board.metric, board.unit))
    above = f"{measured} by training {clean(board.size_unit)} · {clean(board.task)}"
    _title(board.dataset, above, console)
    _print(drawn(columns, room, rules), console)
    shown = {column.header for column, _ in fitted(columns, room)}
    hidden = [f"{n:,}" for n in board.sizes if f"{n:,}" not in shown]
    notes = [f"Nothing measured here: {listed(map(clean, absent), most=20)}."] if absent else []
    if hidden:
        sizes = f"{', '.join(hidden)} {clean(board.size_unit)}"
        notes.append(f"No room for {sizes}; a wider window or --format csv has.")
    _show_notes(notes, console)


def _height(board: DatasetBoard, line: DatasetLine) -> int:
    """Return 2 for a line with skill, or the difference, below; the baseline's goes unsaid."""
    return 2 if board.baseline and line.name != board.baseline else 1


def _size_columns(
    board: DatasetBoard, lines: Sequence[DatasetLine], *, is_brief: bool
) -> list[Column]:
    """Return a column for the names and one per size; brief cells have no standard deviation."""
    points = [point for line in lines for point in line.points.values()]
    places = decimals(point.value or 0.0 for point in points)
    names: list[Text] = []
    cells: dict[int, list[Text]] = {n: [] for n in board.sizes}
    for line in lines:
        height = _height(board, line)
        below = "skill" if board.has_skill else f"less {clean(board.baseline)}"
        names += [_name(line), Text(f"  {below}", style=_DIM)][:height]
        for n in board.sizes:
            cells[n] += _point(line.points[n], places, is_brief=is_brief)[:height]
    columns = [Column("model", names, 99, False, shrinks_to=20)]
    for at, n in enumerate(board.sizes):
        # Counted from the largest, every other size goes first, then every other of the rest.
        back = len(board.sizes) - 1 - at
        priority = 98 if back == 0 else EXPENDABLE + (back & -back).bit_length()
        columns.append(Column(f"{n:,}", cells[n], priority))
    return columns


def _point(point: DatasetPoint, places: int, *, is_brief: bool) -> tuple[Text, Text]:
    """Return the two lines of a cell: the metric with what failed, and skill."""
    if not point.n_trials or (point.value is None and not point.n_failed):
        return Text("skipped" if point.statuses.get("skipped") else "—", style=_DIM), Text()
    below = Text("" if point.skill is None else figure(point.skill), style=_DIM)
    if point.difference is not None:
        below = Text(signed(point.difference, places), style=_DIM)
    above = Text()
    if point.n_failed:
        between = "/" if is_brief else " of "
        above.append(f"✗{'' if is_brief else ' '}{point.n_failed}{between}{point.n_trials}", "red")
    if point.value is not None:
        above.append(" " * bool(above.plain) + figure(point.value, places))
    if point.spread is not None and not is_brief:
        above.append(f" ±{figure(point.spread, places)}", style=_DIM)
    return above, below


def _room(console: Console) -> int:
    return max(20, console.width - 2)


def _title(name: str, text: str, console: Console) -> None:
    _print([Text()], console)
    title = Text.assemble((clean(name), "bold"), "  ", (text, _DIM))
    if title.cell_len <= _room(console):
        _print([title], console)
    else:
        _print([Text(clean(name), style="bold")], console)
        _show_wrapped(text, "", console)


def _legend(contents: Contents, console: Console) -> None:
    families = {line.family for board in contents.boards for line in board.standings}
    families |= {line.family for board in contents.dataset_boards for line in board.lines}
    parts = [Text.assemble(_MARKS[name], " ", name) for name in _MARKS if name in families]
    _print([Text(), Text("   ").join(parts)], console)


def _show_notes(notes: Sequence[str], console: Console) -> None:
    for note in notes:
        _show_wrapped(note, "· ", console)


def _show_wrapped(text: str, mark: str, console: Console) -> None:
    """Print a text in the window's width, the lines after the first indented under it."""
    room = _room(console)
    lines = textwrap.wrap(
        text, room, initial_indent=mark, subsequent_indent=" " * len(mark), break_on_hyphens=False
    )
    _print([Text(line, style=_DIM) for line in lines], console)


def _print(lines: Sequence[Text], console: Console) -> None:
    encoding = console.encoding
    for line in lines:
        shown = Text(" ").append_text(line) if line.plain else line
        if not encoding.lower().startswith("utf"):
            plain = shown.plain.translate(_ASCII)
            shown.plain = plain.encode(encoding, "replace").decode(encoding)
        console.print(shown, overflow="ellipsis", no_wrap=True, crop=True)
