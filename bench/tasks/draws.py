"""How rows are drawn for the parts of a split: row for row as scikit-learn draws them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def left_over(share: float) -> float:
    """Return what is left of a whole: 1 - 0.9 is 0.0999...8 as a float, one row too few."""
    return round(1 - share, 12)


def draw(n: int, n_left: int, chance: np.random.RandomState) -> tuple[Any, Any]:
    """Divide 0 .. n-1 in two, as scikit-learn's `ShuffleSplit` does."""
    order = chance.permutation(n)
    return order[n - n_left :], order[: n - n_left]


def stratified_draw(
    codes: NDArray[Any], n_left: int, chance: np.random.RandomState
) -> tuple[Any, Any]:
    """Divide rows in two with equal shares of the classes, as `StratifiedShuffleSplit` does.

    Row for row the same as scikit-learn's, whose way through its checks costs more than the
    rest of a small trial.
    """
    import numpy as np

    _, class_of_row, counts = np.unique(codes, return_inverse=True, return_counts=True)
    members = np.split(np.argsort(class_of_row, kind="stable"), np.cumsum(counts)[:-1])
    n_left_of = _apportion(counts, n_left, chance)
    n_held_out_of = _apportion(counts - n_left_of, len(codes) - n_left, chance)
    left: list[NDArray[np.int64]] = []
    held_out: list[NDArray[np.int64]] = []
    for rows, here, there in zip(members, n_left_of, n_held_out_of, strict=True):
        drawn = rows[chance.permutation(len(rows))]
        left.append(drawn[:here])
        held_out.append(drawn[here : here + there])
    return chance.permutation(np.concatenate(left)), chance.permutation(np.concatenate(held_out))


def _apportion(counts: NDArray[Any], n: int, chance: np.random.RandomState) -> NDArray[np.int64]:
    """Share `n` draws among classes by their counts: largest remainders, ties by lot."""
    import numpy as np

    shares = counts / counts.sum() * n
    given: NDArray[np.float64] = np.floor(shares)
    remainders = shares - given
    n_open = int(n - given.sum())
    for remainder in np.unique(remainders)[::-1]:
        if n_open <= 0:
            break
        tied = np.flatnonzero(remainders == remainder)
        lucky = chance.choice(tied, size=min(len(tied), n_open), replace=False)
        given[lucky] += 1
        n_open -= len(lucky)
    return given.astype(np.int64)


def can_stratify(codes: NDArray[Any], n_left: int) -> bool:
    """Return whether every class has two rows, and both sides have a row for each class."""
    import numpy as np

    counts = np.bincount(codes)
    counts = counts[counts > 0]
    return bool(counts.min() >= 2 and len(counts) <= min(n_left, len(codes) - n_left))


def n_held_out(n_rows: int, share: float) -> int:
    """Return how many of so many rows are a share of them: one at least."""
    return max(1, n_rows - math.floor(left_over(share) * n_rows))
