"""Rows that are not in memory: some of them as X, read in windows, asked about in batches.

A dataset whose X is a `bench.Rows` is never read as a whole. A split makes `RowsView` of it. A
model that streams is fitted on one; for every other model the training rows are read into memory,
where they fit. Questions about the other parts are asked one window of rows at a time, whatever
the model.

What is held of every row of a view, whatever its size, are whole numbers of 8 bytes: its number in
the source, and once windows were asked for its place in the order of the source. While a pass is
under way there are two more, of that pass alone: the positions and the numbers in its order. So one
view that is kept for all passes costs 16 bytes a row, and 32 while it is read.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from bench.spec import Parts, Rows
from bench.spec.errors import Skip

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WINDOW_BYTES = 32 * 2**20
"""Bytes of rows read at a time where nobody says how many."""

SHARE = 0.5
"""Of the memory limit that training rows may take: learners need copies of them."""

MOST_ASKED = 8192
"""Rows that an estimator is asked about at a time at most: what it makes of a row, such as a column
for each category, may be many times what the row takes."""


@dataclass(frozen=True, eq=False)
class RowsView:
    """Some rows of a `Rows`, by their numbers: the X of a part of a split.

    Itself a `Rows`; positions are counted from 0 in the order of the view.

    Parameters
    ----------
    source
        Where the rows are.
    rows
        Their numbers there, (n,), in the order of the split.
    """

    source: Rows
    rows: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def fingerprint(self) -> str:
        """A digest of the source's content and of the row numbers."""
        digest = hashlib.sha256(self.source.fingerprint.encode())
        digest.update(self.rows.astype("<i8").data)
        return digest.hexdigest()

    @cached_property
    def row_bytes(self) -> int:
        """Bytes that a row takes in memory: what the source says, or those of the first row."""
        known = getattr(self.source, "row_bytes", None)
        return int(known) if known else max(1, _n_bytes(self.source.take(self.rows[:1])))

    @property
    def window_rows(self) -> int:
        """How many rows `windows` reads at a time where it is not told."""
        return max(1, WINDOW_BYTES // self.row_bytes)

    def take(self, positions: NDArray[np.int64]) -> Any:
        """Return these rows, in this order, as an array or a table in memory.

        The source puts them in order as it reads them: sorted here, they would be in memory twice.
        """
        return self.source.take(self.rows[positions])

    def batches(self, positions: NDArray[np.int64], n: int) -> Iterator[Any]:
        """Yield these rows, in this order, at most `n` at a time."""
        yield from self.source.batches(self.rows[positions], n)

    def part(self, positions: NDArray[np.int64]) -> RowsView:
        """Return a view of these rows, in this order."""
        return RowsView(self.source, self.rows[positions])

    def first(self, n: int) -> RowsView:
        """Return the first `n` rows, held in memory where they take no more than a few windows."""
        import numpy as np

        positions = np.arange(min(n, len(self)))
        if len(positions) * self.row_bytes > 4 * WINDOW_BYTES:
            return self.part(positions)
        shorter = self.part(positions)
        return RowsView(HeldRows(shorter.take(positions), shorter.fingerprint), positions)

    def windows(
        self, n: int | None = None, rng: np.random.Generator | None = None
    ) -> Iterator[tuple[NDArray[np.int64], Any]]:
        """Yield every row once, at most `n` at a time, in an order that is cheap to read.

        Parameters
        ----------
        n
            Rows in a window; not given: `window_rows`.
        rng
            Not given: rows come in the order of the source. Given: its blocks (``bounds``, such as
            the row groups of a Parquet file) come in random order, and the rows of a window are
            shuffled. So a window is drawn from as many blocks as it can hold; where one block is
            larger than a window, neighbours in the file stay together. A source without
            ``bounds`` is read in an order that is random throughout.

        Yields
        ------
        tuple
            Positions (m,) of the rows in this view, and the rows as an array or a table.
        """
        import numpy as np

        n = n or self.window_rows
        order = self._sorted if rng is None else self._drawn(rng, n)
        tables = self.source.batches(self.rows[order], n)
        for start, table in zip(range(0, len(order), n), tables, strict=True):
            yield np.asarray(order[start : start + n]), table

    @cached_property
    def _sorted(self) -> NDArray[np.int64]:
        """Positions in the order of the source."""
        import numpy as np

        return np.argsort(self.rows, kind="stable")

    def _drawn(self, rng: np.random.Generator, n: int) -> NDArray[np.int64]:
        """Return positions block after block, blocks in random order, shuffled within windows."""
        import numpy as np

        bounds = getattr(self.source, "bounds", None)
        if bounds is None:
            return rng.permutation(len(self))
        edges = np.searchsorted(self.rows, bounds, sorter=self._sorted)
        blocks = [(a, b) for a, b in pairwise(edges) if a < b]
        order = np.concatenate(
            [self._sorted[slice(*blocks[k])] for k in rng.permutation(len(blocks))]
        )
        for start in range(0, len(order), n):
            rng.shuffle(order[start : start + n])
        return order


@dataclass(frozen=True, eq=False)
class HeldRows:
    """Rows in memory that are read like those that are not."""

    table: Any
    fingerprint: str

    def __len__(self) -> int:
        return len(self.table)

    def take(self, rows: NDArray[np.int64]) -> Any:
        """Return these rows, in this order."""
        return take(self.table, rows)

    def batches(self, rows: NDArray[np.int64], n: int) -> Iterator[Any]:
        """Yield these rows, in this order, at most `n` at a time."""
        for start in range(0, len(rows), n):
            yield self.take(rows[start : start + n])


def take(X: Any, rows: NDArray[np.int64]) -> Any:
    """Return these rows of X, in this order, in the form that X has; of `Rows`, a view.

    Parameters
    ----------
    X
        Array (n_rows, ...), pandas DataFrame, list, or `bench.Rows`.
    rows
        Row numbers (n,).
    """
    if hasattr(X, "iloc"):
        return X.iloc[rows]
    if isinstance(X, RowsView):
        return X.part(rows)
    if isinstance(X, Rows):
        return RowsView(X, rows)
    if hasattr(X, "shape"):
        return X[rows]
    return [X[row] for row in rows]


def first(X: Any, n: int) -> Any:
    """Return the first `n` rows of X in the form that X has; of a `RowsView`, held in memory."""
    if hasattr(X, "iloc"):
        return X.iloc[:n]
    return X.first(n) if isinstance(X, RowsView) else X[:n]


def placed(parts: Parts, *, streams: bool, limit_bytes: int) -> Parts:
    """Return the parts with the training rows in memory, unless the model streams them.

    Parameters
    ----------
    parts
        As `Task.prepare` makes them; those whose X is no `RowsView` are returned as they are.
    streams
        `ModelSpec.streams`.
    limit_bytes
        What the trial may take of memory.

    Raises
    ------
    Skip
        The rows would take more than half of that.
    """
    import numpy as np

    X = parts.train.X
    if streams or not isinstance(X, RowsView):
        return parts
    needed = len(X) * X.row_bytes
    if needed > SHARE * limit_bytes:
        raise Skip(
            f"its {len(X):,} training rows take {needed / 2**20:,.0f} MiB in memory, more than "
            f"half of the limit of {limit_bytes / 2**20:,.0f} MiB, and it does not stream them. "
            "Ask for a smaller size, raise limits.memory, or use a model that streams its rows.",
            limit="memory",
        )
    return replace(parts, train=replace(parts.train, X=X.take(np.arange(len(X)))))


def in_batches(ask: Callable[[Any], Any], X: Any) -> Any:
    """Return ``ask(X)``; where X is a `RowsView`, asked about at most 8,192 rows at a time.

    Parameters
    ----------
    ask
        A method of an estimator, such as ``predict``.
    X
        What is asked about.

    Returns
    -------
    object
        The answer; of a `RowsView`, the answers put together in the order of its rows, a list of
        arrays where those are lists (as multilabel probabilities of scikit-learn's forests are).
    """
    import numpy as np

    if not isinstance(X, RowsView):
        return ask(X)
    positions, given = [], []
    for places, table in X.windows(min(X.window_rows, MOST_ASKED)):
        positions.append(places)
        given.append(ask(table))
    order = np.argsort(np.concatenate(positions))
    if all(isinstance(answer, list) for answer in given):
        return [_joined(answer, order) for answer in zip(*given, strict=True)]
    return _joined(given, order)


def _joined(answers: Any, order: NDArray[np.int64]) -> NDArray[Any]:
    """Return the answers as one array; an empty one, whose shape is a fault, if they are uneven."""
    import numpy as np

    try:
        whole = np.concatenate([np.atleast_1d(answer) for answer in answers])
    except ValueError:
        return np.empty(0)
    return whole[order] if len(whole) == len(order) else whole


def _n_bytes(table: Any) -> int:
    if hasattr(table, "memory_usage"):
        return int(table.memory_usage(index=False, deep=True).sum())
    if hasattr(table, "nbytes"):
        return int(table.nbytes)
    return sum(getattr(item, "nbytes", sys.getsizeof(item)) for item in table)
