"""The tables of one run as one stream: its Parquet files, then the journals not yet in them.

The newest attempt at a trial wins, in every table; how the earlier ones failed stays in its reason.
Each file says up to which journal it has absorbed (`absorbed`), so that a journal is counted once
whatever moment a process is killed at.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.results.journal import explode, journal_files, read_journal, sync_folder
from bench.results.schema import (
    SCHEMA_VERSION,
    SCHEMAS,
    TRIAL_TABLES,
    conform,
    stamp,
    version_of,
)
from bench.spec.errors import ResultsError

_ABSORBED = b"bench_absorbed"

_CHUNK_BATCHES = 1_000
_CHUNK_BYTES = 32 << 20
_GROUP_ROWS = 1 << 17

_ATTEMPT = "earlier attempt: "
_ATTEMPT_COLUMNS = ("trial_id", "status", "reason", "limit_seconds", "limit_bytes")

_TEXT = pa.string()

_DAMAGE = (pa.ArrowException, OSError)


def table_path(folder: Path, name: str) -> Path:
    """Return where a table of a run lies."""
    return folder / f"{name}.parquet"


def open_table(folder: Path, name: str) -> pq.ParquetFile | None:
    """Open one table, or return None where the run has none yet.

    Raises
    ------
    ResultsError
        It is damaged, or not of a version that this bench reads.
    """
    path = table_path(folder, name)
    try:
        file = pq.ParquetFile(path, page_checksum_verification=True)
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise ResultsError(f"{path} cannot be read: permission denied.") from error
    except _DAMAGE as error:
        raise damaged(folder, name, error) from error
    version_of(file.schema_arrow.metadata, path)
    return file


def absorbed(folder: Path, name: str) -> int:
    """Return the number of the newest journal whose rows are in this table's file, or 0."""
    file = open_table(folder, name)
    if file is None:
        return 0
    with file:
        return _mark(file)


def damaged(folder: Path, name: str, error: Exception) -> ResultsError:
    """Return the error that says which file is damaged, what can still be read, and what to do."""
    path = table_path(folder, name)
    rest = []
    for other in SCHEMAS:
        try:
            if other != name:
                rest.append(f"{other} ({pq.read_metadata(table_path(folder, other)).num_rows:,})")
        except _DAMAGE:
            continue
    what = str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else repr(error)
    remedy = (
        "run the suite again into this folder: what is lost is measured again"
        if name in ("trials", "scores")
        else "everything else is read without it (`bench run --fresh` measures all again)"
    )
    return ResultsError(
        f"{path} is damaged: {what}.\n"
        f"Still readable of it: {_readable(path)}. "
        f"Rows of other tables: {', '.join(rest) or 'none'}.\n"
        f"Move the file away, as in `mv {path} {path}.damaged`, and {remedy}."
    )


def _readable(path: Path) -> str:
    """Say how many of a damaged file's rows can be read."""
    try:
        file = pq.ParquetFile(path, page_checksum_verification=True)
    except _DAMAGE:
        return "no row (the end of the file, which says where they are, is cut or overwritten)"
    n_groups = n_rows = 0
    with file:
        for group in range(file.num_row_groups):
            try:
                n_rows += file.read_row_group(group).num_rows
                n_groups += 1
            except _DAMAGE:
                continue
        n_all = file.metadata.num_rows
        return f"{n_rows:,} of {n_all:,} rows ({n_groups} of {file.num_row_groups} row groups)"


def stream(
    folder: Path, names: Sequence[str], columns: Sequence[str] | None = None
) -> Iterator[tuple[str, pa.Table]]:
    """Yield the rows of some tables of a run, a bounded number at a time.

    Parameters
    ----------
    folder
        Of the run.
    names
        Some of `TRIAL_TABLES`.
    columns
        Of every table named; None: all.

    Yields
    ------
    name, table
        A chunk of a table, in the present schema.

    Raises
    ------
    ResultsError
        A file is damaged or newer than this bench.
    """
    # The journals are opened before the tables: should they be absorbed and removed meanwhile, they
    # are skipped or still at hand, and no row is missed or read twice.
    with ExitStack() as stack:
        journals = _open_journals(folder, stack)
        newest = _newest_attempts(journals)
        attempts: dict[str, list[str]] = {}
        marks = dict.fromkeys(names, 0)
        for name in names:
            file = open_table(folder, name)
            if file is None:
                continue
            with file:
                marks[name] = mark = _mark(file)
                if name == "trials" and not table_path(folder, "scores").exists():
                    continue  # moved away, being damaged: trials without it are not finished
                replaced = pa.array([key for key, at in newest.items() if at[0] > mark], _TEXT)
                needs_key = len(replaced) > 0
                for table in _row_groups(folder, name, file, columns, needs_key=needs_key):
                    yield name, _pick(_without(table, name, replaced, attempts), columns)
        for journal in journals:
            behind = [name for name in names if marks[name] < journal.number]
            if behind:
                for name, table in _journal_chunks(journal, behind, newest, attempts):
                    yield name, _pick(table, columns)


class _OpenJournal(NamedTuple):
    number: int
    path: Path
    file: pa.NativeFile

    def batches(self, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        return read_journal(self.path, names, file=self.file)


def _open_journals(folder: Path, stack: ExitStack) -> list[_OpenJournal]:
    journals = []
    for number, path in journal_files(folder):
        # Absorbed since it was listed, or cut before its first byte.
        with suppress(*_DAMAGE):
            file = stack.enter_context(pa.memory_map(str(path)))
            journals.append(_OpenJournal(number, path, file))
    return journals


def _mark(file: pq.ParquetFile) -> int:
    return int(file.schema_arrow.metadata.get(_ABSORBED, b"0"))


def _pick(table: pa.Table, columns: Sequence[str] | None) -> pa.Table:
    return table if columns is None else table.select(list(columns))


def _row_groups(
    folder: Path,
    name: str,
    file: pq.ParquetFile,
    columns: Sequence[str] | None,
    *,
    needs_key: bool,
) -> Iterator[pa.Table]:
    path = table_path(folder, name)
    version = version_of(file.schema_arrow.metadata, path)
    wanted: list[str] | None = None
    if columns is not None and version == SCHEMA_VERSION:
        key = _ATTEMPT_COLUMNS if name == "trials" else ("trial_id",)
        wanted = list(dict.fromkeys([*columns, *(key if needs_key else ())]))
    for group in range(file.num_row_groups):
        try:
            table = file.read_row_group(group, columns=wanted)
        except _DAMAGE as error:
            raise damaged(folder, name, error) from error
        yield conform(name, table, version, path)


def _newest_attempts(journals: Sequence[_OpenJournal]) -> dict[str, tuple[int, int]]:
    """Return, by trial, the journal and the batch that hold its newest attempt."""
    newest = {}
    for journal in journals:
        for position, batch in enumerate(journal.batches([])):
            if batch["is_trial"][0].as_py():
                newest[batch["trial_id"][0].as_py()] = (journal.number, position)
    return newest


def _journal_chunks(
    journal: _OpenJournal,
    names: Sequence[str],
    newest: Mapping[str, tuple[int, int]],
    attempts: dict[str, list[str]],
) -> Iterator[tuple[str, pa.Table]]:
    chunk: list[pa.RecordBatch] = []
    start = 0
    for position, batch in enumerate(journal.batches(names)):
        at = (journal.number, position)
        if at < newest.get(batch["trial_id"][0].as_py(), at):
            if "trials" in names:
                _note(explode([batch], ["trials"], journal.path)["trials"], attempts)
            continue
        chunk.append(batch)
        end = journal.file.tell()
        if len(chunk) >= _CHUNK_BATCHES or end - start >= _CHUNK_BYTES:
            yield from _exploded(chunk, names, journal.path, attempts)
            chunk, start = [], end
    if chunk:
        yield from _exploded(chunk, names, journal.path, attempts)


def _exploded(
    chunk: Sequence[pa.RecordBatch],
    names: Sequence[str],
    path: Path,
    attempts: Mapping[str, list[str]],
) -> Iterator[tuple[str, pa.Table]]:
    for name, table in explode(chunk, names, path).items():
        yield name, _mention(table, attempts) if name == "trials" else table


def _without(
    table: pa.Table, name: str, replaced: pa.Array, attempts: dict[str, list[str]]
) -> pa.Table:
    """Drop the rows of attempts that a journal replaces; of trials, note how they had ended."""
    if len(replaced) == 0:
        return table
    is_old = pc.is_in(table["trial_id"], value_set=replaced)
    if name == "trials":
        _note(table.filter(is_old), attempts)
    return table.filter(pc.invert(is_old))


def _note(old: pa.Table, attempts: dict[str, list[str]]) -> None:
    for row in old.select(list(_ATTEMPT_COLUMNS)).to_pylist():
        own, *earlier = (row["reason"] or "").split(_ATTEMPT)
        told = attempts.setdefault(row["trial_id"], [])
        told += [text.removesuffix("; ") for text in earlier]
        if row["status"] != "ok":
            told.append(_ending(row, own.removesuffix("; ")))


def _ending(row: Mapping[str, Any], reason: str) -> str:
    """Return a status with what makes it understood later: its limit, or else its reason."""
    detail = reason
    if row["status"] == "timeout" and row["limit_seconds"] is not None:
        detail = f"limit {row['limit_seconds']:g} s"
    elif row["status"] == "out_of_memory" and row["limit_bytes"] is not None:
        detail = f"limit {row['limit_bytes'] / 2**20:,.0f} MiB"
    short = detail if len(detail) <= 200 else f"{detail[:199]}…"
    return f"{row['status']} ({short})" if short else str(row["status"])


def _mention(trials: pa.Table, attempts: Mapping[str, list[str]]) -> pa.Table:
    if not attempts:
        return trials
    reasons = trials["reason"].to_pylist()
    for i, trial_id in enumerate(trials["trial_id"].to_pylist()):
        if told := attempts.get(trial_id):
            parts = [reasons[i]] if reasons[i] else []
            reasons[i] = "; ".join(parts + [_ATTEMPT + text for text in told])
    return trials.set_column(
        trials.column_names.index("reason"), "reason", pa.array(reasons, _TEXT)
    )


class _Writer:
    """Writes one table beside its file, in row groups that fit in memory, and then replaces it."""

    def __init__(self, folder: Path, name: str, mark: int) -> None:
        self.path = table_path(folder, name)
        self.partial = folder / f".{name}.parquet.partial"
        self._file = pq.ParquetWriter(
            self.partial,
            stamp(SCHEMAS[name], absorbed=str(mark)),
            compression="zstd",
            write_page_checksum=True,
        )
        self._waiting: list[pa.Table] = []

    def write(self, table: pa.Table) -> None:
        self._waiting.append(table)
        n_rows = sum(table.num_rows for table in self._waiting)
        n_bytes = sum(table.nbytes for table in self._waiting)
        if n_rows >= _GROUP_ROWS or n_bytes >= _CHUNK_BYTES:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._file.close()
        descriptor = os.open(self.partial, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def abandon(self) -> None:
        self._waiting.clear()
        self._file.close()
        self.partial.unlink(missing_ok=True)

    def replace(self) -> None:
        os.replace(self.partial, self.path)

    def _flush(self) -> None:
        if self._waiting:
            table = pa.concat_tables(self._waiting)
            self._file.write_table(table)
            self._waiting.clear()


def write_table(folder: Path, name: str, table: pa.Table) -> None:
    """Replace one table of a run: after a crash either the old file is there or the new one."""
    writer = _Writer(folder, name, 0)
    writer.write(table)
    writer.close()
    writer.replace()
    sync_folder(folder)


def consolidate(folder: Path) -> None:
    """Move what the journals of a run hold into its Parquet files.

    Whatever moment it is killed at, nothing is lost and nothing counted twice; called again, it
    goes on. Memory is bounded, whatever the number of trials. The caller holds the run's lock, and
    no journal of it is open.

    Parameters
    ----------
    folder
        Of the run.

    Raises
    ------
    ResultsError
        A table is damaged, or the disk is full; the journals stay as they are.
    """
    journals = journal_files(folder)
    if any(True for _, path in journals for _ in read_journal(path, [])):
        mark = journals[-1][0]
        behind = [name for name in TRIAL_TABLES if absorbed(folder, name) < mark]
        try:
            _rewrite(folder, behind, mark)
        except OSError as error:
            raise ResultsError(
                f"The tables in {folder} cannot be written: {error}. The journals beside them are "
                "complete: once there is room, the same command goes on."
            ) from error
        sync_folder(folder)
    for _, path in journals:
        path.unlink(missing_ok=True)


def _rewrite(folder: Path, names: Sequence[str], mark: int) -> None:
    writers = {name: _Writer(folder, name, mark) for name in names}
    try:
        for name, table in stream(folder, names):
            writers[name].write(table)
        for writer in writers.values():
            writer.close()
    except BaseException:
        for writer in writers.values():
            writer.abandon()
        raise
    for writer in writers.values():
        writer.replace()
