"""Datasets, loaded once: cached on disk in plain formats, with a fingerprint of their content."""

from __future__ import annotations

import contextlib
import glob
import hashlib
import importlib.util
import json
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from bench.registry.configuration import cache_folder
from bench.registry.lookup import resolve
from bench.spec import Column, Dataset, DatasetSpec, Rows, Split, SplitProtocol, Target, Task
from bench.spec.errors import BenchError, DatasetError
from bench.spec.hooks import HOOK_API

_PER_ROW = ("y", "parts", "folds", "groups", "time", "sample_weight")
_FORMAT = 4

MOST_FILES = 200_000
"""Files that a folder given as a dataset may hold: each is looked at before every run, in a second
or two where there are this many."""


@dataclass(frozen=True)
class Source:
    """A dataset's recipe with its parameters resolved: what `load` needs.

    `path` is the user's file or folder, for datasets that take one.
    """

    spec: DatasetSpec
    plugin_version: str
    params: Mapping[str, Any]
    path: str | None = None

    @property
    def name(self) -> str:
        """The name that is part of a trial's identity: a file's stem, else the dataset's name."""
        return Path(self.path).stem if self.path is not None else self.spec.name

    @property
    def registry_name(self) -> str:
        """What the registry looks it up by, as a suite names it."""
        return self.spec.name if self.path is None else f"{self.spec.name}:{self.path}"

    def key(self) -> str:
        """Return what the cached copy is filed under: it changes when the content may have.

        Of a folder, the sizes and times of all files count, but for hidden ones; of a path at which
        there is nothing, those of the files beside it whose names begin with its own, as a dataset
        of several files may be named by what they have in common.

        Raises
        ------
        DatasetError
            The folder holds more than 200,000 files.
        """
        parts: list[Any] = [
            _FORMAT,
            self.spec.name,
            self.spec.version,
            self.plugin_version,
            self.params,
            _stamp(importlib.util.find_spec(self.spec.loader.partition(":")[0])),
        ]
        if self.path is not None:
            given = Path(self.path)
            parts.append(str(given.resolve()))
            for n, file in enumerate(chain([given], _files(given), _beside(given))):
                if n > MOST_FILES:
                    raise DatasetError(
                        f"{self.spec.name}:{self.path} is a folder of more than {MOST_FILES:,} "
                        "files. Name the file, or the folder below it, that holds the data."
                    )
                if file.exists():
                    status = file.stat()
                    parts += [str(file.resolve()), status.st_size, status.st_mtime_ns]
        text = json.dumps(parts, sort_keys=True, default=str)
        return f"{self.spec.name}-{hashlib.sha256(text.encode()).hexdigest()[:20]}"


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files in a folder and in those below it, in a fixed order; no hidden ones."""
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(parent, name) for name in sorted(names) if not name.startswith("."))


def _beside(given: Path) -> Iterator[Path]:
    """Yield the files that a path means which is none: those whose names begin with its name."""
    if not given.exists():
        yield from sorted(given.parent.glob(f"{glob.escape(given.name)}*"))


def _stamp(module: Any) -> list[Any]:
    origin = getattr(module, "origin", None)
    return [origin, os.stat(origin).st_mtime_ns] if origin and os.path.exists(origin) else []


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What planning needs to know of a dataset, without its content."""

    fingerprint: str
    n_rows: int
    n_features: int
    has_missing: bool
    task: str
    columns: tuple[Column, ...]
    target: Target | None
    splits: tuple[Split, ...]
    is_streamed: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return it as what JSON can hold."""
        return {
            "fingerprint": self.fingerprint,
            "n_rows": self.n_rows,
            "n_features": self.n_features,
            "has_missing": self.has_missing,
            "is_streamed": self.is_streamed,
            "task": self.task,
            "columns": [[column.name, column.kind] for column in self.columns],
            "target": _target_json(self.target),
            "splits": [astuple(split) for split in self.splits],
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Facts:
        """Read what `to_json` returned, after a journey through JSON."""
        changed = {
            "columns": tuple(Column(*column) for column in values["columns"]),
            "target": _target(values["target"]),
            "splits": tuple(Split(*split) for split in values["splits"]),
        }
        return cls(**{**values, **changed})


def load(source: Source, key: str | None = None) -> Dataset:
    """Return the dataset, normalised: from the cache, or by its loader, then cached.

    `key` is `source.key()`, where it is known already.

    Raises
    ------
    DatasetError
        The loader fails or returns no `Dataset`, or the content contradicts itself.
    """
    folder = cache_folder() / "datasets" / (key or source.key())
    cached = _read(folder)
    if cached is not None:
        return cached
    dataset = _call(source)
    _write(dataset, folder)
    return _read(folder) or dataset


def known_facts(source: Source, tasks: Sequence[str], protocol: SplitProtocol) -> Facts | None:
    """Return the facts of a dataset if `describe` said them before and nothing has changed."""
    try:
        return Facts.from_json(json.loads(_facts_file(source, tasks, protocol).read_text()))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _facts_file(source: Source, tasks: Sequence[str], protocol: SplitProtocol) -> Path:
    asked = json.dumps([_FORMAT, HOOK_API, list(tasks), asdict(protocol)])
    name = f"{source.key()}-{hashlib.sha256(asked.encode()).hexdigest()[:20]}.json"
    return cache_folder() / "facts" / name


def describe(source: Source, tasks: Sequence[Task], protocol: SplitProtocol) -> Facts:
    """Return the facts of a dataset for the first of the tasks that fits its target.

    They are kept for `known_facts`.

    Raises
    ------
    DatasetError
        The dataset cannot be loaded, or fits none of the tasks.
    """
    facts = _describe(source, tasks, protocol)
    file = _facts_file(source, [task.name for task in tasks], protocol)
    with contextlib.suppress(OSError):  # a cache that cannot be written only costs time
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(facts.to_json()))
        draft.replace(file)
    return facts


def _describe(source: Source, tasks: Sequence[Task], protocol: SplitProtocol) -> Facts:
    dataset = load(source)
    kind = dataset.target.kind if dataset.target is not None else None
    task = next((task for task in tasks if not task.targets or kind in task.targets), None)
    if task is None:
        names = ", ".join(task.name for task in tasks)
        raise DatasetError(
            f"dataset {source.name!r}: its target is {kind or 'missing'}, which fits no task of "
            f"{names}. Name a target column (params = {{ target = ... }}) or another task."
        )
    try:
        splits = tuple(task.splits(dataset, protocol))
    except DatasetError as error:
        raise DatasetError(f"dataset {source.name!r}: {error}") from error
    return Facts(
        fingerprint=fingerprint(dataset),
        n_rows=_length(dataset.X),
        n_features=n_features(dataset),
        has_missing=has_missing(dataset.X),
        is_streamed=isinstance(dataset.X, Rows) and not isinstance(dataset.X, type),
        task=task.name,
        columns=dataset.columns or (),
        target=dataset.target,
        splits=splits,
    )


def n_features(dataset: Dataset) -> int:
    """Return how many numbers or columns one row of X has; 0 where a row has no fixed number."""
    shape = getattr(dataset.X, "shape", None)
    if shape is None:
        return len(dataset.columns or ())
    size = 1
    for length in shape[1:]:
        size *= int(length)
    return size


def has_missing(X: Any) -> bool:
    """Return whether any value of X is missing; True where that cannot be told."""
    import numpy as np

    if isinstance(X, Rows):
        return bool(getattr(X, "has_missing", True))
    if isinstance(X, np.ndarray) and X.dtype.kind in "fiub":
        return bool(X.dtype.kind == "f" and np.isnan(X).any())
    if hasattr(X, "isna"):
        return bool(X.isna().to_numpy().any())
    if isinstance(X, list) and all(isinstance(item, np.ndarray) for item in X):
        return any(item.dtype.kind not in "iub" and has_missing(item) for item in X)
    return not (isinstance(X, list) and all(isinstance(item, str) for item in X))


def _length(X: Any) -> int:
    return len(X) if hasattr(X, "__len__") else 0


def _call(source: Source) -> Dataset:
    """Call the loader and normalise what it returns."""
    from bench.tasks.normalise import normalise

    loader = resolve(source.spec.loader)
    arguments = dict(source.params)
    if source.path is not None:
        arguments["path"] = source.path
    try:
        dataset = loader(**arguments)
    except BenchError:
        raise
    except TypeError as error:
        raise DatasetError(
            f"dataset {source.spec.name!r}: its loader {source.spec.loader} does not take "
            f"params = {json.dumps(dict(source.params), default=str)}: {error}."
        ) from error
    except Exception as error:
        raise DatasetError(
            f"dataset {source.spec.name!r}: its loader {source.spec.loader} failed: "
            f"{type(error).__name__}: {error}"
        ) from error
    if not isinstance(dataset, Dataset):
        raise DatasetError(
            f"dataset {source.spec.name!r}: its loader {source.spec.loader} returned "
            f"{type(dataset).__name__}; a bench.Dataset is needed."
        )
    return normalise(dataset, source.name, source.spec.tasks)


# --- the fingerprint --------------------------------------------------------------------------


def fingerprint(dataset: Dataset) -> str:
    """Return SHA-256 over the content: X, y, every per-row array, columns and target.

    It depends on values, types and order, never on where or how they are stored.
    """
    digest = hashlib.sha256()
    _feed(digest, dataset.X)
    for name in _PER_ROW:
        digest.update(name.encode())
        _feed(digest, getattr(dataset, name))
    about = [
        [[column.name, column.kind] for column in dataset.columns or ()],
        _target_json(dataset.target),
        dataset.extra,
    ]
    digest.update(json.dumps(about, sort_keys=True, default=_by_name).encode())
    return digest.hexdigest()


def _feed(digest: Any, value: Any) -> None:
    import numpy as np

    if value is None:
        digest.update(b"none")
    elif isinstance(value, Rows):
        digest.update(value.fingerprint.encode())
    elif isinstance(value, np.ndarray):
        digest.update(f"{value.dtype.str}{value.shape}".encode())
        if value.dtype.kind in "OUT":
            digest.update(json.dumps(value.tolist(), default=str).encode())
        else:
            digest.update(np.ascontiguousarray(value).reshape(-1).view(np.uint8).data)
    elif hasattr(value, "columns") and hasattr(value, "iloc"):
        import pandas as pd

        digest.update(json.dumps([[str(c), str(value[c].dtype)] for c in value.columns]).encode())
        digest.update(pd.util.hash_pandas_object(value, index=False).to_numpy().data)
    elif isinstance(value, list | tuple):
        digest.update(str(len(value)).encode())
        for item in value:
            if isinstance(item, str):
                digest.update(f"{len(item)}:{item}".encode())
            else:
                _feed(digest, item)
    else:
        digest.update(json.dumps(value, sort_keys=True, default=_by_name).encode())


def _by_name(value: Any) -> Any:
    """Stand for a class, a function or a NumPy scalar in JSON."""
    if hasattr(value, "__qualname__"):
        return f"{value.__module__}:{value.__qualname__}"
    return value.item() if hasattr(value, "item") else repr(value)


# --- the cached copy --------------------------------------------------------------------------


def _write(dataset: Dataset, folder: Path) -> None:
    """Keep a copy where X and every per-row array have a plain format; otherwise keep none."""
    if isinstance(dataset.X, Rows) or not _is_plain(dataset.extra):
        return
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=folder.parent))
    except OSError:
        return
    try:
        forms = {name: _save(getattr(dataset, name), draft / name) for name in ("X", *_PER_ROW)}
        if all(form is not None for form in forms.values()):
            meta = {
                "forms": forms,
                "columns": [[c.name, c.kind] for c in dataset.columns or ()],
                "target": _target_json(dataset.target),
                "extra": dataset.extra,
                "checksums": {file.name: zlib.crc32(file.read_bytes()) for file in draft.iterdir()},
            }
            (draft / "meta.json").write_text(json.dumps(meta))
            draft.rename(folder)
    except (OSError, TypeError, ValueError):
        pass  # full disk, a name that JSON cannot hold, or another process was first: no copy kept
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _read(folder: Path) -> Dataset | None:
    """Return the cached dataset; None where there is none or it is not whole."""
    try:
        meta = json.loads((folder / "meta.json").read_text())
        values = {}
        for name, form in meta["forms"].items():
            content = b"" if form[0] == "none" else (folder / name).read_bytes()
            if zlib.crc32(content) != meta["checksums"].get(name, 0):
                raise ValueError(f"{name} is not what was written")
            values[name] = _open(form, content)
    except (OSError, ValueError, KeyError):
        shutil.rmtree(folder, ignore_errors=True)  # what is not whole must not stand in the way
        return None
    return Dataset(
        values["X"],
        values["y"],
        parts=values["parts"],
        folds=values["folds"],
        groups=values["groups"],
        time=values["time"],
        sample_weight=values["sample_weight"],
        columns=tuple(Column(*column) for column in meta["columns"]),
        target=_target(meta["target"]),
        extra=meta["extra"],
    )


def _is_plain(extra: Any) -> bool:
    """Return whether JSON gives it back as it is."""
    try:
        return bool(json.loads(json.dumps(extra)) == extra)
    except (TypeError, ValueError):
        return False


def _target_json(target: Target | None) -> list[Any] | None:
    if target is None:
        return None
    plain = [item.item() if hasattr(item, "item") else item for item in target.classes]
    return [target.kind, target.n_outputs, plain]


def _target(values: Any) -> Target | None:
    return values and Target(values[0], values[1], tuple(values[2]))


def _save(value: Any, path: Path) -> list[Any] | None:
    """Write one array, table or list; return its form, or None where it has no plain one."""
    import numpy as np

    if value is None:
        return ["none"]
    if isinstance(value, np.ndarray):
        if value.dtype.kind == "O":
            if not all(isinstance(item, str) for item in value.ravel()):
                return None
            value = value.astype(str)
        path.write_bytes(np.ascontiguousarray(value).tobytes())
        return ["array", value.dtype.str, value.shape]
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        path.write_text(json.dumps(value))
        return ["strings"]
    if isinstance(value, list) and value and all(isinstance(item, np.ndarray) for item in value):
        types, tails = {item.dtype for item in value}, {item.shape[1:] for item in value}
        if len(types) > 1 or len(tails) > 1 or any(item.ndim == 0 for item in value):
            return None
        joined = np.concatenate(value)
        if joined.dtype.kind == "O":
            return None
        path.write_bytes(joined.tobytes())
        return ["arrays", joined.dtype.str, joined.shape, [len(item) for item in value]]
    if hasattr(value, "columns") and hasattr(value, "iloc"):
        import pyarrow as pa
        from pyarrow import feather

        feather.write_feather(
            pa.Table.from_pandas(value, preserve_index=False), str(path), compression="uncompressed"
        )
        return ["table"]
    return None


def _open(form: list[Any], content: bytes) -> Any:
    """Read what `_save` wrote."""
    import numpy as np

    kind = form[0]
    if kind == "none":
        return None
    if kind == "array":
        # A copy of its own: arrays on top of `content` could not be written to.
        return np.frombuffer(bytearray(content), form[1]).reshape(form[2])
    if kind == "strings":
        return json.loads(content)
    if kind == "arrays":
        joined = np.frombuffer(bytearray(content), form[1]).reshape(form[2])
        return np.split(joined, np.cumsum(form[3])[:-1])
    import pyarrow as pa
    from pyarrow import feather

    return feather.read_table(pa.BufferReader(content)).to_pandas()
