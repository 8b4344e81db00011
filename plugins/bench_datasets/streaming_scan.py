"""What must be known of a table larger than memory before it is read: found once, and kept.

One pass over the columns of X finds which values are missing, the levels of categories, and a
digest of the content. It is kept in the cache under what the files are (path, size, time of
change), so that a trial opens a table of any size in the time that it takes to read its target.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import bench
from bench import Column, Dataset, DatasetError
from bench_datasets.inference import ColumnKind, infer, without_nan
from bench_datasets.streaming import (
    Layout,
    ParquetRows,
    StreamedColumn,
    as_strings,
    open_file,
    pieces,
    unreadable,
    values_of,
)
from bench_datasets.table import Roles, Table, places_of, to_dataset

if TYPE_CHECKING:
    import pyarrow as pa

MOST_LEVELS = 100_000
"""Different values of a column of categories at most: they are all held in memory."""

SAMPLE_ROWS = 10_000
SAMPLED_GROUPS = 8
"""How many rows of how many row groups tell texts from categories."""

_FORMAT = 1


def streamed(layout: Layout, roles: Roles) -> Dataset:
    """Return the data set that the table makes in memory, but for its X, which stays in its files.

    The columns that have a role are read into memory. Kinds are those of the types; which columns
    of strings are texts is told by a sample of rows.

    Raises
    ------
    DatasetError
        A column is missing, given two roles, not fit for its role, or has more than 100,000
        different categories; no row or no column is left.
    """
    names = layout.schema.names
    bare = Table(layout.source, names, [], from_text=False)

    def features(
        table: Table, places: Sequence[int], kinds: Mapping[str, ColumnKind]
    ) -> tuple[Any, Sequence[Column]]:
        rows = _rows(layout, [names[j] for j in places], kinds, table.rows, asdict(roles))
        return rows, [Column(column.name, column.kind) for column in rows.columns]

    given = [names[j] for j in places_of(bare, roles).values()]
    return to_dataset(read_columns(layout, given), roles, features)


def read_columns(layout: Layout, wanted: Sequence[str]) -> Table:
    """Return the table with the columns of these names read into memory.

    Raises
    ------
    DatasetError
        A file is damaged.
    """
    import pyarrow as pa

    read = []
    for file in layout.files if wanted else ():
        try:
            parquet = open_file(file, layout.source)
            read.append(parquet.read(list(wanted), use_threads=False))
        except (pa.ArrowException, OSError) as error:
            raise unreadable(file, layout.source, error) from error
    whole = pa.concat_tables(read) if read else pa.table({})
    unread = pa.chunked_array([pa.nulls(len(layout))])
    columns = [
        without_nan(whole.column(name)) if name in whole.column_names else unread
        for name in layout.schema.names
    ]
    return Table(layout.source, layout.schema.names, columns, from_text=False)


def _rows(
    layout: Layout,
    names: list[str],
    kinds: Mapping[str, ColumnKind],
    kept: NDArray[np.int64] | None,
    roles: Mapping[str, Any],
) -> ParquetRows:
    """Return the rows of X, from what is kept of an earlier pass or by a new one."""
    file = _kept_in(layout, roles)
    bare = ParquetRows(layout, (), kept, "", has_missing=False)
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        found = json.loads(file.read_text())
        columns = tuple(
            StreamedColumn(name, kind, tuple(levels)) for name, kind, levels in found["columns"]
        )
        return replace(
            bare,
            columns=columns,
            fingerprint=found["fingerprint"],
            has_missing=found["has_missing"],
        )
    rows = _scanned(bare, names, kinds)
    with contextlib.suppress(OSError):  # a cache that cannot be written only costs time
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(f".{os.getpid()}")
        told = [[column.name, column.kind, column.levels] for column in rows.columns]
        kept_of_it = {
            "fingerprint": rows.fingerprint,
            "has_missing": rows.has_missing,
            "columns": told,
        }
        draft.write_text(json.dumps(kept_of_it))
        draft.replace(file)
    return rows


def _kept_in(layout: Layout, roles: Mapping[str, Any]) -> Path:
    """Return the file of what is known of a table; another one where its files have changed."""
    status = [(str(file.resolve()), file.stat()) for file in layout.files]
    content = [_FORMAT, roles, [(name, s.st_size, s.st_mtime_ns) for name, s in status]]
    text = json.dumps(content, sort_keys=True, default=str)
    name = hashlib.sha256(text.encode()).hexdigest()[:20]
    return bench.cache_folder() / "streams" / f"{name}.json"


@dataclass
class _Found:
    """What has been found of one column so far; `codes` are in the order of their appearance."""

    name: str
    kind: ColumnKind
    n_known: int = 0
    has_missing: bool = False
    codes: dict[str, int] = field(default_factory=dict)
    digest: Any = field(default_factory=hashlib.sha256)

    def feed(self, cells: pa.Array, source: str) -> None:
        """Take in the next cells of the column.

        What is digested hangs on the values alone, not on how the table is cut into pieces.
        """
        if self.kind == "category":
            codes = self._coded(as_strings(cells), source)
            n_missing = int((codes < 0).sum())
            self.digest.update(codes.data)
        else:
            values = values_of(self.name, cells, self.kind, source)
            missing = np.equal(values, "") if self.kind == "text" else np.isnan(values)
            n_missing = int(missing.sum())
            if self.kind == "text":
                self.digest.update("".join(f"{len(text)}:{text}" for text in values).encode())
            else:  # NaN has many forms
                self.digest.update(
                    (np.where(missing, np.nan, values) if n_missing else values).data
                )
        self.n_known += len(cells) - n_missing
        self.has_missing = self.has_missing or n_missing > 0

    def _coded(self, cells: pa.Array, source: str) -> NDArray[np.int32]:
        coded = cells.dictionary_encode()
        places = [
            self.codes.setdefault(level, len(self.codes)) for level in coded.dictionary.to_pylist()
        ]
        if len(self.codes) > MOST_LEVELS:
            raise DatasetError(
                f"{source}, column {self.name!r} has more than {MOST_LEVELS:,} different values, "
                f'too many for categories. Leave it out with drop = ["{self.name}"], or say '
                f'kinds = {{ {self.name} = "text" }}.'
            )
        indices = coded.indices.fill_null(len(places)).to_numpy(zero_copy_only=False)
        return np.asarray(np.array([*places, -1], np.int32)[indices])


def _scanned(rows: ParquetRows, names: list[str], kinds: Mapping[str, ColumnKind]) -> ParquetRows:
    """Read the columns of X once and return the rows with what was found.

    Columns without a single known value are left out.
    """
    import pyarrow as pa

    layout, kept = rows.layout, rows.kept
    schema = layout.schema
    names = [name for name in names if not pa.types.is_null(schema.field(name).type)]
    sample = _sample(layout, [n for n in names if n not in kinds and _may_be_text(schema, n)])
    found = []
    for name in names:
        cells = sample.get(name, pa.chunked_array([], schema.field(name).type))
        kind = kinds.get(name) or infer(name, cells, layout.source, from_text=False)
        found.append(_Found(name, kind))
    for start, piece in pieces(layout, names):
        if kept is not None:
            first, last = np.searchsorted(kept, [start, start + piece.num_rows])
            wanted = pa.array(kept[first:last] - start)
        for column, cells in zip(found, piece.columns, strict=True):
            column.feed(cells if kept is None else cells.take(wanted), layout.source)
    found = [column for column in found if column.n_known]
    digests = [[column.name, column.kind, column.digest.hexdigest()] for column in found]
    content = [len(rows), digests, [list(column.codes) for column in found]]
    return replace(
        rows,
        columns=tuple(
            StreamedColumn(column.name, column.kind, tuple(sorted(column.codes)))
            for column in found
        ),
        fingerprint=hashlib.sha256(json.dumps(content).encode()).hexdigest(),
        has_missing=any(column.has_missing for column in found if column.kind != "text"),
    )


def _may_be_text(schema: pa.Schema, name: str) -> bool:
    import pyarrow.types as pt

    kind = schema.field(name).type
    return bool(pt.is_string(kind) or pt.is_large_string(kind) or pt.is_string_view(kind))


def _sample(layout: Layout, names: list[str]) -> dict[str, pa.ChunkedArray]:
    """Return columns of strings in some rows, spread over the table."""
    import pyarrow as pa

    if not names or not layout.groups:
        return {}
    places = np.linspace(0, len(layout.groups) - 1, min(SAMPLED_GROUPS, len(layout.groups)))
    batches = []
    for place in np.unique(places.astype(int)):
        number, group = layout.groups[place]
        parquet = open_file(layout.files[number], layout.source)
        read = parquet.iter_batches(SAMPLE_ROWS, [group], names, use_threads=False)
        batches += [batch for batch in [next(read, None)] if batch is not None]
    whole = pa.Table.from_batches(batches)
    return {name: whole.column(name) for name in names}
