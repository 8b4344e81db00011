"""Series as they are given, and as learners of arrays take them: of one length, without gaps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def as_series(X: Any, n_channels: int | None = None) -> list[Floats]:
    """Return series as a list of (length, channels) arrays whose gaps are filled.

    A missing value is what lies on the straight line between its neighbours in the same channel,
    the nearest one's at an end, and 0 in a channel that has none.

    Parameters
    ----------
    X
        A list of (length, channels) or (length,) arrays, which may differ in length, or an array
        (n_rows, length) or (n_rows, length, channels).
    n_channels
        How many there must be; None: as many as the first row has.

    Raises
    ------
    ValueError
        A row has another form, no steps, or another number of channels.
    """
    rows = [np.asarray(row, np.float64) for row in X]
    rows = [row[:, np.newaxis] if row.ndim == 1 else row for row in rows]
    if rows and n_channels is None:
        n_channels = rows[0].shape[-1]
    for number, row in enumerate(rows):
        if row.ndim != 2 or not row.size or row.shape[1] != n_channels:
            raise ValueError(
                f"row {number} of X has the shape {row.shape}; a series (length, channels) of one "
                f"step or more and {n_channels} channels is needed"
            )
    return [_filled(row) for row in rows]


def longest(series: Sequence[Floats]) -> int:
    """Return the length of the longest series."""
    return max(len(row) for row in series)


def resampled(series: Sequence[Floats], length: int) -> Floats:
    """Return series as an array (n_rows, length, channels), stretched where their length is not so.

    Values in between lie on straight lines; both ends stay where they are. Comparing series after
    this is as good as comparing unequal lengths (Ratanamahatana & Keogh, 2004, Everything you know
    about dynamic time warping is wrong, 3rd workshop on mining temporal and sequential data).
    """
    whole = np.empty((len(series), length, series[0].shape[1] if series else 1))
    for row, values in zip(whole, series, strict=True):
        row[:] = values if len(values) == length else _stretched(values, length)
    return whole


def _stretched(values: Floats, length: int) -> Floats:
    at = np.linspace(0, len(values) - 1, length)
    before = np.minimum(at.astype(np.intp), max(len(values) - 2, 0))
    after = np.minimum(before + 1, len(values) - 1)
    share = (at - before)[:, np.newaxis]
    return np.asarray(values[before] * (1 - share) + values[after] * share)


def _filled(values: Floats) -> Floats:
    missing = np.isnan(values)
    if not missing.any():
        return values
    steps, whole = np.arange(len(values)), values.copy()
    for channel, gaps in zip(whole.T, missing.T, strict=True):
        known = ~gaps
        channel[gaps] = np.interp(steps[gaps], steps[known], channel[known]) if known.any() else 0.0
    return whole
