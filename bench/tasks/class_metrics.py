"""What scores classes: the truth is codes (n,) or, for several labels, 0 and 1 (n, k).

Plain NumPy, equal to scikit-learn where both are defined (the tests compare them): scikit-learn's
checks of its input cost more than a small fit, and a task has checked the output already. A metric
that cannot be computed for a part raises ValueError, which is kept as the reason.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bench.spec import Part
from bench.tasks.scoring import truth_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

N_BINS = 15


def balanced_accuracy(part: Part, labels: NDArray[Any]) -> float:
    """Return the mean recall over the classes that are present in the part.

    Several labels a row: the mean over labels. Brodersen et al., "The balanced accuracy and its
    posterior distribution", ICPR 2010.
    """
    truth = truth_of(part)
    if truth.ndim == 2:
        return _mean_over_columns(_mean_recall, truth, labels)
    return _mean_recall(truth, labels)


def accuracy(part: Part, labels: NDArray[Any]) -> float:
    """Return the share of rows that are right; with several labels, right in every one."""
    right = truth_of(part) == labels
    return float(right.all(axis=1).mean() if right.ndim == 2 else right.mean())


def precision(part: Part, labels: NDArray[Any]) -> float:
    """Return the mean precision over classes (macro); 0 for a class that is never given.

    The classes are those in the truth or the answer. Several labels: the mean over labels of the
    precision for 1.
    """
    return float(_ratio(*_hits_given_and_true(part, labels)[:2]).mean())


def recall(part: Part, labels: NDArray[Any]) -> float:
    """Return the mean recall over classes (macro); 0 for a class that is never true.

    The classes are those in the truth or the answer, as scikit-learn has it; `balanced_accuracy`
    takes only those in the truth.
    """
    hits, _, true = _hits_given_and_true(part, labels)
    return float(_ratio(hits, true).mean())


def f1(part: Part, labels: NDArray[Any]) -> float:
    """Return the mean over classes (macro) of the harmonic mean of precision and recall."""
    hits, given, true = _hits_given_and_true(part, labels)
    return float(_ratio(2 * hits, given + true).mean())


def log_loss(part: Part, probabilities: NDArray[Any]) -> float:
    """Return the mean of minus the log of the true class's probability, in nats.

    Probabilities are kept away from 0 and 1 by the spacing of floating-point numbers, as
    scikit-learn does. Several labels: the mean over labels. Good, "Rational decisions", JRSS B
    1952.
    """
    import numpy as np

    truth = truth_of(part)
    tiny = np.finfo(np.float64).eps
    kept = np.clip(np.asarray(probabilities, np.float64), tiny, 1 - tiny)
    if truth.ndim == 2:
        return float(-np.log(np.where(truth == 1, kept, 1 - kept)).mean())
    return float(-np.log(kept[np.arange(len(truth)), truth]).mean())


def roc_auc(part: Part, scores: NDArray[Any]) -> float:
    """Return the area under the ROC curve: of probabilities, or of what else ranks the rows.

    More than two classes: the mean over the classes present in the part, each against the rest;
    several labels: the mean over the labels of which both values are present. Hanley and McNeil,
    Radiology 143, 1982; Fawcett, Pattern Recognition Letters 27, 2006.

    Raises
    ------
    ValueError
        Only one class is in the part.
    """
    import numpy as np

    truth = truth_of(part)
    if truth.ndim == 2:
        columns = [(truth[:, k] == 1, scores[:, k]) for k in range(truth.shape[1])]
    elif scores.shape[1] == 2:
        columns = [(truth == 1, scores[:, 1])]
    else:
        columns = [(truth == k, scores[:, k]) for k in np.unique(truth)]
    areas = [_area(positive, value) for positive, value in columns if 0 < positive.mean() < 1]
    if not areas:
        raise ValueError("only one class in this part")
    return float(np.mean(areas))


def calibration_error(part: Part, probabilities: NDArray[Any]) -> float:
    """Return the expected calibration error of the top class, over 15 bins of equal width.

    It is the sum over bins of the share of rows in the bin times the distance between their
    accuracy and their mean confidence; bins are open on the left. Several labels: the mean over
    labels. Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, equation 3.
    """
    import numpy as np

    truth = truth_of(part)
    if truth.ndim == 2:
        return _mean_over_columns(
            lambda y, p: _calibration(y, np.column_stack([1 - p, p])), truth, probabilities
        )
    return _calibration(truth, probabilities)


def _mean_over_columns(
    function: Callable[[NDArray[Any], NDArray[Any]], float],
    truth: NDArray[Any],
    given: NDArray[Any],
) -> float:
    """Return the mean of a metric over the labels of a row."""
    return statistics.fmean(function(truth[:, k], given[:, k]) for k in range(truth.shape[1]))


def _mean_recall(truth: NDArray[Any], labels: NDArray[Any]) -> float:
    import numpy as np

    true = np.bincount(truth)
    hits = np.bincount(truth[truth == labels], minlength=len(true))
    present = true > 0
    return float((hits[present] / true[present]).mean())


def _hits_given_and_true(
    part: Part, labels: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Count, for each class in truth or answer: right answers, answers, true rows."""
    import numpy as np

    truth = truth_of(part)
    if truth.ndim == 2:
        return ((truth == 1) & (labels == 1)).sum(0), (labels == 1).sum(0), (truth == 1).sum(0)
    k = int(max(truth.max(), labels.max())) + 1
    hits = np.bincount(truth[truth == labels], minlength=k)
    given = np.bincount(labels, minlength=k)
    true = np.bincount(truth, minlength=k)
    seen = given + true > 0
    return hits[seen], given[seen], true[seen]


def _ratio(above: NDArray[Any], below: NDArray[Any]) -> NDArray[np.float64]:
    """Divide; 0 where there is nothing to divide by, since nothing was counted above it either."""
    import numpy as np

    return np.asarray(above / np.maximum(below, 1), dtype=np.float64)


def _area(positive: NDArray[np.bool_], value: NDArray[Any]) -> float:
    """Return the chance that a positive's value is above a negative's, ties counting half."""
    import numpy as np

    _, place, count = np.unique(value, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[place]
    n = int(positive.sum())
    return float((rank[positive].sum() - n * (n + 1) / 2) / (n * (len(value) - n)))


def _calibration(truth: NDArray[Any], probabilities: NDArray[Any]) -> float:
    import numpy as np

    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    edges = np.linspace(0, 1, N_BINS + 1)
    bins = np.searchsorted(edges[1:-1], confidence, side="left")
    gaps = np.bincount(bins, weights=right - confidence, minlength=N_BINS)
    return float(np.abs(gaps).sum() / len(truth))
