"""What a run writes while it lives: one file a session, in it one Arrow record batch a trial.

Each batch holds all of an outcome, the rows of every table nested in it, in a frame with its length
and a checksum, and is on disk before the call that wrote it returns. A batch that cannot be read is
skipped; a file cut anywhere gives back every whole batch before the cut.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, fields
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import pyarrow as pa
import pyarrow.compute as pc

from bench.results.durable import sync_folder
from bench.results.frames import Frame, Gap, encode, has_frames, scan
from bench.results.layout import next_journal
from bench.results.parts import REMEDY
from bench.results.schema import (
    SCHEMA_VERSION,
    SCHEMAS,
    TRIAL_TABLES,
    check_version,
    conform,
    stamp,
    version_of,
)
from bench.spec.errors import ResultsError, UnwritableError
from bench.spec.outcome import CurvePoint, Measure, Outcome, Score, Trial

if TYPE_CHECKING:
    from bench.spec.outcome import Predictions

KEY = ("run_id", "trial_id")

_PLAIN = b"\xff\xff\xff\xff"  # how an Arrow stream begins
_CHUNK_BATCHES = 1_000
_CHUNK_BYTES = 32 << 20

_TRIAL_FIELDS = tuple(entry.name for entry in fields(Trial))


def _row_type(name: str) -> pa.StructType:
    return pa.struct([field for field in SCHEMAS[name] if field.name not in KEY])


JOURNAL_SCHEMA = stamp(
    pa.schema(
        [*((key, pa.string()) for key in KEY), ("is_trial", pa.bool_())]
        + [(name, pa.list_(_row_type(name))) for name in TRIAL_TABLES]
    )
)
"""A batch has one row: a whole trial, or (`is_trial` false) measures to add to what is there."""


def _encodable(value: Any) -> Any:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _nested(name: str, rows: list[dict[str, Any]]) -> pa.ListArray:
    kind = JOURNAL_SCHEMA.field(name).type
    try:
        return pa.array([rows], kind)
    except UnicodeEncodeError:  # half of a surrogate pair, from a plugin's message
        clean = [{key: _encodable(value) for key, value in row.items()} for row in rows]
        return pa.array([clean], kind)


def _real(value: float | None) -> float | None:
    return None if value is None else float(value)


def _score_row(score: Score) -> dict[str, Any]:
    return {**score._asdict(), "value": _real(score.value)}


def _value_rows(rows: Iterable[CurvePoint | Measure]) -> list[dict[str, Any]]:
    return [{**row._asdict(), "value": float(row.value)} for row in rows]


def _predictions(outcome: Outcome) -> pa.ListArray:

    if outcome.predicted_rows is None or outcome.predictions is None:
        return _nested("predictions", [])
    numbers, texts = _answers(outcome.predictions)
    n = len(outcome.predicted_rows)
    if len(numbers) != n:
        raise ValueError(f"there are {len(numbers)} predictions for {n} rows")
    kind = JOURNAL_SCHEMA.field("predictions").type.value_type
    rows = pa.StructArray.from_arrays(
        [pa.array(outcome.predicted_rows, pa.int64()), numbers, texts],
        fields=[kind.field(i) for i in range(kind.num_fields)],
    )
    return pa.ListArray.from_arrays(pa.array([0, n], pa.int32()), rows)


def _answers(predictions: Predictions) -> tuple[pa.Array, pa.Array]:
    """Return the columns `output` and `text`; one of them is null."""
    import numpy as np

    n = len(predictions)
    no_numbers, no_texts = pa.nulls(n, pa.list_(pa.float64())), pa.nulls(n, pa.string())
    if not isinstance(predictions, np.ndarray):
        if n and all(isinstance(value, str) for value in predictions):
            return no_numbers, pa.array([_encodable(text) for text in predictions], pa.string())
        arrays = [np.asarray(value, dtype=np.float64) for value in predictions]
        if any(array.ndim != 1 for array in arrays):
            raise ValueError("ragged predictions are one array of numbers (k,) each")
        ends = np.cumsum([0, *map(len, arrays)], dtype=np.int32)
        flat = np.concatenate(arrays) if arrays else np.empty(0)
        return pa.ListArray.from_arrays(pa.array(ends), pa.array(flat)), no_texts
    values = np.ascontiguousarray(predictions, dtype=np.float64)
    if values.ndim != 2:
        raise ValueError(f"predictions have shape {values.shape}; (n, k) is needed")
    starts = pa.array(np.arange(n + 1, dtype=np.int32) * np.int32(values.shape[1]))
    return pa.ListArray.from_arrays(starts, pa.array(values.ravel())), no_texts


class Journal:
    """The journal of one session of a run; the caller holds the run's lock.

    Examples
    --------
    >>> with Journal.open(folder, info.run_id, environment_id) as journal:  # doctest: +SKIP
    ...     journal.append(trial, outcome)
    """

    def __init__(self, path: Path, descriptor: int, run_id: str, environment_id: str) -> None:
        self.path = path
        self._descriptor = descriptor
        self._run_id = run_id
        self._environment_id = environment_id
        self._end = 0
        self._n_batches = 0

    @classmethod
    def open(cls, folder: Path, run_id: str, environment_id: str = "") -> Self:
        """Start a new journal in the folder of a run.

        Parameters
        ----------
        folder
            Of the run.
        run_id, environment_id
            Written into every row.

        Raises
        ------
        UnwritableError
            The folder cannot be written.
        """
        path = folder / f"journal-{next_journal(folder)}.arrow"
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
        except OSError as error:
            raise UnwritableError(f"{path} cannot be written: {error.strerror}.") from error
        journal = cls(path, descriptor, run_id, environment_id)
        try:
            journal._write(JOURNAL_SCHEMA.serialize())
            sync_folder(folder)
        except BaseException:
            journal.close()
            raise
        return journal

    def append(self, trial: Trial, outcome: Outcome, environment_id: str | None = None) -> None:
        """Write one trial and all that it gave; on disk when this returns, whole or not at all.

        Parameters
        ----------
        trial
            What was to be measured.
        outcome
            How it ended, for the same `trial_id`.
        environment_id
            Of the machine that it ran on; the journal's own where not given.

        Raises
        ------
        ResultsError
            A value does not fit its column; nothing of it is written.
        UnwritableError
            The disk is full, or fails; nothing of it is written.
        """
        if outcome.trial_id != trial.trial_id:
            raise ResultsError(
                f"The outcome of trial {outcome.trial_id!r} was given for trial "
                f"{trial.trial_id!r}; nothing is written."
            )
        row = {
            **{name: getattr(trial, name) for name in _TRIAL_FIELDS},
            **asdict(outcome.facts),
            "environment_id": environment_id or self._environment_id,
            "status": outcome.status,
            "reason": outcome.reason,
        }
        logs = [{"output": outcome.output, "traceback": outcome.traceback}]
        try:
            columns = {
                "trials": _nested("trials", [row]),
                "scores": _nested("scores", [_score_row(score) for score in outcome.scores]),
                "predictions": _predictions(outcome),
                "curves": _nested("curves", _value_rows(outcome.curves)),
                "measures": _nested("measures", _value_rows(outcome.measures)),
                "logs": _nested("logs", logs if outcome.output or outcome.traceback else []),
            }
        except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
            raise ResultsError(
                f"Trial {trial.trial_id[:12]} ({trial.model} on {trial.dataset}) cannot be "
                f"written to {self.path}: {error}"
            ) from error
        self._append(trial.trial_id, columns, is_trial=True)

    def append_measures(self, trial_id: str, measures: Iterable[Measure]) -> None:
        """Write measures that no new trial made: those of the machine, or of a trial run again.

        Parameters
        ----------
        trial_id
            The trial that they are about; empty: the run.
        measures
            Rows of the table of measures, added to those that are there.

        Raises
        ------
        ResultsError
            As for `append`.
        """
        try:
            columns = {"measures": _nested("measures", _value_rows(measures))}
        except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
            raise ResultsError(f"Measures cannot be written to {self.path}: {error}") from error
        self._append(trial_id, columns, is_trial=False)

    def close(self) -> None:
        """Close the file; an empty one is removed. What was appended is on disk already."""
        if self._descriptor < 0:
            return
        os.close(self._descriptor)
        self._descriptor = -1
        if self._n_batches == 0:
            self.path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _append(
        self, trial_id: str, columns: Mapping[str, pa.ListArray], *, is_trial: bool
    ) -> None:
        arrays = [pa.array([self._run_id]), pa.array([trial_id]), pa.array([is_trial])]
        arrays += [columns[name] if name in columns else _nested(name, []) for name in TRIAL_TABLES]
        self._write(pa.RecordBatch.from_arrays(arrays, schema=JOURNAL_SCHEMA).serialize())
        self._n_batches += 1

    def _write(self, message: pa.Buffer) -> None:
        frame = encode(memoryview(message), SCHEMA_VERSION)
        left = memoryview(frame)
        try:
            while left:
                left = left[os.write(self._descriptor, left) :]
            os.fsync(self._descriptor)
        except OSError as error:
            with suppress(OSError):  # else the rest of it is seen for what it is when it is read
                os.ftruncate(self._descriptor, self._end)
            raise UnwritableError(
                f"{self.path} cannot be written: {error.strerror}. Finished trials are kept: "
                "once there is room, the same command goes on."
            ) from error
        self._end += len(frame)


class Reading:
    """A journal that is open for reading, as it was when it was opened.

    Parameters
    ----------
    number, path
        Of the journal.

    Raises
    ------
    OSError
        It is gone, or cannot be read.
    """

    def __init__(self, number: int, path: Path) -> None:
        self.number = number
        self.path = path
        self.fault = ""
        """What is wrong with it, known once all of it was read; a cut last batch is ordinary."""
        self._descriptor = os.open(path, os.O_RDONLY)
        self._size = os.fstat(self._descriptor).st_size

    def close(self) -> None:
        """Close it."""
        os.close(self._descriptor)

    def batches(self, tables: Iterable[str] = TRIAL_TABLES) -> Iterator[Batch]:
        """Yield every intact batch, the oldest first.

        Parameters
        ----------
        tables
            Which of the nested tables to read, beside the key and `is_trial`.

        Raises
        ------
        ResultsError
            A newer bench wrote it.
        """
        wanted = {*KEY, "is_trial", *tables}
        start = os.pread(self._descriptor, 4, 0)
        if start == _PLAIN and not has_frames(self._descriptor, self._size):
            yield from self._plain(wanted)
        else:
            yield from self._framed(wanted)

    def _framed(self, wanted: set[str]) -> Iterator[Batch]:
        schema: pa.Schema | None = None
        gaps: list[Gap] = []
        waiting: list[Frame] = []
        n_bytes = n_intact = 0
        for piece in scan(self._descriptor, self._size):
            if isinstance(piece, Gap):
                gaps.append(piece)
                continue
            check_version(piece.version, self.path)
            if piece.start == 0:
                schema = pa.ipc.read_schema(pa.BufferReader(piece.message))
                continue
            if schema is None and piece.version == SCHEMA_VERSION:
                schema = JOURNAL_SCHEMA  # its own cannot be read, and is this one
            if schema is None:
                gaps.append(Gap(piece.start, piece.start + len(piece.message), is_cut=False))
                continue
            waiting.append(piece)
            n_bytes += len(piece.message)
            n_intact += 1
            if len(waiting) >= _CHUNK_BATCHES or n_bytes >= _CHUNK_BYTES:
                yield from _decode(schema, waiting, wanted)
                waiting, n_bytes = [], 0
        if schema is not None:
            yield from _decode(schema, waiting, wanted)
        damaged = [gap for gap in gaps if not gap.is_cut]
        if damaged:
            where = ", ".join(f"{gap.start:,} to {gap.end:,}" for gap in damaged[:5])
            where += ", ..." if len(damaged) > 5 else ""
            self.fault = (
                f"{self.path} is damaged: nothing can be read from its bytes {where}; the other "
                f"{n_intact:,} batches are intact. {REMEDY}."
            )

    def _plain(self, wanted: set[str]) -> Iterator[Batch]:
        """Read a journal of before there were frames: an Arrow stream, of no use after a fault."""
        n_intact = 0
        with pa.OSFile(str(self.path)) as file:
            try:
                schema = pa.ipc.read_schema(file)
                version_of(schema.metadata, self.path)
                file.seek(0)
                included = [i for i, name in enumerate(schema.names) if name in wanted]
                options = pa.ipc.IpcReadOptions(included_fields=included)
                reader = pa.ipc.open_stream(file, options=options)
                end = file.tell()
                while True:
                    batch = reader.read_next_batch()
                    batch.validate(full=True)
                    start, end = end, file.tell()
                    n_intact += 1
                    yield Batch(batch, end - start)
            except StopIteration:
                return
            except (pa.ArrowException, OSError, EOFError):
                self.fault = (
                    f"{self.path} is damaged or cut: {n_intact:,} batches can be read of its "
                    f"{self._size:,} bytes. {REMEDY}."
                )


class Batch(NamedTuple):
    """One row of a journal, and how many bytes it takes there."""

    rows: pa.RecordBatch
    n_bytes: int


def _decode(schema: pa.Schema, frames: Sequence[Frame], wanted: set[str]) -> Iterator[Batch]:
    if not frames:
        return
    stream = pa.BufferReader(
        b"".join([schema.serialize().to_pybytes(), *(frame.message for frame in frames)])
    )
    included = [i for i, name in enumerate(schema.names) if name in wanted]
    options = pa.ipc.IpcReadOptions(included_fields=included)
    reader = pa.ipc.open_stream(stream, options=options)
    for frame in frames:
        yield Batch(reader.read_next_batch(), len(frame.message))


def explode(
    batches: Sequence[pa.RecordBatch], names: Iterable[str], path: Path
) -> dict[str, pa.Table]:
    """Return the tables, by name, that some batches of one journal hold, upgraded.

    Parameters
    ----------
    batches
        At least one, from `read_journal`.
    names
        Tables wanted.
    path
        Of the journal.
    """
    rows = pa.Table.from_batches(batches).combine_chunks()
    version = version_of(rows.schema.metadata, path)
    tables = {}
    for name in names:
        lists = rows[name].chunk(0)
        parents = pc.list_parent_indices(lists)
        columns = {key: rows[key].take(parents) for key in KEY}
        nested = lists.flatten()
        columns.update(zip((field.name for field in nested.type), nested.flatten(), strict=True))
        tables[name] = conform(name, pa.table(columns), version, path)
    return tables
