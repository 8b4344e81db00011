"""What the tasks on rows share: their splits, their parts, and shortening a part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bench.spec import Cell, Dataset, Output, Part, Parts, Split, SplitProtocol, Target, Task
from bench.spec.errors import DatasetError
from bench.tasks.splits import Division, divide, rows_on_two_sides, splits
from bench.tasks.views import first, take

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class RowsPart(Part):
    """A part that knows what is predicted, and whether the estimator was fitted on it."""

    target: Target | None = None
    is_train: bool = False


@dataclass(frozen=True)
class RowsOutput(Output):
    """An answer, and what was found wrong with it while it was brought into its form."""

    fault: str | None = None


class RowTask(Task):
    """A task whose size is a number of rows, divided by `bench.tasks.splits`."""

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
        changed: dict[str, Any] = {"rows": part.rows[:n]}
        for name in ("y", "groups", "time", "sample_weight"):
            if getattr(part, name) is not None:
                changed[name] = getattr(part, name)[:n]
        return replace(part, X=first(part.X, n), **changed)

    def check(self, output: Output) -> str | None:
        """Return what is wrong with the form or the values of an answer, or None."""
        import numpy as np

        if isinstance(output, RowsOutput) and output.fault is not None:
            return output.fault
        for name, given in output.offers.items():
            values = np.asarray(given)
            if values.ndim == 0 or len(values) != output.n:
                return f"{name} of the shape {values.shape} for {output.n} rows"
            if values.dtype.kind not in "biuf":
                return f"{name} of the type {values.dtype}; numbers are needed"
            if not np.isfinite(values).all():
                row = int(np.argwhere(~np.isfinite(values))[0][0])
                return f"{name} with NaN or infinity, first in row {row} of the part"
        return None

    def _check_target(self, dataset: Dataset) -> None:
        """Refuse a dataset whose target the task is not for."""
        kind = dataset.target.kind if dataset.target is not None else None
        if self.targets and (dataset.y is None or kind not in self.targets):
            raise DatasetError(
                f"{self.name} needs a target that is {', '.join(self.targets)}; the dataset's is "
                f"{kind or 'missing'}."
            )


def answer_of(part: Part, values: Any, name: str) -> tuple[NDArray[Any], str | None]:
    """Return an estimator's answer as an array with one row for each row asked, or the fault.

    An answer of the shape (n, 1) where the truth is (n,) is taken as (n,).
    """
    import numpy as np

    n = len(part)
    try:
        array = np.asarray(values)
    except ValueError as error:
        return np.full(n, np.nan), f"{name} that are no array: {error}"
    n_outputs = getattr(getattr(part, "target", None), "n_outputs", 1)
    if n_outputs == 1 and array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    wanted = (n,) if n_outputs == 1 else (n, n_outputs)
    if array.shape != wanted:
        return np.full(n, np.nan), f"{name} of the shape {array.shape}; {wanted} is needed"
    return array, None


def _part(dataset: Dataset, rows: NDArray[np.int64], *, is_train: bool = False) -> RowsPart:
    def of(values: Any) -> Any:
        return None if values is None else values[rows]

    return RowsPart(
        X=take(dataset.X, rows),
        y=of(dataset.y),
        rows=rows,
        groups=of(dataset.groups),
        time=of(dataset.time),
        sample_weight=of(dataset.sample_weight),
        target=dataset.target,
        is_train=is_train,
    )


def _notes(dataset: Dataset, division: Division, train: Part, test: Part) -> dict[str, float]:
    import numpy as np

    notes: dict[str, float] = {}
    twice = rows_on_two_sides(train, test)
    if twice is not None:
        notes["duplicates_across"] = twice
    target = dataset.target
    if target is not None and target.kind in ("binary", "multiclass") and train.y is not None:
        notes["missing_classes"] = len(target.classes) - len(np.unique(train.y))
    if division.stratified is False:
        notes["not_stratified"] = 1
    # Only official parts and folds can divide a group; they are kept all the same.
    if dataset.groups is not None:
        notes["groups_across"] = len(np.intersect1d(train.groups, test.groups))
    return notes
