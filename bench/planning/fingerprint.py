"""The fingerprint of a dataset: a hash of its content, wherever and however it is stored."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from bench.spec import Dataset, Rows, Target

PER_ROW = ("y", "parts", "folds", "groups", "time", "sample_weight")
"""What a dataset says about each of its rows."""


def fingerprint(dataset: Dataset) -> str:
    """Return SHA-256 over the content: X, y, every per-row array, columns and target.

    It depends on values, types and order, never on where or how they are stored.
    """
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


def target_json(target: Target | None) -> list[Any] | None:
    """Return a target as what JSON can hold."""
    if target is None:
        return None
    plain = [item.item() if hasattr(item, "item") else item for item in target.classes]
    return [target.kind, target.n_outputs, plain]


def target_from_json(values: Any) -> Target | None:
    """Read what `target_json` returned."""
    return values and Target(values[0], values[1], tuple(values[2]))
