"""What every deep model is: an estimator in scikit-learn's convention around a network.

A kind of data gives checks and an encoding; targets, weights, parameters of the engine and the
forms of predictions are here.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Collection, Mapping
from time import perf_counter
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import (
    _check_sample_weight,
    check_array,
    check_consistent_length,
    column_or_1d,
)

import bench
from bench_jax import engine, fitting, platform
from bench_jax.step import Loss

_LENGTH = ("max_epochs", "patience", "max_seconds")
"""What `fitting.fit` takes from the estimator by itself, where few rows may shorten it."""


class Deep(BaseEstimator):  # type: ignore[misc]
    """What all classifiers and regressors share."""

    validation_fraction: float
    max_epochs: int
    patience: int
    n_rows_max: int | None
    max_seconds: float | None
    random_state: Any

    def save(self, path: Any) -> None:
        """Write the fitted estimator to a file, without pickle; see `bench_jax.saving`."""
        from bench_jax import saving

        saving.save(self, path)

    @classmethod
    def load(cls, path: Any) -> Self:
        """Read an estimator of this class that `save` wrote; its predictions are the same bits."""
        from bench_jax import saving

        estimator: Self = saving.load(path, cls)
        return estimator

    def _design(self) -> dict[str, Any]:
        """Return fields of `engine.Design`: those that are parameters here."""
        given = self._given(engine.Design)
        recipe = self._recipe()
        given["has_dropout"] = recipe.get("dropout", 0) > 0
        given["has_clipping"] = "clip_norm" in recipe
        return given

    def _recipe(self) -> dict[str, Any]:
        """Return fields of `engine.Recipe`: those that are parameters here, but for its length."""
        given = self._given(engine.Recipe)
        return {name: value for name, value in given.items() if name not in _LENGTH}

    def _given(self, record: Any) -> dict[str, Any]:
        known = {field.name for field in dataclasses.fields(record)}
        parameters: dict[str, Any] = self.get_params(deep=False)
        return {
            name: value for name, value in parameters.items() if name in known and value is not None
        }

    def _checked(self, X: Any, y: Any) -> tuple[Any, Any]:
        """Check rows and their targets, and leave what is to be known of the rows' form."""
        raise NotImplementedError

    def _train(
        self,
        X: Any,
        y: NDArray[Any],
        loss: Loss,
        n_outputs: int,
        sample_weight: NDArray[np.float64] | None,
        groups: Any,
        time: Any,
        started_at: float,
    ) -> None:
        """Learn how to encode checked rows, train, and leave what came of it."""
        raise NotImplementedError

    def _values(self, X: Any) -> NDArray[np.float64]:
        """Return the last layer's values, (n, n_members, n_outputs)."""
        raise NotImplementedError


class DeepClassifier(ClassifierMixin, Deep):  # type: ignore[misc]
    """A deep model that tells classes apart, or says which labels each row has."""

    n_classes: int | None

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None, time: Any = None
    ) -> Self:
        """Learn from rows and their classes.

        Parameters
        ----------
        X
            n rows of the kind that the class is for.
        y
            Classes (n,), or zeros and ones (n, n_labels): which labels each row has.
        sample_weight
            Weight per row (n,); rows of weight 0 are left out.
        groups
            Group per row (n,): whole groups are held out to stop by.
        time
            When each row was seen (n,), sortable: the last rows are held out to stop by.

        Raises
        ------
        ValueError
            A parameter is out of its range, or X, y or a weight is not of that form.
        """
        started_at = perf_counter()
        X, y = self._checked(X, y)
        X, y, sample_weight, groups, time = _weighted(X, y, sample_weight, groups, time)
        self.is_multilabel_ = type_of_target(y).startswith("multilabel")
        codes: NDArray[Any]
        loss: Loss
        if self.is_multilabel_:
            codes = y.astype(np.float32)
            self.classes_: NDArray[Any] = np.arange(y.shape[1])
            loss, n_outputs = "binary-cross-entropy", y.shape[1]
        else:
            if y.ndim == 2 and y.shape[1] > 1:
                raise ValueError(
                    f"{type(self).__name__}: y has the shape {y.shape} and other values than 0 and "
                    "1; classes (n,), or zeros and ones (n, n_labels), are needed."
                )
            y = column_or_1d(y, warn=True)
            check_classification_targets(y)
            self.classes_, codes = np.unique(y, return_inverse=True)
            codes = codes.astype(np.int32)
            loss, n_outputs = "cross-entropy", max(len(self.classes_), self.n_classes or 0)
        self._train(X, codes, loss, n_outputs, sample_weight, groups, time, started_at)
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return probabilities (n, n_classes) in the order of ``classes_``, or (n, n_labels)."""
        values = self._values(X)[..., : len(self.classes_)]
        shares = expit(values) if self.is_multilabel_ else softmax(values, axis=-1)
        return np.asarray(shares.mean(1))

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable class of each row (n,), or zeros and ones (n, n_labels)."""
        probabilities = self.predict_proba(X)
        if self.is_multilabel_:
            return (probabilities > 0.5).astype(np.int64)
        return np.asarray(self.classes_[probabilities.argmax(1)])


class DeepRegressor(RegressorMixin, Deep):  # type: ignore[misc]
    """A deep model that predicts numbers, one or several, standardised while it learns."""

    clips_to_targets: ClassVar[bool] = False
    """Whether predictions are held within the range of the training targets."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None, time: Any = None
    ) -> Self:
        """Learn from rows and their numbers.

        Parameters
        ----------
        X
            As for a classifier.
        y
            Numbers (n,) or (n, n_outputs).
        sample_weight, groups, time
            As for a classifier.

        Raises
        ------
        ValueError
            A parameter is out of its range, or X, y or a weight is not of that form.
        """
        started_at = perf_counter()
        X, y = self._checked(X, y)
        y = check_array(y, ensure_2d=False, dtype=np.float64)
        X, y, sample_weight, groups, time = _weighted(X, y, sample_weight, groups, time)
        self.is_single_ = y.ndim == 1
        y = y.reshape(len(y), -1)
        self.standard_ = fitting.Standard.fit(y)
        self.range_ = np.stack([y.min(0), y.max(0)])
        z = ((y - self.standard_.mean) / self.standard_.spread).astype(np.float32)
        self._train(X, z, "squared-error", z.shape[1], sample_weight, groups, time, started_at)
        return self

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Return numbers, (n,) or (n, n_outputs) as in ``fit``."""
        y = self._values(X).mean(1) * self.standard_.spread + self.standard_.mean
        if self.clips_to_targets:
            y = np.clip(y, *self.range_)
        return np.asarray(y[:, 0] if self.is_single_ else y)


def made(
    context: bench.ModelContext,
    classifier: type[DeepClassifier],
    regressor: type[DeepRegressor],
    params: Mapping[str, Any],
    given: Mapping[str, Any],
    others: Collection[str] = (),
) -> Any:
    """Return the estimator of a model for a trial, on its device.

    Parameters
    ----------
    context
        The trial.
    classifier, regressor
        What the model is for either task.
    params
        Their parameters; the word "none" stands for None, which TOML does not have. What only the
        classifier takes is left out of a regressor's.
    given
        Parameters that follow from the trial, for either of the two as far as it takes them.
    others
        Names that the model takes besides, for the message about one that it does not take.

    Raises
    ------
    ParameterError
        Neither takes one of them.
    Skip
        The device is not there.
    """
    platform.start(context)
    given = {**shared_params(context), **given}
    taken = [name for name in inspect.signature(classifier).parameters if name not in given]
    for name in params:
        if name not in taken:
            allowed = [*others, *taken]
            raise bench.ParameterError(
                f"{classifier.__name__} takes no parameter {name!r}; allowed: "
                f"{', '.join(allowed)}.{bench.nearest(name, allowed)}"
            )
    kind = regressor if context.task == "regression" else classifier
    known = inspect.signature(kind).parameters
    chosen = {name: None if v == "none" else v for name, v in params.items()}
    return kind(**{name: v for name, v in {**chosen, **given}.items() if name in known})


def shared_params(context: bench.ModelContext) -> dict[str, Any]:
    """Return what a factory hands on from the trial to an estimator of any kind."""
    return {
        "n_classes": len(context.target.classes) if context.target is not None else None,
        "n_rows_max": context.n_train_max,
        "max_seconds": context.max_seconds,
        "random_state": context.seed,
    }


def _weighted(X: Any, y: Any, sample_weight: Any, *others: Any) -> tuple[Any, ...]:
    """Return the rows that have a weight: X, y, their weights, and further values per row."""
    others = tuple(None if values is None else np.asarray(values) for values in others)
    for values in others:
        if values is not None:
            check_consistent_length(X, values)
    if sample_weight is None:
        return X, y, None, *others
    weight = _check_sample_weight(sample_weight, y, dtype=np.float64, ensure_non_negative=True)
    kept = np.flatnonzero(weight)
    if len(kept) == len(weight):
        return X, y, weight, *others
    if isinstance(X, bench.RowsView):
        X = X.part(kept)
    elif isinstance(X, list):
        X = [X[row] for row in kept]
    else:
        X = X.iloc[kept] if hasattr(X, "iloc") else X[kept]
    others = tuple(None if values is None else values[kept] for values in others)
    return X, y[kept], weight[kept], *others
