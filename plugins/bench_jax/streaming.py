"""Data larger than memory for the engine: a first look at some rows, and encoded windows of all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

import bench
from bench_jax.engine import Sample

WINDOW_BYTES = 32 * 2**20
"""Of the encoded rows of a window."""

MOST_WINDOW_ROWS = 2**16

SAMPLE_ROWS = 20_000
"""Rows that an encoder is fitted on at most."""

HELD_ROWS = 20_000
"""Rows to stop by at most: they stay in memory, and are looked at in every epoch."""


@dataclass(frozen=True, eq=False)
class Windows:
    """Training rows as the engine's `Stream`.

    Every pass gives each row once: the blocks of the source (row groups of a Parquet file) in
    random order, and the rows of a window shuffled.

    Parameters
    ----------
    X
        All rows that `fit` was given, (n, ...).
    encode
        Makes inputs of the network from a table in memory.
    rows
        Positions in X to learn from, (m,).
    y
        What to learn about each row of X, as the engine takes it.
    weight
        Weight of each row of X, float32; None: all alike.
    size
        Rows of a window at most, `window_rows`.
    """

    X: bench.RowsView
    encode: Callable[[Any], Any]
    rows: NDArray[np.intp]
    y: NDArray[Any]
    weight: NDArray[np.float32] | None
    size: int

    @property
    def n_rows(self) -> int:
        """Rows of all windows of one pass together."""
        return len(self.rows)

    @cached_property
    def _view(self) -> bench.RowsView:
        """One view for all passes: it remembers the order of its source."""
        return self.X.part(self.rows)

    def windows(self, rng: np.random.Generator) -> Iterator[Sample]:
        """Yield the rows once, at most `size` at a time, in an order drawn anew."""
        for positions, table in self._view.windows(self.size, rng):
            places = self.rows[positions]
            weight = None if self.weight is None else self.weight[places]
            yield Sample(self.encode(table), self.y[places], weight)


def window_rows(width: int) -> int:
    """Return how many rows a window has, for rows of so many encoded numbers.

    It hangs on nothing else, so that few rows and many share a compiled program.
    """
    fitting = WINDOW_BYTES // (4 * max(1, width))
    return max(256, min(MOST_WINDOW_ROWS, fitting // 256 * 256))


def look(X: bench.RowsView, rng: np.random.Generator) -> Any:
    """Return at most 20,000 rows, drawn at random, as an array or a table in memory."""
    n = min(SAMPLE_ROWS, len(X), max(1000, 8 * X.window_rows))
    return X.take(rng.choice(len(X), n, replace=False))
