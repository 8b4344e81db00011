"""What a task divides data into, and what it is answered: splits, cells, parts and outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

from bench.spec.fields import FIT_PARAMS
from bench.spec.records import record

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Places = Sequence[int] | NDArray[np.int64] | slice

_ONE_A_UNIT = ("y", "rows", *FIT_PARAMS)


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
        """What of it is part of a trial's identity: its shares, to the last bit."""
        return f"holdout(test={_exact(self.test)}, validation={_exact(self.validation)})"


def _exact(share: float) -> str:
    """Return the shortest text that reads as just this number."""
    short = f"{share:g}"
    return short if float(short) == share else repr(float(share))


@record()
@dataclass(frozen=True)
class Split:
    """One outer seed with one inner seed, and the largest training size that it allows.

    Parameters
    ----------
    outer_seed, inner_seed
        Which split it is.
    n_train_max
        The largest size, in the task's unit.
    full_set
        Identifies the index sets at that size: where two splits have the same one, their trials at
        full size are one trial.
    overlap
        How much the test parts of two outer seeds have in common, for the variance of a mean over
        seeds (Nadeau and Bengio, "Inference for the generalization error", Machine Learning 52,
        2003): n_test / (N - n_test) of the N units that the seeds redraw, 1 / (K - 1) for K folds,
        0 where each seed tests on fresh data, or all on one official part. None: not known.
    """

    outer_seed: int
    inner_seed: int
    n_train_max: int
    full_set: str = ""
    overlap: float | None = None


@record()
@dataclass(frozen=True)
class Cell:
    """Where in the grid a trial stands: the split, the size and the model seed.

    `control` is the `Control.variant` that the trial is of, such as "labelled-only"; empty for all
    others.
    """

    outer_seed: int
    inner_seed: int
    n_train: int
    repeat: int = 0
    control: str = ""


@record()
@dataclass(frozen=True)
class Part:
    """The training, validation or test part of a split.

    Parameters
    ----------
    X
        What the estimator is given.
    y
        The truth, one a unit: class codes 0 .. K-1, numbers, or a list of anything that a metric of
        the task knows (texts, boxes, arrays of any length). None where there is none.
    rows
        Which units of the dataset they are: an array, a list or a range of whole numbers.
    groups, time, sample_weight
        Of the dataset, one a unit; None where it has none.
    slices
        Labels of the units, by the name of what they tell apart: ``{"class": ..., "step": ...}``,
        each one label a unit. Every metric is computed for the units of each label, too, and stands
        in the table of scores under the slice ``"class=A"``.
    """

    X: Any
    y: Any
    rows: Any
    groups: Any = None
    time: Any = None
    sample_weight: Any = None
    slices: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows)

    def some(self, places: Places, *, X: Any) -> Self:
        """Return some of its units, by their places, with an X of theirs.

        All that is one a unit goes with them: truth, groups, time, weights, slices.
        """
        changed = {name: chosen(getattr(self, name), places) for name in _ONE_A_UNIT}
        slices = {name: chosen(labels, places) for name, labels in self.slices.items()}
        return replace(self, X=X, slices=slices, **changed)


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
    """An estimator's answer for one part, in the form in which it is scored and kept.

    Parameters
    ----------
    values
        As they are stored in the table of predictions, one a unit: numbers (n,) or (n, k), a list
        of n arrays of any lengths, or a list of n texts.
    n
        How many units were asked about.
    offers
        What metrics may be computed from, by the name in `Metric.needs`; n of each, as an array or
        a list.
    shared
        What metrics may be computed from, too, and holds for all units together, such as the topics
        of a model.
    """

    values: Any
    n: int
    offers: Mapping[str, Any] = field(default_factory=dict)
    shared: Mapping[str, Any] = field(default_factory=dict)

    def subset(self, places: Sequence[int]) -> Output:
        """Return the answer about some of the units, by their places in the part."""
        offers = {name: chosen(given, places) for name, given in self.offers.items()}
        values = chosen(self.values, places)
        return replace(self, values=values, n=len(places), offers=offers)


def chosen(values: Any, places: Places) -> Any:
    """Return some of the values, one a unit: of an array or a table likewise, else of a list."""
    if values is None:
        return None
    if hasattr(values, "iloc"):
        return values.iloc[places]
    if hasattr(values, "shape") or isinstance(places, slice):
        return values[places]
    return [values[place] for place in places]
