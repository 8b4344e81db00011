"""The tables of one run as one stream: its parts, then the journals not yet in them.

The newest attempt at a trial wins, in every table; how the earlier ones failed stays in its reason.
Whatever is read comes through here; what cannot be read is told, and the rest is read.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from bench.results import manifest as manifests
from bench.results.journal import Reading, explode
from bench.results.layout import Layout, journal_files, read_layout
from bench.results.parts import REMEDY, OpenPart, Tell
from bench.spec.errors import ResultsWarning

_CHUNK_BATCHES = 1_000
_CHUNK_BYTES = 32 << 20

_ATTEMPT = "earlier attempt: "
_ATTEMPT_COLUMNS = ("trial_id", "status", "reason", "limit_seconds", "limit_bytes")

_TEXT = pa.string()


def warn(text: str) -> None:
    """Tell whoever reads results of damage."""
    warnings.warn(text, ResultsWarning, stacklevel=2)


@dataclass(frozen=True)
class Snapshot:
    """The files of a run at one moment, open: whatever happens to their names, they are read."""

    layout: Layout
    parts: Mapping[str, tuple[OpenPart, ...]]
    journals: tuple[Reading, ...]

    @cached_property
    def newest(self) -> Mapping[str, tuple[int, int]]:
        """By trial: the journal and the batch that hold its newest attempt."""
        newest = {}
        for journal in self.journals:
            for position, (batch, _) in enumerate(journal.batches([])):
                if batch["is_trial"][0].as_py():
                    newest[batch["trial_id"][0].as_py()] = (journal.number, position)
        return newest


def take_snapshot(
    folder: Path, names: Sequence[str], stack: ExitStack, tell: Tell = warn
) -> Snapshot:
    """Open what the rows of some tables are in; closed with the stack.

    Raises
    ------
    ResultsError
        Something is of a newer bench, is nothing of bench's, or may not be read.
    """
    while True:
        # The journals before the manifest: one that is absorbed meanwhile is skipped or at hand,
        # and no row is missed or read twice.
        files = stack.enter_context(ExitStack())
        journals = []
        for number, path in journal_files(folder):
            with suppress(OSError):  # absorbed since it was listed
                journal = Reading(number, path)
                files.callback(journal.close)
                journals.append(journal)
        told: list[str] = []
        state = _state(folder)
        layout = read_layout(folder, told.append)
        parts: dict[str, tuple[OpenPart, ...]] = {}
        for name in names:
            found = []
            for part in layout.parts.get(name, ()):
                try:
                    found.append(files.enter_context(OpenPart(part)))
                except FileNotFoundError:
                    told.append(f"{part.path} is missing, and the rows in it. {REMEDY}.")
            parts[name] = tuple(found)
        if _state(folder) != state:
            files.close()  # the run was written to meanwhile: what is there now is whole
            continue
        told += [
            f"{part.path} is damaged: none of its rows can be read. {REMEDY}."
            for part in layout.unreadable
            if part.table in names
        ]
        for text in told:
            tell(text)
        first = min(layout.absorbed[name] for name in names)
        unread = tuple(journal for journal in journals if journal.number > first)
        return Snapshot(layout, parts, unread)


def _state(folder: Path) -> tuple[int, ...]:
    """Return what is another thing once the manifest was replaced."""
    try:
        found = os.stat(folder / manifests.NAME)
    except FileNotFoundError:
        return ()
    return found.st_ino, found.st_mtime_ns, found.st_size


def stream(
    folder: Path,
    names: Sequence[str],
    columns: Sequence[str] | None = None,
    *,
    finished: bool = False,
    tell: Tell = warn,
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
    finished
        Leave out trials of which something was lost.
    tell
        Told of what is damaged; a warning where not given.

    Yields
    ------
    name, table
        A chunk of a table, in the present schema.

    Raises
    ------
    ResultsError
        A file is of a newer bench, is nothing of bench's, or may not be read.
    """
    with ExitStack() as stack:
        snapshot = take_snapshot(folder, names, stack, tell)
        yield from read(snapshot, names, columns, finished=finished, tell=tell)


def read(
    snapshot: Snapshot,
    names: Sequence[str],
    columns: Sequence[str] | None = None,
    *,
    finished: bool = False,
    with_parts: bool = True,
    tell: Tell = warn,
) -> Iterator[tuple[str, pa.Table]]:
    """Yield what `stream` does, of files that are open; of the journals alone if so asked."""
    marks = snapshot.layout.absorbed
    newest = snapshot.newest
    for journal in snapshot.journals:
        if journal.fault:
            tell(journal.fault)
    attempts: dict[str, list[str]] = {}
    for name in names if with_parts else ():
        if name == "trials" and _has_lost_its_scores(snapshot.layout):
            continue
        gone = [key for key, at in newest.items() if at[0] > marks[name]]
        lost = [*gone, *snapshot.layout.lost] if finished else gone
        replaced = pa.array(lost, _TEXT)
        wanted = None if columns is None else list(columns)
        if wanted is not None and lost:
            key = _ATTEMPT_COLUMNS if name == "trials" else ("trial_id",)
            wanted = list(dict.fromkeys([*wanted, *key]))
        for part in snapshot.parts.get(name, ()):
            for table in part.groups(wanted, tell):
                yield name, _pick(_without(table, name, replaced, attempts), columns)
    for journal in snapshot.journals:
        behind = [name for name in names if marks[name] < journal.number]
        if behind:
            for name, table in _journal_chunks(journal, behind, newest, attempts):
                yield name, _pick(table, columns)


def _has_lost_its_scores(layout: Layout) -> bool:
    """Whether somebody moved the scores of an older run away: its trials are not finished then."""
    trials, scores = layout.parts.get("trials", ()), layout.parts.get("scores", ())
    is_older = layout.manifest is None and any(part.number == 0 for part in trials)
    return is_older and not scores


def _pick(table: pa.Table, columns: Sequence[str] | None) -> pa.Table:
    return table if columns is None else table.select(list(columns))


def _journal_chunks(
    journal: Reading,
    names: Sequence[str],
    newest: Mapping[str, tuple[int, int]],
    attempts: dict[str, list[str]],
) -> Iterator[tuple[str, pa.Table]]:
    chunk: list[pa.RecordBatch] = []
    n_bytes = 0
    for position, (batch, size) in enumerate(journal.batches(names)):
        at = (journal.number, position)
        if at < newest.get(batch["trial_id"][0].as_py(), at):
            if "trials" in names:
                _note(explode([batch], ["trials"], journal.path)["trials"], attempts)
            continue
        chunk.append(batch)
        n_bytes += size
        if len(chunk) >= _CHUNK_BATCHES or n_bytes >= _CHUNK_BYTES:
            yield from _exploded(chunk, names, journal.path, attempts)
            chunk, n_bytes = [], 0
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
