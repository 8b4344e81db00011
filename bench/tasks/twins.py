"""Rows of the test part that stand in the training part, too: looked for once a split, then kept.

What is kept says how far into the training part one must go to find the first twin of a test row,
so that every size of a split is answered from one small file.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.spec import Dataset, Part

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FOLDER: ContextVar[Path | None] = ContextVar("twins", default=None)


@contextlib.contextmanager
def kept_in(folder: Path) -> Iterator[None]:
    """Have what is found of one dataset kept in a folder of its own, and looked up there first."""
    token = _FOLDER.set(folder)
    try:
        yield
    finally:
        _FOLDER.reset(token)


def n_twins(
    dataset: Dataset, train: NDArray[np.int64], test: NDArray[np.int64], n_train: int
) -> int | None:
    """Count the test rows that stand among the first training rows of a split, too.

    Parameters
    ----------
    dataset
        Whose rows they are; rows are the same where X and y are.
    train, test
        (n,) rows of the whole split.
    n_train
        How many of `train` count.

    Returns
    -------
    int or None
        None where X is larger than memory (`bench.Rows`) or has no rows to compare.
    """
    import numpy as np

    places = _read(file := _file(train, test))
    if places is None:
        found = _row_hashes(dataset.X, dataset.y)
        if found is None:
            return None
        known, first = np.unique(found[train], return_index=True)
        at = np.searchsorted(known, found[test])
        at[at == len(known)] = 0
        has_twin = known[at] == found[test] if len(known) else np.zeros(len(test), bool)
        places = np.sort(first[at[has_twin]]).astype(np.int64)
        _write(file, places)
    return int(np.searchsorted(places, n_train))


def _file(train: NDArray[np.int64], test: NDArray[np.int64]) -> Path | None:
    folder = _FOLDER.get()
    if folder is None:
        return None
    name = hashlib.sha256(train.tobytes() + b"/" + test.tobytes()).hexdigest()[:20]
    return folder / f"{name}.npy"


def _read(file: Path | None) -> NDArray[np.int64] | None:
    import numpy as np

    if file is not None:
        with contextlib.suppress(OSError, ValueError, EOFError):
            found: NDArray[np.int64] = np.load(file, allow_pickle=False)
            return found
    return None


def _write(file: Path | None, places: NDArray[np.int64]) -> None:
    import numpy as np

    if file is None:
        return
    content = io.BytesIO()
    np.save(content, places, allow_pickle=False)
    with contextlib.suppress(OSError):  # what cannot be kept is counted again
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(f".{os.getpid()}")
        draft.write_bytes(content.getvalue())
        draft.replace(file)


def rows_on_two_sides(train: Part, test: Part) -> int | None:
    """Count the test rows that stand in the training part too, with the same X and the same y.

    Rows are compared by a 64-bit hash of their content. None where X is larger than memory
    (`bench.Rows`) or of a kind that has no rows to compare.
    """
    import numpy as np

    ours, theirs = _row_hashes(train.X, train.y), _row_hashes(test.X, test.y)
    if ours is None or theirs is None:
        return None
    return int(np.isin(theirs, ours).sum())


def _row_hashes(X: Any, y: Any) -> NDArray[np.uint64] | None:
    """Hash each row of X with its answer; equal within this process only."""
    import numpy as np

    if isinstance(X, np.ndarray) and X.dtype.kind in "biuf":
        rows = _hashes(X)
    elif isinstance(X, np.ndarray) and X.dtype != object:
        rows = _hashed(row.tobytes() for row in np.ascontiguousarray(X))
    elif hasattr(X, "iloc"):
        from pandas.util import hash_pandas_object

        rows = np.asarray(hash_pandas_object(X, index=False), dtype=np.uint64)
    elif isinstance(X, list) and all(isinstance(row, str) for row in X):
        rows = _hashed(X)
    elif isinstance(X, list) and all(isinstance(row, np.ndarray) for row in X):
        rows = _hashed((row.shape, row.tobytes()) for row in X)
    else:
        return None
    if y is None:
        return rows
    if isinstance(y, np.ndarray) and y.dtype.kind in "biuf":
        return _mixed(rows, _hashes(y))
    return _mixed(rows, _hashed(str(answer) for answer in y))


def _hashes(values: NDArray[Any]) -> NDArray[np.uint64]:
    """Hash each row of an array of numbers, a column at a time: no object is made for any row."""
    import numpy as np
    from pandas.util import hash_array

    whole = np.full(len(values), values.ndim, dtype=np.uint64)
    for column in values.reshape(len(values), -1).T:
        # Adding zero makes -0.0 and 0.0, which are equal, the same bytes.
        plain = np.ascontiguousarray(column + 0 if column.dtype.kind == "f" else column)
        whole = _mixed(whole, hash_array(plain))
    return whole


def _hashed(rows: Iterable[Any]) -> NDArray[np.uint64]:
    import numpy as np

    return np.array([hash(row) & 0xFFFF_FFFF_FFFF_FFFF for row in rows], dtype=np.uint64)


def _mixed(one: NDArray[np.uint64], other: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return hashes of pairs, in their order (the mixing step of Boost's `hash_combine`)."""
    import numpy as np

    golden, six, two = np.uint64(0x9E3779B97F4A7C15), np.uint64(6), np.uint64(2)
    return np.asarray(one ^ (other + golden + (one << six) + (one >> two)))
