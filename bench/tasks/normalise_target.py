"""What is to be predicted: y read as classes or numbers, and brought into one form.

How a target is read, unless the dataset says what it is (``target=``):

- A dataset that is offered for regression and for nothing that has classes is one of numbers; one
  offered for classification, clustering or the like and not for regression is one of classes.
- Otherwise strings, booleans and categories are classes, and floats are numbers. Integers are
  classes where there are at most 20 different ones, each twice or more on average; otherwise they
  are numbers.
- Several columns of zeros and ones are several labels a row; other columns are several numbers.

A dataset that is offered only for tasks not named here keeps its `y` as it is, unless it has a
`target`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bench.spec import Dataset, Target, TargetKind
from bench.spec.errors import DatasetError
from bench.tasks.normalise_rows import check_complete, check_length, plain

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CLASS_TASKS = ("classification", "clustering", "semi-supervised", "anomaly-detection")
NUMBER_TASKS = ("regression",)
MOST_INTEGER_CLASSES = 20


def normal_target(
    dataset: Dataset, source: str, tasks: Sequence[str], n_rows: int
) -> tuple[Any, Target | None]:
    """Return y in its normal form, and what it is."""
    import pandas as pd

    if dataset.y is None:
        return None, dataset.target
    described = dataset.target
    known = {*CLASS_TASKS, *NUMBER_TASKS}
    if described is None and tasks and not known.intersection(tasks):
        return dataset.y, None
    y = plain(dataset.y, "y", source)
    check_length("y", len(y) if y.ndim else 0, source, n_rows)
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim > 2:
        raise DatasetError(
            f"dataset {source!r}: y has the shape {y.shape}; one column, or one for each output, "
            "is needed."
        )
    check_complete("y", y, source, "Leave those rows out, or name another target.")
    if described is not None:
        kind = described.kind
    else:
        is_category = isinstance(getattr(dataset.y, "dtype", None), pd.CategoricalDtype)
        kind = _kind(y.astype(object) if is_category else y, tasks)
    if kind in ("binary", "multiclass"):
        return _codes(y, kind, described, source)
    if kind == "multilabel":
        return _labels(y, described, source)
    return _numbers(y, kind, described, source)


def _kind(y: NDArray[Any], tasks: Sequence[str]) -> TargetKind:
    """Say what a target is that nobody described: the rules at the head of this module."""
    import numpy as np
    import pandas as pd

    for_classes = any(task in CLASS_TASKS for task in tasks)
    for_numbers = any(task in NUMBER_TASKS for task in tasks)
    undecided = for_classes == for_numbers
    if y.ndim == 2:
        ones_and_zeros = y.dtype.kind in "biuf" and bool(np.isin(y, (0, 1)).all())
        labels = ones_and_zeros and (y.dtype.kind != "f" if undecided else for_classes)
        return "multilabel" if labels else "multioutput"
    if undecided and y.dtype.kind in "iu":
        n_different = len(np.unique(y))
        for_classes = n_different <= MOST_INTEGER_CLASSES and 2 * n_different <= len(y)
    elif undecided:
        for_classes = y.dtype.kind != "f"
    if not for_classes:
        return "continuous"
    return "binary" if len(pd.unique(y)) <= 2 else "multiclass"


def _codes(
    y: NDArray[Any], kind: TargetKind, described: Target | None, source: str
) -> tuple[NDArray[np.int64], Target]:
    """Turn labels into their places among the classes."""
    import numpy as np
    import pandas as pd

    if y.ndim == 2:
        raise DatasetError(
            f"dataset {source!r}: y has {y.shape[1]} columns, and its target is {kind}; only one "
            "column of classes can be predicted, or several of zeros and ones (multilabel)."
        )
    code_of_row, found = pd.factorize(y)
    labels = found.tolist()
    classes = described.classes if described is not None else ()
    if not classes:
        try:
            classes = tuple(sorted(set(labels)))
        except TypeError:
            types = ", ".join(sorted({type(label).__name__ for label in labels}))
            raise DatasetError(
                f"dataset {source!r}: the labels in y are of several types ({types}) that have no "
                "order; make them one type, or give target=Target(kind, classes=...)."
            ) from None
    if len(classes) < 2:
        raise DatasetError(
            f"dataset {source!r}: the target has one class, {classes[0]!r}: there is nothing to "
            "tell apart. Is it the right column?"
        )
    if kind == "binary" and len(classes) > 2:
        raise DatasetError(
            f"dataset {source!r}: the target is said to be binary and has {len(classes)} classes; "
            "say multiclass."
        )
    place = {label: code for code, label in enumerate(classes)}
    if len(place) < len(classes):
        raise DatasetError(f"dataset {source!r}: target.classes names a class twice: {classes}.")
    codes = np.array([place.get(label, -1) for label in labels], np.int64)
    if -1 in codes:
        strange = int(codes.tolist().index(-1))
        row = int((code_of_row == strange).argmax())
        shown = ", ".join(repr(label) for label in classes[:20])
        raise DatasetError(
            f"dataset {source!r}: row {row} of y is {labels[strange]!r}, which is not among "
            f"target.classes: {shown}."
        )
    return codes[code_of_row], Target(kind, 1, tuple(classes))


def _labels(
    y: NDArray[Any], described: Target | None, source: str
) -> tuple[NDArray[np.int64], Target]:
    import numpy as np

    if y.ndim != 2 or y.dtype.kind not in "biuf" or not np.isin(y, (0, 1)).all():
        raise DatasetError(
            f"dataset {source!r}: its target is multilabel, and y is not a table of zeros and "
            "ones with one column for each label."
        )
    _check_outputs(y, described, source)
    return y.astype(np.int64), Target(
        "multilabel", y.shape[1], described.classes if described is not None else ()
    )


def _numbers(
    y: NDArray[Any], kind: TargetKind, described: Target | None, source: str
) -> tuple[NDArray[np.float64], Target]:
    import numpy as np

    try:
        numbers = y.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise DatasetError(
            f"dataset {source!r}: its target is {kind}, and y is not made of numbers: {error}."
        ) from None
    if not np.isfinite(numbers).all():
        raise DatasetError(f"dataset {source!r}: y holds a missing or infinite value.")
    if (numbers.ndim == 2) != (kind == "multioutput"):
        raise DatasetError(
            f"dataset {source!r}: its target is {kind}, and y has the shape {y.shape}."
        )
    _check_outputs(numbers, described, source)
    return numbers, Target(kind, numbers.shape[1] if numbers.ndim == 2 else 1)


def _check_outputs(y: NDArray[Any], described: Target | None, source: str) -> None:
    n_outputs = y.shape[1] if y.ndim == 2 else 1
    # A description that leaves n_outputs at its default says nothing about it.
    if described is not None and described.n_outputs not in (1, n_outputs):
        raise DatasetError(
            f"dataset {source!r}: target.n_outputs is {described.n_outputs}, and y has {n_outputs} "
            "column(s)."
        )
