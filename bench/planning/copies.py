"""Copies of datasets on disk: filed under the fingerprint of their content, mapped into memory.

A copy is verified as a whole when it is written, once a day when it is used, and whenever one of
its files is no longer the one that was verified: another size, time of change or inode. What is
not whole is removed, and counts as absent.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
import time
import zlib
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.planning import forms
from bench.planning.fingerprint import PER_ROW, is_rows, target_from_json, target_json
from bench.planning.forms import Packed
from bench.planning.source import FORMAT
from bench.registry.configuration import cache_folder
from bench.spec import Column, Dataset

VERIFIED_SECONDS = 86_400.0
"""After which a copy is verified again: what no file's time tells is a disk that forgets."""

_ARRAYS = ("X", *PER_ROW)


@dataclass(frozen=True)
class PackedDataset:
    """A dataset in its plain form: a value for each field that is an array, and the rest as JSON.

    `extra` is the dataset's with None in place of its arrays, which `arrays` has by their places.
    """

    values: Mapping[str, Packed]
    extra: Any
    arrays: tuple[tuple[list[Any], Packed], ...]

    def into(self, dataset: Dataset) -> Dataset:
        """Return a dataset with these values in place of its own."""
        values = {name: forms.unpack(packed) for name, packed in self.values.items()}
        arrays = [(place, forms.unpack(packed)) for place, packed in self.arrays]
        return replace(dataset, **values, extra=forms.with_arrays(deepcopy(self.extra), arrays))


def pack(dataset: Dataset) -> PackedDataset | None:
    """Return a dataset in its plain form; None where it has none, as data larger than memory."""
    if is_rows(dataset.X):
        return None
    extra, arrays = forms.without_arrays(dataset.extra)
    values = {name: forms.pack(getattr(dataset, name)) for name in _ARRAYS}
    packed = [(place, forms.pack(array)) for place, array in arrays]
    whole = {name: one for name, one in values.items() if one is not None}
    beside = tuple((place, one) for place, one in packed if one is not None)
    if len(whole) < len(values) or len(beside) < len(packed) or not _is_plain(extra):
        return None
    return PackedDataset(whole, extra, beside)


def _is_plain(extra: Any) -> bool:
    """Return whether JSON gives it back as it is."""
    try:
        return bool(json.loads(json.dumps(extra)) == extra)
    except (TypeError, ValueError):
        return False


def keep(packed: PackedDataset, dataset: Dataset, fingerprint: str) -> None:
    """Write a copy of a dataset, where there is none and it can be written."""
    folder = _folder(fingerprint)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=folder.parent))
    except OSError:
        return
    try:
        said: dict[str, list[Any]] = {}

        def written(name: str, one: Packed) -> list[Any]:
            for n, piece in enumerate(one.pieces):
                file = f"{name}-{n}" if n else name
                forms.write(piece, draft / file)
                said[file] = [*_measured(draft / file), forms.about(piece)]
            return [one.form, len(one.pieces)]

        meta = {
            "values": {name: written(name, one) for name, one in packed.values.items()},
            "extra": packed.extra,
            "arrays": [
                [place, written(f"extra-{n}-", one)] for n, (place, one) in enumerate(packed.arrays)
            ],
            "columns": [[c.name, c.kind] for c in dataset.columns or ()],
            "target": target_json(dataset.target),
            "files": said,
        }
        body = json.dumps(meta)
        (draft / "meta.json").write_text(f"{zlib.crc32(body.encode()):08x}\n{body}")
        _remember_stamps(draft, said)
        draft.rename(folder)
    except (OSError, TypeError, ValueError):
        pass  # full disk, a name that JSON cannot hold, or another process was first: no copy kept
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def find(fingerprint: str) -> Dataset | None:
    """Return the dataset of a fingerprint; None where there is no copy, or none that is whole."""
    folder = _folder(fingerprint)
    try:
        check, _, body = (folder / "meta.json").read_text().partition("\n")
        if check != f"{zlib.crc32(body.encode()):08x}":
            raise ValueError("meta.json is not what was written")
        meta = json.loads(body)
        _verify(folder, meta["files"])

        def opened(name: str, form: list[Any]) -> Packed:
            names = [f"{name}-{n}" if n else name for n in range(form[1])]
            return Packed(form[0], [forms.read(folder / n, meta["files"][n][2]) for n in names])

        packed = PackedDataset(
            {name: opened(name, form) for name, form in meta["values"].items()},
            meta["extra"],
            tuple(
                (place, opened(f"extra-{n}-", form))
                for n, (place, form) in enumerate(meta["arrays"])
            ),
        )
        bare = Dataset(
            None,
            columns=tuple(Column(*column) for column in meta["columns"]),
            target=target_from_json(meta["target"]),
        )
        return packed.into(bare)
    except (OSError, ValueError, KeyError):
        shutil.rmtree(folder, ignore_errors=True)  # what is not whole must not stand in the way
        return None


def recall(key: str) -> str | None:
    """Return the fingerprint of what a recipe gave before, by `Source.key`.

    None where nothing is known of it, or a copy was kept that is gone: the recipe may give other
    data now.
    """
    try:
        said = json.loads(_recipe(key).read_text())
        fingerprint, is_kept = str(said["fingerprint"]), bool(said["is_kept"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return fingerprint if not is_kept or _folder(fingerprint).is_dir() else None


def remember(key: str, fingerprint: str) -> None:
    """Keep what a recipe gave, for `recall`."""
    is_kept = _folder(fingerprint).is_dir()
    write_small(_recipe(key), {"fingerprint": fingerprint, "is_kept": is_kept})


def forget(key: str) -> None:
    """Keep no longer what a recipe gave: it gives something else now."""
    with contextlib.suppress(OSError):
        _recipe(key).unlink(missing_ok=True)


def write_small(file: Path, content: Any) -> None:
    """Write JSON to a file of the cache, whole or not at all; not being able to only costs time."""
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_name(f"{file.name}.{os.getpid()}")
        draft.write_text(json.dumps(content))
        draft.replace(file)


def _folder(fingerprint: str) -> Path:
    return cache_folder() / "datasets" / f"{FORMAT}-{fingerprint}"


def _recipe(key: str) -> Path:
    return cache_folder() / "recipes" / f"{key}.json"


def _verify(folder: Path, files: Mapping[str, Any]) -> None:
    """Raise `ValueError` where a file is not what was written."""
    stamps = _stamps(folder, files)
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        seen = json.loads((folder / "seen.json").read_text())
        if seen["files"] == stamps and 0 <= time.time() - seen["at"] < VERIFIED_SECONDS:
            return
    for name, (size, check, _) in files.items():
        if _measured(folder / name) != [size, check]:
            raise ValueError(f"{name} is not what was written")
    _remember_stamps(folder, files)


def _remember_stamps(folder: Path, files: Mapping[str, Any]) -> None:
    write_small(folder / "seen.json", {"at": time.time(), "files": _stamps(folder, files)})


def _stamps(folder: Path, files: Mapping[str, Any]) -> dict[str, list[int]]:
    """Return what changes with a file, without reading it."""
    found = {name: (folder / name).stat() for name in files}
    return {n: [s.st_size, s.st_mtime_ns, s.st_ctime_ns, s.st_ino] for n, s in found.items()}


def _measured(path: Path) -> list[int]:
    """Return the size of a file and a checksum of its content."""
    size = check = 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            size, check = size + len(block), zlib.crc32(block, check)
    return [size, check]
