"""Tables of facts, all of which are shown: cells are folded where the window is narrow.

(`bench.report.grid` is for figures that are compared: there the lesser columns go instead.)
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Sequence

import click
from rich.cells import cell_len

from bench.report.text import clean

_SHORT = 16  # a column of cells up to this long is never broken over lines
_LEAST = 15  # columns that a longer one needs; where they are not there, a table is no use
_GAP = 2


def show_table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows: a table on a terminal, aligned columns in a pipe.

    In a terminal too narrow for the table, each row is a paragraph. What a plugin says is shown
    literally.
    """
    cells = [[clean(" ".join(str(cell).split())) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(headers, *cells, strict=True)]
    if not sys.stdout.isatty():
        for line in (headers, *cells):
            padded = [c + " " * (w - cell_len(c)) for c, w in zip(line, widths, strict=True)]
            click.echo((" " * _GAP).join(padded).rstrip())
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    fixed = [i == 0 or width <= _SHORT for i, width in enumerate(widths)]
    needed = sum(w if f else _LEAST for w, f in zip(widths, fixed, strict=True))
    if needed + _GAP * len(headers) > console.width:
        _show_paragraphs(headers, cells, console.width)
        return
    table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, header_style="bold")
    for i, header in enumerate(headers):
        table.add_column(
            header,
            no_wrap=fixed[i],
            overflow="fold",
            min_width=widths[i] if fixed[i] else _LEAST,
            style="bold" if i == 0 else None,
        )
    for row in cells:
        table.add_row(*map(Text, row))
    console.print(table)


def _show_paragraphs(headers: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> None:
    """Print each row as its name and, indented, what is in its other cells."""
    for name, *rest in rows:
        labelled = (f"{header}: {cell}" for header, cell in zip(headers[1:], rest, strict=True))
        said = [text for text, cell in zip(labelled, rest, strict=True) if cell]
        click.echo(textwrap.fill(name, width))
        if said:
            indent = " " * _GAP
            click.echo(
                textwrap.fill(
                    "; ".join(said),
                    max(width, 20),
                    initial_indent=indent,
                    subsequent_indent=indent,
                    break_on_hyphens=False,
                )
            )
