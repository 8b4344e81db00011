"""What the tasks on rows share: their splits, their parts, and shortening a part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bench.spec import Cell, Dataset, Output, Part, Parts, Rows, Split, SplitProtocol, Target, Task
from bench.spec.datasets import SLICES
from bench.spec.errors import DatasetError
from bench.spec.parts import chosen
from bench.tasks.reading import as_numbers
from bench.tasks.splits import Division, divide, splits
from bench.tasks.twins import n_twins
from bench.tasks.views import first, in_batches, take

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


MOST_DRAWS = 20
"""Of a training part to be divided for tuning."""


@dataclass(frozen=True)
class _Later:
    """Rows of an X that are not taken yet."""

    X: Any
    rows: NDArray[np.int64]

    def take(self) -> Any:
        return take(self.X, self.rows)


@dataclass(frozen=True)
class RowsPart(Part):
    """A part that knows what is predicted, and whether the estimator was fitted on it.

    Its X may be rows that are taken when it is first asked for: those that `fit` does not see take
    no memory while it runs.
    """

    target: Target | None = None
    is_train: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.X, _Later):
            self.__dict__["_later"] = self.__dict__.pop("X")

    def __getattr__(self, name: str) -> Any:
        if name == "X" and "_later" in self.__dict__:
            self.__dict__["X"] = self.__dict__.pop("_later").take()
            return self.__dict__["X"]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @property
    def later(self) -> _Later | None:
        """What X will be, where it is not taken yet."""
        return self.__dict__.get("_later")


class RowTask(Task):
    """A task whose size is a number of rows, divided as `bench.SplitProtocol` says."""

    def stratifies(self, dataset: Dataset) -> bool:
        """Return whether the parts keep the shares of the classes."""
        return False

    def splits(self, dataset: Dataset, protocol: SplitProtocol) -> Iterator[Split]:
        """Yield every split of the protocol that the dataset allows, each different."""
        self._check_target(dataset)
        return splits(dataset, protocol, stratify=self.stratifies(dataset))

    def prepare(self, dataset: Dataset, protocol: SplitProtocol, cell: Cell) -> Parts:
        """Return the parts of one cell; the notes count rows and groups on two sides.

        Raises
        ------
        DatasetError
            The dataset has fewer training rows than `cell` asks for, or cannot be divided.
        """
        division, parts = self._divided(dataset, protocol, cell)
        return replace(parts, notes=_notes(dataset, division, parts.train, parts.test))

    def parts(self, dataset: Dataset, protocol: SplitProtocol, cell: Cell) -> Parts:
        """Return what `prepare` does, without its notes: counting duplicates takes time.

        Raises
        ------
        DatasetError
            As `prepare`.
        """
        return self._divided(dataset, protocol, cell)[1]

    def divide(self, dataset: Dataset, train: Part, *, share: float, seed: int) -> Iterator[Parts]:
        """Yield draws from the training rows, or rolling origins where the rows have a time.

        Groups stay whole and the shares of the classes are kept, as in `splits`. A draw that leaves
        one class to learn from is replaced by another, and so is one that holds out one class,
        where there are others: what ranks rows has no value there.

        Raises
        ------
        DatasetError
            The rows cannot be divided.
        """
        first = seed if train.time is None else 0
        seeds = tuple(first + k for k in range(MOST_DRAWS))
        protocol = SplitProtocol(test=share, validation=0.0, outer_seeds=seeds)
        part = Dataset(
            train.X,
            train.y,
            groups=train.groups,
            time=train.time,
            sample_weight=train.sample_weight,
            columns=dataset.columns,
            target=dataset.target,
            extra={**(dataset.extra or {}), SLICES: train.slices},
        )
        is_one_class = _has_one_class(train, dataset.target)
        cells = [
            Cell(split.outer_seed, split.inner_seed, split.n_train_max)
            for split in self.splits(part, protocol)
        ]
        found = False
        for is_picky in (True, False):
            for cell in () if found else cells:
                parts = self.parts(part, protocol, cell)
                sides = (parts.train, parts.test) if is_picky else (parts.train,)
                if is_one_class or not any(_has_one_class(one, dataset.target) for one in sides):
                    found = True
                    yield parts

    def _divided(
        self, dataset: Dataset, protocol: SplitProtocol, cell: Cell
    ) -> tuple[Division, Parts]:
        self._check_target(dataset)
        division = divide(
            dataset,
            protocol,
            cell.outer_seed,
            cell.inner_seed,
            stratify=self.stratifies(dataset),
        )
        if not 1 <= cell.n_train <= len(division.train):
            raise DatasetError(
                f"size {cell.n_train} is not between 1 and {len(division.train)}, the number of "
                f"training rows of outer seed {cell.outer_seed}, inner seed {cell.inner_seed}."
            )
        train = _part(dataset, division.first(cell.n_train), is_train=True)
        test = _part(dataset, division.test)
        validation = _part(dataset, division.validation) if len(division.validation) else None
        return division, Parts(train, validation, test)

    def shorten(self, part: Part, n: int) -> Part:
        """Return the first `n` rows of a part."""
        if n >= len(part):
            return part
        later = part.later if isinstance(part, RowsPart) else None
        X = first(part.X, n) if later is None else _Later(later.X, later.rows[:n])
        return part.some(slice(n), X=X)

    def subset(self, part: Part, places: Sequence[int]) -> Part:
        """Return some rows of a part, of X, too."""
        import numpy as np

        at = np.asarray(places, dtype=np.int64)
        later = part.later if isinstance(part, RowsPart) else None
        X = take(part.X, at) if later is None else _Later(later.X, later.rows[at])
        return part.some(at, X=X)

    def ask(self, estimator: Any, part: Part) -> Any:
        """Ask for what `predict` says of each row."""
        return in_batches(estimator.predict, part.X)

    def read(self, answer: Any, part: Part, parts: Parts, estimator: Any) -> Output:
        """Read one finite number for each row, or one for each output of the target."""
        numbers = as_numbers(answer, "predictions", shape_of(part))
        return Output(numbers, len(part), {"predictions": numbers})

    def _check_target(self, dataset: Dataset) -> None:
        """Refuse a dataset that has no rows, or whose target the task is not for."""
        if isinstance(dataset.X, type) or not hasattr(dataset.X, "__len__"):
            raise DatasetError(
                f"{self.name} asks about rows, and X has none: it is "
                f"{getattr(dataset.X, '__name__', type(dataset.X).__name__)!r}."
            )
        kind = dataset.target.kind if dataset.target is not None else None
        if self.targets and (dataset.y is None or kind not in self.targets):
            raise DatasetError(
                f"{self.name} needs a target that is {', '.join(self.targets)}; the dataset's is "
                f"{kind or 'missing'}."
            )


def shape_of(part: Part) -> tuple[int, ...]:
    """Return the shape of the answer about a part: (n,), or (n, n_outputs) of several outputs."""
    n_outputs = getattr(getattr(part, "target", None), "n_outputs", 1)
    return (len(part),) if n_outputs == 1 else (len(part), n_outputs)


def _part(dataset: Dataset, rows: NDArray[np.int64], *, is_train: bool = False) -> RowsPart:
    later = _Later(dataset.X, rows)
    return RowsPart(
        X=later.take() if is_train or isinstance(dataset.X, Rows) else later,
        y=chosen(dataset.y, rows),
        rows=rows,
        groups=chosen(dataset.groups, rows),
        time=chosen(dataset.time, rows),
        sample_weight=chosen(dataset.sample_weight, rows),
        slices={name: chosen(labels, rows) for name, labels in _slices(dataset).items()},
        target=dataset.target,
        is_train=is_train,
    )


def _slices(dataset: Dataset) -> Mapping[str, Any]:
    """Return what the dataset says tells its rows apart, each one label a row.

    Raises
    ------
    DatasetError
        They are not one a row.
    """
    slices: Mapping[str, Any] = (dataset.extra or {}).get(SLICES, {})
    for name, labels in slices.items():
        if len(labels) != len(dataset.X):
            raise DatasetError(
                f'extra["slices"][{name!r}] has {len(labels)} labels for {len(dataset.X)} rows; '
                "one a row is needed."
            )
    return slices


def _has_one_class(part: Part, target: Target | None) -> bool:
    import numpy as np

    has_classes = target is not None and target.is_one_class
    return has_classes and len(np.unique(part.y)) < 2


def _notes(dataset: Dataset, division: Division, train: Part, test: Part) -> dict[str, float]:
    import numpy as np

    notes: dict[str, float] = {}
    twice = n_twins(dataset, division.train, division.test, len(train))
    if twice is not None:
        notes["duplicates_across"] = twice
    target = dataset.target
    if target is not None and target.is_one_class and train.y is not None:
        notes["missing_classes"] = len(target.classes) - len(np.unique(train.y))
    if division.stratified is False:
        notes["not_stratified"] = 1
    # Only official parts and folds can divide a group; they are kept all the same.
    if dataset.groups is not None:
        notes["groups_across"] = len(np.intersect1d(train.groups, test.groups))
    return notes
