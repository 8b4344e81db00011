"""A nearest-centroid classifier in order, and what its factory refuses."""

import numpy as np

import bench


class Centroid:
    """The class whose mean is nearest."""

    def fit(self, X, y):
        X = np.asarray(X, dtype=float)
        self.classes_ = np.unique(y)
        self.means_ = np.stack([X[y == label].mean(axis=0) for label in self.classes_])
        return self

    def predict(self, X):
        X = np.asarray(X, dtype=float)
        distances = np.linalg.norm(X[:, None] - self.means_, axis=2)
        return self.classes_[distances.argmin(axis=1)]


class Probabilities(Centroid):
    """The same, as probabilities in the order of `classes_`."""

    def predict_proba(self, X):
        return np.eye(len(self.classes_))[np.searchsorted(self.classes_, self.predict(X))]


def refuse(context, *, columns=True, missing=True, outputs=True, rows=True):
    """Say `bench.Skip` for what the centroid does not do."""
    if columns and any(column.kind != "number" for column in context.columns):
        raise bench.Skip("numbers only")
    if missing and context.has_missing:
        raise bench.Skip("no missing values")
    if outputs and context.target is not None and context.target.n_outputs > 1:
        raise bench.Skip("one output only")
    if rows and context.n_train < 10:
        raise bench.Skip("ten rows at least")
