"""Parquet tables larger than memory, as `bench.Rows`: read forward, one piece at a time.

A piece is some thousand consecutive rows of a row group. Reading goes forward through a row group
and begins anew where an earlier row is asked for, so that what costs is how often the order asked
for jumps back, not how rows are mixed within one question.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bench import DatasetError
from bench_datasets.inference import ColumnKind, convert

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

PIECE_BYTES = 8 * 2**20
BUFFER_BYTES = 20_000
"""Read of a column at a time: without a buffer, whole column chunks are. Arrow looks 16 KiB ahead
for the head of a page, and its buffer grows without end where it is larger than the pages are."""

TEXT_BYTES = 100
"""What a text is taken to need in memory."""


@dataclass(frozen=True)
class Layout:
    """Where the rows of a table are: its files, and their row groups one after the other.

    `groups` holds the file and the row group in it; `bounds` the row of the table at which each
    begins, and the number of rows.
    """

    source: str
    files: tuple[Path, ...]
    schema: pa.Schema
    groups: tuple[tuple[int, int], ...]
    bounds: NDArray[np.int64]

    def __len__(self) -> int:
        return int(self.bounds[-1])


@dataclass(frozen=True)
class StreamedColumn:
    """A column of X: its name, its kind and, of categories, all levels in alphabetical order."""

    name: str
    kind: ColumnKind
    levels: tuple[str, ...] = ()


def layout_of(files: Sequence[Path], source: str) -> Layout:
    """Return where the rows of some files are, their columns being the same.

    Raises
    ------
    DatasetError
        A file is no Parquet file, or its columns are not those of the first.
    """
    schema = None
    groups: list[tuple[int, int]] = []
    lengths = [0]
    for number, file in enumerate(files):
        parquet = open_file(file, source)
        found = parquet.schema_arrow.remove_metadata()
        if schema is None:
            schema = found
        elif not schema.equals(found):
            raise DatasetError(
                f"{source}: the columns of {file.name} are not those of {files[0].name}:"
                f"{_difference(schema, found)}. All files of a folder need the same names and "
                "types in the same order."
            )
        for group in range(parquet.num_row_groups):
            groups.append((number, group))
            lengths.append(parquet.metadata.row_group(group).num_rows)
    if schema is None:
        raise DatasetError(f"{source} holds no file whose name ends in .parquet.")
    bounds = np.cumsum(lengths, dtype=np.int64)
    return Layout(source, tuple(files), schema, tuple(groups), bounds)


def open_file(file: Path, source: str) -> pq.ParquetFile:
    """Open a Parquet file so that no thread is started and little of it is held in memory.

    Raises
    ------
    DatasetError
        It is none.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        # No threads: a process that has several cannot be forked safely.
        return pq.ParquetFile(file, pre_buffer=False, buffer_size=BUFFER_BYTES)
    except (pa.ArrowException, OSError) as error:
        raise unreadable(file, source, error) from error


def unreadable(file: Path, source: str, error: Exception) -> DatasetError:
    """Return what is said of a file that cannot be read."""
    where = "" if source.endswith(file.name) else f" ({file.name})"
    return DatasetError(f"{source} is not a readable Parquet file{where}: {error}")


def _difference(first: pa.Schema, other: pa.Schema) -> str:
    for one, two in zip(first, other, strict=False):
        if not one.equals(two):
            return f" {two.name!r} of type {two.type} where {one.name!r} of type {one.type} is"
    return f" {len(other)} columns where {len(first)} are"


@dataclass(frozen=True, eq=False)
class ParquetRows:
    """Rows of a Parquet table: `bench.Rows`.

    Parameters
    ----------
    layout
        Where they are.
    columns
        Those of X. Where all are numbers, booleans or dates, rows come as float64 arrays, else as
        DataFrames, just as `bench_datasets.table.to_dataset` makes them.
    kept
        Rows of the table that are rows of X, (n,) ascending; None: all.
    fingerprint
        Digest of the content.
    has_missing
        Whether any value is missing.
    """

    layout: Layout
    columns: tuple[StreamedColumn, ...]
    kept: NDArray[np.int64] | None
    fingerprint: str
    has_missing: bool

    def __len__(self) -> int:
        return len(self.layout) if self.kept is None else len(self.kept)

    @cached_property
    def bounds(self) -> NDArray[np.int64]:
        """Rows at which row groups begin, and the number of rows."""
        if self.kept is None:
            return self.layout.bounds
        return np.searchsorted(self.kept, self.layout.bounds)

    @property
    def row_bytes(self) -> int:
        """Bytes of a row in memory, roughly."""
        return sum(TEXT_BYTES if column.kind == "text" else 8 for column in self.columns)

    def take(self, rows: NDArray[np.int64]) -> Any:
        """Return these rows, in this order; any order costs one pass at most."""
        return next(self.batches(rows, max(1, len(rows))), self._gathered(rows[:0], (), None))

    def batches(self, rows: NDArray[np.int64], n: int) -> Iterator[Any]:
        """Yield these rows, in this order, at most `n` at a time.

        Memory holds those and one piece, and no number for every row of its own. Row groups are
        read forward as long as each batch goes on where the last one ended; an order that is random
        throughout reads every row group for every batch.
        """
        cursor = _Cursor(self.layout, [column.name for column in self.columns])
        wanted = self._in_table(rows[:n])
        for start in range(0, len(rows), n):
            after = self._in_table(rows[start + n : start + 2 * n])
            yield self._gathered(wanted, _groups(self.layout, after), cursor)
            wanted = after

    def _in_table(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        return rows if self.kept is None else self.kept[rows]

    def _gathered(
        self, rows: NDArray[np.int64], following: Sequence[int], cursor: _Cursor | None
    ) -> Any:
        """Return rows of the table; `following` are the row groups asked for next."""
        arrays = _empty(self.columns, len(rows))
        if cursor is not None:
            order = np.argsort(rows, kind="stable")
            ascending = rows[order]
            # Go on in the row group that is open, and end in one that is needed next.
            groups = sorted(
                _groups(self.layout, ascending),
                key=lambda group: (group != cursor.group, group in following),
            )
            for group in groups:
                begin, end = np.searchsorted(ascending, self.layout.bounds[group : group + 2])
                inside = ascending[begin:end] - self.layout.bounds[group]
                for piece, first, last in cursor.pieces(group, inside):
                    low, high = inside[first], inside[last - 1] + 1
                    used = piece.slice(low - cursor.start, high - low)
                    values = _values(used, self.columns, self.layout.source)
                    places = order[begin + first : begin + last]
                    for whole, some in zip(arrays, values, strict=True):
                        whole[places] = some[inside[first:last] - low]
        return _assembled(self.columns, arrays)


class _Cursor:
    """A place in a table that moves forward through a row group."""

    def __init__(self, layout: Layout, names: list[str]) -> None:
        self.layout = layout
        self.names = names
        self.group = -1
        self.start = self.stop = 0
        self._file = -1
        self._parquet: Any = None
        self._batches: Iterator[pa.RecordBatch] = iter(())
        self._piece: Any = None

    def pieces(self, group: int, rows: NDArray[np.int64]) -> Iterator[tuple[Any, int, int]]:
        """Yield the pieces that ascending rows of a row group are in, and which rows are in each.

        While a piece is out, `start` is the row of the group that it begins with.
        """
        first = 0
        while first < len(rows):
            if group != self.group or rows[first] < self.start:
                self._open(group)
            while rows[first] >= self.stop:
                self._next()
            last = int(np.searchsorted(rows, self.stop))
            yield self._piece, first, last
            first = last

    def _open(self, group: int) -> None:
        number, inside = self.layout.groups[group]
        if number != self._file:
            self._parquet = open_file(self.layout.files[number], self.layout.source)
            self._file = number
        self._piece = None
        self._batches = self._parquet.iter_batches(
            batch_size=max(256, PIECE_BYTES // (8 * max(1, len(self.names)))),
            row_groups=[inside],
            columns=self.names,
            use_threads=False,
        )
        self.group, self.start, self.stop = group, 0, 0

    def _next(self) -> None:
        import pyarrow as pa

        self._piece = None
        try:
            self._piece = next(self._batches)
        except (pa.ArrowException, OSError, StopIteration) as error:
            file = self.layout.files[self._file]
            raise unreadable(file, self.layout.source, error) from error
        self.start, self.stop = self.stop, self.stop + self._piece.num_rows


def pieces(layout: Layout, names: list[str]) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Yield the whole table in its order, in pieces, each with the row that it begins with."""
    cursor = _Cursor(layout, names)
    for group in range(len(layout.groups)):
        length = int(layout.bounds[group + 1] - layout.bounds[group])
        for piece, *_ in cursor.pieces(group, np.arange(length)):
            yield int(layout.bounds[group]) + cursor.start, piece


def _groups(layout: Layout, rows: NDArray[np.int64]) -> list[int]:
    """Return the row groups that rows of the table are in."""
    found = np.searchsorted(layout.bounds, rows, side="right") - 1
    return [int(group) for group in np.unique(found)]


def _empty(columns: Sequence[StreamedColumn], n: int) -> tuple[NDArray[Any], ...]:
    """Return room for numbers, codes of categories and texts, each (n, columns of that form)."""
    forms = [_form(column.kind) for column in columns]
    return (
        np.empty((n, forms.count("number")), np.float64),
        np.empty((n, forms.count("category")), np.int32),
        np.empty((n, forms.count("text")), object),
    )


def _form(kind: ColumnKind) -> str:
    return kind if kind in ("category", "text") else "number"


def _values(
    piece: pa.RecordBatch, columns: Sequence[StreamedColumn], source: str
) -> tuple[NDArray[Any], ...]:
    """Return the values of a piece in the form that `_empty` makes room for."""
    arrays = _empty(columns, piece.num_rows)
    filled = {"number": 0, "category": 0, "text": 0}
    for column, cells in zip(columns, piece.columns, strict=True):
        form = _form(column.kind)
        place = list(filled).index(form)
        arrays[place][:, filled[form]] = _cells(column, cells, source)
        filled[form] += 1
    return arrays


def _cells(column: StreamedColumn, cells: pa.Array, source: str) -> NDArray[Any]:
    import pyarrow as pa
    import pyarrow.compute as pc

    if column.kind != "category":
        return values_of(column.name, cells, column.kind, source)
    levels = pa.array(column.levels, pa.large_string())
    codes = pc.index_in(as_strings(cells), value_set=levels)
    return np.asarray(codes.fill_null(-1).to_numpy(zero_copy_only=False))


def values_of(name: str, cells: pa.Array, kind: ColumnKind, source: str) -> NDArray[Any]:
    """Return the cells of a column that is none of categories: numbers, or texts."""
    import pyarrow as pa

    if kind == "number" and pa.types.is_float64(cells.type) and cells.null_count == 0:
        return np.asarray(cells.to_numpy())  # no copy: most of what there is to read is this
    return np.asarray(convert(name, pa.chunked_array([cells]), kind, source).values)


def as_strings(cells: pa.Array) -> pa.Array:
    """Return the cells of a category as strings, NaN as missing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(cells.type):
        cells = cells.cast(cells.type.value_type)
    if pa.types.is_floating(cells.type):
        cells = pc.if_else(pc.is_nan(cells), pa.scalar(None, cells.type), cells)
    return cells.cast(pa.large_string())


def _assembled(columns: Sequence[StreamedColumn], arrays: tuple[NDArray[Any], ...]) -> Any:
    numbers, codes, texts = arrays
    if numbers.shape[1] == len(columns):
        return numbers
    import pandas as pd

    left = {"number": iter(numbers.T), "category": iter(codes.T), "text": iter(texts.T)}
    table = {}
    for column in columns:
        values: Any = next(left[_form(column.kind)])
        if column.kind == "category":
            levels = pd.Index(column.levels, dtype=object)
            values = pd.Categorical.from_codes(values, categories=levels)
        table[column.name] = values
    return pd.DataFrame(table)
