"""A leaderboard as a notebook shows it, and as a table to work on."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv

from bench.notebook import markup
from bench.report.html.sections import board_table
from bench.report.notes import noise_notes, notes_of_boards, subtitle

if TYPE_CHECKING:
    import pandas as pd

    from bench.report.contents import Contents

_WIDTH = 120
_TEXTS = ("task", "name", "model", "family", "tuning", "alike", "environment_id")


@dataclass(frozen=True, repr=False)
class Leaderboard:
    """The ranking of each task.

    Displayed it is the table of ``bench report``, printed that of ``bench leaderboard``.

    Parameters
    ----------
    contents
        What it shows.
    """

    contents: Contents

    @property
    def table(self) -> pa.Table:
        """One row a contender and machine, with the columns of ``bench leaderboard --format csv``.

        Unknown figures are null.
        """
        from bench.report.formats import to_csv

        texts = pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(_TEXTS, pa.string()))
        made = pyarrow.csv.read_csv(
            io.BytesIO(to_csv(self.contents).encode()), convert_options=texts
        )
        # A column in which nothing is known has no type of its own.
        fields = [
            field.with_type(pa.float64()) if pa.types.is_null(field.type) else field
            for field in made.schema
        ]
        return made.cast(pa.schema(fields))

    def to_pandas(self) -> pd.DataFrame:
        """Return `table` as a data frame."""
        frame: pd.DataFrame = self.table.to_pandas()
        return frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.table.__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        from rich.console import Console

        from bench.report.terminal import show_contents

        page = io.StringIO()
        show_contents(
            self.contents,
            Console(
                file=page,
                width=_WIDTH,
                highlight=False,
                force_terminal=False,
                force_jupyter=False,
                no_color=True,
            ),
        )
        return page.getvalue().strip("\n")

    def _repr_html_(self) -> str:
        return markup.document(boards_html(self.contents))


def boards_html(contents: Contents, *, most_rows: int | None = None) -> str:
    """Return the rankings as HTML.

    Parameters
    ----------
    contents
        What is shown.
    most_rows
        Of each task; None: all, with notes on how they were made.
    """
    of_boards, shared = notes_of_boards(contents.boards)
    notes = [*shared, *noise_notes(contents.noise, dict(contents.machines))]
    parts = []
    for board, own in zip(contents.boards, of_boards, strict=True):
        parts.append(markup.heading(board.task, subtitle(board)))
        parts.append(markup.table(board_table(board, contents.machines), most=most_rows))
        parts.append(markup.notes(own if most_rows is None else ()))
    if not contents.boards:
        parts.append(markup.paragraph("No finished trial yet: nothing to rank."))
    parts.append(markup.notes(notes if contents.boards and most_rows is None else ()))
    parts += map(markup.paragraph, contents.unread)
    return "".join(parts)
