"""The part files of a run's tables: Parquet, written once, sealed, and never changed again.

A part is written under a hidden name and gets its own when those that it replaces are gone: whoever
reads ``trials*.parquet`` without a manifest, and whenever, sees no row twice.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from bench.results.durable import partial_of, sync_file
from bench.results.manifest import Entry, Seal
from bench.results.schema import SCHEMA_VERSION, SCHEMAS, conform, stamp, version_of
from bench.spec.errors import ResultsError

Tell = Callable[[str], None]
"""Told of what is damaged, what of it is lost and what to do."""


def nobody(text: str) -> None:
    """Tell nobody."""


DAMAGE = (pa.ArrowException, OSError)

_ABSORBED, _SINCE = b"bench_absorbed", b"bench_since"

_NAME = re.compile(r"([a-z]+)(?:-(\d+))?\.parquet")

_GROUP_ROWS = 1 << 17
_GROUP_BYTES = 32 << 20

_NEVER = 1 << 32
"""In place of a checksum: no bytes have it. For what was unreadable when it was sealed."""

REMEDY = (
    "Run the suite again into this folder: what is lost is measured again, and the damaged file is "
    "set aside"
)


@dataclass(frozen=True, kw_only=True)
class Part:
    """One file of a table: the rows of the journals `first` to `last`; `entry` where it is sealed.

    `number` tells parts of a table apart, the newer by the larger; 0 is a part that is all there
    is of a table.
    """

    path: Path
    table: str
    number: int
    first: int = 0
    last: int = 0
    entry: Entry | None = None

    @property
    def place(self) -> Path:
        """Where it lies: under its own name, or still under the hidden one."""
        hidden = partial_of(self.path)
        return hidden if not self.path.exists() and hidden.exists() else self.path

    @property
    def is_sealed(self) -> bool:
        """Whether the manifest says what its bytes are."""
        return self.entry is not None and self.entry.seal is not None

    @property
    def seal(self) -> Seal:
        """What the manifest says of it."""
        assert self.entry is not None
        assert self.entry.seal is not None
        return self.entry.seal


def part_name(table: str, number: int) -> str:
    """Return the name of a part: the only one is ``trials.parquet``, others have numbers."""
    return f"{table}-{number:04d}.parquet" if number else f"{table}.parquet"


def parse_name(name: str) -> tuple[str, int] | None:
    """Return table and number of a part by its name, None where it is none."""
    match = _NAME.fullmatch(name)
    if match is None or match[1] not in SCHEMAS:
        return None
    return match[1], int(match[2] or 0)


class OpenPart:
    """A part that is read.

    Raises
    ------
    FileNotFoundError
        It is gone.
    ResultsError
        It is of a newer bench, of something else, or may not be read.
    """

    def __init__(self, part: Part) -> None:
        self.part = part
        self.faults: list[str] = []
        self._file: pq.ParquetFile | None = None
        self._seal = part.seal if part.is_sealed else None
        try:
            self._open(part.path)
        except FileNotFoundError:
            try:
                self._open(partial_of(part.path))
            except FileNotFoundError:  # it may have got its name in between
                self._open(part.path)

    def _open(self, path: Path) -> None:
        part, seal = self.part, self._seal
        try:
            self._descriptor = os.open(path, os.O_RDONLY)
        except PermissionError as error:
            raise ResultsError(f"{path} cannot be read: permission denied.") from error
        try:
            if seal is None:
                self._file = pq.ParquetFile(path, page_checksum_verification=True)
            else:
                self._check_ends(seal, part.entry.length if part.entry else 0)
                self._file = pq.ParquetFile(path, metadata=footer_metadata(seal.footer))
        except FileNotFoundError:
            os.close(self._descriptor)
            raise
        except DAMAGE as error:
            self.faults.append(_first_line(error))
        except BaseException:
            os.close(self._descriptor)
            raise
        if self._file is not None:
            try:
                self.version = version_of(self._file.schema_arrow.metadata, part.path)
            except BaseException:
                self.close()
                raise

    def _check_ends(self, seal: Seal, length: int) -> None:
        size = os.fstat(self._descriptor).st_size
        if size != length:
            self.faults.append(f"it has {size:,} bytes in place of {length:,}")
            return
        n = len(seal.footer)
        end = b"".join([seal.footer, n.to_bytes(4, "little"), b"PAR1"])
        if os.pread(self._descriptor, len(end), size - len(end)) != end:
            self.faults.append("its end is another one")

    def close(self) -> None:
        """Close it."""
        os.close(self._descriptor)
        if self._file is not None:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def is_readable(self) -> bool:
        """Whether it is known where its rows are."""
        return self._file is not None

    @property
    def file(self) -> pq.ParquetFile:
        """The file, where it is readable."""
        assert self._file is not None
        return self._file

    @property
    def journals(self) -> tuple[int, int]:
        """The first and the last journal whose rows it holds, as it says itself."""
        metadata = self.file.schema_arrow.metadata
        return int(metadata.get(_SINCE, b"1")), int(metadata.get(_ABSORBED, b"0"))

    @cached_property
    def _roots(self) -> list[str]:
        schema = self.file.metadata.schema
        return [schema.column(at).path.partition(".")[0] for at in range(len(schema))]

    def is_intact(self, group: int, columns: Sequence[str] | None = None) -> bool:
        """Whether the bytes of some columns of a row group are those that were sealed."""
        if self._seal is None:
            return True
        n = len(self._roots)
        described = self.file.metadata.row_group(group)
        return all(
            self._checksum(described.column(at)) == self._seal.chunks[group * n + at]
            for at, root in enumerate(self._roots)
            if columns is None or root in columns
        )

    def _checksum(self, chunk: Any) -> int:
        start, length = span_of(chunk)
        return zlib.crc32(os.pread(self._descriptor, length, start))

    def read(self, group: int, columns: Sequence[str] | None = None) -> pa.Table | None:
        """Return some columns of a row group, upgraded; None where they are damaged.

        Of an older version all are read.
        """
        wanted = columns if self.version == SCHEMA_VERSION else None
        try:
            if not self.is_intact(group, wanted):
                return None
            table = self.file.read_row_group(group, columns=wanted)
        except DAMAGE:
            return None
        return conform(self.part.table, table, self.version, self.part.path)

    def groups(self, columns: Sequence[str] | None, tell: Tell) -> Iterator[pa.Table]:
        """Yield what is intact, a row group at a time; tell what is not."""
        n_lost = n_bad = 0
        n_groups = self.file.num_row_groups if self.is_readable else 0
        for group in range(n_groups):
            table = self.read(group, columns)
            if table is None:
                n_bad += 1
                n_lost += self.file.metadata.row_group(group).num_rows
            else:
                yield table
        if not self.is_readable:
            lost = "none of its rows can be read"
        elif n_bad:
            n_rows = self.file.metadata.num_rows
            lost = f"{n_lost:,} of {n_rows:,} rows are lost ({n_bad} of {n_groups} row groups)"
        elif self.faults:
            lost = "no row is lost"
        else:
            return
        tell(f"{self.part.path} is damaged: {'; '.join([*self.faults, lost])}. {REMEDY}.")


def span_of(chunk: Any) -> tuple[int, int]:
    """Return where the bytes of a column of a row group begin, and how many they are."""
    start = chunk.data_page_offset
    if chunk.dictionary_page_offset is not None:
        start = min(start, chunk.dictionary_page_offset)
    return start, chunk.total_compressed_size


def footer_metadata(footer: bytes) -> pq.FileMetaData:
    """Return what a footer says."""
    length = len(footer).to_bytes(4, "little")
    return pq.read_metadata(pa.BufferReader(b"".join([b"PAR1", footer, length, b"PAR1"])))


def _first_line(error: BaseException) -> str:
    text = str(error).strip()
    return text.splitlines()[0].rstrip(".") if text else repr(error)


class PartWriter:
    """Writes one part, in row groups that fit in memory; the rows of a trial are all in one."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self._partial = partial_of(part.path)
        self._file = pq.ParquetWriter(
            self._partial,
            stamp(SCHEMAS[part.table], absorbed=str(part.last), since=str(part.first)),
            compression="zstd",
            write_page_checksum=True,
        )
        self._waiting: list[pa.Table] = []

    def write(self, table: pa.Table) -> None:
        """Add rows."""
        self._waiting.append(table)
        n_rows = sum(table.num_rows for table in self._waiting)
        n_bytes = sum(table.nbytes for table in self._waiting)
        if n_rows >= _GROUP_ROWS or n_bytes >= _GROUP_BYTES:
            self._flush()

    def close(self) -> None:
        """Finish the file; it is on disk, under its hidden name, when this returns."""
        self._flush()
        self._file.close()
        sync_file(self._partial)

    def abandon(self) -> None:
        """Leave nothing behind."""
        self._waiting.clear()
        self._partial.unlink(missing_ok=True)  # first: closed, it would look finished
        with suppress(*DAMAGE):  # the disk may be full
            self._file.close()

    def _flush(self) -> None:
        if self._waiting:
            table = pa.concat_tables(self._waiting)
            self._file.write_table(table, row_group_size=max(table.num_rows, 1))
            self._waiting.clear()


def seal_part(part: Part, commit: int, trials: bytes = b"") -> Entry:
    """Return the entry of a part that was written, or that is taken over as it is.

    Raises
    ------
    OSError, pyarrow.ArrowException
        It cannot be read at all.
    """
    with part.place.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        length = file.seek(0, io.SEEK_END)
        file.seek(length - 8)
        n = int.from_bytes(file.read(4), "little")
        file.seek(length - 8 - n)
        footer = file.read(n)
        metadata = footer_metadata(footer)
        chunks = []
        for group in range(metadata.num_row_groups):
            for at in range(metadata.num_columns):
                start, size = span_of(metadata.row_group(group).column(at))
                file.seek(start)
                chunks.append(zlib.crc32(file.read(size)))
    seal = Seal(
        first=part.first,
        last=part.last,
        commit=commit,
        footer=footer,
        chunks=tuple(chunks),
        trials=trials,
    )
    return Entry(length=length, sha256=sha256, seal=seal)


def seal_unknown(part: Part) -> Entry:
    """Seal a part of which nothing but its own checksums tells whether it is intact.

    Raises
    ------
    OSError, pyarrow.ArrowException
        It cannot be read at all.
    """
    entry = seal_part(part, part.number)
    seal = entry.seal
    assert seal is not None
    chunks = list(seal.chunks)
    with OpenPart(part) as file:
        n_groups = file.file.num_row_groups
        n = len(chunks) // max(n_groups, 1)
        bad = [group for group in range(n_groups) if file.read(group) is None]
    for group in bad:
        chunks[group * n : (group + 1) * n] = [_NEVER] * n
    sha256 = "" if bad else entry.sha256
    return replace(entry, sha256=sha256, seal=replace(seal, chunks=tuple(chunks)))


def is_as_sealed(part: Part) -> bool:
    """Whether every byte of a sealed part is the one that it was sealed with."""
    assert part.entry is not None
    try:
        with part.path.open("rb") as file:
            if os.fstat(file.fileno()).st_size != part.entry.length:
                return False
            return hashlib.file_digest(file, "sha256").hexdigest() == part.entry.sha256
    except OSError:
        return False
