"""What generators of raw data share: parameters checked, labels drawn and some of them turned over.

Each kind of chance has a random stream of its own, drawn row by row, so that the first rows of a
larger data set are those of a smaller one of the same seed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import DatasetError

CHUNK_ROWS = 500
"""Rows made at a time: what is in memory besides the result stays small."""


def check(name: str, parameter: str, value: Any, low: float, high: float = np.inf) -> None:
    """Refuse what is no number from `low` to `high`.

    Raises
    ------
    DatasetError
        It is none.
    """
    if not isinstance(value, int | float) or not low <= value <= high:
        allowed = f"{low:,} to {high:,}" if np.isfinite(high) else f"{low:,} and more"
        raise DatasetError(f"dataset {name!r}: {parameter} is {value!r}; allowed: {allowed}.")


def check_whole(name: str, parameter: str, value: Any, low: int, high: float = np.inf) -> None:
    """Refuse what is no whole number from `low` to `high`; raises as `check` does."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise DatasetError(f"dataset {name!r}: {parameter} is {value!r}; a whole number is needed.")
    check(name, parameter, value, low, high)


def interval(name: str, parameter: str, value: Any, low: int, high: int) -> tuple[int, int]:
    """Return the least and the most of a pair of whole numbers, or of one that is both.

    Raises
    ------
    DatasetError
        It is neither, or lies outside of ``[low, high]``.
    """
    pair = list(value) if isinstance(value, list | tuple) else [value, value]
    for number in pair:
        check_whole(name, parameter, number, low, high)
    if len(pair) != 2 or pair[0] > pair[1]:
        raise DatasetError(
            f"dataset {name!r}: {parameter} is {value!r}; one number, or the least and the most "
            "as [a, b], are needed."
        )
    return pair[0], pair[1]


def streams(seed: int, n: int) -> list[np.random.Generator]:
    """Return `n` independent random streams of a seed."""
    return np.random.default_rng(seed).spawn(n)


def chunks(n_samples: int) -> Iterator[slice]:
    """Yield the rows in pieces of at most `CHUNK_ROWS`."""
    for start in range(0, n_samples, CHUNK_ROWS):
        yield slice(start, min(n_samples, start + CHUNK_ROWS))


def classes_of(
    rng: np.random.Generator, n_samples: int, n_classes: int, shares: Sequence[float] | None = None
) -> NDArray[np.int64]:
    """Draw each row's true class (n_samples,), all equally likely unless `shares` says how."""
    edges = np.cumsum(shares if shares is not None else np.full(n_classes, 1 / n_classes))
    found = np.searchsorted(edges, rng.random(n_samples), side="right")
    return np.minimum(found, n_classes - 1).astype(np.int64)


def turned(
    rng: np.random.Generator, classes: NDArray[np.int64], n_classes: int, flip_y: float
) -> NDArray[np.int64]:
    """Give a share `flip_y` of the rows another class than their own, drawn evenly."""
    draws = rng.random((len(classes), 2))
    others = (classes + 1 + (draws[:, 1] * (n_classes - 1)).astype(np.int64)) % n_classes
    return np.where(draws[:, 0] < flip_y, others, classes)


def grey_bytes(levels: NDArray[Any]) -> NDArray[np.uint8]:
    """Return grey levels, 0 black to 1 white, as bytes; what lies outside is cut off."""
    return np.asarray(np.rint(np.clip(levels, 0, 1) * 255), dtype=np.uint8)


def grid(size: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return x and y (size, size) of an image's pixel centres, from -1 to 1, y downwards."""
    ticks = (2 * np.arange(size) + 1) / size - 1
    x, y = np.meshgrid(ticks, ticks)
    return x.astype(np.float32), y.astype(np.float32)


def column(values: NDArray[Any]) -> NDArray[np.float32]:
    """Return one value for each image of a stack (n, 1, 1), to be combined with its pixels."""
    return values.astype(np.float32)[:, None, None]
