"""What is damaged in the folder of a run is set aside, and what is intact of it kept.

Every file is read whole and compared with its entry in the manifest. Of a part the row groups whose
bytes are those that were sealed are written to a new one; trials that lost rows, in whatever table,
are noted in the manifest, to be measured again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from bench.results import manifest as manifests
from bench.results.durable import (
    PARTIAL,
    aside_of,
    give_name,
    remove,
    reveal,
    set_aside,
    sync_folder,
    write_file,
)
from bench.results.layout import by_manifest, settle
from bench.results.manifest import Entry, Manifest, digest
from bench.results.parts import (
    OpenPart,
    Part,
    PartWriter,
    is_as_sealed,
    nobody,
    parse_name,
    part_name,
    seal_part,
)
from bench.results.whose import flagged, own_ids


def mend(folder: Path) -> list[str]:
    """Mend a run; return what was damaged, and what of it is lost.

    The caller holds the run's lock. Whatever moment it is killed at, called again it goes on.

    Raises
    ------
    OSError
        The disk is full, or fails.
    ResultsError
        A newer bench wrote to the run.
    """
    problems: list[str] = []
    manifest = settle(folder, problems.append)
    clear(folder)
    for name, entry in manifest.files.items():
        if entry.seal is None:
            _restore(folder / name, entry, problems)
    damaged = [
        part
        for parts in by_manifest(folder, manifest).parts.values()
        for part in parts
        if part.is_sealed and not is_as_sealed(part)
    ]
    if damaged:
        manifest = _without_damage(folder, manifest, damaged, problems)
        manifests.write(folder, manifest)
    clear(folder)
    return problems


def clear(folder: Path) -> None:
    """Leave under the names of parts those that count: the others go first, then new ones appear.

    Parts whose rows are in others now are removed; what the manifest does not name is set aside.
    """
    manifest, _ = manifests.read(folder)
    if manifest is None:
        return
    remove(folder / name for name in manifest.obsolete)
    for path in sorted(folder.iterdir()):
        if parse_name(path.name) and path.name not in manifest.files and path.is_file():
            set_aside(path)
    for name, entry in manifest.files.items():
        if entry.seal is not None:
            reveal(folder / name)
    for path in sorted(folder.iterdir()):
        partial = PARTIAL.fullmatch(path.name)
        if partial and (parse_name(partial[1]) or partial[1] in manifest.files):
            remove([path])


def _restore(path: Path, entry: Entry, problems: list[str]) -> None:
    """Write a small file again from its copy, where it is not what was sealed."""
    data: bytes | None = None
    with suppress(FileNotFoundError):
        data = path.read_bytes()
    if entry.copy is None or (data is not None and digest(data) == entry.sha256):
        return
    if data is None:
        problems.append(f"{path} is missing; it is written again from its copy in the manifest.")
    elif digest(data) != entry.before:  # else a session was killed just before it replaced it
        aside = aside_of(path)
        give_name(path, aside)
        sync_folder(path.parent)
        problems.append(
            f"{path} is damaged; it is written again from its copy in the manifest. The damaged "
            f"file is kept as {aside.name}."
        )
    write_file(path, entry.copy)


@dataclass(frozen=True)
class _Found:
    """What of a damaged part is intact, and which trials are known to have lost rows in it."""

    good: list[int]
    n_lost_rows: int
    whole: frozenset[str]
    lost: frozenset[str]
    is_all_known: bool
    what: str


def _without_damage(
    folder: Path, manifest: Manifest, damaged: list[Part], problems: list[str]
) -> Manifest:
    """Return the manifest without damaged parts, with parts of what is intact of them."""
    trials = _trials_by_number(folder, manifest, damaged)
    files, number = dict(manifest.files), manifest.next
    lost = dict(manifest.lost)
    absorbed = max(manifest.absorbed.values(), default=0)
    for part in damaged:
        found = _examine(part)
        del files[part.path.name]
        if found.good:
            path = folder / part_name(part.table, number)
            new = replace(part, path=path, number=number, entry=None)
            files[path.name] = _salvage(part, new, found.good, number)
            number += 1
        losers = set(found.lost)
        if not found.is_all_known:
            losers |= _may_have_lost(part, trials, manifest) - found.whole
        lost |= dict.fromkeys(losers, absorbed)
        text = f"{part.path} is {found.what}"
        if found.n_lost_rows:
            again = f"; trials to be measured again: {len(losers):,}" if losers else ""
            text += f": {found.n_lost_rows:,} rows are lost{again}"
        else:
            text += ": no row is lost"
        if part.path.exists():
            text += f". The damaged file is kept as {aside_of(part.path).name}"
        problems.append(f"{text}.")
    sync_folder(folder)
    return replace(manifest, files=files, next=number, lost=lost, untidy=True)


def _examine(part: Part) -> _Found:
    good: list[int] = []
    whole: set[str] = set()
    lost: set[str] = set()
    n_lost, is_all_known = 0, True
    try:
        with OpenPart(part) as file:
            if not file.is_readable:
                return _Found([], 1, frozenset(), frozenset(), False, "damaged")
            for group in range(file.file.num_row_groups):
                keys = ["trial_id", "probe"] if part.table == "measures" else ["trial_id"]
                table = file.read(group, keys)
                is_good = file.is_intact(group) and file.read(group) is not None
                ids = set() if table is None else set(own_ids(part.table, table).to_pylist())
                if is_good:
                    good.append(group)
                    whole |= ids
                else:
                    n_lost += file.file.metadata.row_group(group).num_rows
                    is_all_known = is_all_known and table is not None
                    lost |= ids
    except FileNotFoundError:
        return _Found([], 1, frozenset(), frozenset(), False, "missing")
    return _Found(good, n_lost, frozenset(whole), frozenset(lost - {""}), is_all_known, "damaged")


def _salvage(part: Part, new: Part, good: list[int], number: int) -> Entry:
    """Write what is intact of a part to a new one."""
    writer = PartWriter(new)
    try:
        with OpenPart(part) as file:
            for group in good:
                table = file.read(group)
                if table is not None:
                    writer.write(table)
        writer.close()
    except BaseException:
        writer.abandon()
        raise
    # What says whose rows are where tells of trials as they were written together.
    commit = number if part.table == "trials" else part.seal.commit
    return seal_part(new, commit, part.seal.trials)


def _trials_by_number(
    folder: Path, manifest: Manifest, damaged: list[Part]
) -> Mapping[Part, list[tuple[str, str]]]:
    """Return identities and statuses, by intact part of the table of trials."""
    return {
        part: list(_identities(part))
        for part in by_manifest(folder, manifest).parts.get("trials", ())
        if part not in damaged
    }


def _identities(part: Part) -> Iterator[tuple[str, str]]:
    with OpenPart(part) as file:
        for table in file.groups(["trial_id", "status"], nobody):
            yield from zip(table["trial_id"].to_pylist(), table["status"].to_pylist(), strict=True)


def _may_have_lost(
    part: Part, trials: Mapping[Part, list[tuple[str, str]]], manifest: Manifest
) -> set[str]:
    """Return the trials that may have had rows in a part of which it cannot be read whose they are.

    Written together with a part of the table of trials, it says which have; else all that were
    scored have scores, and every trial has measures.
    """
    bits = part.seal.trials
    found: set[str] = set()
    for other, rows in trials.items():
        if bits and other.seal.commit == part.seal.commit:
            return set(flagged([key for key, _ in rows], bits))
        if other.first <= part.last and part.first <= other.last:
            if part.table == "scores":
                found |= {key for key, status in rows if status == "ok"}
            elif part.table == "measures":
                found |= {key for key, _ in rows}
    return found
