"""What a change of the data is given: its chance, and the scale of its amount.

Every change is drawn from the outer and the inner seed alone, row by row of the dataset. So all
models and sizes of a split meet the same corruption, the rows of a smaller size are the first rows
of a larger one as they are without it, and what a lower share changes a higher one changes, too.
Scales that are needed (standard deviations) are those of the largest training set of the split.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from bench.spec import Dataset, Part
from bench.spec.errors import DatasetError
from bench.tasks.columns import deviation, editable, kinds, numbers

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_UNITS = 2**30
"""For each of which a value is drawn: seeds of episodes are numbers up to twice that."""

_NUMBERED = {"noise.labels": 0, "noise.features": 2, "missing": 3}
"""Streams of chance that were numbered before they were named: results keep them."""


@dataclass(frozen=True)
class Chance:
    """Where the chance of a `bench.Change` comes from: the seeds of the split, and nothing else.

    What is drawn here for each unit of the dataset (a row, a step, an episode) and taken by
    `Part.rows` is the same for all models and sizes of a split.

    Parameters
    ----------
    key
        Of the change: no two draw from one stream.
    outer_seed, inner_seed
        Of the split.
    n_units
        One more than the highest number in `Part.rows` that there may be: the rows of a dataset.

    Raises
    ------
    DatasetError
        When a value is to be drawn for each of more than 2**30 units, as the seeds of episodes are.
    """

    key: str
    outer_seed: int
    inner_seed: int
    n_units: int

    def stream(self, draw: int = 0, column: int = 0) -> np.random.RandomState:
        """Return a stream of its own for each thing drawn and each column, from its beginning.

        Those of `RandomState` never change between versions of NumPy.
        """
        import numpy as np

        if self.key in _NUMBERED:
            place = [_NUMBERED[self.key] + draw]
        else:
            digest = hashlib.sha256(self.key.encode()).digest()
            place = [int.from_bytes(digest[:4]), draw]
        return np.random.RandomState([self.outer_seed, self.inner_seed, *place, column])

    def uniform(
        self, draw: int = 0, column: int = 0, shape: tuple[int, ...] = ()
    ) -> NDArray[np.float64]:
        """Return numbers from [0, 1), ``(n_units, *shape)``; a part's are ``[part.rows]``."""
        return self.stream(draw, column).random_sample(self._all(shape))

    def normal(
        self, draw: int = 0, column: int = 0, shape: tuple[int, ...] = ()
    ) -> NDArray[np.float64]:
        """Return standard normal numbers, ``(n_units, *shape)``."""
        return self.stream(draw, column).standard_normal(self._all(shape))

    def integers(
        self, low: int, high: int, draw: int = 0, column: int = 0, shape: tuple[int, ...] = ()
    ) -> NDArray[np.int64]:
        """Return whole numbers from `low` to below `high`, ``(n_units, *shape)``."""
        return self.stream(draw, column).randint(low, high, self._all(shape))

    def _all(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        if self.n_units > MOST_UNITS:
            raise DatasetError(
                f"condition {self.key!r}: the units of this task are numbered up to "
                f"{self.n_units - 1:,}, so that no value can be drawn for each number. Draw from "
                "chance.stream(column=unit) for each of part.rows, or once for all."
            )
        return (self.n_units, *shape)


@dataclass(frozen=True, eq=False)
class Scale:
    """What the amount of a `bench.Change` is measured by: the same for all sizes of a split.

    Parameters
    ----------
    dataset
        Whole and unchanged, in its normal form: columns, target, and whatever it has besides.
    largest
        Returns the largest training part of the split, unchanged; called once, when needed.
    """

    dataset: Dataset
    largest: Callable[[], Part]

    @cached_property
    def train(self) -> Part:
        """The largest training part of the split, unchanged."""
        return self.largest()

    @cached_property
    def y(self) -> Any:
        """The standard deviation of the training target, one for each of several outputs."""
        import numpy as np

        return np.std(self.train.y, axis=0)

    @cached_property
    def X(self) -> NDArray[np.float64]:  # noqa: N802 - what it is the deviation of
        """The standard deviation of each column of X; 0 where it holds no numbers.

        Of arrays with more than two axes, one for all values together, in each column of the flat
        form.
        """
        import numpy as np

        known = editable(self.train.X)
        if getattr(self.train.X, "ndim", 2) > 2:
            return np.full(known.shape[1], deviation(known))
        found = np.zeros(known.shape[1])
        for j, kind in enumerate(kinds(self.dataset.columns, known.shape[1])):
            if kind == "number":
                found[j] = deviation(numbers(known, j))
        return found
