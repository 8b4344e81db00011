"""The form in which predictions are kept: numbers, lists of numbers of any length, or texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.spec import Output, Part

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bench.spec.outcome import Predictions


def to_be_kept(part: Part, output: Output) -> tuple[NDArray[np.int64], Predictions] | None:
    """Return the rows of a part and what was predicted for each; None where it has no such form.

    Arrays (n,) and (n, ...) become numbers (n, k), lists of arrays one array (k,) each, row by row
    where they have rows of their own, and lists of texts stay. Nothing else is kept.
    """
    import numpy as np

    rows = np.ascontiguousarray(part.rows, dtype=np.int64)
    values = _in_form(output.values)
    return None if values is None or len(values) != len(rows) else (rows, values)


def _in_form(values: Any) -> Predictions | None:
    import numpy as np

    if isinstance(values, list | tuple):
        if values and all(isinstance(value, str) for value in values):
            return list(values)
        arrays = [_numbers(value) for value in values]
        if any(array is None for array in arrays):
            return None
        if len({array.shape for array in arrays if array is not None}) > 1:
            return [array.ravel() for array in arrays if array is not None]
    elif getattr(getattr(values, "dtype", None), "kind", "") in ("O", "U", "T"):
        return _in_form(list(values))
    array = _numbers(values)
    if array is None or array.ndim == 0:
        return None
    width = int(np.prod(array.shape[1:]))
    return np.ascontiguousarray(array.reshape(len(array), width))


def _numbers(values: Any) -> NDArray[np.float64] | None:
    import numpy as np

    try:
        array = np.asarray(values)
    except ValueError:
        return None
    return array.astype(np.float64) if array.dtype.kind in "fiub" else None
