"""Classification: which class is a row of, or which labels does it have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from bench.spec import Dataset, Output, Part, Target
from bench.tasks.row_task import RowsOutput, RowTask, answer_of
from bench.tasks.views import answers

if TYPE_CHECKING:
    from numpy.typing import NDArray

ABSENT = 1e-6
"""Probability of a class that the estimator has never seen, before renormalising."""

TOLERANCE = 1e-3
"""How far from 1 the probabilities of a row may add up."""


class Classification(RowTask):
    """`fit` sees X and codes 0 .. K-1; `predict_proba` is asked, or `predict` where there is none.

    Probabilities are aligned to all classes of the dataset by the estimator's ``classes_``: a class
    that it has not seen gets 1e-6 before renormalising. Where there are probabilities, the label is
    the class of the largest. Several labels a row (multilabel): `fit` sees zeros and ones
    (n, n_outputs), and `predict_proba` may return (n, n_outputs) or, as scikit-learn's forests do,
    a list of (n, 2).
    """

    name: ClassVar[str] = "classification"
    summary: ClassVar[str] = "Which class is a row of?"
    metrics: ClassVar[tuple[str, ...]] = (
        "balanced-accuracy",
        "accuracy",
        "precision",
        "recall",
        "f1",
        "log-loss",
        "roc-auc",
        "calibration-error",
    )
    targets: ClassVar[tuple[str, ...]] = ("binary", "multiclass", "multilabel")

    def stratifies(self, dataset: Dataset) -> bool:
        """Return True where there is one class a row."""
        return dataset.target is not None and dataset.target.kind != "multilabel"

    def ask(self, estimator: Any, part: Part) -> Output:
        """Ask for probabilities (n, n_classes), or for labels (n,) as codes."""
        target = getattr(part, "target", None)
        if target is None:
            raise TypeError("classification asks about parts that Classification.prepare made")
        if hasattr(estimator, "predict_proba"):
            answer = answers(estimator.predict_proba, part.X)
            if target.kind == "multilabel":
                return _label_probabilities(part, target, estimator, answer)
            return _probabilities(part, target, estimator, answer)
        return _labels(part, target, answers(estimator.predict, part.X))


def _probabilities(part: Part, target: Target, estimator: Any, answer: Any) -> Output:
    """Bring probabilities of the classes seen in training to all classes, in their order."""
    import numpy as np

    n, n_classes = len(part), len(target.classes)
    given = _array(answer)
    classes = np.asarray(getattr(estimator, "classes_", np.arange(n_classes)))
    fault = _probability_fault(given, (n, len(classes))) or _unknown(classes, n_classes, "classes_")
    if fault is not None:
        return RowsOutput(np.full((n, n_classes), np.nan), n, {}, fault)
    given = given.astype(np.float64, copy=False)
    off = np.abs(given.sum(axis=1) - 1)
    if n and off.max() > TOLERANCE:
        row = int(off.argmax())
        fault = f"probabilities that add up to {given[row].sum():.6g} in row {row} of the part"
        return RowsOutput(given, n, {}, fault)
    if np.array_equal(classes, np.arange(n_classes)):
        aligned = given
    else:
        aligned = np.full((n, n_classes), ABSENT)
        aligned[:, classes.astype(np.int64)] = given
        aligned /= aligned.sum(axis=1, keepdims=True)
    return RowsOutput(
        aligned, n, {"probabilities": aligned, "labels": aligned.argmax(axis=1).astype(np.int64)}
    )


def _label_probabilities(part: Part, target: Target, estimator: Any, answer: Any) -> Output:
    """Bring the probabilities of several labels into the shape (n, n_outputs)."""
    import numpy as np

    n = len(part)
    if isinstance(answer, list):
        answer = [_of_one(np.asarray(p), estimator, k) for k, p in enumerate(answer)]
        answer = np.column_stack(answer) if len({len(p) for p in answer}) == 1 else np.empty(0)
    given = _array(answer)
    fault = _probability_fault(given, (n, target.n_outputs))
    if fault is not None:
        return RowsOutput(np.full((n, target.n_outputs), np.nan), n, {}, fault)
    given = given.astype(np.float64, copy=False)
    return RowsOutput(given, n, {"probabilities": given, "labels": (given > 0.5).astype(np.int64)})


def _of_one(given: NDArray[Any], estimator: Any, k: int) -> NDArray[Any]:
    """Return the probability of 1 of one label; where training held only one value, 0 or 1."""
    import numpy as np

    if given.ndim == 2 and given.shape[1] == 2:
        return given[:, 1]
    classes = getattr(estimator, "classes_", None)
    only = np.asarray(classes[k]).ravel()[0] if classes is not None else 0
    return np.full(len(given), float(only))


def _labels(part: Part, target: Target, answer: Any) -> Output:
    """Check labels from `predict`, which are codes."""
    import numpy as np

    n = len(part)
    given, fault = answer_of(part, answer, "labels")
    n_classes = 2 if target.kind == "multilabel" else len(target.classes)
    fault = fault or _unknown(given, n_classes, "labels")
    if fault is not None:
        return RowsOutput(np.full(n, np.nan), n, {}, fault)
    labels = given.astype(np.int64)
    return RowsOutput(labels, n, {"labels": labels})


def _array(answer: Any) -> NDArray[Any]:
    """Return an array; an empty one, whose shape is a fault, where the rows differ in length."""
    import numpy as np

    try:
        return np.asarray(answer)
    except ValueError:
        return np.empty(0)


def _probability_fault(given: NDArray[Any], wanted: tuple[int, int]) -> str | None:
    import numpy as np

    if given.shape != wanted:
        return f"probabilities of the shape {given.shape}; {wanted} is needed"
    if given.dtype.kind not in "biuf":
        return f"probabilities of the type {given.dtype}; numbers are needed"
    if not np.isfinite(given).all():
        row = int(np.argwhere(~np.isfinite(given))[0][0])
        return f"probabilities with NaN or infinity, first in row {row} of the part"
    if (given < -TOLERANCE).any() or (given > 1 + TOLERANCE).any():
        return f"probabilities between {given.min():.6g} and {given.max():.6g}; 0 to 1 is allowed"
    return None


def _unknown(codes: NDArray[Any], n_classes: int, name: str) -> str | None:
    """Return what is said of codes that are no class of the dataset."""
    import numpy as np

    if codes.dtype.kind not in "biuf":
        shown = codes.ravel()[:1].tolist()
        return f"{name} such as {shown}; codes 0 to {n_classes - 1} are needed"
    known = np.isin(codes, np.arange(n_classes))
    if not known.all():
        strange = codes[~known].ravel()[0]
        if not np.isfinite(strange):
            return f"{name} with NaN or infinity"
        return f"{name} with the unknown class {strange}; codes 0 to {n_classes - 1} are known"
    return None


CLASSIFICATION = Classification()
