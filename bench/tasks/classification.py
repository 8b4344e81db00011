"""Classification: which class is a row of, or which labels does it have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from bench.spec import Dataset, Output, Part, Parts, Target
from bench.spec.errors import InvalidAnswer
from bench.tasks.reading import as_array, check_finite
from bench.tasks.row_task import RowTask, shape_of
from bench.tasks.views import in_batches

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ABSENT = 1e-6
"""Probability of a class that the estimator has never seen, before renormalising."""

TOLERANCE = 1e-3
"""How far from 1 the probabilities of a row may add up."""

ASKED = ("predict_proba", "decision_function", "predict")
"""Methods of an estimator: the first that it has is asked, and timed."""


class Classification(RowTask):
    """`fit` sees X and codes 0 .. K-1; probabilities are asked for, and labels beside them.

    The question that is timed is `predict_proba`; where there is none `decision_function`, whose
    values rank rows for the ROC curve; else `predict`. Labels are what `predict` says, so that a
    decision threshold that an estimator has tuned is measured; without it, the class of the largest
    probability. Probabilities are aligned to all classes of the dataset by the estimator's
    ``classes_``: a class that it has not seen gets 1e-6 before renormalising. Several labels a row
    (multilabel): `fit` sees zeros and ones (n, n_outputs), and `predict_proba` may return
    (n, n_outputs) or, as scikit-learn's forests do, a list of (n, 2).
    """

    name: ClassVar[str] = "classification"
    version: ClassVar[str] = "2"
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

    def primary(self, target: Target | None) -> str:
        """Return ROC AUC for two classes, log loss for more and for several labels a row.

        Of many labels some are rare: in a small part they are never true, so that the area under
        their ROC curves is undefined, and its mean would be over other labels in each part. Log
        loss is defined for all of them, always.
        """
        return "roc-auc" if target is not None and target.kind == "binary" else "log-loss"

    def stratifies(self, dataset: Dataset) -> bool:
        """Return True where there is one class a row."""
        return dataset.target is not None and dataset.target.kind != "multilabel"

    def ask(self, estimator: Any, part: Part) -> Any:
        """Ask the first of `ASKED` that the estimator has."""
        return in_batches(getattr(estimator, _asked(estimator)), part.X)

    def read(self, answer: Any, part: Part, parts: Parts, estimator: Any) -> Output:
        """Read probabilities (n, n_classes), values of a decision function, or labels as codes."""
        target = getattr(part, "target", None)
        if target is None:
            raise TypeError("classification asks about parts that Classification.prepare made")
        asked = _asked(estimator)
        offers: dict[str, NDArray[Any]] = {}
        if asked == "predict_proba":
            several = target.kind == "multilabel"
            read = _label_probabilities if several else _probabilities
            offers["probabilities"] = offers["scores"] = read(part, target, estimator, answer)
        elif asked == "decision_function":
            scores = _scores(part, target, estimator, answer)
            if scores is not None:
                offers["scores"] = scores
        if hasattr(estimator, "predict"):
            said = answer if asked == "predict" else in_batches(estimator.predict, part.X)
            offers["labels"] = _labels(part, target, said)
        elif target.kind == "multilabel" and "probabilities" in offers:
            offers["labels"] = (offers["probabilities"] > 0.5).astype(int)
        elif "probabilities" in offers:
            offers["labels"] = offers["probabilities"].argmax(axis=1)
        values = offers.get("probabilities", offers.get("labels"))
        return Output(values, len(part), offers)


def _asked(estimator: Any) -> str:
    return next((name for name in ASKED if hasattr(estimator, name)), ASKED[-1])


def _probabilities(part: Part, target: Target, estimator: Any, answer: Any) -> NDArray[np.float64]:
    """Bring probabilities of the classes seen in training to all classes, in their order."""
    import numpy as np

    n, n_classes = len(part), len(target.classes)
    classes = _classes(estimator, n_classes)
    given = _checked_probabilities(answer, (n, len(classes)))
    off = np.abs(given.sum(axis=1) - 1)
    if n and off.max() > TOLERANCE:
        row = int(off.argmax())
        raise InvalidAnswer(
            f"probabilities that add up to {given[row].sum():.6g} in row {row} of the part"
        )
    if np.array_equal(classes, np.arange(n_classes)):
        return given
    aligned = np.full((n, n_classes), ABSENT)
    aligned[:, classes.astype(np.int64)] = given
    aligned /= aligned.sum(axis=1, keepdims=True)
    return aligned


def _label_probabilities(
    part: Part, target: Target, estimator: Any, answer: Any
) -> NDArray[np.float64]:
    """Bring the probabilities of several labels into the shape (n, n_outputs)."""
    import numpy as np

    if isinstance(answer, list):
        answer = [_of_one(np.asarray(p), estimator, k) for k, p in enumerate(answer)]
        answer = np.column_stack(answer) if len({len(p) for p in answer}) == 1 else np.empty(0)
    return _checked_probabilities(answer, (len(part), target.n_outputs))


def _of_one(given: NDArray[Any], estimator: Any, k: int) -> NDArray[Any]:
    """Return the probability of 1 of one label; where training held only one value, 0 or 1."""
    import numpy as np

    if given.ndim == 2 and given.shape[1] == 2:
        return given[:, 1]
    classes = getattr(estimator, "classes_", None)
    only = np.asarray(classes[k]).ravel()[0] if classes is not None else 0
    return np.full(len(given), float(only))


def _scores(part: Part, target: Target, estimator: Any, answer: Any) -> NDArray[np.float64] | None:
    """Bring the values of a decision function to all classes; None where they are of pairs of them.

    A class that the estimator has not seen is below all others, alike for every row.
    """
    import numpy as np

    n, n_classes = len(part), len(target.classes)
    try:
        given = np.asarray(answer)
    except ValueError as error:
        raise InvalidAnswer(f"a decision function that is no array: {error}") from None
    check_finite(given, "a decision function")
    if given.shape[:1] != (n,):
        raise InvalidAnswer(f"a decision function of the shape {given.shape} for {n} rows")
    if target.kind == "multilabel":
        return given.astype(np.float64) if given.shape == (n, target.n_outputs) else None
    classes = _classes(estimator, n_classes)
    if given.shape in ((n,), (n, 1)) and len(classes) == 2:
        given = np.column_stack([-given.ravel(), given.ravel()])
    if given.shape != (n, len(classes)):
        return None
    aligned = np.full((n, n_classes), given.min(initial=0.0) - 1)
    aligned[:, classes.astype(np.int64)] = given
    return aligned


def _labels(part: Part, target: Target, answer: Any) -> NDArray[np.int64]:
    """Check labels from `predict`, which are codes."""
    import numpy as np

    given = as_array(answer, "labels", shape_of(part))
    _check_known(given, 2 if target.kind == "multilabel" else len(target.classes), "labels")
    return given.astype(np.int64)


def _classes(estimator: Any, n_classes: int) -> NDArray[Any]:
    """Return which class each column of an answer is of."""
    import numpy as np

    classes = np.asarray(getattr(estimator, "classes_", np.arange(n_classes)))
    _check_known(classes, n_classes, "classes_")
    if len(np.unique(classes)) < classes.size:
        raise InvalidAnswer("classes_ that name a class twice")
    return classes


def _checked_probabilities(answer: Any, wanted: tuple[int, int]) -> NDArray[np.float64]:
    import numpy as np

    try:
        given = np.asarray(answer)
    except ValueError:  # rows that differ in length
        given = np.empty(0)
    if given.shape != wanted:
        raise InvalidAnswer(f"probabilities of the shape {given.shape}; {wanted} is needed")
    check_finite(given, "probabilities")
    if (given < -TOLERANCE).any() or (given > 1 + TOLERANCE).any():
        raise InvalidAnswer(
            f"probabilities between {given.min():.6g} and {given.max():.6g}; 0 to 1 is allowed"
        )
    return given.astype(np.float64, copy=False)


def _check_known(codes: NDArray[Any], n_classes: int, name: str) -> None:
    """Refuse codes that are no class of the dataset."""
    import numpy as np

    if codes.dtype.kind not in "biuf":
        shown = codes.ravel()[:1].tolist()
        raise InvalidAnswer(f"{name} such as {shown}; codes 0 to {n_classes - 1} are needed")
    known = np.isin(codes, np.arange(n_classes))
    if not known.all():
        strange = codes[~known].ravel()[0]
        if not np.isfinite(strange):
            raise InvalidAnswer(f"{name} with NaN or infinity")
        raise InvalidAnswer(
            f"{name} with the unknown class {strange}; codes 0 to {n_classes - 1} are known"
        )


CLASSIFICATION = Classification()
