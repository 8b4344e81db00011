"""From the journals of a run into its tables: what is new becomes a part, and nothing is rewritten.

The manifest is replaced when the new parts are on disk, and only then are the journals removed:
whatever moment it is killed at, nothing is lost and nothing counted twice, and called again it goes
on. Parts are written anew as one where a trial was measured again, where they are of an older
version, or where they have become many.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from bench.results import manifest as manifests
from bench.results.durable import give_name, partial_of, remove, set_aside, sync_folder
from bench.results.journal import Reading
from bench.results.layout import journal_files, settle
from bench.results.manifest import Entry, Manifest
from bench.results.mending import clear, mend
from bench.results.parts import Part, PartWriter, nobody, parse_name, part_name, seal_part
from bench.results.schema import SCHEMA_VERSION, TRIAL_TABLES
from bench.results.tables import Snapshot, read, take_snapshot
from bench.results.whose import Whose
from bench.spec.errors import UnwritableError

MANY_PARTS = 16
"""Of one table; more are written anew as one."""


def consolidate(folder: Path, *, verify: bool = False) -> list[str]:
    """Move what the journals of a run hold into its tables; return what was found damaged.

    Memory is bounded, whatever the number of trials. The caller holds the run's lock, and no
    journal of it is open. A journal of which anything but a cut end cannot be read is set aside,
    never removed.

    Parameters
    ----------
    folder
        Of the run.
    verify
        Whether to read every file first, and to mend what is damaged.

    Raises
    ------
    UnwritableError
        The disk is full; the journals stay as they are.
    ResultsError
        A newer bench wrote to the run.
    """
    problems: list[str] = []
    try:
        if verify:
            problems += mend(folder)
        if journal_files(folder):
            settle(folder, problems.append)
            _consolidate(folder, problems)
    except OSError as error:
        raise UnwritableError(
            f"The tables in {folder} cannot be written: {error}. The journals beside them are "
            "complete: once there is room, the same command goes on."
        ) from error
    return list(dict.fromkeys(problems))


def _consolidate(folder: Path, problems: list[str]) -> None:
    clear(folder)
    journals = [path for _, path in journal_files(folder)]
    with ExitStack() as stack:
        snapshot = take_snapshot(folder, TRIAL_TABLES, stack, problems.append)
        has_rows = any(True for journal in snapshot.journals for _ in journal.batches([]))
        problems += [journal.fault for journal in snapshot.journals if journal.fault]
        is_anew = has_rows and _is_anew(snapshot)
    if is_anew:
        problems += mend(folder)  # what is written anew was read, to the last byte
    if has_rows:
        _give_numbers(folder)
        with ExitStack() as stack:
            snapshot = take_snapshot(folder, TRIAL_TABLES, stack, problems.append)
            _absorb(folder, snapshot, is_anew, problems)
    clear(folder)
    for journal in journals:
        if _is_sound(journal):
            remove([journal])
        else:
            set_aside(journal)


def _is_sound(path: Path) -> bool:
    """Whether nothing of a journal is lost when it is removed: all but a cut end was read."""
    try:
        reading = Reading(0, path)
    except FileNotFoundError:
        return True
    try:
        for _ in reading.batches([]):
            pass
        return not reading.fault
    finally:
        reading.close()


def _is_anew(snapshot: Snapshot) -> bool:
    """Whether the parts are to be written anew, as one, together with what is new."""
    manifest = snapshot.layout.manifest
    newest = snapshot.newest
    if manifest is not None and manifest.untidy and newest:
        return True
    for parts in snapshot.parts.values():
        if len(parts) >= MANY_PARTS:
            return True
        if any(part.is_readable and part.version < SCHEMA_VERSION for part in parts):
            return True
    new = pa.array(list(newest), pa.string())
    return any(
        pc.any(pc.is_in(table["trial_id"], value_set=new)).as_py()
        for part in snapshot.parts["trials"]
        for table in part.groups(["trial_id"], nobody)
    )


def _give_numbers(folder: Path) -> None:
    """Give what was all there is of a table a number: it is to be one of several, or rewritten."""
    manifest, _ = manifests.read(folder)
    assert manifest is not None
    files = dict(manifest.files)
    only = [
        name for name, entry in files.items() if entry.seal and (parse_name(name) or "x")[1] == 0
    ]
    if not only:
        return
    for name in only:
        other = part_name(name.partition(".")[0], manifest.next)
        give_name(folder / name, partial_of(folder / other))
        files[other] = files.pop(name)
    sync_folder(folder)
    changed = replace(manifest, files=files, next=manifest.next + 1, obsolete=tuple(only))
    manifests.write(folder, changed)
    clear(folder)


def _absorb(folder: Path, snapshot: Snapshot, is_anew: bool, problems: list[str]) -> None:
    """Write parts of what the journals hold, and the manifest that makes them count."""
    manifest = snapshot.layout.manifest
    assert manifest is not None
    last = snapshot.journals[-1].number
    absorbed = snapshot.layout.absorbed
    commit = manifest.next
    names = [name for name in TRIAL_TABLES if is_anew or absorbed[name] < last]
    wanted = {}
    for name in names:
        is_only = is_anew or not snapshot.layout.parts.get(name)
        number = 0 if is_only else commit
        path = folder / part_name(name, number)
        first = 1 if is_only else absorbed[name] + 1
        wanted[name] = Part(path=path, table=name, number=number, first=first, last=last)
    entries, has_orphans = _write(snapshot, wanted, is_anew, commit, problems)
    old = [part.path.name for name in names for part in snapshot.layout.parts.get(name, ())]
    gone = old if is_anew else []
    files = {name: entry for name, entry in manifest.files.items() if name not in gone} | entries
    obsolete = [name for name in (*manifest.obsolete, *gone) if name not in files]
    newest = snapshot.newest
    changed = Manifest(
        files=files,
        absorbed={name: max(last, absorbed[name]) for name in TRIAL_TABLES},
        next=commit + 1,
        obsolete=tuple(obsolete),
        lost={key: at for key, at in manifest.lost.items() if key not in newest},
        untidy=has_orphans if is_anew else manifest.untidy,
    )
    manifests.write(folder, changed)


def _write(
    snapshot: Snapshot, wanted: dict[str, Part], is_anew: bool, commit: int, problems: list[str]
) -> tuple[dict[str, Entry], bool]:
    """Write a part of each table that has rows; return their entries, and whether trials lack."""
    writers: dict[str, PartWriter] = {}
    whose = Whose()
    rows = read(snapshot, list(wanted), with_parts=is_anew, tell=problems.append)
    try:
        for name, table in rows:
            if table.num_rows:
                if name not in writers:
                    writers[name] = PartWriter(wanted[name])
                writers[name].write(table)
                whose.note(name, table)
        for writer in writers.values():
            writer.close()
    except BaseException:
        for writer in writers.values():
            writer.abandon()
        raise
    folder = next(iter(wanted.values())).path.parent
    sync_folder(folder)
    entries = {
        wanted[name].path.name: seal_part(wanted[name], commit, whose.bits(name))
        for name in writers
    }
    return entries, whose.has_orphans()
