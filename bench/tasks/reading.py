"""Answers brought into form: arrays of the shape asked for, finite, and refused by name if not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.spec.errors import InvalidAnswer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def as_array(answer: Any, name: str, shape: tuple[int, ...]) -> NDArray[Any]:
    """Return an answer as an array of a shape; (n, 1) is taken as (n,) where that is asked for.

    Raises
    ------
    InvalidAnswer
        It has another shape, or none; the message calls it `name`.
    """
    import numpy as np

    try:
        array = np.asarray(answer)
    except ValueError as error:
        raise InvalidAnswer(f"{name} that are no array: {error}") from None
    if array.shape == (*shape, 1):
        array = array[..., 0]
    if array.shape != shape:
        raise InvalidAnswer(f"{name} of the shape {array.shape}; {shape} is needed")
    return array


def as_numbers(answer: Any, name: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return an answer as finite numbers of a shape.

    Raises
    ------
    InvalidAnswer
        It has another shape, or holds anything but finite numbers.
    """
    import numpy as np

    array = as_array(answer, name, shape)
    check_finite(array, name)
    return array.astype(np.float64)


def check_finite(array: NDArray[Any], name: str) -> None:
    """Refuse what is no array of finite numbers.

    Raises
    ------
    InvalidAnswer
        With the first row that is at fault.
    """
    import numpy as np

    if array.dtype.kind not in "biuf":
        raise InvalidAnswer(f"{name} of the type {array.dtype}; numbers are needed")
    if not np.isfinite(array).all():
        row = int(np.argwhere(~np.isfinite(array))[0][0])
        raise InvalidAnswer(f"{name} with NaN or infinity, first in row {row} of the part")
