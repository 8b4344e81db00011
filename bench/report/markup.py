"""Markdown that shows what it is given literally."""

from __future__ import annotations

from collections.abc import Sequence

from bench.report.text import markdown


def table(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Return a table of cells of plain text.

    Parameters
    ----------
    header
        A title per column.
    rows
        Cells, as many as titles.
    right
        Columns that are aligned to the right, counted from 0.
    """
    lines = [[markdown(cell) for cell in row] for row in (header, *rows)]
    lines.insert(1, ["--:" if at in right else ":--" for at in range(len(header))])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def bullets(notes: Sequence[str]) -> str:
    """Return a list of lines of plain text."""
    return "\n".join(f"- {markdown(note)}" for note in notes)
