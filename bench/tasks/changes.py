"""The conditions that are built in: noise on labels and features, missing values, imbalance."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bench.spec import Change, ChangeFacts, Part, Parts
from bench.tasks.chance import Chance, Scale
from bench.tasks.columns import as_given, editable, kinds, numbers, put, remove
from bench.tasks.views import take

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


# --- labels --------------------------------------------------------------------------------------


def change_labels(parts: Parts, chance: Chance, scale: Scale, amount: float) -> Parts:
    """Change labels of the training and validation rows, or add noise to numbers.

    Each label becomes another class by this chance, all others being equally likely (symmetric
    label noise: Angluin and Laird, "Learning from noisy examples", Machine Learning 2, 1988); of
    several labels a row, each flips by itself. For numbers, the amount is the standard deviation of
    Gaussian noise, in those of the training target. Test labels stay clean. A practitioner's
    validation labels come from the same hands as the training labels, so they are no cleaner.

    The note ``n_labels_changed`` counts those of the training part, where labels are classes.
    """
    import numpy as np

    target = scale.dataset.target
    assert target is not None  # else there is an objection
    shape = np.shape(parts.train.y)[1:]
    if target.is_numbers:
        added: NDArray[np.float64] = amount * scale.y * chance.normal(shape=shape)

        def changed(y: NDArray[Any], rows: NDArray[np.int64]) -> NDArray[Any]:
            return y + added[rows]
    else:
        n_classes = 2 if target.kind == "multilabel" else len(target.classes)
        is_hit = chance.uniform(shape=shape) < amount
        step = chance.integers(1, n_classes, draw=1, shape=shape)

        def changed(y: NDArray[Any], rows: NDArray[np.int64]) -> NDArray[Any]:
            return np.where(is_hit[rows], (y + step[rows]) % n_classes, y)

    train, validation = (
        None if part is None else replace(part, y=changed(part.y, part.rows))
        for part in (parts.train, parts.validation)
    )
    assert train is not None
    notes = dict(parts.notes)
    if not target.is_numbers:
        notes["n_labels_changed"] = int((train.y != parts.train.y).sum())
    return replace(parts, train=train, validation=validation, notes=notes)


def no_labels(facts: ChangeFacts) -> str | None:
    """Say why there are no labels to be changed."""
    if facts.learns_from_target:
        return None
    return f"label noise changes nothing that {facts.task} learns from"


# --- features ------------------------------------------------------------------------------------


def blur_features(parts: Parts, chance: Chance, scale: Scale, amount: float) -> Parts:
    """Add Gaussian noise to the numbers in X, in all parts.

    Of a table, on columns of the kind ``number``, in standard deviations of each; of images, in
    that of all pixels together. Whole numbers in a table become float64; images of whole numbers
    are rounded, and clipped to what their type holds.
    """
    given = _all(parts)
    changed = [editable(part.X) for part in given]
    is_table = getattr(parts.train.X, "ndim", 2) <= 2
    for j, kind in enumerate(kinds(scale.dataset.columns, changed[0].shape[1])):
        if is_table and kind != "number":
            continue
        added = amount * scale.X[j] * chance.normal(column=j)
        for part, X in zip(given, changed, strict=True):
            put(X, j, numbers(X, j) + added[part.rows])
    if not is_table:
        changed = [as_given(X, part.X) for part, X in zip(given, changed, strict=True)]
    return _with(parts, changed)


def no_features(facts: ChangeFacts) -> str | None:
    """Say why there are no numbers in X to be changed."""
    if facts.modality not in ("tabular", "image"):
        return f"feature noise is for tabular and image data; these are {facts.modality}"
    if facts.columns and all(column.kind != "number" for column in facts.columns):
        return "feature noise is for columns of numbers; there are none"
    return None


# --- missing values ------------------------------------------------------------------------------


def take_values(parts: Parts, chance: Chance, scale: Scale, amount: float) -> Parts:
    """Take values out of tables, in all parts: each is missing by this chance.

    They are missing completely at random (Rubin, "Inference and missing data", Biometrika 63,
    1976): NaN, or what the type of a column has for it, or "" in texts. Booleans and whole numbers
    become float64.
    """
    given = _all(parts)
    changed = [editable(part.X) for part in given]
    for j, kind in enumerate(kinds(scale.dataset.columns, changed[0].shape[1])):
        is_gone = chance.uniform(column=j) < amount
        for part, X in zip(given, changed, strict=True):
            remove(X, j, kind, is_gone[part.rows])
    return _with(parts, changed)


def no_table(facts: ChangeFacts) -> str | None:
    """Say why there are no values that could be missing."""
    if facts.modality == "tabular":
        return None
    return f"values can be missing in tabular data only; these are {facts.modality}"


# --- imbalance -----------------------------------------------------------------------------------


def thin_classes(parts: Parts, chance: Chance, scale: Scale, amount: float) -> Parts:
    """Keep a share of the training rows of every class but the most frequent of the dataset.

    Of the first k rows of a class, ``ceil(amount * k)`` are kept for every k, hence at least one.
    With time, training sets grow backwards, so that rows are counted from the last one. The size of
    a trial, ``n_train``, counts rows before this.
    """
    import numpy as np

    train = parts.train
    most_frequent = int(np.bincount(scale.dataset.y).argmax())
    is_kept = np.ones(len(train), bool)
    for code in np.unique(train.y):
        if code == most_frequent:
            continue
        rows = np.flatnonzero(train.y == code)
        rows = rows if train.time is None else rows[::-1]
        # 0.07 * 100 is 7.000000000000001 as a float: one row too many.
        due = np.ceil(np.round(amount * np.arange(1, len(rows) + 1), 9))
        is_kept[rows] = np.diff(due, prepend=0) > 0
    kept = np.flatnonzero(is_kept)
    return replace(parts, train=train.some(kept, X=take(train.X, kept)))


def no_classes(facts: ChangeFacts) -> str | None:
    """Say why there are no classes to be thinned."""
    if facts.target is not None and facts.target.is_one_class:
        return None
    kind = facts.target.kind if facts.target is not None else "missing"
    return f"imbalance needs one class for each row; the target is {kind}"


def _all(parts: Parts) -> list[Part]:
    """Return the parts that there are: training, validation if any, test."""
    return [part for part in (parts.train, parts.validation, parts.test) if part is not None]


def _with(parts: Parts, changed: list[Any]) -> Parts:
    """Return parts with another X each, in the order of `_all`."""
    train, *validation, test = (
        replace(part, X=X) for part, X in zip(_all(parts), changed, strict=True)
    )
    return replace(parts, train=train, validation=next(iter(validation), None), test=test)


CHANGES = (
    Change(
        key="noise.labels",
        label="label noise",
        default=0.0,
        ge=0,
        le=1,
        apply="bench.tasks.changes:change_labels",
        changes="y",
        objection="bench.tasks.changes:no_labels",
        summary="chance of a training or validation label to become another class; for numbers, "
        "Gaussian noise in standard deviations of the training target; test labels stay",
    ),
    Change(
        key="noise.features",
        label="feature noise",
        default=0.0,
        ge=0,
        apply="bench.tasks.changes:blur_features",
        changes="X",
        objection="bench.tasks.changes:no_features",
        summary="Gaussian noise on the numbers in X, in standard deviations of each column (of "
        "images: of all pixels), in all parts",
    ),
    Change(
        key="missing",
        label="missing",
        default=0.0,
        ge=0,
        lt=1,
        apply="bench.tasks.changes:take_values",
        changes="X",
        objection="bench.tasks.changes:no_table",
        makes_missing=True,
        summary="chance of each value of a table to become missing, in all parts",
    ),
    Change(
        key="imbalance",
        label="imbalance",
        default=1.0,
        gt=0,
        le=1,
        apply="bench.tasks.changes:thin_classes",
        changes="rows",
        objection="bench.tasks.changes:no_classes",
        summary="share of the training rows that every class but the most frequent keeps, at least "
        "one; sizes count rows before it",
    ),
)
