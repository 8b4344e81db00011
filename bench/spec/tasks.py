"""What a task is, and the records that it makes: splits, cells, parts and outputs."""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from bench.spec.datasets import Dataset
from bench.spec.records import record

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@record()
@dataclass(frozen=True, kw_only=True)
class SplitProtocol:
    """How data are divided.

    Parameters
    ----------
    test, validation
        Share of the rows held out for testing, and of the rest for validation; `validation` 0
        means none.
    outer_seeds, inner_seeds
        Seeds of the test and of the validation split.
    repeats
        Model seeds per split.
    """

    test: float = 0.1
    validation: float = 0.1
    outer_seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    inner_seeds: tuple[int, ...] = (0,)
    repeats: int = 1

    @property
    def name(self) -> str:
        """What of it is part of a trial's identity."""
        return f"holdout(test={self.test:g}, validation={self.validation:g})"


@record()
@dataclass(frozen=True)
class Split:
    """One outer seed with one inner seed, and the largest training size that it allows.

    `full_set` identifies the index sets at that size: where two splits have the same one, their
    trials at full size are one trial.
    """

    outer_seed: int
    inner_seed: int
    n_train_max: int
    full_set: str = ""


@record()
@dataclass(frozen=True)
class Cell:
    """Where in the grid a trial stands: the split, the size and the model seed."""

    outer_seed: int
    inner_seed: int
    n_train: int
    repeat: int = 0


@record()
@dataclass(frozen=True)
class Part:
    """The training, validation or test part of a split.

    `rows` are the indices of its rows in the dataset; `y` holds class codes 0 .. K-1 or numbers.
    """

    X: Any
    y: Any
    rows: NDArray[np.int64]
    groups: Any = None
    time: Any = None
    sample_weight: Any = None

    def __len__(self) -> int:
        return len(self.rows)


@record()
@dataclass(frozen=True)
class Parts:
    """What `Task.prepare` makes: three parts, and facts about the split worth keeping.

    `notes` become measures of the split phase, such as ``{"missing_classes": 1}``.
    """

    train: Part
    validation: Part | None
    test: Part
    notes: Mapping[str, float] = field(default_factory=dict)


@record()
@dataclass(frozen=True)
class Output:
    """An estimator's answer for one part.

    Parameters
    ----------
    values
        (n,) or (n, k) numbers, as they are stored in the table of predictions.
    n
        How many rows were asked about.
    offers
        What metrics may be computed from, by the name in `Metric.needs`.
    """

    values: NDArray[Any]
    n: int
    offers: Mapping[str, NDArray[Any]]


class Task(abc.ABC):
    """What is asked of an estimator: how data are split, what `fit` sees and what scores it.

    A plugin subclasses it, sets the class attributes and yields an instance from `bench_tasks`.
    """

    name: ClassVar[str]
    summary: ClassVar[str] = ""
    metrics: ClassVar[tuple[str, ...]]
    """Names of its metrics; the first is the primary one."""
    targets: ClassVar[tuple[str, ...]] = ()
    """Kinds of target that it is for; empty: it asks for none."""
    size_unit: ClassVar[str] = "rows"
    preload: ClassVar[tuple[str, ...]] = ()
    """Modules that may be imported once, before trials are forked."""

    @abc.abstractmethod
    def splits(self, dataset: Dataset, protocol: SplitProtocol) -> Iterable[Split]:
        """Yield every split of the protocol that the dataset allows, each different.

        Raises
        ------
        DatasetError
            The dataset is not fit for this task.
        """

    @abc.abstractmethod
    def prepare(self, dataset: Dataset, protocol: SplitProtocol, cell: Cell) -> Parts:
        """Return the parts of one cell."""

    @abc.abstractmethod
    def shorten(self, part: Part, n: int) -> Part:
        """Return at most the first `n` units of a part: for warming up and measuring latency."""

    def fit(self, estimator: Any, parts: Parts, fit_params: Mapping[str, Any]) -> Any:
        """Fit the estimator on the training part; return the fitted one."""
        if parts.train.y is None:
            return estimator.fit(parts.train.X, **fit_params)
        return estimator.fit(parts.train.X, parts.train.y, **fit_params)

    @abc.abstractmethod
    def ask(self, estimator: Any, part: Part) -> Output:
        """Ask the fitted estimator about a part."""

    @abc.abstractmethod
    def check(self, output: Output) -> str | None:
        """Return why the output cannot be scored (shape, NaN, unknown classes), or None."""


MetricFunction = Callable[[Part, Any], float]
