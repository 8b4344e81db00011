"""Arrays in NPZ files, never unpickled: tables of numbers, images and series."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, Literal

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from bench import Dataset, DatasetError, Target, nearest
from bench_datasets.files import existing
from bench_datasets.folders import check_bytes
from bench_datasets.table import PART_NAMES, Kind, Split, part_names

Scheme = Literal["npz", "images", "ts"]

_ROWS = {
    "npz": "a table needs two axes: rows and columns",
    "images": "images need three or four axes: rows, height, width and 1 or 3 channels",
    "ts": "series need two or three axes: rows, steps and channels",
}
_AXES: Mapping[str, tuple[int, ...]] = {"npz": (2,), "images": (3, 4), "ts": (2, 3)}
_PARTED = (("{}_images", "{}_labels"), ("x_{}", "y_{}"), ("X_{}", "y_{}"))
"""How arrays are called in files of official parts: as MedMNIST's, and as Keras's."""


@dataclass(frozen=True, kw_only=True)
class Names:
    """Names of arrays in the file.

    Parameters
    ----------
    x, target
        Not given: ``X`` or ``x``, and ``y``; or arrays for each official part, such as
        ``train_images``, ``train_labels``, ``test_images``, ... or ``x_train``, ``y_train``, ...
    split, fold, group
        Of the official part or fold of each row, and of its group.
    """

    x: Any = None
    target: Any = None
    split: Split | None = None
    fold: Any = None
    group: Any = None


def load_npz(
    path: str,
    *,
    x: str | None = None,
    target: str | None = None,
    kind: Kind | None = None,
    split: Split | None = None,
    fold: str | None = None,
    group: str | None = None,
) -> Dataset:
    """Return a table of numbers in an NPZ file.

    Parameters
    ----------
    path
        The file. Images and series in such a file are read by ``images:`` and ``ts:``.
    x, target, split, fold, group
        Names of arrays: see `Names`.
    kind
        ``"classification"`` or ``"regression"``; not given: classes where the target is whole
        numbers, at most 20 of them, or no numbers.

    Raises
    ------
    DatasetError
        The file is no NPZ file, damaged, of pickled objects or of more than 4 GiB; an array is
        missing, or has not the shape that is needed.
    """
    names = Names(x=x, target=target, split=split, fold=fold, group=group)
    return load_arrays(path, "npz", names, kind)


def load_arrays(path: str, scheme: Scheme, names: Names, kind: Kind | None = None) -> Dataset:
    """Return the arrays of an NPZ file as a data set: see `load_npz`.

    X is float64 of a table and of series, which become a list of (length, channels) arrays;
    images are uint8, or float32 where they are fractions from 0 to 1.
    """
    source = f"{scheme}:{path}"
    file = existing(path, scheme)
    try:
        with zipfile.ZipFile(file) as archive:
            return _dataset(_Arrays(source, archive), scheme, names, kind)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        raise DatasetError(f"{source} is not a readable NPZ file: {error}.") from error


@dataclass(frozen=True)
class _Arrays:
    """The arrays of a file, each read when it is asked for."""

    source: str
    archive: zipfile.ZipFile

    @property
    def names(self) -> list[str]:
        found = self.archive.namelist()
        return [name.removesuffix(".npy") for name in found if name.endswith(".npy")]

    def get(self, name: Any, role: str) -> NDArray[Any]:
        """Return an array; its header is checked before anything is decompressed."""
        if name not in self.names:
            raise DatasetError(
                f"{self.source}: {role} = {name!r} names no array. It has "
                f"{', '.join(self.names[:20]) or 'none'}.{nearest(str(name), self.names)}"
            )
        info = self.archive.getinfo(f"{name}.npy")
        where = f"{self.source}: array {name!r}"
        check_bytes(info.file_size, where)
        with self.archive.open(info) as member:
            shape, dtype, header = _header(member, where)
        if dtype.hasobject:
            raise DatasetError(
                f"{where} holds pickled Python objects, which are never read: they could run "
                "anything. Save it as numbers or strings, as in np.savez(..., y=y.astype(str))."
            )
        said = header + dtype.itemsize * int(np.prod(shape, dtype=object))
        if said != info.file_size:
            raise DatasetError(
                f"{where} is damaged: by its header it takes {said:,} bytes, and it has "
                f"{info.file_size:,}."
            )
        with self.archive.open(info) as member:
            try:
                return np.asarray(npy.read_array(member, allow_pickle=False))
            except ValueError as error:
                raise DatasetError(f"{where} is damaged: {error}.") from error


def _header(member: IO[bytes], where: str) -> tuple[tuple[int, ...], np.dtype[Any], int]:
    """Return shape, type, and length in bytes of an array's header."""
    try:
        version = npy.read_magic(member)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read(member)
    except (ValueError, SyntaxError) as error:
        raise DatasetError(f"{where} is no NumPy array: {error}.") from error
    return shape, dtype, member.tell()


def _dataset(arrays: _Arrays, scheme: Scheme, names: Names, kind: Kind | None) -> Dataset:
    parts: NDArray[Any] | None = None
    if names.x is None and (found := _parted(arrays)) is not None:
        X, y, parts = found
    else:
        x_name = names.x if names.x is not None else "x" if "x" in arrays.names else "X"
        X = arrays.get(x_name, "x" if scheme == "npz" else "the array of X")
        y = None
        if names.target is not None or "y" in arrays.names:
            y = arrays.get("y" if names.target is None else names.target, "target")
    if names.split is not None:
        is_named = isinstance(names.split, Mapping)
        name = names.split.get("column") if isinstance(names.split, Mapping) else names.split
        values = [str(value) for value in arrays.get(name, "split").ravel().tolist()]
        meaning = names.split if is_named else None
        parts = part_names(values, meaning, f"{arrays.source}: split")  # type: ignore[arg-type]
    folds = None
    if names.fold is not None:
        folds = np.unique(arrays.get(names.fold, "fold").ravel(), return_inverse=True)[1]
    groups = None if names.group is None else arrays.get(names.group, "group").ravel()
    if X.ndim not in _AXES[scheme]:
        others = [other for other, axes in _AXES.items() if X.ndim in axes]
        fix = f" Name the file {' or '.join(f'{o}:PATH' for o in others)}." if others else ""
        raise DatasetError(f"{arrays.source}: X has the shape {X.shape}, and {_ROWS[scheme]}.{fix}")
    X = _images(X, arrays.source) if scheme == "images" else _numbers(X, arrays.source)
    y, target = (None, None) if y is None else _target(y, arrays.source, kind, scheme)
    rows: Any = [row.reshape(len(row), -1) for row in X] if scheme == "ts" else X
    return Dataset(rows, y, parts=parts, folds=folds, groups=groups, target=target)


def _parted(arrays: _Arrays) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]] | None:
    """Return X, y and parts where the file has arrays for each official part."""
    for x_form, y_form in _PARTED:
        words = [word for word in PART_NAMES if x_form.format(word) in arrays.names]
        if not {"train", "test"} <= set(words):
            continue
        X = [arrays.get(x_form.format(word), "the array of X") for word in words]
        y = [arrays.get(y_form.format(word), "target") for word in words]
        if len({part.shape[1:] for part in X}) > 1:
            shapes = ", ".join(str(part.shape) for part in X)
            raise DatasetError(f"{arrays.source}: the parts of X differ in shape: {shapes}.")
        parts = np.repeat([PART_NAMES[word] for word in words], [len(part) for part in X])
        return np.concatenate(X), np.concatenate(y), parts
    return None


def _numbers(X: NDArray[Any], source: str) -> NDArray[np.float64]:
    if X.dtype.kind not in "biuf":
        raise DatasetError(f"{source}: X is of type {X.dtype}; numbers are needed.")
    check_bytes(8 * X.size, source)
    return X.astype(np.float64)


def _images(X: NDArray[Any], source: str) -> NDArray[Any]:
    if X.ndim == 4 and X.shape[3] not in (1, 3):
        raise DatasetError(
            f"{source}: X has the shape {X.shape}; the last axis holds the channels, 1 or 3."
        )
    if X.dtype == np.uint8:
        return X
    low, high = (X.min(), X.max()) if X.size and X.dtype.kind in "biuf" else (np.nan, np.nan)
    if X.dtype.kind == "f" and low >= 0 and high <= 1:
        return X.astype(np.float32)
    if X.dtype.kind in "iu" and low >= 0 and high <= 255:
        return X.astype(np.uint8)
    raise DatasetError(
        f"{source}: X is {X.dtype} from {low} to {high}; images are whole numbers from 0 to 255, "
        "or fractions from 0 to 1."
    )


def _target(
    y: NDArray[Any], source: str, kind: Kind | None, scheme: Scheme
) -> tuple[NDArray[Any], Target]:
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim != 1:
        raise DatasetError(
            f"{source}: the target has the shape {y.shape}; one value for each row is needed."
        )
    if y.dtype.kind == "S":
        y = np.char.decode(y, "utf-8")
    distinct = np.unique(y)
    if kind is None and scheme != "npz":
        kind = "classification"
    is_few = y.dtype.kind not in "f" or bool((y == np.round(y)).all())
    is_few = is_few and (y.dtype.kind not in "iuf" or len(distinct) <= min(20, len(y) / 2))
    if kind == "regression" or (kind is None and not is_few):
        return _numbers(y, f"{source}: target"), Target("continuous")
    classes: Sequence[Any] = distinct.tolist()
    if len(classes) < 2:
        shown = repr(classes[0]) if classes else "none"
        raise DatasetError(f"{source}: the target has one class only, {shown}.")
    return y, Target.of_classes(classes)
