"""Conditions: how a trial's data are made worse on purpose, and what that applies to.

Every condition is drawn from the outer and the inner seed alone, row by row of the dataset. So all
models and sizes of a split meet the same corruption, the rows of a smaller size are the first rows
of a larger one as they are without it, and what a lower share changes a higher one changes, too.
Scales that are needed (standard deviations) are those of the largest training set of the split.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bench.spec import Cell, Column, Dataset, Part, Parts, SplitProtocol, Target, Task
from bench.spec.errors import DatasetError
from bench.tasks.views import take

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_CLASSES = ("binary", "multiclass")
_NUMBERS = ("continuous", "multioutput")

# Streams of chance: one for each thing that is drawn.
_WHICH_LABELS, _NEW_LABELS, _FEATURES, _MISSING = range(4)


@dataclass(frozen=True)
class Condition:
    """What is done to the data of a trial; without arguments, nothing.

    Parameters
    ----------
    label_noise
        Chance of each label of the training and validation rows to become another class, all
        others being equally likely (symmetric label noise: Angluin and Laird, "Learning from noisy
        examples", Machine Learning 2, 1988); of several labels a row, each flips by itself. For
        numbers, the standard deviation of Gaussian noise, in those of the training target. Test
        labels stay clean. A practitioner's validation labels come from the same hands as the
        training labels, so they are no cleaner.
    feature_noise
        Standard deviation of Gaussian noise on the numbers in X, in all parts: of a table, on
        columns of the kind ``number``, in standard deviations of each; of images, in that of all
        pixels together. Whole numbers in a table become float64; images of whole numbers are
        rounded, and clipped to what their type holds.
    missing
        Chance of each value of a table to become missing, in all parts (missing completely at
        random: Rubin, "Inference and missing data", Biometrika 63, 1976): NaN, or what the type of
        a column has for it, or "" in texts. Booleans and whole numbers become float64.
    imbalance
        Share of the training rows that every class but the most frequent of the dataset keeps:
        ``ceil(share * rows)``, hence at least one. The size of a trial, ``n_train``, counts rows
        before this; the note ``n_train_kept`` of the phase ``split`` counts those that are left.
    """

    label_noise: float = 0.0
    feature_noise: float = 0.0
    missing: float = 0.0
    imbalance: float = 1.0

    def to_json(self) -> dict[str, Any]:
        """Return what it does in the form of a suite's table, and nothing that it does not do."""
        noise = {"labels": self.label_noise, "features": self.feature_noise}
        told: dict[str, Any] = {"noise": {key: value for key, value in noise.items() if value}}
        told |= {"missing": self.missing} if self.missing else {}
        told |= {"imbalance": self.imbalance} if self.imbalance < 1 else {}
        return {key: value for key, value in told.items() if value}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Condition:
        """Read what `to_json` returned."""
        noise = values.get("noise", {})
        return cls(
            label_noise=noise.get("labels", 0.0),
            feature_noise=noise.get("features", 0.0),
            missing=values.get("missing", 0.0),
            imbalance=values.get("imbalance", 1.0),
        )

    @property
    def name(self) -> str:
        """How it is shown, as in "label noise 0.1, missing 0.2"; empty where it does nothing."""
        named = (
            ("label noise", self.label_noise, 0.0),
            ("feature noise", self.feature_noise, 0.0),
            ("missing", self.missing, 0.0),
            ("imbalance", self.imbalance, 1.0),
        )
        return ", ".join(f"{what} {value:.15g}" for what, value, none in named if value != none)


def objection(
    condition: Condition,
    task: Task,
    modality: str,
    target: Target | None,
    columns: Sequence[Column],
    *,
    is_streamed: bool = False,
) -> tuple[str, str] | None:
    """Return the key of a condition that means nothing for a dataset, and why; None if all do.

    Parameters
    ----------
    condition
        What is to be done.
    task
        What is asked of the dataset.
    modality, target, columns
        Of the dataset; no columns where they are not known.
    is_streamed
        Whether X is a `bench.Rows`, whose values stay as they are.
    """
    kind = target.kind if target is not None else "missing"
    if condition.label_noise and (not task.targets or target is None):
        return "noise.labels", f"label noise changes nothing that {task.name} learns from"
    if is_streamed and (condition.feature_noise or condition.missing):
        key = "noise.features" if condition.feature_noise else "missing"
        return key, (
            "its X stays where it is read from (bench.Rows), so that only labels and rows can be "
            "changed; where it fits into memory, the dataset's own parameters may have it read"
        )
    if condition.feature_noise:
        if modality not in ("tabular", "image"):
            why = f"feature noise is for tabular and image data; these are {modality}"
            return "noise.features", why
        if columns and all(column.kind != "number" for column in columns):
            return "noise.features", "feature noise is for columns of numbers; there are none"
    if condition.missing and modality != "tabular":
        return "missing", f"values can be missing in tabular data only; these are {modality}"
    if condition.imbalance < 1 and kind not in _CLASSES:
        return "imbalance", f"imbalance needs one class for each row; the target is {kind}"
    return None


def prepare(
    condition: Condition,
    task: Task,
    dataset: Dataset,
    protocol: SplitProtocol,
    cell: Cell,
    n_train_max: int,
) -> Parts:
    """Return what `Task.prepare` does, under a condition.

    Classes are thinned first, by their true labels; then come noise on features, missing values
    and noise on labels.

    Parameters
    ----------
    condition
        What is done; it must have no `objection`.
    task, dataset, protocol, cell
        As for `Task.prepare`; the dataset is normalised.
    n_train_max
        The largest size of the split.

    Returns
    -------
    Parts
        With the notes ``n_train_kept`` (imbalance) and ``n_labels_changed`` (of the training part,
        where labels are classes) added, and ``missing_classes`` counted anew.

    Raises
    ------
    DatasetError
        X is neither an array nor a table.
    """
    import numpy as np

    parts = task.prepare(dataset, protocol, cell)
    if condition == Condition():
        return parts
    target = dataset.target
    train, held_out = parts.train, (parts.validation, parts.test)
    notes = dict(parts.notes)
    largest = train
    if _needs_scale(condition, target) and cell.n_train < n_train_max:
        largest = task.prepare(dataset, protocol, replace(cell, n_train=n_train_max)).train
    if condition.imbalance < 1:
        train = _thinned(train, condition.imbalance, int(np.bincount(dataset.y).argmax()))
        notes["n_train_kept"] = len(train)
    work = _Work(cell, len(dataset.X), dataset.columns or ())
    whole = [part for part in (train, *held_out) if part is not None]
    if condition.feature_noise:
        whole = work.noisy(whole, condition.feature_noise, largest.X)
    if condition.missing:
        whole = work.holed(whole, condition.missing)
    train, test = whole[0], whole[-1]
    validation = whole[1] if parts.validation is not None else None
    if condition.label_noise and target is not None:
        clean = train.y
        train = work.mislabelled(train, condition.label_noise, target, largest.y)
        if validation is not None:
            validation = work.mislabelled(validation, condition.label_noise, target, largest.y)
        if target.kind not in _NUMBERS:
            notes["n_labels_changed"] = int((train.y != clean).sum())
    if "missing_classes" in notes and target is not None:
        notes["missing_classes"] = len(target.classes) - len(np.unique(train.y))
    return Parts(train, validation, test, notes)


def _needs_scale(condition: Condition, target: Target | None) -> bool:
    of_numbers = target is not None and target.kind in _NUMBERS
    return condition.feature_noise > 0 or (condition.label_noise > 0 and of_numbers)


def _thinned(part: Part, share: float, most_frequent: int) -> Part:
    """Keep a share of each class but one: of its first k rows, ``ceil(share * k)`` for every k.

    With time, training sets grow backwards, so that rows are counted from the last one.
    """
    import numpy as np

    keep = np.ones(len(part), bool)
    for code in np.unique(part.y):
        if code == most_frequent:
            continue
        rows = np.flatnonzero(part.y == code)
        rows = rows if part.time is None else rows[::-1]
        # 0.07 * 100 is 7.000000000000001 as a float: one row too many.
        due = np.ceil(np.round(share * np.arange(1, len(rows) + 1), 9))
        keep[rows] = np.diff(due, prepend=0) > 0
    kept = np.flatnonzero(keep)
    changed = {
        name: getattr(part, name)[kept]
        for name in ("y", "rows", "groups", "time", "sample_weight")
        if getattr(part, name) is not None
    }
    return replace(part, X=take(part.X, kept), **changed)


@dataclass(frozen=True)
class _Work:
    """Where chance comes from: drawn for all rows of the dataset, one column after the other."""

    cell: Cell
    n_rows: int
    columns: Sequence[Column]

    def chance(self, what: int, column: int = 0) -> np.random.RandomState:
        """Return a stream of its own; those of `RandomState` never change between versions."""
        import numpy as np

        return np.random.RandomState([self.cell.outer_seed, self.cell.inner_seed, what, column])

    def kinds(self, n_columns: int) -> list[str]:
        """Return the kind of each column; numbers where nothing is known of them."""
        known = [column.kind for column in self.columns]
        return [*known] if len(known) == n_columns else ["number"] * n_columns

    def noisy(self, parts: list[Part], size: float, reference: Any) -> list[Part]:
        """Add Gaussian noise to the numbers in X."""
        changed = [_editable(part.X) for part in parts]
        known = _editable(reference)
        is_table = getattr(reference, "ndim", 2) <= 2
        kinds = self.kinds(known.shape[1])
        common = 0.0 if is_table else _deviation(known)
        for j, kind in enumerate(kinds):
            if is_table and kind != "number":
                continue
            scale = size * (_deviation(_numbers(known, j)) if is_table else common)
            drawn = scale * self.chance(_FEATURES, j).standard_normal(self.n_rows)
            for part, X in zip(parts, changed, strict=True):
                values = _numbers(X, j) + drawn[part.rows]
                if hasattr(X, "isetitem"):
                    X.isetitem(j, values)
                else:
                    X[:, j] = values
        if not is_table:
            changed = [_as_images(X, part.X) for part, X in zip(parts, changed, strict=True)]
        return [replace(part, X=X) for part, X in zip(parts, changed, strict=True)]

    def holed(self, parts: list[Part], share: float) -> list[Part]:
        """Take values out of tables."""
        changed = [_editable(part.X) for part in parts]
        for j, kind in enumerate(self.kinds(changed[0].shape[1])):
            gone = self.chance(_MISSING, j).random_sample(self.n_rows) < share
            for part, X in zip(parts, changed, strict=True):
                _remove(X, j, kind, gone[part.rows])
        return [replace(part, X=X) for part, X in zip(parts, changed, strict=True)]

    def mislabelled(self, part: Part, size: float, target: Target, reference: Any) -> Part:
        """Change labels, or add noise to numbers."""
        import numpy as np

        y, chance = part.y, self.chance(_WHICH_LABELS)
        shape = (self.n_rows, *y.shape[1:])
        if target.kind in _NUMBERS:
            drawn = chance.standard_normal(shape)[part.rows]
            return replace(part, y=y + size * np.std(reference, axis=0) * drawn)
        hit = chance.random_sample(shape)[part.rows] < size
        n_classes = 2 if target.kind == "multilabel" else len(target.classes)
        step = self.chance(_NEW_LABELS).randint(1, n_classes, shape)[part.rows]
        return replace(part, y=np.where(hit, (y + step) % n_classes, y))


def _editable(X: Any) -> Any:
    """Return a copy with one column for each number of a row, able to hold fractions and gaps."""
    import numpy as np

    if hasattr(X, "isetitem"):
        return X.copy()
    if not isinstance(X, np.ndarray) or X.ndim < 2:
        raise DatasetError(
            f"X is a {type(X).__name__}: conditions on features need an array or a table in memory."
        )
    flat = X.reshape(len(X), int(np.prod(X.shape[1:])))
    if X.dtype.kind == "f":
        return flat.copy()
    return flat.astype(np.float64 if X.dtype.kind in "biu" else object)


def _as_images(flat: NDArray[Any], given: NDArray[Any]) -> NDArray[Any]:
    """Return images of the form given, rounded where those are whole numbers."""
    import numpy as np

    if given.dtype.kind in "iu":
        held = np.iinfo(given.dtype)
        flat = np.clip(np.rint(flat), held.min, held.max).astype(given.dtype)
    return flat.reshape(given.shape)


def _numbers(X: Any, j: int) -> NDArray[np.float64]:
    import numpy as np

    if hasattr(X, "iloc"):
        return np.asarray(X.iloc[:, j].to_numpy(dtype=np.float64, na_value=np.nan))
    return np.asarray(X[:, j].astype(np.float64))


def _deviation(values: NDArray[Any]) -> float:
    """Return the standard deviation of what is there; 0 where nothing is."""
    import numpy as np

    there = values[np.isfinite(values)]
    return float(there.std()) if len(there) else 0.0


def _remove(X: Any, j: int, kind: str, gone: NDArray[np.bool_]) -> None:
    """Make values of one column missing, in the way of its type."""
    import numpy as np

    if hasattr(X, "isetitem"):
        column = X.iloc[:, j]
        # Of a type that has no gaps: bool, int, uint; the nullable ones are no np.dtype.
        if isinstance(column.dtype, np.dtype) and column.dtype.kind in "biu":
            column = column.astype(np.float64)
        X.isetitem(j, column.mask(gone, "") if kind == "text" else column.mask(gone))
    elif X.dtype.kind == "f":
        X[gone, j] = np.nan
    else:
        X[gone, j] = {"number": np.nan, "text": ""}.get(kind)
