"""The rows of an ARFF file as cells of text; what the columns are is said elsewhere.

The format is Weka's (Hall et al., 2009, doi:10.1145/1656274.1656278). Python's own `csv` reads one
kind of quotation mark; ARFF has two, and files mix them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bench import DatasetError

_CELL = re.compile(
    r"""\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|([^,]*?))\s*(?:,|$)""", re.DOTALL
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
_QUOTES = ("'", '"')
_MISSING = ("?", "")


def read_rows(content: bytes, n_columns: int, source: str) -> list[list[str | None]]:
    """Return the rows of a dense ARFF file, cells that are not known as None.

    Parameters
    ----------
    content
        The file, in UTF-8 or, where it is not that, Latin-1.
    n_columns
        How many cells each row has.
    source
        What messages call the file.

    Raises
    ------
    DatasetError
        There are no data, or a row has more or fewer cells.
    """
    rows = []
    for number, line in _data(_text(content)):
        row = _cells(line)
        if len(row) != n_columns:
            raise DatasetError(
                f"{source}: line {number} of its ARFF file has {len(row)} cells, where its "
                f"description names {n_columns} columns. The file is damaged or sparse; report it "
                "to its publisher, or take another version of the data."
            )
        rows.append(row)
    if not rows:
        raise DatasetError(f"{source}: its ARFF file holds no row after @data.")
    return rows


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _data(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines after ``@data`` that hold a row, with their numbers from 1."""
    lines = enumerate(text.split("\n"), start=1)
    for _, line in lines:
        if line.strip().lower() == "@data":
            break
    for number, line in lines:
        bare = line.strip()
        if bare and not bare.startswith("%"):
            yield number, bare


def _cells(line: str) -> list[str | None]:
    if not any(mark in line for mark in _QUOTES):
        return [None if (cell := part.strip()) in _MISSING else cell for part in line.split(",")]
    row: list[str | None] = []
    place = 0
    while (match := _CELL.match(line, place)) is not None:
        row.append(_value(match))
        if not match.group().endswith(","):
            break
        place = match.end()
    return row


def _value(match: re.Match[str]) -> str | None:
    single, double, bare = match.groups()
    if bare is not None:
        return None if bare in _MISSING else bare
    return _ESCAPED.sub(_escaped, single if single is not None else double)


def _escaped(match: re.Match[str]) -> str:
    return _ESCAPES.get(match[1], match[1])
