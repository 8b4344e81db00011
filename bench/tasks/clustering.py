"""Clustering: which rows belong together, without a word about what they are."""

from __future__ import annotations

from typing import Any, ClassVar

from bench.spec import Output, Part, Parts
from bench.spec.errors import InvalidAnswer
from bench.tasks.reading import as_array
from bench.tasks.row_task import RowTask
from bench.tasks.views import in_batches


class Clustering(RowTask):
    """`fit` sees X alone; `predict` is asked, or ``labels_`` where there is none.

    The true classes, where the dataset has them, only score. An estimator without `predict`
    (DBSCAN, agglomerative clustering) says something about the rows that it was fitted on alone:
    its ``labels_`` are scored on the training part, and of other parts it offers nothing, which
    leaves their scores empty with the reason. Cluster numbers are arbitrary whole numbers; -1, as
    noise, is a cluster like any other.
    """

    name: ClassVar[str] = "clustering"
    summary: ClassVar[str] = "Which rows belong together?"
    metrics: ClassVar[tuple[str, ...]] = ("adjusted-rand", "nmi", "silhouette")
    learns_from_truth: ClassVar[bool] = False
    preload: ClassVar[tuple[str, ...]] = ("sklearn.metrics",)

    def ask(self, estimator: Any, part: Part) -> Any:
        """Ask for one cluster number a row; None where it can say nothing of the part."""
        if hasattr(estimator, "predict"):
            return in_batches(estimator.predict, part.X)
        return estimator.labels_ if getattr(part, "is_train", False) else None

    def read(self, answer: Any, part: Part, parts: Parts, estimator: Any) -> Output:
        """Read whole numbers, one a row, however many outputs the target has."""
        import numpy as np

        n = len(part)
        if answer is None:
            return Output(np.full(n, np.nan), n, {})
        if not hasattr(estimator, "predict"):  # of the training rows, those that are asked about
            answer = as_array(answer, "labels_", (len(parts.train),))[:n]
        given = as_array(answer, "clusters", (n,))
        if not _is_whole(given):
            raise InvalidAnswer(f"clusters of the type {given.dtype}; whole numbers are needed")
        clusters = given.astype(np.int64)
        return Output(clusters, n, {"clusters": clusters})


def _is_whole(given: Any) -> bool:
    import numpy as np

    if given.dtype.kind in "biu":
        return True
    return given.dtype.kind == "f" and bool((np.isfinite(given) & (given == np.floor(given))).all())


CLUSTERING = Clustering()
