"""What a dataset is: its recipe, what its loader returns, and the columns and target of that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, Self, runtime_checkable

from bench.spec.errors import RecordError
from bench.spec.fields import (
    COLUMN_KINDS,
    MODALITIES,
    TARGET_KINDS,
    ColumnKind,
    TargetKind,
    check_name,
    check_one_of,
    check_params,
    check_reference,
    check_strings,
)
from bench.spec.records import record

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SLICES = "slices"
"""Of `Dataset.extra`, what tasks on rows read: labels of the rows. No factory is told of it."""


@record()
@dataclass(frozen=True, kw_only=True)
class DatasetSpec:
    """A named recipe that loads a `Dataset`.

    Parameters
    ----------
    name
        Unique over all plugins; lower case, digits, hyphens.
    tasks
        Tasks that it can be used for; a suite that names none gets the first that fits the target.
    modality
        What a row of X is.
    loader
        ``"package.module:function"``, called as ``loader(**params)``; returns a `Dataset`.
    params
        Default parameters; a suite may override them by name.
    takes_path
        The dataset is a file of the user's: a suite names it ``name:PATH`` and the loader gets
        ``path=PATH``.
    primary_metric
        Where the field has one other than the task's.
    preload
        Modules that may be imported once, before trials are forked: those that reading needs.
    version, summary, license, source, use_cases
        As for a model; the licence and where the data come from.

    Raises
    ------
    RecordError
        A field is not of the form above.
    """

    name: str
    tasks: tuple[str, ...]
    modality: str
    loader: str
    params: Mapping[str, Any] = field(default_factory=dict)
    takes_path: bool = False
    primary_metric: str | None = None
    preload: tuple[str, ...] = ()
    version: str = "1"
    summary: str = ""
    license: str = ""
    source: str = ""
    use_cases: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_name(self, self.name)
        check_strings(self, "tasks", self.tasks)
        if not self.tasks:
            raise RecordError(f"DatasetSpec {self.name!r}: tasks is empty; name at least one.")
        check_one_of(self, "modality", self.modality, MODALITIES)
        check_reference(self, "loader", self.loader)
        check_params(self, self.params)
        check_strings(self, "preload", self.preload)
        check_strings(self, "use_cases", self.use_cases)


@record()
@dataclass(frozen=True)
class Column:
    """One column of X: its name and its kind."""

    name: str
    kind: ColumnKind = "number"

    def __post_init__(self) -> None:
        check_one_of(self, "kind", self.kind, COLUMN_KINDS)


@record()
@dataclass(frozen=True)
class Target:
    """What is to be predicted: its kind, how many outputs, and the classes in their order."""

    kind: TargetKind
    n_outputs: int = 1
    classes: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        check_one_of(self, "kind", self.kind, TARGET_KINDS)

    @classmethod
    def of_classes(cls, classes: Iterable[Any]) -> Self:
        """Return the target that is one of some classes: binary where there are two."""
        known = tuple(classes)
        return cls("binary" if len(known) == 2 else "multiclass", classes=known)

    @property
    def is_one_class(self) -> bool:
        """Whether each unit is of one class (binary, multiclass)."""
        return self.kind in ("binary", "multiclass")

    @property
    def is_numbers(self) -> bool:
        """Whether a number is predicted, or several (continuous, multioutput)."""
        return self.kind in ("continuous", "multioutput")


@runtime_checkable
class Rows(Protocol):
    """Data larger than memory: rows that are taken or streamed when asked for.

    Where there are attributes of these names they are used, too: ``bounds``, ascending row numbers
    from 0 to the number of rows at which the blocks begin that are read in one go, so that a
    shuffled order goes from block to block; ``row_bytes``, what a row takes in memory;
    ``has_missing``, whether any value is missing.
    """

    @property
    def fingerprint(self) -> str:
        """A hex digest of the content."""

    def __len__(self) -> int:
        """Return the number of rows."""

    def take(self, rows: NDArray[np.int64]) -> Any:
        """Return these rows, in this order, as an array or a table; any order in one pass."""

    def batches(self, rows: NDArray[np.int64], n: int) -> Iterator[Any]:
        """Yield these rows, in this order, at most `n` at a time."""


@record()
@dataclass(frozen=True)
class Dataset:
    """Data as a loader returns them.

    Parameters
    ----------
    X
        NumPy array (n_rows, ...), pandas DataFrame for mixed columns, list of str, list of
        (length, channels) arrays for series, any `Rows` (with `columns` given), or, for tasks
        without rows, whatever the task asks for (a plain value that JSON can hold, or an
        importable class or function).
    y
        (n_rows,) or (n_rows, n_outputs); for classes any labels, in any type. None where there is
        nothing to predict.
    parts
        "train", "validation" or "test" per row, where the split is official.
    folds
        Official fold per row, integers from 0.
    groups
        Group per row: no group stands on two sides of a split.
    time
        When each row was seen (sortable): test rows lie after training rows.
    sample_weight
        Weight per row, for models that ask for it.
    columns
        Names and kinds of X's columns; made from X where not given.
    target
        Kind, outputs and classes; made from y where not given.
    extra
        Whatever a task of a plugin needs besides. Tasks on rows read ``slices``: labels of the rows
        by the name of what they tell apart, ``{"region": [...]}``, of each of which scores are kept
        by themselves. All but that reaches factories, so it must not say what is to be predicted.
    """

    X: Any
    y: Any = None
    parts: Any = field(default=None, kw_only=True)
    folds: Any = field(default=None, kw_only=True)
    groups: Any = field(default=None, kw_only=True)
    time: Any = field(default=None, kw_only=True)
    sample_weight: Any = field(default=None, kw_only=True)
    columns: tuple[Column, ...] | None = field(default=None, kw_only=True)
    target: Target | None = field(default=None, kw_only=True)
    extra: Mapping[str, Any] | None = field(default=None, kw_only=True)
