"""HTML of what a notebook shows: tables and notes, readable on light and on dark.

It is made without a template engine, for results are shown in the base installation too; and
without scripts and ids, for a notebook holds many outputs on one page.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from bench.report.html.tables import Cell, Column, Row, Table
from bench.report.text import MARKS, clean

# Text has the colour of the page around it; lines are a shade of it. Colours of families are
# between light and dark, and stand beside marks of different shapes.
_STYLE = """<style>
.bench-shown { max-width: 100%; overflow-x: auto; }
.bench-shown h4 { margin: .9em 0 .3em; font-size: 1em; color: inherit; }
.bench-shown small, .bench-shown ul { opacity: .75; font-size: .9em; font-weight: normal; }
.bench-shown td small { display: block; }
.bench-shown p { margin: .4em 0; }
.bench-shown ul { margin: .4em 0 .8em; padding-left: 1.2em; }
.bench-shown table { border-collapse: collapse; margin: .3em 0; color: inherit; font-variant-numeric: tabular-nums; }
.bench-shown th, .bench-shown td { padding: .2em .55em; text-align: right; vertical-align: top; white-space: nowrap; color: inherit; }
.bench-shown th { border-bottom: 1px solid color-mix(in srgb, currentColor 45%, transparent); }
.bench-shown tr.apart td { border-top: 1px solid color-mix(in srgb, currentColor 30%, transparent); }
.bench-shown table th.text, .bench-shown table td.text { text-align: left; }
.bench-shown table td.long { min-width: 22em; white-space: normal; overflow-wrap: anywhere; }
.bench-shown .sentence { font-size: 1.15em; }
.bench-shown .sentence::first-letter { text-transform: uppercase; }
.bench-shown .bar { display: block; height: 3px; min-width: 5em; margin-top: .15em; background: color-mix(in srgb, currentColor 18%, transparent); }
.bench-shown .bar i { display: block; height: 100%; background: #868d95; }
.bench-shown .classical .bar i { background: #2b86cf; }
.bench-shown .deep .bar i { background: #d9701f; }
.bench-shown .mark { color: #868d95; }
.bench-shown .classical .mark { color: #2b86cf; }
.bench-shown .deep .mark { color: #d9701f; }
</style>"""  # noqa: E501 - a rule a line is easier to read

_SHORT = 40
"""Cells of text up to this long are not broken over lines."""


def document(*parts: str) -> str:
    """Return parts of HTML as one output."""
    return f'{_STYLE}<div class="bench-shown">{"".join(parts)}</div>'


def escaped(text: str) -> str:
    """Return text that is shown literally, whoever named what it speaks of."""
    return html.escape(clean(text, lines=True))


def heading(text: str, beside: str = "") -> str:
    """Return a heading, with smaller words beside it."""
    small = f" <small>{escaped(beside)}</small>" if beside else ""
    return f"<h4>{escaped(text)}{small}</h4>"


def paragraph(text: str, kind: str = "") -> str:
    """Return a paragraph."""
    return f'<p class="{kind}">{escaped(text)}</p>' if kind else f"<p>{escaped(text)}</p>"


def notes(lines: Iterable[str]) -> str:
    """Return a list of notes; nothing where there are none."""
    items = "".join(f"<li>{escaped(line)}</li>" for line in lines)
    return f"<ul>{items}</ul>" if items else ""


def table(shown: Table, *, marked: int = 1, most: int | None = None) -> str:
    """Return a table of the report.

    Parameters
    ----------
    shown
        What is in it.
    marked
        Column, counted from 0, in which the family has its mark; -1: none.
    most
        So many rows at most, and how many more there are.
    """
    head = "".join(_header(column) for column in shown.columns)
    rows = shown.rows if most is None else shown.rows[:most]
    body = "".join(_row(row, shown.columns, marked) for row in rows)
    more = len(shown.rows) - len(rows)
    left_out = [f"... and {more:,} more."] if more else []
    return (
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        f"{notes([*left_out, *shown.notes])}"
    )


def _header(column: Column) -> str:
    kind = ' class="text"' if column.is_text else ""
    help_ = f' title="{escaped(column.help)}"' if column.help else ""
    return f"<th{kind}{help_}>{escaped(column.title)}</th>"


def _row(row: Row, columns: Sequence[Column], marked: int) -> str:
    kinds = [row.family if row.family in MARKS else "", "apart" if row.is_apart else ""]
    cells = "".join(
        _cell(cell, column, row.family if at == marked else "")
        for at, (cell, column) in enumerate(zip(row.cells, columns, strict=True))
    )
    return f'<tr class="{" ".join(filter(None, kinds))}">{cells}</tr>'


def _cell(cell: Cell, column: Column, family: str) -> str:
    kind = ""
    if column.is_text:
        kind = ' class="text long"' if len(cell.text) > _SHORT else ' class="text"'
    mark = f'<span class="mark">{MARKS[family]}</span> ' if family in MARKS else ""
    bar = note = ""
    if cell.bar is not None:
        bar = f'<span class="bar"><i style="width:{cell.bar:.1%}"></i></span>'
    if cell.note:
        note = f"<small>{escaped(cell.note)}</small>"
    return f"<td{kind}>{mark}{escaped(cell.text)}{bar}{note}</td>"
