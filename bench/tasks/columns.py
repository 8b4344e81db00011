"""Columns of X, whether it is an array or a table: copies of them that can be edited."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bench.spec import Column
from bench.spec.errors import DatasetError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def kinds(columns: Sequence[Column] | None, n_columns: int) -> list[str]:
    """Return the kind of each column; numbers where nothing is known of them."""
    known = [column.kind for column in columns or ()]
    return [*known] if len(known) == n_columns else ["number"] * n_columns


def editable(X: Any) -> Any:
    """Return a copy with one column for each number of a row, able to hold fractions and gaps."""
    import numpy as np

    if hasattr(X, "isetitem"):
        return X.copy()
    if not isinstance(X, np.ndarray) or X.ndim < 2:
        raise DatasetError(
            f"X is a {type(X).__name__}: conditions on features need an array or a table in memory."
        )
    flat = X.reshape(len(X), int(np.prod(X.shape[1:])))
    if X.dtype.kind == "f":
        return flat.copy()
    return flat.astype(np.float64 if X.dtype.kind in "biu" else object)


def as_given(flat: NDArray[Any], given: NDArray[Any]) -> NDArray[Any]:
    """Return an edited copy in the form given, rounded where that held whole numbers."""
    import numpy as np

    if given.dtype.kind in "iu":
        held = np.iinfo(given.dtype)
        flat = np.clip(np.rint(flat), held.min, held.max).astype(given.dtype)
    return flat.reshape(given.shape)


def numbers(X: Any, j: int) -> NDArray[np.float64]:
    """Return the values of a column, NaN where they are missing."""
    import numpy as np

    if hasattr(X, "iloc"):
        return np.asarray(X.iloc[:, j].to_numpy(dtype=np.float64, na_value=np.nan))
    return np.asarray(X[:, j].astype(np.float64))


def put(X: Any, j: int, values: NDArray[Any]) -> None:
    """Put values in place of those of a column."""
    if hasattr(X, "isetitem"):
        X.isetitem(j, values)
    else:
        X[:, j] = values


def deviation(values: NDArray[Any]) -> float:
    """Return the standard deviation of what is there; 0 where nothing is."""
    import numpy as np

    there = values[np.isfinite(values)]
    return float(there.std()) if len(there) else 0.0


def remove(X: Any, j: int, kind: str, gone: NDArray[np.bool_]) -> None:
    """Make values of one column missing, in the way of its type."""
    import numpy as np

    if hasattr(X, "isetitem"):
        column = X.iloc[:, j]
        # Of a type that has no gaps: bool, int, uint; the nullable ones are no np.dtype.
        if isinstance(column.dtype, np.dtype) and column.dtype.kind in "biu":
            column = column.astype(np.float64)
        X.isetitem(j, column.mask(gone, "") if kind == "text" else column.mask(gone))
    elif X.dtype.kind == "f":
        X[gone, j] = np.nan
    else:
        X[gone, j] = {"number": np.nan, "text": ""}.get(kind)
