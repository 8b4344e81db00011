"""The fingerprint of a dataset: a hash of its content, wherever and however it is stored."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from bench.spec import Dataset, Rows, Target

PER_ROW = ("y", "parts", "folds", "groups", "time", "sample_weight")
"""What a dataset says about each of its rows."""


def fingerprint(dataset: Dataset) -> str:
    """Return SHA-256 over the content: X, y, every per-row array, columns, target and extra.

    It depends on values, types and order, never on where or how they are stored; the order of the
    categories counts where they have one.
    """
    return _digest(dataset)


def older_fingerprints(dataset: Dataset) -> Iterator[str]:
    """Yield the fingerprints that earlier versions of bench gave the same content.

    Up to 0.1 the order of ordinal categories did not count, and a list of texts that came as an
    array counted as one.
    """
    if ordered := _orders(dataset.X):
        yield _digest(dataset, with_orders=False)
    X = dataset.X
    if not ordered and isinstance(X, list) and X and all(isinstance(item, str) for item in X):
        import numpy as np

        for kind in (f"<U{max(1, *map(len, X))}", "|O"):
            held = np.empty(len(X), object)
            held[:] = X
            yield _digest(replace(dataset, X=_Named(kind, held)))


class _Named:
    """An object array that is hashed as one of another type."""

    def __init__(self, dtype: str, values: Any) -> None:
        self.dtype = dtype
        self.values = values


def _digest(dataset: Dataset, *, with_orders: bool = True) -> str:
    digest = hashlib.sha256()
    _feed(digest, dataset.X)
    for name in PER_ROW:
        digest.update(name.encode())
        _feed(digest, getattr(dataset, name))
    about = [
        [[column.name, column.kind] for column in dataset.columns or ()],
        target_json(dataset.target),
        dataset.extra,
    ]
    digest.update(json.dumps(about, sort_keys=True, default=_plain).encode())
    if with_orders and (orders := _orders(dataset.X)):
        digest.update(json.dumps(["orders", orders], default=_plain).encode())
    return digest.hexdigest()


def is_rows(X: Any) -> bool:
    """Return whether X is `bench.Rows`: data that are not in memory; a class of such is not."""
    return not isinstance(X, type) and isinstance(X, Rows)


def is_table(X: Any) -> bool:
    """Return whether X is a pandas table."""
    return not isinstance(X, type) and hasattr(X, "columns") and hasattr(X, "iloc")


def _orders(X: Any) -> list[Any]:
    """Return the categories of each column of a table that has ordered ones, in their order."""
    if not is_table(X):
        return []
    return [
        [str(name), dtype.categories.tolist()]
        for name, dtype in X.dtypes.items()
        if getattr(dtype, "ordered", False)
    ]


def _feed(digest: Any, value: Any) -> None:
    import numpy as np

    if value is None:
        digest.update(b"none")
    elif isinstance(value, _Named):
        digest.update(f"{value.dtype}{value.values.shape}".encode())
        digest.update(json.dumps(value.values.tolist()).encode())
    elif is_rows(value):
        digest.update(value.fingerprint.encode())
    elif isinstance(value, np.ndarray):
        digest.update(f"{value.dtype.str}{value.shape}".encode())
        if value.dtype.kind in "OUT":
            digest.update(json.dumps(value.tolist(), default=_text).encode())
        else:
            digest.update(np.ascontiguousarray(value).reshape(-1).view(np.uint8).data)
    elif is_table(value):
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
        digest.update(json.dumps(value, sort_keys=True, default=_plain).encode())


def _plain(value: Any) -> Any:
    """Stand in JSON for what it cannot hold: an array, a class, a function, an object's content."""
    import numpy as np

    if hasattr(value, "__qualname__"):
        return f"{value.__module__}:{value.__qualname__}"
    if hasattr(value, "dtype") and np.ndim(value):
        digest = hashlib.sha256()
        _feed(digest, value)
        return {"array": digest.hexdigest()}
    if hasattr(value, "item"):
        return value.item()
    if isinstance(value, set | frozenset):
        return sorted(value, key=repr)
    return _text(value) if not _is_bare(value) else [_plain(type(value)), vars(value)]


def _text(value: Any) -> Any:
    """Return what stands for an object in an array: its text, where that is of its content."""
    return str(value) if not _is_bare(value) else [_plain(type(value)), vars(value)]


def _is_bare(value: Any) -> bool:
    """Return whether a value's text is but its address in memory."""
    own = [vars(kind) for kind in type(value).__mro__[:-1]]
    return hasattr(value, "__dict__") and not any(
        "__repr__" in names or "__str__" in names for names in own
    )


def target_json(target: Target | None) -> list[Any] | None:
    """Return a target as what JSON can hold."""
    if target is None:
        return None
    plain = [item.item() if hasattr(item, "item") else item for item in target.classes]
    return [target.kind, target.n_outputs, plain]


def target_from_json(values: Any) -> Target | None:
    """Read what `target_json` returned."""
    return values and Target(values[0], values[1], tuple(values[2]))
