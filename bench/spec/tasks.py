"""What a task is: what is asked of an estimator, on which data, and what scores it."""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

from bench.spec.datasets import Dataset, Target
from bench.spec.errors import MOVING, DatasetError, RecordError
from bench.spec.parts import Cell, Output, Part, Parts, Split, SplitProtocol
from bench.spec.records import record

if TYPE_CHECKING:
    from bench.spec.models import ModelSpec

SCORED_TRAIN_UNITS = 10_000
"""Of the training part, so many units at most are asked about."""


@record()
@dataclass(frozen=True)
class Control:
    """A row that a task adds beside the contenders, for comparison and outside the contrast.

    Parameters
    ----------
    label
        How it is shown, unique among the rows of a run.
    model
        Name of the model that is run.
    params
        Its parameters, over its defaults.
    variant
        Reaches `Task.prepare` as `Cell.control`, where the control is given other data than the
        contenders, as in "labelled-only".
    """

    label: str
    model: str
    params: Mapping[str, Any] = field(default_factory=dict)
    variant: str = ""


@record()
@dataclass(frozen=True)
class Figure:
    """A figure that needed several trials, as a score of one of them: the part ``"across"``.

    `n` says from how many it was made.
    """

    trial_id: str
    metric: str
    value: float
    n: int = 1


@record()
@dataclass(frozen=True, kw_only=True)
class AcrossRow:
    """A trial that ended well, as `Task.across` sees it.

    Parameters
    ----------
    trial_id, label, model, family, role, control
        Which it is; `control` is the `Control.variant`, empty for all but some controls.
    params, conditions
        Its parameters, and what was done to its data, as in a suite.
    outer_seed, inner_seed, repeat, n_train
        Where in the grid it stands.
    scores
        Values by part, slice and metric.
    load
        Returns the rows and the values of the kept predictions of the test part, None where none
        are kept; `predictions` calls it.
    """

    trial_id: str
    label: str
    model: str
    family: str
    role: str
    control: str
    params: Mapping[str, Any]
    conditions: Mapping[str, Any]
    outer_seed: int
    inner_seed: int
    repeat: int
    n_train: int
    scores: Mapping[tuple[str, str, str], float]
    load: Callable[[], tuple[Any, Any] | None]

    def score(self, metric: str, part: str = "test", slice: str = "") -> float | None:
        """Return one of its scores, None where it has none of this name."""
        return self.scores.get((part, slice, metric))

    def predictions(self) -> tuple[Any, Any] | None:
        """Return the rows and the values of what was predicted for them, None if not kept."""
        return self.load()


class Task(abc.ABC):
    """What is asked of an estimator: how data are split, what `fit` sees and what scores it.

    A plugin subclasses it, or one of the bases `bench.RowTask`, `bench.StreamTask` and
    `bench.EpisodeTask`, sets the class attributes and yields an instance from `bench_tasks`.
    """

    name: ClassVar[str]
    version: ClassVar[str] = "1"
    """Changed by the author when results would change."""
    summary: ClassVar[str] = ""
    metrics: ClassVar[tuple[str, ...]]
    """Names of its metrics; the first leads, unless `primary` says otherwise."""
    targets: ClassVar[tuple[str, ...]] = ()
    """Kinds of target that it is for; empty: it asks for none."""
    learns_from_truth: ClassVar[bool] = True
    """Whether `fit` sees y. Where not, nothing is tuned or chosen by it either."""
    size_unit: ClassVar[str] = "rows"
    """What a size counts, in the plural."""
    latencies: ClassVar[tuple[int, ...]] = (1, 1000)
    """How many units a question has whose latency is measured; empty: none is."""
    yardstick: ClassVar[str | None] = None
    """Name of the model whose row is skill 0; None: the baseline that there is."""
    preload: ClassVar[tuple[str, ...]] = ()
    """Modules that may be imported once, before trials are forked."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Refuse a task that lacks a method by its name, and say what HOOK_API 1 had instead."""
        if lacking := sorted(cls.__abstractmethods__):
            name = getattr(cls, "name", cls.__name__)
            raise RecordError(
                f"the task {name!r} ({cls.__name__}) lacks {', '.join(lacking)}. Where it was "
                f"written for HOOK_API 1, {MOVING} says how to move it."
            )
        return super().__new__(cls)

    @abc.abstractmethod
    def splits(self, dataset: Dataset, protocol: SplitProtocol) -> Iterable[Split]:
        """Yield every split of the protocol that the dataset allows, each different.

        Raises
        ------
        DatasetError
            The dataset is not fit for this task.
        """

    def protocol(self, shares: SplitProtocol) -> str:
        """Return what of the protocol is part of a trial's identity."""
        return shares.name

    @abc.abstractmethod
    def prepare(self, dataset: Dataset, protocol: SplitProtocol, cell: Cell) -> Parts:
        """Return the parts of one cell."""

    def divide(self, dataset: Dataset, train: Part, *, share: float, seed: int) -> Iterator[Parts]:
        """Yield divisions of a training part for tuning, each different, as many as there are.

        Models can be tuned for a task that defines it, unless its `fit` sees no truth.

        Parameters
        ----------
        dataset
            That the part is from.
        train
            The training part of a trial.
        share
            Of it, to be held out: the test part of what is yielded.
        seed
            Of the draws.

        Raises
        ------
        DatasetError
            The part cannot be divided.
        """
        raise DatasetError(f"{self.name} does not say how a training part is divided for tuning")

    def questions(self, parts: Parts) -> Iterable[tuple[str, Part]]:
        """Yield what is asked about: the part and its name, in order; the first is timed.

        The first one's predictions are kept. Parts of other names than ``"test"``,
        ``"validation"`` and ``"train"`` are scored under theirs.
        """
        yield "test", parts.test
        if parts.validation is not None:
            yield "validation", parts.validation
        yield "train", self.shorten(parts.train, SCORED_TRAIN_UNITS)

    @abc.abstractmethod
    def shorten(self, part: Part, n: int) -> Part:
        """Return at most the first `n` units of a part: for warming up and measuring latency."""

    def subset(self, part: Part, places: Sequence[int]) -> Part:
        """Return some units of a part, to be scored by themselves: X stays as it is."""
        return part.some(places, X=part.X)

    def fit(self, estimator: Any, parts: Parts, fit_params: Mapping[str, Any]) -> Any:
        """Fit the estimator on the training part; return the fitted one."""
        if parts.train.y is None or not self.learns_from_truth:
            return estimator.fit(parts.train.X, **fit_params)
        return estimator.fit(parts.train.X, parts.train.y, **fit_params)

    @abc.abstractmethod
    def ask(self, estimator: Any, part: Part) -> Any:
        """Ask the fitted estimator about a part and return what it answers: only this is timed.

        None says that it can say nothing of this part, and was not asked: then no time is told.
        """

    @abc.abstractmethod
    def read(self, answer: Any, part: Part, parts: Parts, estimator: Any) -> Output:
        """Bring an answer into the form in which it is scored and kept; this is not timed.

        Parameters
        ----------
        answer
            What `ask` returned.
        part
            What was asked about.
        parts
            Of the trial: what the estimator was fitted on is `parts.train`.
        estimator
            The fitted one; it may be asked about more.

        Raises
        ------
        InvalidAnswer
            The answer cannot be scored: its shape is wrong, or it holds NaN or unknown classes.
        """

    def primary(self, target: Target | None) -> str:
        """Return the name of the metric that leads for datasets with such a target."""
        return self.metrics[0]

    def controls(self, contenders: Sequence[ModelSpec]) -> Iterable[Control]:
        """Yield rows to be measured beside the contenders: random, copy, no change, a twin."""
        return ()

    def across(self, rows: Sequence[AcrossRow]) -> Iterable[Figure]:
        """Yield figures that need several trials: gains in pairs, stability over seeds.

        It is called at the end of a session, for all rows of one dataset of the suite; the same
        rows give the same figures, which replace those of before.
        """
        return ()


def leading(task: Task) -> tuple[str, ...]:
    """Return the metrics that lead for some kind of target of a task, each once."""
    kinds: Sequence[Any] = task.targets
    targets: list[Target | None] = [Target(kind) for kind in kinds]
    return tuple(dict.fromkeys(task.primary(target) for target in targets or [None]))


MetricFunction = Callable[[Part, Any], float]
