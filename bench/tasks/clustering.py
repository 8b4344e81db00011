"""Clustering: which rows belong together, without a word about what they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from bench.spec import Output, Part, Parts
from bench.tasks.row_task import RowsOutput, RowTask, answer_of
from bench.tasks.views import answers


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
    preload: ClassVar[tuple[str, ...]] = ("sklearn.metrics",)

    def fit(self, estimator: Any, parts: Parts, fit_params: Mapping[str, Any]) -> Any:
        """Fit on the training rows without their classes."""
        return estimator.fit(parts.train.X, **fit_params)

    def ask(self, estimator: Any, part: Part) -> Output:
        """Ask for one cluster number a row."""
        import numpy as np

        if hasattr(estimator, "predict"):
            answer = answers(estimator.predict, part.X)
        elif getattr(part, "is_train", False):
            answer = np.asarray(estimator.labels_)[: len(part)]
        else:
            return RowsOutput(np.full(len(part), np.nan), len(part), {})
        # Clusters are one number a row, however many outputs the target has.
        given, fault = answer_of(Part(part.X, None, part.rows), answer, "clusters")
        if fault is None and not _is_whole(given):
            fault = f"clusters of the type {given.dtype}; whole numbers are needed"
        if fault is not None:
            return RowsOutput(np.full(len(part), np.nan), len(part), {}, fault)
        clusters = given.astype(np.int64)
        return RowsOutput(clusters, len(part), {"clusters": clusters})


def _is_whole(given: Any) -> bool:
    import numpy as np

    if given.dtype.kind in "biu":
        return True
    return given.dtype.kind == "f" and bool((np.isfinite(given) & (given == np.floor(given))).all())


CLUSTERING = Clustering()
