"""Delimited text as columns of strings: separator and header found out, faults named by line.

Python's own reader is used, not Arrow's: that one leaves a thread behind, and a process with two
threads cannot be forked safely.
"""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING

from bench import DatasetError

if TYPE_CHECKING:
    import pyarrow as pa

SEPARATORS = ("\t", ";", "|", ",")
BLANKS = " "
"""Separator that stands for any run of blanks and tabs."""

SAMPLE_BYTES = 65_536
SAMPLE_LINES = 100
CHUNK_ROWS = 20_000


@dataclass(frozen=True)
class Layout:
    """How a file is written."""

    separator: str
    header: bool
    encoding: str
    quote: str


def read(
    path: Path,
    source: str,
    *,
    separator: str | None = None,
    header: bool | None = None,
    encoding: str = "utf-8",
    quote: str | None = None,
) -> tuple[list[str], list[pa.ChunkedArray]]:
    """Return the names and the columns, strings all, of a delimited file, gzip-compressed or not.

    Parameters
    ----------
    path, source
        The file, and what messages call it.
    separator
        Found out where None: tab, semicolon, bar or comma, whichever cuts the first 100 lines
        most evenly, the earlier of equals; else runs of blanks.
    header
        Found out where None: the first line is one where none of its cells is empty (but the
        first may be) or a number, and either a column below is all numbers, or its cells are
        distinct and not seen again in the column below.
    encoding
        Of the file, by Python's name.
    quote
        What encloses cells that contain separators; empty: nothing does. Not given: ``"``, unless
        that leaves a cell half quoted; then quotation marks are taken as text.

    Raises
    ------
    DatasetError
        Empty, binary or undecodable file, rows of unequal length, cells or names twice.
    """
    csv.field_size_limit(2**31 - 1)
    quotes = ('"', "") if quote is None else (quote,)
    for attempt in quotes:
        try:
            return _read(path, source, separator, header, encoding, attempt)
        except (UnicodeDecodeError, LookupError) as error:
            raise DatasetError(
                f"{source} cannot be read as {encoding}: {error}. Give its encoding, "
                'such as encoding = "latin-1".'
            ) from error
        except csv.Error as error:
            if attempt == quotes[-1]:
                raise DatasetError(
                    f"{source} is not a readable table of text: {error}. If quotation marks are "
                    'part of the text, give quote = "".'
                ) from error
        except (gzip.BadGzipFile, EOFError) as error:
            raise DatasetError(f"{source} is damaged: {error}") from error
    raise AssertionError("unreachable")


def _read(
    path: Path,
    source: str,
    separator: str | None,
    header: bool | None,
    encoding: str,
    quote: str,
) -> tuple[list[str], list[pa.ChunkedArray]]:
    import pyarrow as pa

    layout, first = _layout(path, source, separator, header, encoding, quote)
    names = _names(first, layout.header, source)
    chunks: list[list[pa.Array]] = [[] for _ in names]
    with contextlib.closing(_rows(path, layout)) as rows:
        if layout.header:
            next(rows)
        while chunk := list(islice(rows, CHUNK_ROWS)):
            _check_widths(chunk, len(names), source, layout)
            columns = zip(*(row for _, row in chunk), strict=True)
            for parts, cells in zip(chunks, columns, strict=True):
                parts.append(pa.array(cells, pa.large_string()))
    if not chunks[0]:
        raise DatasetError(
            f"{source} has a header and no rows below it. If its first line is data, give "
            "header = false."
        )
    return names, [pa.chunked_array(parts, pa.large_string()) for parts in chunks]


def _open(path: Path) -> gzip.GzipFile | io.BufferedReader:
    with path.open("rb") as file:
        compressed = file.read(2) == b"\x1f\x8b"
    return gzip.GzipFile(path) if compressed else path.open("rb")


def _layout(
    path: Path,
    source: str,
    separator: str | None,
    header: bool | None,
    encoding: str,
    quote: str,
) -> tuple[Layout, list[str]]:
    """Return how the file is written, and the cells of its first line."""
    with _open(path) as file:
        sample = file.read(SAMPLE_BYTES)
    if b"\0" in sample and not encoding.lower().startswith(("utf-16", "utf_16", "utf-32")):
        fix = {
            b"PAR1": " It is a Parquet file: name it parquet:PATH.",
            b"ARRO": " It is an Arrow file: name it arrow:PATH.",
        }.get(sample[:4], "")
        raise DatasetError(f"{source} is not text: it holds zero bytes.{fix}")
    text = sample.decode("utf-8-sig" if encoding.lower() == "utf-8" else encoding, "replace")
    lines = [line for line in text.splitlines(keepends=True) if line.strip()]
    if len(sample) == SAMPLE_BYTES and len(lines) > 1:
        del lines[-1]
    if not lines:
        raise DatasetError(f"{source} is empty.")
    lines = lines[:SAMPLE_LINES]
    if separator is None:
        separator = _separator(lines, quote)
    layout = Layout(separator, False, encoding, quote)
    cells = [row for _, row in _cut(iter(lines), layout)]
    found = _is_header(cells) if header is None else header
    return Layout(separator, found, encoding, quote), cells[0]


def _separator(lines: list[str], quote: str) -> str:
    best, evenness = ",", 0.0
    for candidate in SEPARATORS:
        widths = Counter(
            len(row) for _, row in _cut(iter(lines), Layout(candidate, False, "", quote))
        )
        width, count = widths.most_common(1)[0]
        share = count / widths.total()
        if width > 1 and share > max(evenness, 0.5):
            best, evenness = candidate, share
    if not evenness:
        widths = Counter(len(line.split()) for line in lines)
        if len(widths) == 1 and max(widths) > 1:
            return BLANKS
    return best


def _is_header(cells: list[list[str]]) -> bool:
    first = [cell.strip() for cell in cells[0]]
    below = [[row[j].strip() for row in cells[1:] if j < len(row)] for j in range(len(first))]
    # A table written with its index has a header whose first cell is empty.
    named = first if first[0] or len(first) == 1 else first[1:]
    if any(not cell or _is_number(cell) for cell in named):
        return False
    if any(column and all(map(_is_number, column)) for column in below):
        return True
    return len(set(first)) == len(first) and not any(map(list.__contains__, below, first))


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return cell in ("?", "NA")
    return True


def _names(first: list[str], header: bool, source: str) -> list[str]:
    if not header:
        return [f"x{j}" for j in range(len(first))]
    names = [cell.strip() or f"x{j}" for j, cell in enumerate(first)]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DatasetError(
            f"{source}: more than one column is called {', '.join(map(repr, twice))}. Rename them, "
            "or give header = false if the first line is data."
        )
    return names


def _rows(path: Path, layout: Layout) -> Generator[tuple[int, list[str]]]:
    """Yield the number of its last line and the cells of every row; blank lines are none."""
    encoding = "utf-8-sig" if layout.encoding.lower() == "utf-8" else layout.encoding
    with io.TextIOWrapper(_open(path), encoding=encoding, newline="") as text:
        yield from _cut(text, layout, strict=True)


def _cut(
    lines: Iterator[str] | IO[str], layout: Layout, *, strict: bool = False
) -> Iterator[tuple[int, list[str]]]:
    if layout.separator == BLANKS:
        lines = (" ".join(line.split()) for line in lines)
    reader = csv.reader(
        lines,
        delimiter=layout.separator,
        quotechar=layout.quote or None,
        quoting=csv.QUOTE_MINIMAL if layout.quote else csv.QUOTE_NONE,
        skipinitialspace=True,
        strict=strict,
    )
    for row in reader:
        if row:
            yield reader.line_num, row


def _check_widths(
    chunk: list[tuple[int, list[str]]], width: int, source: str, layout: Layout
) -> None:
    for line, row in chunk:
        if len(row) != width:
            raise DatasetError(
                f"{source}, line {line}: {len(row)} cells, but the first line has {width}, "
                f"separated by {layout.separator!r}. Correct the line, or give another separator "
                "or quote (quote = '' if quotation marks are part of the text)."
            )
