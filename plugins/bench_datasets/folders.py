"""Folders of files, or archives of them: which class, part, fold and group their names say."""

from __future__ import annotations

import os
import re
import tarfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import Dataset, DatasetError, ParameterError, Target, nearest
from bench_datasets.files import existing
from bench_datasets.table import PART_NAMES, Split, part_names

MOST_BYTES = 4 * 2**30
"""Of one data set in memory, and of the files that it is read from."""

ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")

MOST_MEMBERS = 1_000_000
"""Members of an archive that are looked at."""


@dataclass(frozen=True)
class Naming:
    """Patterns (regular expressions) of paths below a folder, written with ``/``.

    What the first group of a pattern matches counts, or the whole match where it has none.

    Parameters
    ----------
    files
        Only files whose path it is found in are read; not given: all of the right kind.
    label
        The class. Not given: the first folder by whose name files differ, below the folders of
        the official parts where there are such: ``train/cat/1.png`` or ``cat/1.png``.
    split
        The official part, ``train``, ``validation`` or ``test``, or a table of a pattern and which
        of its values mean which part: ``{ pattern = "_(\\d)[.]wav", test = ["0", "1"] }``.
        Not given: folders of these names.
    fold, group
        The official fold; who or what a file comes from, such as a speaker.
    """

    files: str | None = None
    label: str | None = None
    split: Split | None = None
    fold: str | int | None = None
    group: str | int | None = None


@dataclass(frozen=True)
class Files:
    """Files in a folder or an archive.

    Parameters
    ----------
    source
        What messages call the folder or the archive.
    names
        Paths below it, written with ``/``.
    read
        Yields the name and the content of each of some files, in their order.
    """

    source: str
    names: tuple[str, ...]
    read: Callable[[Sequence[str]], Iterator[tuple[str, bytes]]]

    def contents(self) -> Iterator[tuple[str, bytes]]:
        """Yield the name and the content of each file."""
        return self.read(self.names)


def found_in(path: str, scheme: str, endings: Sequence[str], naming: Naming) -> Files:
    """Return the files of a folder or a tar archive, in the order of their names.

    Hidden files, links in archives and whatever is no plain file are left out. Nothing is written
    to the disk, and members of an archive whose names point out of it do not count.

    Parameters
    ----------
    path, scheme
        The folder or archive, and what stands before it in the suite.
    endings
        Of the names that count, in lower case, such as ``.png``; empty: all.
    naming
        Its pattern of the files that count.

    Raises
    ------
    DatasetError
        There is none; an archive is not readable, or holds more than 4 GiB.
    """
    source = f"{scheme}:{path}"
    wanted = None if naming.files is None else _compiled("files", naming.files, source)
    place = Path(path).expanduser()
    others: set[str] = set()
    if place.is_dir():
        found, others = _in_folder(place, source, endings, wanted)
    elif is_archive(path):
        found = _in_archive(existing(path, scheme), source, endings, wanted)
    else:
        there = "" if place.exists() else " There is nothing of that name."
        raise DatasetError(
            f"{source} is no folder, and no archive or table by the end of its name.{there}"
        )
    if not found.names:
        kinds = f" that end in {', '.join(endings)}" if endings else ""
        where = f" and match files = {naming.files!r}" if naming.files else ""
        seen = ", ".join(map(repr, sorted(others)[:8]))
        also = f" It has files that end in {seen}." if others else ""
        raise DatasetError(f"{source} holds no files{kinds}{where}.{also}")
    return found


def _in_folder(
    folder: Path, source: str, endings: Sequence[str], wanted: re.Pattern[str] | None
) -> tuple[Files, set[str]]:
    """Return the files of a folder, and the endings of those of other kinds."""
    found: list[str] = []
    others: set[str] = set()
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            path = Path(parent, name)
            if name.startswith(".") or not path.is_file():
                continue
            below = path.relative_to(folder).as_posix()
            if endings and not name.lower().endswith(tuple(endings)):
                others.add(path.suffix)
            elif wanted is None or wanted.search(below):
                found.append(below)
    found.sort()

    def read(names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        total = 0
        for name in names:
            path = folder / name
            total += path.stat().st_size
            check_bytes(total, source)
            try:
                yield name, path.read_bytes()
            except OSError as error:
                raise DatasetError(f"{source}: {name} cannot be read: {error}.") from error

    return Files(source, tuple(found), read), others


def is_archive(path: str) -> bool:
    """Return whether the name is that of a tar archive."""
    return path.lower().endswith(ARCHIVES)


def _in_archive(
    path: Path, source: str, endings: Sequence[str], wanted: re.Pattern[str] | None
) -> Files:
    """Return the files of a tar archive, held in memory."""
    kept: dict[str, bytes] = {}
    total = 0
    try:
        with tarfile.open(path, "r|*") as archive:
            for number, member in enumerate(archive):
                if number >= MOST_MEMBERS:
                    raise DatasetError(f"{source} has more than {MOST_MEMBERS:,} members.")
                total += member.size
                check_bytes(total, source)
                if not member.isfile() or not _is_inside(member.name):
                    continue
                name = member.name.removeprefix("./")
                if endings and not name.lower().endswith(tuple(endings)):
                    continue
                if wanted is not None and not wanted.search(name):
                    continue
                content = archive.extractfile(member)
                if content is not None:
                    kept[name] = content.read()
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise DatasetError(f"{source} is not a readable tar archive: {error}.") from error
    return Files(source, tuple(sorted(kept)), lambda names: ((name, kept[name]) for name in names))


def _is_inside(name: str) -> bool:
    parts = name.removeprefix("./").split("/")
    return not name.startswith("/") and not any(
        part == ".." or part.startswith(".") for part in parts
    )


def check_bytes(n_bytes: float, source: str, fix: str = "") -> None:
    """Refuse more than 4 GiB.

    Raises
    ------
    DatasetError
        It is more; `fix` says what may help.
    """
    if n_bytes > MOST_BYTES:
        raise DatasetError(
            f"{source} would take {n_bytes / 2**30:.1f} GiB; at most {MOST_BYTES / 2**30:g} GiB "
            f"are read.{fix}"
        )


# --- what names say ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Labelled:
    """What the names of files say of the rows that are made of them.

    Parameters
    ----------
    files
        Those that count.
    y, target
        Their classes.
    parts, folds, groups
        As for `bench.Dataset`.
    """

    files: Files
    y: NDArray[Any]
    target: Target
    parts: NDArray[Any] | None
    folds: NDArray[np.int64] | None
    groups: NDArray[Any] | None

    def dataset(self, X: Any, extra: Mapping[str, Any] | None = None) -> Dataset:
        """Return the data set of the X that was made of the files."""
        return Dataset(
            X,
            self.y,
            parts=self.parts,
            folds=self.folds,
            groups=self.groups,
            target=self.target,
            extra=extra,
        )


def labelled(files: Files, naming: Naming) -> Labelled:
    """Return what names say of these files.

    Where folders tell classes, files that lie beside such folders, as a README does, are left out.

    Raises
    ------
    DatasetError
        A file has no class, part, fold or group, or all have the same class.
    ParameterError
        A pattern is no regular expression.
    """
    source = files.source
    if naming.label is None:
        labels, files = _by_folder(files, naming.split is None and _is_parted(files.names))
    else:
        labels = _matches("label", naming.label, files.names, source)
    names = files.names
    parts = _parts(names, naming.split, source)
    classes = tuple(_in_order(labels))
    if len(classes) < 2:
        raise DatasetError(
            f"{source}: all {len(names)} files are of one class, {classes[0]!r}: nothing can be "
            "learned. Name the folder that holds a folder for each class, or give a pattern of "
            'the file names that tells classes: params = { label = "..." }.'
        )
    folds = None
    if naming.fold is not None:
        found = _matches("fold", naming.fold, names, source)
        order = {fold: k for k, fold in enumerate(_in_order(found))}
        folds = np.array([order[fold] for fold in found])
    groups = None
    if naming.group is not None:
        groups = np.array(_matches("group", naming.group, names, source), dtype=object)
    target = Target.of_classes(classes)
    return Labelled(files, np.array(labels, dtype=object), target, parts, folds, groups)


def _in_order(values: Sequence[str]) -> list[str]:
    """Return the different values, as numbers where all of them are, else by the alphabet."""
    distinct = sorted(set(values))
    is_number = all(value.isascii() and value.isdigit() for value in distinct)
    return sorted(distinct, key=int) if is_number else distinct


def _parts(names: Sequence[str], split: Split | None, source: str) -> NDArray[Any] | None:
    """Return the official part of each file, by a pattern or by the folders that they are in."""
    if split is None:
        folders = [place[0].lower() for _, place in _below(names)]
        if len(folders) < len(names) or not _is_parted(names):
            return None
        return np.array([PART_NAMES[folder] for folder in folders], dtype=object)
    if not isinstance(split, Mapping):
        return part_names(_matches("split", split, names, source), None, f"{source}: split")
    if not isinstance(split.get("pattern"), str):
        raise ParameterError(
            f"{source}: split is {dict(split)}; a pattern of the file names is needed beside "
            'the values that mean test: split = { pattern = "...", test = ["..."] }.'
        )
    found = _matches("split", split["pattern"], names, source)
    return part_names(found, split, f"{source}: split")


def _below(names: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Return names with their path below the folders that all are in, but for loose files."""
    places = [(name, name.split("/")) for name in names]
    while True:
        places = [(name, place) for name, place in places if len(place) > 1]
        deeper = all(len(place) > 2 for _, place in places)
        if not places or not deeper or len({place[0] for _, place in places}) > 1:
            return places
        places = [(name, place[1:]) for name, place in places]


def _is_parted(names: Sequence[str]) -> bool:
    """Return whether the folders at which names differ are those of official parts."""
    meant = {PART_NAMES.get(place[0].lower(), "") for _, place in _below(names)}
    return "" not in meant and {"train", "test"} <= meant


def _by_folder(files: Files, is_parted: bool) -> tuple[list[str], Files]:
    """Return the class of each file that lies in a class's folder, and these files."""
    places = _below(files.names)
    if is_parted:
        places = [(name, place[1:]) for name, place in places if len(place) > 2]
    if not places:
        raise DatasetError(
            f"{files.source}: no file lies in a folder of a class, {files.names[0]} for one. Put "
            "each class's files into a folder of its name, or give a pattern of the file names "
            'that tells classes: params = { label = "(\\d)_.*" }.'
        )
    kept = replace(files, names=tuple(name for name, _ in places))
    return [place[0] for _, place in places], kept


def _matches(role: str, pattern: Any, names: Sequence[str], source: str) -> list[str]:
    expression = _compiled(role, pattern, source)
    found = []
    for name in names:
        match = expression.search(name)
        value = match and (match[1] if expression.groups else match[0])
        if value is None:
            raise DatasetError(
                f"{source}: {role} = {pattern!r} is not found in {name!r}. Correct the pattern, "
                "or leave such files out by a pattern of those that count: files = ..."
            )
        found.append(value)
    return found


def _compiled(role: str, pattern: Any, source: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except (re.error, TypeError) as error:
        raise ParameterError(
            f"{source}: {role} is {pattern!r}, which is no regular expression: {error}."
        ) from error


def check_unused(source: str, given: Mapping[str, Any], kind: str, allowed: Sequence[str]) -> None:
    """Refuse parameters that mean nothing for this kind of source.

    Raises
    ------
    ParameterError
        One is given.
    """
    for parameter, value in given.items():
        if value is not None and parameter not in allowed:
            raise ParameterError(
                f"{source} is {kind}, for which {parameter!r} means nothing; allowed: "
                f"{', '.join(sorted(allowed))}.{nearest(parameter, allowed)}"
            )
