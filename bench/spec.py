"""The frozen records that plugins yield, that a trial receives and that a task passes on.

Nothing here imports a numerical library: listing what is installed must stay instant.
"""

from __future__ import annotations

import abc
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, runtime_checkable

from bench.errors import RecordError, nearest
from bench.records import record

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

Family = Literal["classical", "deep", "baseline"]
ColumnKind = Literal["number", "category", "ordinal", "boolean", "date", "text"]
TargetKind = Literal["binary", "multiclass", "multilabel", "continuous", "multioutput"]
Direction = Literal["higher", "lower"]

FAMILIES = ("classical", "deep", "baseline")
MODALITIES = ("tabular", "image", "text", "audio", "series", "tokens", "environment")
COLUMN_KINDS = ("number", "category", "ordinal", "boolean", "date", "text")
TARGET_KINDS = ("binary", "multiclass", "multilabel", "continuous", "multioutput")
DEVICES = ("cpu", "gpu", "tpu")
FIT_PARAMS = ("sample_weight", "groups", "time")
FEATURES = ("raw", "engineered", "learned")
PARTS = ("train", "validation", "test")

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_REFERENCE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


def _check_name(record: object, name: object) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise RecordError(
            f"{type(record).__name__}: name is {name!r}; "
            "lower-case letters, digits and single hyphens are allowed, as in 'acme-forest'."
        )


def _check_one_of(record: object, attribute: str, value: object, allowed: Iterable[str]) -> None:
    allowed = tuple(allowed)
    if value not in allowed:
        name = getattr(record, "name", "")
        raise RecordError(
            f"{type(record).__name__} {name!r}: {attribute} is {value!r}; "
            f"allowed: {', '.join(allowed)}.{nearest(str(value), allowed)}"
        )


def _check_reference(record: object, attribute: str, value: object) -> None:
    if not isinstance(value, str) or not _REFERENCE.fullmatch(value):
        name = getattr(record, "name", "")
        raise RecordError(
            f"{type(record).__name__} {name!r}: {attribute} is {value!r}; "
            "a 'package.module:function' string is needed, so that it is imported only when used."
        )


def _check_strings(record: object, attribute: str, value: object) -> None:
    if not isinstance(value, tuple) or not all(isinstance(item, str) for item in value):
        name = getattr(record, "name", "")
        raise RecordError(
            f"{type(record).__name__} {name!r}: {attribute} is {value!r}; "
            "a tuple of strings is needed."
        )


def _check_params(record: object, params: object) -> None:
    if not isinstance(params, Mapping) or not all(isinstance(key, str) for key in params):
        name = getattr(record, "name", "")
        raise RecordError(
            f"{type(record).__name__} {name!r}: params is {params!r}; "
            "a mapping of parameter names to values is needed."
        )


@record()
@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """A named recipe that makes an estimator.

    Parameters
    ----------
    name
        Unique over all plugins; lower case, digits, hyphens.
    family
        ``"classical"``, ``"deep"`` or ``"baseline"``.
    does
        Pairs ``(task, modality)`` that it can do.
    factory
        ``"package.module:function"``, called as ``factory(context, **params)`` in the trial's own
        process; returns an estimator in scikit-learn's convention, or raises `bench.Skip`.
    params
        Default parameters; a suite may override them by name.
    version
        Changed by the author when results would change.
    summary
        One sentence, shown by ``bench list models``.
    devices
        Kinds of device that it runs on.
    pretrained
        Whether it starts from weights learned on other data.
    fit_params
        Any of ``sample_weight``, ``groups``, ``time``: passed to ``fit`` if the dataset has them.
    search_space
        Parameter names and what tuning may choose from.
    streams
        Whether ``fit`` takes a `bench.RowsView` as X, where the data are larger than memory. For
        every other model those rows are read into memory, or the trial is skipped where they do
        not fit. What is asked about after it is always in memory.
    preload
        Modules that may be imported once, before trials are forked.
    aliases
        Further names that a suite may use.
    features
        What it learns from: ``"raw"`` data, ``"engineered"`` features that it computes first, or
        ``"learned"`` ones. Empty: learned for a deep model, raw for any other.
    reference
        Paper or documentation.

    Raises
    ------
    RecordError
        A field is not of the form above.
    """

    name: str
    family: Family
    does: tuple[tuple[str, str], ...]
    factory: str
    params: Mapping[str, Any] = field(default_factory=dict)
    version: str = "1"
    summary: str = ""
    devices: tuple[str, ...] = ("cpu",)
    pretrained: bool = False
    fit_params: tuple[str, ...] = ()
    search_space: Mapping[str, Any] = field(default_factory=dict)
    streams: bool = False
    preload: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    features: str = ""
    reference: str = ""

    def __post_init__(self) -> None:
        _check_name(self, self.name)
        _check_one_of(self, "family", self.family, FAMILIES)
        _check_one_of(self, "features", self.features, ("", *FEATURES))
        if (
            not isinstance(self.does, tuple)
            or not self.does
            or not all(isinstance(pair, tuple) and len(pair) == 2 for pair in self.does)
        ):
            raise RecordError(
                f"ModelSpec {self.name!r}: does is {self.does!r}; pairs of task and modality are "
                'needed, as in (("classification", "tabular"),).'
            )
        for _, modality in self.does:
            _check_one_of(self, "modality in does", modality, MODALITIES)
        _check_reference(self, "factory", self.factory)
        _check_params(self, self.params)
        for attribute in ("devices", "fit_params", "preload", "aliases"):
            _check_strings(self, attribute, getattr(self, attribute))
        for device in self.devices:
            _check_one_of(self, "devices", device, DEVICES)
        for parameter in self.fit_params:
            _check_one_of(self, "fit_params", parameter, FIT_PARAMS)
        for alias in self.aliases:
            _check_name(self, alias)


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
        _check_name(self, self.name)
        _check_strings(self, "tasks", self.tasks)
        if not self.tasks:
            raise RecordError(f"DatasetSpec {self.name!r}: tasks is empty; name at least one.")
        _check_one_of(self, "modality", self.modality, MODALITIES)
        _check_reference(self, "loader", self.loader)
        _check_params(self, self.params)
        _check_strings(self, "preload", self.preload)
        _check_strings(self, "use_cases", self.use_cases)


@record()
@dataclass(frozen=True, kw_only=True)
class ProbeSpec:
    """A named recipe that makes a `Probe`, something that measures around a phase of a trial.

    Parameters
    ----------
    name
        Unique over all plugins; lower case, digits, hyphens.
    factory
        ``"package.module:function"``, called without arguments in the trial's process.
    modules
        Built only where one of these modules is imported or preloaded; empty: always.
    summary
        One sentence, shown by ``bench list plugins``.
    """

    name: str
    factory: str
    modules: tuple[str, ...] = ()
    summary: str = ""

    def __post_init__(self) -> None:
        _check_name(self, self.name)
        _check_reference(self, "factory", self.factory)
        _check_strings(self, "modules", self.modules)


@runtime_checkable
class Probe(Protocol):
    """Measures around the phases of a trial.

    Phases are ``load``, ``split``, ``init``, ``warm-up``, ``fit``, ``predict`` and ``score``.
    """

    def start(self, phase: str) -> None:
        """Begin to measure, just before the phase."""

    def stop(self, phase: str) -> Mapping[str, tuple[float, str]]:
        """Return ``{name: (value, unit)}`` just after the phase."""


@record()
@dataclass(frozen=True)
class Column:
    """One column of X: its name and its kind."""

    name: str
    kind: ColumnKind = "number"

    def __post_init__(self) -> None:
        _check_one_of(self, "kind", self.kind, COLUMN_KINDS)


@record()
@dataclass(frozen=True)
class Target:
    """What is to be predicted: its kind, how many outputs, and the classes in their order."""

    kind: TargetKind
    n_outputs: int = 1
    classes: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        _check_one_of(self, "kind", self.kind, TARGET_KINDS)


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
        Whatever a task of a plugin needs besides.
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


@record()
@dataclass(frozen=True, kw_only=True)
class ModelContext:
    """What a factory is told about the trial.

    Parameters
    ----------
    task, modality
        What is asked, and what a row of X is.
    n_train
        Number of training rows (in the task's unit of size) of this trial.
    n_train_max
        Number of training rows of the largest size of this split: what a compiled program may be
        padded to, so that one compilation serves a whole learning curve.
    has_missing
        Whether any value of X is missing, in whichever part.
    columns, target
        Of the dataset. Class labels reach the estimator as integers 0 .. K-1, in the order of
        ``target.classes``.
    metric
        Name of the primary metric.
    horizon, season, sampling_rate
        Of series, where the dataset has them.
    seed
        Model seed, the same for all models and sizes of a split.
    n_threads
        Cores that the trial is pinned to.
    device
        ``"cpu"``, ``"gpu"`` or ``"tpu"``.
    streamed
        Whether `fit` will get X as a `bench.RowsView`: the data are larger than memory, and the
        model said `ModelSpec.streams`.
    max_seconds
        Time that `fit` may spend before it should stop by itself; None: no limit.
    scratch
        A folder of the trial's own, removed after it.
    """

    task: str
    modality: str
    n_train: int
    n_train_max: int
    has_missing: bool = True
    columns: tuple[Column, ...] = ()
    target: Target | None = None
    metric: str = ""
    horizon: int | None = None
    season: int | None = None
    sampling_rate: float | None = None
    seed: int = 0
    n_threads: int = 1
    device: str = "cpu"
    streamed: bool = False
    max_seconds: float | None = None
    scratch: Path | None = None


@record()
@dataclass(frozen=True, kw_only=True)
class Metric:
    """A figure of merit.

    Parameters
    ----------
    name
        Unique over all plugins; lower case, digits, hyphens.
    direction
        ``"higher"`` or ``"lower"``: which is better.
    ideal
        The value of a perfect answer.
    needs
        What it is computed from: a key of `Output.offers`, such as ``"labels"`` or
        ``"probabilities"``.
    function
        ``"package.module:function"``, called as ``function(part, given)`` with the `Part` asked
        about and the array that it needs; returns a float.
    summary
        One sentence, shown by ``bench list metrics``.
    """

    name: str
    direction: Direction
    ideal: float
    needs: str
    function: str
    summary: str = ""

    def __post_init__(self) -> None:
        _check_name(self, self.name)
        _check_one_of(self, "direction", self.direction, ("higher", "lower"))
        _check_reference(self, "function", self.function)

    def skill(self, value: float, baseline: float) -> float:
        """Return the value on the scale where 0 is the baseline and 1 is perfect, in [-1, 1]."""
        span = self.ideal - baseline
        if span == 0:
            return 0.0 if value == baseline else -1.0
        return max(-1.0, min(1.0, (value - baseline) / span))


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
