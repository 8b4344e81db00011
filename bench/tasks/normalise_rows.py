"""What a dataset says about each of its rows: parts, folds, groups, time and weights, checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.spec import PARTS
from bench.spec.errors import DatasetError, nearest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def plain(values: Any, name: str, source: str) -> NDArray[Any]:
    """Return an array of the plainest type that holds these values."""
    import numpy as np
    import pandas as pd

    if isinstance(values, pd.DataFrame | pd.Series | pd.Index | pd.api.extensions.ExtensionArray):
        values = values.to_numpy()
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise DatasetError(f"dataset {source!r}: {name} is not an array: {error}.") from None
    # An object array from pandas may hold integers or booleans only.
    if array.dtype == object and array.ndim == 1:
        found = pd.api.types.infer_dtype(array, skipna=False)
        if found in ("integer", "boolean", "floating", "mixed-integer-float"):
            return np.array(array.tolist())
    return array


def check_length(name: str, length: int, source: str, n_rows: int) -> None:
    """Refuse what has not one value for each row."""
    if length != n_rows:
        raise DatasetError(
            f"dataset {source!r}: X has {n_rows} rows and {name} has {length}; one each is needed."
        )


def check_complete(name: str, values: NDArray[Any], source: str, fix: str) -> None:
    """Refuse missing values."""
    import numpy as np
    import pandas as pd

    absent = np.asarray(pd.isna(values))
    missing = absent.reshape(len(absent), -1).any(axis=1)
    if missing.any():
        raise DatasetError(
            f"dataset {source!r}: {name} is missing in {int(missing.sum())} row(s), the first of "
            f"which is row {int(missing.argmax())}. {fix}"
        )


def per_row(name: str, values: Any, source: str, n_rows: int) -> NDArray[Any] | None:
    """Return one value for each row, none of them missing."""
    if values is None:
        return None
    array = plain(values, name, source)
    if array.ndim != 1:
        raise DatasetError(
            f"dataset {source!r}: {name} has the shape {array.shape}; one value for each row is "
            "needed."
        )
    check_length(name, len(array), source, n_rows)
    check_complete(name, array, source, f"Every row needs its {name}.")
    return array


def parts(values: Any, source: str, n_rows: int) -> NDArray[Any] | None:
    """Check the official part of each row."""
    array = per_row("parts", values, source, n_rows)
    if array is None:
        return None
    names = sorted({str(name) for name in array.tolist()})
    for name in names:
        if name not in PARTS:
            raise DatasetError(
                f"dataset {source!r}: parts names {name!r}; allowed: {', '.join(PARTS)}."
                f"{nearest(name, PARTS)}"
            )
    for name in ("train", "test"):
        if name not in names:
            raise DatasetError(
                f"dataset {source!r}: parts names no {name!r} row; name some, or leave parts out."
            )
    return array.astype(str)


def folds(values: Any, source: str, n_rows: int) -> NDArray[np.int64] | None:
    """Check the official fold of each row."""
    import numpy as np

    array = per_row("folds", values, source, n_rows)
    if array is None:
        return None
    whole = array.dtype.kind in "iuf" and bool((array == np.floor(array)).all())
    if not whole or array.min() != 0 or len(np.unique(array)) != array.max() + 1:
        shown = ", ".join(repr(fold) for fold in sorted(set(array.tolist()), key=str)[:10])
        raise DatasetError(
            f"dataset {source!r}: folds are {shown}; whole numbers from 0 without gaps are needed."
        )
    return array.astype(np.int64)


def time(values: Any, source: str, n_rows: int) -> NDArray[Any] | None:
    """Check that the rows can be sorted by time; time zones become UTC."""
    import numpy as np
    import pandas as pd

    array = per_row("time", values, source, n_rows)
    if array is not None and array.dtype == object:
        if pd.api.types.infer_dtype(array) in ("datetime", "date"):
            array = np.asarray(
                pd.to_datetime(array, utc=True).tz_localize(None), dtype="datetime64[ns]"
            )
        try:
            np.sort(array)
        except TypeError as error:
            raise DatasetError(f"dataset {source!r}: time cannot be sorted: {error}.") from None
    return array


def sample_weight(values: Any, source: str, n_rows: int) -> NDArray[np.float64] | None:
    """Check the weight of each row."""
    import numpy as np

    array = per_row("sample_weight", values, source, n_rows)
    if array is None:
        return None
    if array.dtype.kind not in "biuf" or not np.isfinite(array).all() or (array < 0).any():
        raise DatasetError(
            f"dataset {source!r}: sample_weight holds what is not a number of at least 0."
        )
    return array.astype(np.float64)
