"""What lies in the folder of a run: by its manifest, or else by what the files themselves say.

A run of before there were manifests has one file a table, ``trials.parquet``: a part like others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.results import manifest as manifests
from bench.results.durable import PARTIAL, aside_of, set_aside
from bench.results.manifest import Entry, Manifest, Seal
from bench.results.parts import DAMAGE, OpenPart, Part, Tell, nobody, parse_name, seal_unknown
from bench.results.schema import TRIAL_TABLES

RUN_FILE, SUITE_FILE = "run.json", "suite.toml"

_JOURNAL = re.compile(r"journal-(\d+)\.arrow")
_NUMBERED = re.compile(r"\.?[a-z]+-(\d+)\.(?:arrow|parquet).*")


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The parts that count, the oldest first, and up to which journal each table has absorbed.

    `unreadable` are files that cannot be read at all and that no manifest tells anything of.
    """

    parts: Mapping[str, tuple[Part, ...]]
    absorbed: Mapping[str, int]
    manifest: Manifest | None = None
    unreadable: tuple[Part, ...] = field(default=())

    @property
    def lost(self) -> Mapping[str, int]:
        """Trials of which something was lost, as in the manifest."""
        return {} if self.manifest is None else self.manifest.lost


def journal_files(folder: Path) -> list[tuple[int, Path]]:
    """Return the journals of a run, those not yet in its tables among them, oldest first."""
    found = ((_JOURNAL.fullmatch(path.name), path) for path in folder.iterdir())
    return sorted((int(match[1]), path) for match, path in found if match)


def next_journal(folder: Path) -> int:
    """Return a number that no journal of a run has ever had."""
    found = (_JOURNAL.match(path.name) for path in folder.iterdir())
    numbers = [int(match[1]) for match in found if match]
    return max([0, *numbers, *read_layout(folder, nobody).absorbed.values()]) + 1


def read_layout(folder: Path, tell: Tell) -> Layout:
    """Find out what a run consists of; a manifest that is damaged or gone is told.

    Raises
    ------
    ResultsError
        Something was written by a newer bench, is nothing of bench's, or may not be read.
    """
    manifest, problem = manifests.read(folder)
    if manifest is not None:
        return by_manifest(folder, manifest)
    layout = _by_files(folder)
    if not problem and any(part.number for parts in layout.parts.values() for part in parts):
        problem = f"{folder / manifests.NAME} is missing"
    if problem:
        tell(
            f"{problem}. The files themselves say what the folder holds; the next session into it "
            "writes a manifest anew."
        )
    return layout


def by_manifest(folder: Path, manifest: Manifest) -> Layout:
    """Return the layout that an intact manifest states."""
    parts: dict[str, list[Part]] = {}
    for name, entry in manifest.files.items():
        parsed = parse_name(name)
        if parsed is None:
            continue
        table, number = parsed
        first, last = (entry.seal.first, entry.seal.last) if entry.seal else (0, 0)
        part = Part(
            path=folder / name, table=table, number=number, first=first, last=last, entry=entry
        )
        parts.setdefault(table, []).append(part)
    absorbed = {table: manifest.absorbed.get(table, 0) for table in TRIAL_TABLES}
    return Layout(parts=_sorted(parts), absorbed=absorbed, manifest=manifest)


def _by_files(folder: Path) -> Layout:
    """Return the layout that the parts themselves state: each says which journals it holds."""
    found: dict[str, list[Part]] = {}
    unreadable = []
    for path in sorted(folder.iterdir()):
        parsed = parse_name(path.name)
        if parsed is None or not path.is_file():
            continue
        part = Part(path=path, table=parsed[0], number=parsed[1])
        if part.table in TRIAL_TABLES:
            with suppress(FileNotFoundError), OpenPart(part) as file:
                if not file.is_readable:
                    unreadable.append(part)
                    continue
                first, last = file.journals
                part = replace(part, first=first, last=last)
        found.setdefault(part.table, []).append(part)
    for part in _hidden_parts(folder, found):
        found.setdefault(part.table, []).append(part)
    parts = {
        table: [part for part in several if not any(_replaces(other, part) for other in several)]
        for table, several in found.items()
    }
    absorbed = {
        table: max((part.last for part in parts.get(table, [])), default=0)
        for table in TRIAL_TABLES
    }
    return Layout(parts=_sorted(parts), absorbed=absorbed, unreadable=tuple(unreadable))


def _hidden_parts(folder: Path, found: Mapping[str, list[Part]]) -> Iterator[Part]:
    """Yield the parts without a name of their own yet that hold what nothing else does.

    Those that they replace were gone already when a session was killed; others were not finished.
    """
    journals = {number for number, _ in journal_files(folder)}
    for place in sorted(folder.iterdir()):
        hidden = PARTIAL.fullmatch(place.name)
        parsed = parse_name(hidden[1]) if hidden else None
        if hidden is None or parsed is None or parsed[0] not in TRIAL_TABLES:
            continue
        part = Part(path=folder / hidden[1], table=parsed[0], number=parsed[1])
        if part.path.exists():
            continue
        with suppress(FileNotFoundError), OpenPart(part) as file:
            if not file.is_readable:
                continue
            first, last = file.journals
            held = [range(other.first, other.last + 1) for other in found.get(part.table, ())]
            if {*range(first, last + 1)} - journals.union(*held):
                yield replace(part, first=first, last=last)


def _replaces(other: Part, part: Part) -> bool:
    """Whether all rows of a part are in another one, which was written later."""
    if other.first <= part.first and part.last <= other.last:
        return (other.first, other.last) != (part.first, part.last) or other.number > part.number
    return False


def _sorted(parts: Mapping[str, list[Part]]) -> dict[str, tuple[Part, ...]]:
    return {table: tuple(sorted(several, key=_age)) for table, several in parts.items()}


def _age(part: Part) -> tuple[int, int]:
    return part.first, part.number


def adopt(folder: Path) -> Manifest:
    """Return a manifest of a run that has none: what is there is sealed as it is now.

    What cannot be read at all is sealed as such, so that it is mended as what was damaged later.
    """
    layout = _by_files(folder)
    files: dict[str, Entry] = {}
    for part in layout.unreadable:
        others = [other for other in layout.parts.get("trials", ()) if other.number == part.number]
        first, last = (others[0].first, others[0].last) if others else (0, 0)
        seal = Seal(first=first, last=last, commit=0, footer=b"", chunks=())
        files[part.path.name] = Entry(length=0, sha256="", seal=seal)
    for several in layout.parts.values():
        for part in several:
            with suppress(*DAMAGE):
                is_small = part.table not in TRIAL_TABLES
                data = part.path.read_bytes() if is_small else b""
                entry = manifests.entry_of(data) if is_small else seal_unknown(part)
                files[part.path.name] = entry
    for name in (RUN_FILE, SUITE_FILE):
        with suppress(OSError):
            files[name] = manifests.entry_of((folder / name).read_bytes())
    numbers = [int(m[1]) for path in folder.iterdir() if (m := _NUMBERED.fullmatch(path.name))]
    return Manifest(files=files, absorbed=layout.absorbed, next=max([0, *numbers]) + 1)


def settle(folder: Path, tell: Tell) -> Manifest:
    """Return the manifest of a run that is to be written to; made where there is no intact one."""
    manifest, problem = manifests.read(folder)
    if manifest is not None:
        return manifest
    path = folder / manifests.NAME
    if problem:
        tell(f"{problem}. It is written anew; the damaged one is kept as {aside_of(path).name}.")
    manifest = adopt(folder)
    if problem:
        set_aside(path)
    manifests.write(folder, manifest)
    return manifest
