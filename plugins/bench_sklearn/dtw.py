"""Dynamic time warping, for many pairs of series at once.

The distance is the smallest sum, over a path of matched steps that goes forward in both series, of
the squared differences of all channels (the dependent form of several channels: Shokoohi-Yekta,
Hu, Jin, Wang & Keogh, 2017, doi:10.1007/s10618-016-0455-0). A path stays within a band around the
diagonal (Sakoe & Chiba, 1978, doi:10.1109/TASSP.1978.1163055).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, minimum_filter1d

Floats = NDArray[np.float64]

_BLOCK_BYTES = 1 << 21
"""What a block of pairs may take: beyond a core's cache every pass over them waits for memory."""

_FIRST_ROUND = 4
"""Candidates compared before the lower bound is asked; each round after it is twice as large."""


def dtw(first: Floats, second: Floats, band: int) -> Floats:
    """Return the squared distance of each pair.

    Parameters
    ----------
    first, second
        (n_pairs, length, channels) each.
    band
        Steps by which matched steps may differ; 0: the squared Euclidean distance.

    Returns
    -------
    (n_pairs,) sums of squared differences.
    """
    n_pairs, length, _ = first.shape
    # Steps first: what is added and compared then lies side by side in memory.
    one = np.ascontiguousarray(first.transpose(1, 2, 0))
    other = np.ascontiguousarray(second.transpose(1, 2, 0)[::-1])
    # On an anti-diagonal no cell depends on another one. Cell (i, k - i) of the k-th is kept at
    # i + 1, so that its neighbours are at i (a step of `first`) and i + 1 (of `second`) of the
    # diagonal before, and at i of the one before that.
    before = np.full((length + 1, n_pairs), np.inf)
    last, current = before.copy(), before.copy()
    before[0] = 0.0
    for diagonal in range(2 * length - 1):
        low = max(0, diagonal - length + 1, (diagonal - band + 1) // 2)
        high = min(length - 1, diagonal, (diagonal + band) // 2)
        current[:] = np.inf
        if low <= high:
            turned = length - 1 - diagonal
            gap = one[low : high + 1] - other[turned + low : turned + high + 1]
            cost = np.einsum("scp,scp->sp", gap, gap)
            cheapest = np.minimum(last[low : high + 1], last[low + 1 : high + 2])
            np.minimum(cheapest, before[low : high + 1], out=cheapest)
            np.add(cost, cheapest, out=current[low + 1 : high + 2])
        before, last, current = last, current, before
    return last[length]


def nearest(
    queries: Floats, references: Floats, n_neighbors: int, band: int
) -> tuple[NDArray[np.intp], Floats]:
    """Return which references are nearest to each query, and how far these are.

    References whose lower bound of Keogh (Keogh & Ratanamahatana, 2005,
    doi:10.1007/s10115-004-0154-9) is beyond the nearest found so far are not compared.

    Parameters
    ----------
    queries
        (n_queries, length, channels).
    references
        (n_references, length, channels).
    n_neighbors
        How many, no more than there are references.
    band
        As in `dtw`.

    Returns
    -------
    Positions among `references`, (n_queries, n_neighbors), nearest first, and where two are equally
    far the earlier one first; and their squared distances, of the same shape.
    """
    positions = np.empty((len(queries), n_neighbors), np.intp)
    distances = np.empty((len(queries), n_neighbors))
    per_block = max(1, _BLOCK_BYTES // (8 * len(references)))
    for start in range(0, len(queries), per_block):
        block = slice(start, start + per_block)
        positions[block], distances[block] = _nearest(queries[block], references, n_neighbors, band)
    return positions, distances


def _nearest(
    queries: Floats, references: Floats, n_neighbors: int, band: int
) -> tuple[NDArray[np.intp], Floats]:
    bounds = _lower_bounds(queries, references, band)
    order = np.argsort(bounds, axis=1, kind="stable")
    found = np.full(bounds.shape, np.inf)
    start, size = 0, max(_FIRST_ROUND, n_neighbors)
    while start < len(references):
        asked = order[:, start : start + size]
        worst = np.partition(found, n_neighbors - 1, axis=1)[:, n_neighbors - 1]
        is_open = np.take_along_axis(bounds, asked, axis=1) <= worst[:, np.newaxis]
        if not is_open.any():
            break
        rows, places = np.nonzero(is_open)
        columns = asked[rows, places]
        found[rows, columns] = _pairwise(queries, references, rows, columns, band)
        start, size = start + size, 2 * size
    positions = np.argsort(found, axis=1, kind="stable")[:, :n_neighbors]
    return positions, np.take_along_axis(found, positions, axis=1)


def _pairwise(
    queries: Floats,
    references: Floats,
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    band: int,
) -> Floats:
    """Return distances of pairs given by position, gathered a block at a time."""
    per_block = max(1, _BLOCK_BYTES // (8 * queries.shape[1] * queries.shape[2]))
    distances = np.empty(len(rows))
    for start in range(0, len(rows), per_block):
        block = slice(start, start + per_block)
        distances[block] = dtw(queries[rows[block]], references[columns[block]], band)
    return distances


def _lower_bounds(queries: Floats, references: Floats, band: int) -> Floats:
    """Return (n_queries, n_references): squared distances to the envelopes of the references."""
    width = 2 * min(band, references.shape[1] - 1) + 1
    upper = maximum_filter1d(references, width, axis=1, mode="nearest")
    lower = minimum_filter1d(references, width, axis=1, mode="nearest")
    upper, lower = upper.reshape(len(upper), -1), lower.reshape(len(lower), -1)
    bounds = np.empty((len(queries), len(references)))
    for place, query in enumerate(queries.reshape(len(queries), -1)):
        beyond = np.maximum(query - upper, 0.0)
        np.maximum(beyond, lower - query, out=beyond)
        bounds[place] = np.einsum("rs,rs->r", beyond, beyond)
    return bounds
