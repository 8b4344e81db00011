"""What every deep model for tables is: an estimator in scikit-learn's convention around a network.

A model gives its parameters and its network; checks, encoding, targets, held-out rows, training and
prediction are here.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping
from functools import partial
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
    check_is_fitted,
    column_or_1d,
    validate_data,
)

import bench
from bench_jax import engine, fitting, platform, streaming
from bench_jax.network import Network
from bench_jax.preprocessing import Encoding, Inputs, Layout, TableEncoder, kinds_of
from bench_jax.step import Loss

MIN_LEVELS = 3

_LENGTH = ("max_epochs", "patience", "max_seconds")
"""What `fitting.fit` takes from the estimator by itself, where few rows may shorten it."""


class DeepTable(BaseEstimator):  # type: ignore[misc]
    """What classifiers and regressors share."""

    columns: tuple[bench.Column, ...] | None
    has_missing: bool | None
    max_categories: int
    validation_fraction: float
    max_epochs: int
    patience: int
    n_rows_max: int | None
    max_seconds: float | None
    random_state: Any

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

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

    def _encoding(self) -> Encoding:
        """Return what the network wants a table to become."""
        return Encoding()

    def _network(self, layout: Layout, n_outputs: int) -> Network:
        """Return the network for tables that are encoded in a given layout."""
        raise NotImplementedError

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
        """Check a table and its targets, and leave the names and number of its columns."""
        if isinstance(X, bench.RowsView):
            validate_data(self, X.take(np.arange(1)), skip_check_array=True)
            y = check_array(y, ensure_2d=False, dtype=None)
            check_consistent_length(X, y)
            return X, y
        if not hasattr(X, "iloc"):
            return validate_data(  # type: ignore[no-any-return]
                self, X, y, dtype="numeric", ensure_all_finite="allow-nan", multi_output=True
            )
        validate_data(self, X, y, skip_check_array=True)
        if 0 in X.shape:
            raise ValueError(
                f"Found array with {X.shape[0]} sample(s) and {X.shape[1]} feature(s) "
                f"(shape={X.shape}) while a minimum of 1 of each is required by "
                f"{type(self).__name__}."
            )
        y = check_array(y, ensure_2d=False, dtype=None)
        check_consistent_length(X, y)
        return X, y

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
        if self.max_categories < MIN_LEVELS:
            raise ValueError(
                f"{type(self).__name__}: max_categories is {self.max_categories!r}; allowed: "
                f"{MIN_LEVELS} or more (missing, other, and a level)."
            )
        is_streamed = isinstance(X, bench.RowsView)
        seen = streaming.look(X, np.random.default_rng(0)) if is_streamed else X
        encoder = TableEncoder.fit(
            seen,
            kinds_of(seen, self.columns),
            self._encoding(),
            max_levels=self.max_categories,
            has_missing=self.has_missing,
            is_fixed=self.n_rows_max is not None,
        )
        self.encoder_ = encoder

        def encode(rows: NDArray[np.intp]) -> Inputs:
            return encoder.transform(X.take(rows)) if is_streamed else encoder.transform(X, rows)

        fitting.fit(
            self,
            self._network(encoder.layout, n_outputs),
            loss,
            encode,
            y,
            started_at=started_at,
            sample_weight=sample_weight,
            groups=groups,
            time=time,
            design=self._design(),
            recipe=self._recipe(),
            stream=partial(streaming.Windows, X, encoder.transform) if is_streamed else None,
        )

    def _values(self, X: Any) -> NDArray[np.float64]:
        """Return the last layer's values, (n, n_members, n_outputs)."""
        check_is_fitted(self)
        if hasattr(X, "iloc"):
            validate_data(self, X, reset=False, skip_check_array=True)
        else:
            X = validate_data(self, X, reset=False, dtype="numeric", ensure_all_finite="allow-nan")
        values = engine.predict(self.design_, self.trained_, self.encoder_.transform(X))
        return values.reshape(len(values), -1, values.shape[-1]).astype(np.float64)


class DeepTableClassifier(ClassifierMixin, DeepTable):  # type: ignore[misc]
    """A deep model that tells classes apart, or says which labels each row has."""

    n_classes: int | None

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None, time: Any = None
    ) -> Self:
        """Learn from a table and its classes.

        Parameters
        ----------
        X
            Array (n, d) or DataFrame, NaN and None being missing values; or a `bench.RowsView`,
            which is read in windows, once in each epoch.
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


class DeepTableRegressor(RegressorMixin, DeepTable):  # type: ignore[misc]
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
        """Learn from a table and its numbers.

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
    classifier: type[DeepTableClassifier],
    regressor: type[DeepTableRegressor],
    params: Mapping[str, Any],
) -> Any:
    """Return the estimator of a model for a trial, on its device.

    Parameters
    ----------
    context
        The trial.
    classifier, regressor
        What the model is for either task.
    params
        Their parameters, but for those that `context_params` gives; the word "none" stands for
        None, which TOML does not have. What only the classifier takes is left out of a regressor's.

    Raises
    ------
    ParameterError
        Neither takes one of them.
    Skip
        The device is not there.
    """
    platform.start(context)
    given = context_params(context)
    taken = [name for name in inspect.signature(classifier).parameters if name not in given]
    for name in params:
        if name not in taken:
            raise bench.ParameterError(
                f"{classifier.__name__} takes no parameter {name!r}; allowed: "
                f"{', '.join(taken)}.{bench.nearest(name, taken)}"
            )
    kind = regressor if context.task == "regression" else classifier
    known = inspect.signature(kind).parameters
    chosen = {name: None if v == "none" else v for name, v in params.items() if name in known}
    return kind(**chosen, **given)


def context_params(context: bench.ModelContext) -> dict[str, Any]:
    """Return what a factory hands on from the trial to an estimator for tables."""
    params: dict[str, Any] = {
        "columns": context.columns or None,
        "has_missing": context.has_missing,
        "n_rows_max": context.n_train_max,
        "max_seconds": context.max_seconds,
        "random_state": context.seed,
    }
    if context.task != "regression":
        params["n_classes"] = len(context.target.classes) if context.target is not None else None
    return params


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
    else:
        X = X.iloc[kept] if hasattr(X, "iloc") else X[kept]
    others = tuple(None if values is None else values[kept] for values in others)
    return X, y[kept], weight[kept], *others
