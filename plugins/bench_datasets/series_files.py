"""Series of the user's: files of the UCR archive, and arrays in NPZ files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench import Dataset, DatasetError, ParameterError, Target
from bench_datasets import npz, ts_format
from bench_datasets.files import existing
from bench_datasets.folders import check_bytes
from bench_datasets.table import Split
from bench_datasets.ts_format import Series

ENDINGS = (".ts", ".tsv", ".txt")
PARTS = {"train": "_TRAIN", "test": "_TEST"}


def load_ts(
    path: str,
    *,
    x: str | None = None,
    target: str | None = None,
    split: Split | None = None,
    fold: str | None = None,
    group: str | None = None,
) -> Dataset:
    """Return series of a problem of the UCR archive with its official parts, or of one file.

    Parameters
    ----------
    path
        ``DIR/NAME``, which means the files ``NAME_TRAIN`` and ``NAME_TEST`` in the folder
        ``DIR/NAME``, or in ``DIR`` where there is no such folder, ending in ``.ts``, ``.tsv`` or
        ``.txt``; or one such file, without official parts; or an NPZ file.
    x, target, split, fold, group
        Names of arrays of an NPZ file: `bench_datasets.npz.Names`.

    Returns
    -------
    Dataset
        X list of float64 arrays (length, channels); missing values NaN. In ``.tsv`` and ``.txt``
        files, a line is a class and a series; values missing at the end of a line are none: the
        archive fills lines up with them where series differ in length.

    Raises
    ------
    DatasetError
        A file is missing or not of its format, or the parts differ in channels or classes.
    """
    source = f"ts:{path}"
    names = npz.Names(x=x, target=target, split=split, fold=fold, group=group)
    if path.endswith(".npz"):
        return npz.load_arrays(path, "ts", names)
    if names != npz.Names():
        raise ParameterError(
            f"{source} takes no x, target, split, fold or group: class and part are in its files. "
            "Those are for NPZ files."
        )
    if path.endswith(ENDINGS):
        found = {"": existing(path, "ts")}
    else:
        folder, name = Path(path).expanduser().parent, Path(path).name
        found = {part: _file(folder, name + ending, path) for part, ending in PARTS.items()}
    return assembled({part: read(file, f"ts:{file}") for part, file in found.items()}, source)


def assembled(read: Mapping[str, Series], source: str) -> Dataset:
    """Return the series of official parts, or of one file, as a data set.

    Raises
    ------
    DatasetError
        The parts differ in channels or classes, or all series are of one class.
    """
    values = [series for part in read.values() for series in part.values]
    labels = [label for part in read.values() for label in part.labels]
    _check_alike(read, source)
    parts = None
    if len(read) > 1:
        parts = np.repeat(list(read), [len(part.values) for part in read.values()])
    if not labels:
        return Dataset(values, parts=parts)
    classes = next(iter(read.values())).classes
    if not classes:
        numbers = _quantities(labels, source)
        return Dataset(values, numbers, parts=parts, target=Target("continuous"))
    if len(set(labels)) < 2:
        raise DatasetError(f"{source}: all series are of one class, {labels[0]!r}.")
    target = Target.of_classes(classes)
    return Dataset(values, np.array(labels, dtype=object), parts=parts, target=target)


def _quantities(labels: list[str], source: str) -> NDArray[np.float64]:
    try:
        return np.array(labels, dtype=np.float64)
    except ValueError as error:
        raise DatasetError(
            f"{source}: {error}. A file without @classLabel has numbers as targets."
        ) from error


def _file(folder: Path, name: str, path: str) -> Path:
    """Return the file of a part, in the folder of the problem where there is one."""
    problem = folder / Path(path).name
    place = problem if problem.is_dir() else folder
    for ending in ENDINGS:
        if (place / f"{name}{ending}").is_file():
            return place / f"{name}{ending}"
    there = sorted({file.name for file in place.glob("*_TRAIN.*")}) if place.is_dir() else []
    known = f" There are: {', '.join(there[:20])}." if there else ""
    raise DatasetError(
        f"ts:{path}: there is no {name} (.ts, .tsv or .txt) in {place.absolute()}.{known}"
    )


def read(file: Path, where: str) -> Series:
    """Return the series of a file; raises `DatasetError` where it is not of its format."""
    check_bytes(file.stat().st_size, where)
    return decoded(file.read_bytes(), where, file.suffix)


def decoded(content: bytes, where: str, ending: str) -> Series:
    """Return the series of a file's content: `read` without the file."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        text = content.decode("latin-1")  # names of authors in comments; numbers are the same
        if "\0" in text:
            raise DatasetError(f"{where} is not text: byte {error.start} is no UTF-8.") from error
    if "\0" in text:
        raise DatasetError(f"{where} is not text: byte {text.index(chr(0))} is zero.")
    lines = text.splitlines()
    return ts_format.parse(lines, where) if ending == ".ts" else _table(lines, where)


def _table(lines: list[str], where: str) -> Series:
    """Return the series of lines of a class and values, separated by tabs, commas or blanks."""
    values: list[NDArray[np.float64]] = []
    labels: list[str] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        label, *words = line.split("\t") if "\t" in line else line.replace(",", " ").split()
        try:
            series = np.array([float(word.replace("?", "nan")) for word in words])
        except ValueError as error:
            raise DatasetError(f"{where}, line {number}: {error}; numbers are needed.") from error
        known = np.flatnonzero(~np.isnan(series))
        if not len(known):
            raise DatasetError(f"{where}, line {number} holds no value after the class.")
        values.append(series[: known[-1] + 1, None])
        labels.append(_plain(label.strip()))
    if not values:
        raise DatasetError(f"{where} holds no series.")
    return Series(values, labels, tuple(_ordered(set(labels))))


def _plain(label: str) -> str:
    """Return a class without the form of a number: 1.0000000e+00 is 1."""
    try:
        number = float(label)
    except ValueError:
        return label
    return str(int(number)) if number.is_integer() else label


def _ordered(labels: set[str]) -> list[str]:
    try:
        return sorted(labels, key=float)
    except ValueError:
        return sorted(labels)


def _check_alike(read: Mapping[str, Series], source: str) -> None:
    """Refuse parts that differ in channels or in what their classes are."""
    if len(read) < 2:
        return
    train, test = read["train"], read["test"]
    channels = [part.values[0].shape[1] for part in (train, test)]
    if channels[0] != channels[1]:
        raise DatasetError(
            f"{source}: the training part has {channels[0]} dimensions, the test part "
            f"{channels[1]}."
        )
    unknown = sorted(set(test.classes) - set(train.classes))
    if unknown or bool(train.labels) != bool(test.labels):
        shown = f"class {unknown[0]!r}" if unknown else "no classes"
        raise DatasetError(f"{source}: the test part has {shown}, unlike the training part.")
