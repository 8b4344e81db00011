"""What features are worth, as tables: raw data, features by hand and learned ones over sizes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from bench.report import markup
from bench.report.table import show_table
from bench.report.text import clean, figure, markdown, plural, seconds

if TYPE_CHECKING:
    from bench.analysis.features import FeatureBoard, FeatureGain

JSON_VERSION = 1
NOTES = (
    "Each kind of features is represented, per outer seed and size, by its model that is best on "
    "the validation part; the one named did so most often at the largest size.",
    "Skill: 0 is the baseline, 1 is perfect. Gains are paired by outer seed, with 90 % intervals "
    "from five seeds on.",
)


def show(boards: Sequence[FeatureBoard]) -> None:
    """Print the tables to a terminal or a pipe.

    Parameters
    ----------
    boards
        From `bench.analysis.features.feature_boards`.
    """
    for board in boards:
        click.echo(_title(board))
        show_table(*_table(board))
        click.echo()
    for note in NOTES:
        click.echo(f"· {note}")


def to_markdown(boards: Sequence[FeatureBoard]) -> str:
    """Return the tables as Markdown."""
    parts = []
    for board in boards:
        header, rows = _table(board)
        right = range(2, len(header))
        parts += [f"### {markdown(_title(board))}", markup.table(header, rows, right)]
    return "\n\n".join([*parts, markup.bullets(NOTES)]) + "\n"


def to_csv(boards: Sequence[FeatureBoard]) -> str:
    """Return a line per dataset, kind or gain, and size; what is not known is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    header = "task,dataset,metric,what,model,n_train,skill,low,high,p_better,fit_seconds,n_units"
    writer.writerow(header.split(","))
    for board in boards:
        where = (board.task, board.dataset, board.metric)
        for kind, points in board.points.items():
            for size, point in points.items():
                found = (point.skill, None, None, None, point.seconds, point.n_units)
                writer.writerow([*where, kind, point.winner, size, *found])
        for (above, below), gains in board.gains.items():
            for size, gain in gains.items():
                ends = _ends(gain) or (None, None)
                found = (gain.gain, *ends, gain.p_better, None, gain.n_units)
                writer.writerow([*where, f"{above} - {below}", "", size, *found])
    return text.getvalue()


def to_json(boards: Sequence[FeatureBoard]) -> str:
    """Return the tables as JSON; what is not known is null.

    Top level: ``version`` (of this layout) and ``datasets``: the fields of
    `bench.analysis.features.FeatureBoard`, points and gains as lists.
    """
    top = {"version": JSON_VERSION, "datasets": [_object(board) for board in boards]}
    return json.dumps(top, indent=2) + "\n"


def _object(board: FeatureBoard) -> dict[str, Any]:
    return {
        "task": board.task,
        "dataset": board.dataset,
        "modality": board.modality,
        "metric": board.metric,
        "candidates": dict(board.candidates),
        "points": [
            {
                "features": kind,
                "n_train": size,
                "skill": point.skill,
                "model": point.winner,
                "fit_seconds": point.seconds,
                "n_units": point.n_units,
            }
            for kind, points in board.points.items()
            for size, point in points.items()
        ],
        "gains": [
            {
                "features": above,
                "over": below,
                "n_train": size,
                "gain": gain.gain,
                "interval": _ends(gain),
                "p_better": gain.p_better,
                "n_units": gain.n_units,
            }
            for (above, below), gains in board.gains.items()
            for size, gain in gains.items()
        ],
    }


def _title(board: FeatureBoard) -> str:
    n = plural(sum(board.candidates.values()), "model")
    return f"{clean(board.dataset)} · {board.modality} · skill by {board.metric} · {n}"


def _table(board: FeatureBoard) -> tuple[list[str], list[list[str]]]:
    header = [
        "features",
        "best model",
        *(f"{size:,} {board.size_unit}" for size in board.sizes),
        "fit",
    ]
    rows = []
    for kind, points in board.points.items():
        last = points[max(points)]
        cells = [figure(points[n].skill) if n in points else "—" for n in board.sizes]
        rows.append([kind, clean(last.winner), *cells, seconds(last.seconds)])
    for (above, below), gains in board.gains.items():
        cells = [_gain(gains[n]) if n in gains else "—" for n in board.sizes]
        rows.append([f"{above} - {below}", "", *cells, ""])
    return header, rows


def _gain(gain: FeatureGain) -> str:
    ends = _ends(gain)
    return f"{gain.gain:+.3f}" + (f" ({ends[0]:+.3f} to {ends[1]:+.3f})" if ends else "")


def _ends(gain: FeatureGain) -> tuple[float, float] | None:
    return None if gain.interval is None else (gain.interval.low, gain.interval.high)
