"""What scores clusters: the truth is codes (n,), which no estimator has seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bench.spec import Part
from bench.tasks.scoring import truth_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_SILHOUETTE_ROWS = 2000


def adjusted_rand(part: Part, labels: NDArray[Any]) -> float:
    """Return the Rand index of two partitions, adjusted for chance.

    Hubert and Arabie, "Comparing partitions", Journal of Classification 2, 1985.

    Raises
    ------
    ValueError
        There are no true classes to compare with.
    """
    from sklearn.metrics import adjusted_rand_score

    return _quickly(adjusted_rand_score, _true_classes(part), labels)


def nmi(part: Part, labels: NDArray[Any]) -> float:
    """Return the mutual information of two partitions over the mean of their entropies.

    Vinh, Epps and Bailey, JMLR 11, 2010, with the arithmetic mean.

    Raises
    ------
    ValueError
        There are no true classes to compare with.
    """
    from sklearn.metrics import normalized_mutual_info_score

    return _quickly(normalized_mutual_info_score, _true_classes(part), labels)


def silhouette(part: Part, labels: NDArray[Any]) -> float:
    """Return how much nearer rows are to their own cluster than to the next one, in [-1, 1].

    Euclidean, on X as it is, over the first 2,000 rows of the part. Rousseeuw, Journal of
    Computational and Applied Mathematics 20, 1987.

    Raises
    ------
    ValueError
        X is not a table of numbers, or there is one cluster, or as many as rows.
    """
    import numpy as np
    from sklearn.metrics import silhouette_score

    labels = labels[:MOST_SILHOUETTE_ROWS]
    n_clusters = len(np.unique(labels))
    if not 2 <= n_clusters < len(labels):
        raise ValueError(f"{n_clusters} cluster(s) over {len(labels)} rows in this part")
    try:
        X = np.asarray(part.X[:MOST_SILHOUETTE_ROWS], dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError("X is not a table of numbers") from None
    if X.ndim != 2 or not np.isfinite(X).all():
        raise ValueError("X is not a table of numbers without missing values")
    return _quickly(silhouette_score, X, labels)


def _true_classes(part: Part) -> NDArray[Any]:
    truth = truth_of(part)
    if truth.ndim != 1 or truth.dtype.kind not in "iu":
        raise ValueError("the target is not one of classes")
    return truth


def _quickly(function: Callable[..., Any], *arguments: Any) -> float:
    """Call a scikit-learn metric without its checks: the task has made them."""
    import sklearn

    with sklearn.config_context(skip_parameter_validation=True, assume_finite=True):
        return float(function(*arguments))
