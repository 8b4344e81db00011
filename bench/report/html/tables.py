"""Tables of the page: text with what it is sorted by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.analysis.sides import SIDES


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column; `help` explains the header, `is_text` aligns left and sorts as text."""

    title: str
    help: str = ""
    is_text: bool = False


@dataclass(frozen=True)
class Cell:
    """A cell.

    Parameters
    ----------
    text
        What is shown.
    key
        What it is sorted by where that is not the text; None stands last in either direction.
    note
        Smaller, beside the text.
    bar
        0 to 1: the length of a bar below the text.
    link
        A page that the text leads to; never a stranger's.
    """

    text: str
    key: float | str | None = None
    note: str = ""
    bar: float | None = None
    link: str = ""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row; `family` gives it a mark, `is_apart` draws a line above it."""

    cells: Sequence[Cell]
    family: str = ""
    is_apart: bool = False


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table; `name` is unique on the page, `caption` is what a screen reader says of it."""

    name: str
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    notes: Sequence[str] = ()

    @property
    def families(self) -> tuple[str, ...]:
        """Families of its rows, each once, in the order of `bench.analysis.sides.SIDES`."""
        there = dict.fromkeys(row.family for row in self.rows if row.family)
        known = [side for side in SIDES if side in there]
        return (*known, *(name for name in there if name not in SIDES))
