"""Columns that fit a window: the least important ones go before anything wraps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

GAP = 2
EXPENDABLE = 55
"""Columns of lower priority go before another one is cut."""


@dataclass(frozen=True)
class Column:
    """A column of cells of one line each.

    Parameters
    ----------
    header
        Its title.
    cells
        One per row.
    priority
        Columns of the lowest priority go first; of equals the rightmost.
    is_right
        Whether it is aligned to the right.
    shrinks_to
        Width down to which its cells may be cut with an ellipsis; None: they may not.
    """

    header: str
    cells: Sequence[Text]
    priority: int
    is_right: bool = True
    shrinks_to: int | None = None

    @property
    def width(self) -> int:
        """The width that shows everything."""
        return max([cell_len(self.header), *(cell.cell_len for cell in self.cells)])


def fitted(columns: Sequence[Column], width: int) -> list[tuple[Column, int]]:
    """Return the columns that fit, with their widths.

    Columns of a priority below `EXPENDABLE` go first, then those that may shrink give way, then the
    others go. The last one is never removed.
    """
    kept = [column for column in columns if any(cell.plain for cell in column.cells)]
    while True:
        widths = [column.width for column in kept]
        over = sum(widths) + GAP * (len(kept) - 1) - width
        lowest = min(column.priority for column in kept)
        for at, column in enumerate(kept if lowest >= EXPENDABLE else ()):
            if column.shrinks_to is not None and over > 0:
                less = min(over, max(0, widths[at] - column.shrinks_to))
                widths[at] -= less
                over -= less
        if over <= 0 or len(kept) == 1:
            return [(one, min(w, width)) for one, w in zip(kept, widths, strict=True)]
        last = max(at for at, column in enumerate(kept) if column.priority == lowest)
        del kept[last]


def drawn(
    columns: Sequence[Column], width: int, rules: Sequence[int] = (), *, rule: str = "─"
) -> list[Text]:
    """Return the lines of the table, with a rule under the header and after the rows named."""
    kept = fitted(columns, width)
    total = sum(w for _, w in kept) + GAP * (len(kept) - 1)
    ruler = Text(rule * total, style="bright_black", no_wrap=True)
    header = [
        _padded(Text(column.header, style="bright_black"), w, column.is_right) for column, w in kept
    ]
    lines = [_joined(header), ruler]
    for row in range(len(kept[0][0].cells) if kept else 0):
        cells = [_padded(column.cells[row], w, column.is_right) for column, w in kept]
        lines.append(_joined(cells))
        if row in rules:
            lines.append(ruler)
    return lines


def _padded(cell: Text, width: int, is_right: bool) -> Text:
    cell = cell.copy()
    cell.truncate(width, overflow="ellipsis")
    padding = " " * (width - cell.cell_len)
    return Text.assemble(padding, cell) if is_right else Text.assemble(cell, padding)


def _joined(cells: Sequence[Text]) -> Text:
    line = Text(" " * GAP).join(cells)
    line.rstrip()
    line.no_wrap = True
    return line
