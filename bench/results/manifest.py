"""The manifest of a run: what its folder holds, with length and SHA-256 of every sealed file.

It is replaced as a whole, and last: what it names is complete, and nothing else counts.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bench.results.durable import write_file
from bench.results.schema import SCHEMA_VERSION, check_version
from bench.spec.errors import ResultsError

NAME = "manifest.json"


@dataclass(frozen=True, kw_only=True)
class Seal:
    """What is known of the one part file that a table of trials was written to.

    Parameters
    ----------
    first, last
        The journals whose rows it holds.
    commit
        Number of the consolidation that wrote it; parts of one have the same trials.
    footer
        A copy of its own: Parquet has no checksum of it, and all is lost with it.
    chunks
        CRC-32 of each column of each row group, in the order of the footer.
    trials
        A bit for each trial of these journals, in the order of the table of trials: whether it has
        rows here.
    """

    first: int
    last: int
    commit: int
    footer: bytes
    chunks: tuple[int, ...]
    trials: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A sealed file.

    Parameters
    ----------
    length, sha256
        Of all of it.
    copy
        All of it, where it is small and nothing could make it again.
    before
        SHA-256 of the file that it replaces: killed in between, that one is still there.
    seal
        Of a part file.
    """

    length: int
    sha256: str
    copy: bytes | None = None
    before: str = ""
    seal: Seal | None = None


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What the folder of a run holds.

    Parameters
    ----------
    files
        By name.
    absorbed
        By table of trials: up to which journal the parts hold its rows.
    next
        Number of the next consolidation, and of the parts that it writes.
    obsolete
        Names of parts whose rows are in others now: to be removed.
    lost
        Trials of which something was lost, and the newest journal at that time: only a row from a
        later one makes them finished.
    untidy
        Whether parts hold rows of trials that are gone: they are rewritten until these are back.
    """

    files: Mapping[str, Entry] = field(default_factory=dict)
    absorbed: Mapping[str, int] = field(default_factory=dict)
    next: int = 1
    obsolete: tuple[str, ...] = ()
    lost: Mapping[str, int] = field(default_factory=dict)
    untidy: bool = False


def digest(data: bytes) -> str:
    """Return the SHA-256 of some bytes."""
    return hashlib.sha256(data).hexdigest()


def entry_of(data: bytes, before: str = "") -> Entry:
    """Return the entry of a small file, with a copy of it."""
    return Entry(length=len(data), sha256=digest(data), copy=data, before=before)


def replace_file(folder: Path, manifest: Manifest, name: str, data: bytes) -> Manifest:
    """Write a small file of a run anew, and return the manifest that has a copy of it.

    The manifest comes first: killed before the file is replaced, its copy is the one that counts.
    """
    before = manifest.files.get(name)
    entry = entry_of(data, before="" if before is None else before.sha256)
    changed = replace(manifest, files={**manifest.files, name: entry})
    write(folder, changed)
    write_file(folder / name, data)
    return changed


def read_file(folder: Path, name: str) -> tuple[bytes | None, str]:
    """Return a small file of a run, or its copy where it is another one, and what is wrong with it.

    Raises
    ------
    ResultsError
        It is there and cannot be read.
    """
    path = folder / name
    data: bytes | None = None
    try:
        with suppress(FileNotFoundError):
            data = path.read_bytes()
    except OSError as error:
        raise ResultsError(f"{path} cannot be read: {error.strerror}.") from error
    manifest, _ = read(folder)
    entry = None if manifest is None else manifest.files.get(name)
    if entry is None or entry.copy is None:
        return data, ""
    found = "" if data is None else digest(data)
    if found == entry.sha256:
        return data, ""
    if found and found == entry.before:
        return entry.copy, ""
    what = "damaged" if data is not None else "missing"
    return entry.copy, f"{path} is {what}; its copy in the manifest is read"


def read(folder: Path) -> tuple[Manifest | None, str]:
    """Return the manifest of a run, None where there is no intact one, and what is wrong with it.

    Raises
    ------
    ResultsError
        A newer bench wrote it.
    """
    path = folder / NAME
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None, ""
    except OSError as error:
        return None, f"{path} cannot be read: {error.strerror}"
    try:
        document = json.loads(data)
        checksum = document.pop("checksum")
        if checksum != _checksum(document):
            raise ValueError("its checksum is another one")
        check_version(document["schema_version"], path)
        return _from_json(document), ""
    except (ValueError, KeyError, TypeError, AttributeError, zlib.error) as error:
        what = str(error).splitlines()[0] if isinstance(error, ValueError) else "keys are missing"
        return None, f"{path} is damaged ({what})"


def write(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest of a run: the moment from which on everything new counts."""
    document = _to_json(manifest)
    text = json.dumps({**document, "checksum": _checksum(document)}, indent=1)
    write_file(folder / NAME, text.encode() + b"\n")


def _checksum(document: Mapping[str, Any]) -> str:
    return digest(json.dumps(document, sort_keys=True, separators=(",", ":")).encode())


def _packed(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data)).decode()


def _unpacked(text: str) -> bytes:
    return zlib.decompress(base64.b64decode(text))


def _to_json(manifest: Manifest) -> dict[str, Any]:
    files = {}
    for name, entry in sorted(manifest.files.items()):
        facts: dict[str, Any] = {"length": entry.length, "sha256": entry.sha256}
        if entry.copy is not None:
            facts["copy"] = _packed(entry.copy)
        if entry.before:
            facts["before"] = entry.before
        if entry.seal is not None:
            seal = entry.seal
            facts["journals"] = [seal.first, seal.last]
            facts["commit"] = seal.commit
            facts["footer"] = _packed(seal.footer)
            facts["chunks"] = " ".join(f"{chunk:08x}" for chunk in seal.chunks)
            facts["trials"] = _packed(seal.trials)
        files[name] = facts
    return {
        "schema_version": SCHEMA_VERSION,
        "files": files,
        "absorbed": dict(manifest.absorbed),
        "next": manifest.next,
        "obsolete": list(manifest.obsolete),
        "lost": dict(manifest.lost),
        "untidy": manifest.untidy,
    }


def _from_json(document: Mapping[str, Any]) -> Manifest:
    files = {}
    for name, facts in document["files"].items():
        seal = None
        if "footer" in facts:
            first, last = facts["journals"]
            seal = Seal(
                first=first,
                last=last,
                commit=facts["commit"],
                footer=_unpacked(facts["footer"]),
                chunks=tuple(int(chunk, 16) for chunk in facts["chunks"].split()),
                trials=_unpacked(facts["trials"]),
            )
        files[name] = Entry(
            length=facts["length"],
            sha256=facts["sha256"],
            copy=_unpacked(facts["copy"]) if "copy" in facts else None,
            before=facts.get("before", ""),
            seal=seal,
        )
    return Manifest(
        files=files,
        absorbed=document["absorbed"],
        next=document["next"],
        obsolete=tuple(document["obsolete"]),
        lost=document["lost"],
        untidy=document["untidy"],
    )
