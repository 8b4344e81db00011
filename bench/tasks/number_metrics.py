"""What scores predicted numbers: the truth is (n,) or (n, k); several outputs count alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.spec import Part
from bench.tasks.scoring import truth_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


def rmse(part: Part, predicted: NDArray[Any]) -> float:
    """Return the root of the mean squared error, in the target's unit."""
    import numpy as np

    return float(np.sqrt(((truth_of(part) - predicted) ** 2).mean(axis=0)).mean())


def mse(part: Part, predicted: NDArray[Any]) -> float:
    """Return the mean squared error, in the target's unit squared."""
    return float(((truth_of(part) - predicted) ** 2).mean())


def mae(part: Part, predicted: NDArray[Any]) -> float:
    """Return the mean absolute error, in the target's unit."""
    return float(abs(truth_of(part) - predicted).mean())


def r2(part: Part, predicted: NDArray[Any]) -> float:
    """Return the share of the target's variance that is explained.

    Raises
    ------
    ValueError
        The part has fewer than two rows, or the target is the same in all of them.
    """
    truth = truth_of(part)
    if len(truth) < 2:
        raise ValueError("fewer than two rows in this part")
    spread = ((truth - truth.mean(axis=0)) ** 2).sum(axis=0)
    if not (spread > 0).all():
        raise ValueError("the target is constant in this part")
    return float((1 - ((truth - predicted) ** 2).sum(axis=0) / spread).mean())
