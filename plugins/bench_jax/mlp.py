"""Multilayer perceptrons for tables, as scikit-learn estimators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import jax
import numpy as np
from flax import nnx
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    check_array,
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

import bench
from bench_jax import engine, fitting, layers, platform
from bench_jax.preprocessing import NumberScaler, TableEncoder, is_mixed, kinds_of


@dataclass(frozen=True)
class MlpNetwork:
    """Fully connected layers with an activation and dropout after each but the last."""

    n_inputs: int
    hidden: tuple[int, ...]
    activation: str
    n_outputs: int

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one row."""
        return (self.n_inputs,)

    def build(self, rngs: nnx.Rngs) -> Mlp:
        """Return the module."""
        return Mlp(self, rngs)


class Mlp(nnx.Module):
    """The module of an `MlpNetwork`."""

    def __init__(self, network: MlpNetwork, rngs: nnx.Rngs) -> None:
        widths = (network.n_inputs, *network.hidden)
        self.n_hidden = len(network.hidden)
        self.activation = network.activation
        for i in range(self.n_hidden):
            setattr(self, f"dense_{i}", layers.dense(widths[i], widths[i + 1], rngs))
        self.out = layers.dense(widths[-1], network.n_outputs, rngs)

    def __call__(self, x: jax.Array, drop: layers.Drop | None) -> jax.Array:
        """Return (n, n_outputs) from (n, n_inputs)."""
        for i in range(self.n_hidden):
            x = layers.ACTIVATIONS[self.activation](getattr(self, f"dense_{i}")(x))
            x = layers.drop(x, drop, i)
        return self.out(x)


class _Tabular(BaseEstimator):  # type: ignore[misc]
    """Tables in, as classifier and regressor take them."""

    columns: tuple[bench.Column, ...] | None
    max_categories: int
    n_rows_max: int | None

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _fit_inputs(self, X: Any, y: Any) -> tuple[NDArray[np.float32], Any]:
        """Check both, learn how to encode X, and return X encoded and y as it is."""
        encoder: TableEncoder | NumberScaler
        if is_mixed(X, self.columns):
            validate_data(self, X, skip_check_array=True)
            y = check_array(y, ensure_2d=False, dtype=None)
            check_consistent_length(X, y)
            encoder = TableEncoder.fit(X, kinds_of(X, self.columns), self.max_categories)
        else:
            X, y = validate_data(
                self, X, y, dtype=(np.float64, np.float32), ensure_all_finite="allow-nan",
                multi_output=True,
            )  # fmt: skip
            encoder = NumberScaler.fit(X)
        self.encoder_ = encoder
        return self._widened(encoder.transform(X)), y

    def _inputs(self, X: Any) -> NDArray[np.float32]:
        check_is_fitted(self)
        if isinstance(self.encoder_, TableEncoder):
            validate_data(self, X, reset=False, skip_check_array=True)
        else:
            X = validate_data(
                self, X, reset=False, dtype=(np.float64, np.float32), ensure_all_finite="allow-nan"
            )
        return self._widened(self.encoder_.transform(X))

    def _widened(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Add columns of zeros up to a multiple of 8 where no curve says what shapes will come.

        Tables of nearly the same width, as in cross-validation, then share compiled programs.
        """
        surplus = -inputs.shape[1] % 8 if self.n_rows_max is None else 0
        return np.pad(inputs, ((0, 0), (0, surplus))) if surplus else inputs


class MlpClassifier(ClassifierMixin, _Tabular):  # type: ignore[misc]
    """Multilayer perceptron that tells classes apart, for tables of numbers and categories.

    Rectifiers, AdamW (Loshchilov & Hutter, 2019) at a constant rate, and the epoch that was best
    on rows held out of the training rows: plain choices that hold up on tables when the inputs are
    scaled well (Gorishniy et al., 2021; Holzmüller et al., 2024).

    Parameters
    ----------
    hidden
        Widths of the hidden layers; may be empty.
    activation
        ``relu``, ``gelu``, ``silu`` or ``tanh``.
    dropout
        Share of hidden values zeroed in training, in [0, 1).
    learning_rate, weight_decay
        Of AdamW.
    label_smoothing
        Share of each target spread over all classes (Szegedy et al., 2016).
    batch_size
        Rows per step at most. An epoch has at least 8 steps: fewer rows are passed over again.
    max_epochs
        Where training ends at the latest.
    patience
        Epochs without a better validation loss after which training ends.
    validation_fraction
        Share of the training rows to stop by, stratified; 0: none, and `max_epochs` are run. Where
        it comes to fewer rows than there are classes, all rows are learned from, for twice
        `patience` epochs.
    max_categories
        Indicators per column of categories: missing, other, and the most frequent levels.
    columns
        Names and kinds of a table's columns, where known; else told by their types.
    n_classes
        Width of the last layer at least; keeps one program where small sets miss classes.
    n_rows_max
        Rows that arrays are padded to, the largest size of a learning curve; None: a power of two.
    max_seconds
        Time after which `fit` stops by itself.
    random_state
        Seed.

    Attributes
    ----------
    classes_
        Classes seen, (n_classes,).
    n_parameters_
        Number of trained parameters.
    loss_curve_, validation_curve_
        Mean loss per row and epoch while learning, and on the rows held out.
    n_iter_
        Epochs.
    stop_reason_
        ``early_stopping``, ``max_epochs`` or ``max_seconds``.
    """

    def __init__(
        self,
        hidden: Sequence[int] = (256, 256),
        *,
        activation: str = "relu",
        dropout: float = 0.0,
        learning_rate: float = 1e-3,
        weight_decay: float = 1e-2,
        label_smoothing: float = 0.0,
        batch_size: int = 64,
        max_epochs: int = 100,
        patience: int = 10,
        validation_fraction: float = 0.1,
        max_categories: int = 32,
        columns: tuple[bench.Column, ...] | None = None,
        n_classes: int | None = None,
        n_rows_max: int | None = None,
        max_seconds: float | None = None,
        random_state: Any = None,
    ) -> None:
        self.hidden = hidden
        self.activation = activation
        self.dropout = dropout
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.label_smoothing = label_smoothing
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.max_categories = max_categories
        self.columns = columns
        self.n_classes = n_classes
        self.n_rows_max = n_rows_max
        self.max_seconds = max_seconds
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> MlpClassifier:
        """Learn from a table (n, d), missing values allowed, and classes (n,).

        Raises
        ------
        ValueError
            A parameter is out of its range, or X or y is not of that form.
        """
        started_at = perf_counter()
        inputs, y = self._fit_inputs(X, y)
        y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        n_outputs = max(len(self.classes_), self.n_classes or 0)
        network = MlpNetwork(inputs.shape[1], tuple(self.hidden), self.activation, n_outputs)
        fitting.fit(
            self, network, "cross-entropy", inputs, codes.astype(np.int32),
            label_smoothing=self.label_smoothing, started_at=started_at,
        )  # fmt: skip
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return probabilities (n, n_classes) in the order of ``classes_``."""
        inputs = self._inputs(X)
        values = engine.predict(self.design_, self.parameters_, inputs)
        return fitting.softmax(values[:, : len(self.classes_)])

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable class of each row, (n,)."""
        best = self.predict_proba(X).argmax(1)
        return np.asarray(self.classes_[best])


class MlpRegressor(RegressorMixin, _Tabular):  # type: ignore[misc]
    """Multilayer perceptron that predicts numbers, one or several, from tables.

    Learns standardised targets by squared error; else as `MlpClassifier`, parameters and
    attributes included. The rows to stop by have high and low targets in equal shares.
    """

    def __init__(
        self,
        hidden: Sequence[int] = (256, 256),
        *,
        activation: str = "relu",
        dropout: float = 0.0,
        learning_rate: float = 1e-3,
        weight_decay: float = 1e-2,
        batch_size: int = 64,
        max_epochs: int = 100,
        patience: int = 10,
        validation_fraction: float = 0.1,
        max_categories: int = 32,
        columns: tuple[bench.Column, ...] | None = None,
        n_rows_max: int | None = None,
        max_seconds: float | None = None,
        random_state: Any = None,
    ) -> None:
        self.hidden = hidden
        self.activation = activation
        self.dropout = dropout
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.max_categories = max_categories
        self.columns = columns
        self.n_rows_max = n_rows_max
        self.max_seconds = max_seconds
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def fit(self, X: Any, y: Any) -> MlpRegressor:
        """Learn from a table (n, d), missing values allowed, and numbers (n,) or (n, k).

        Raises
        ------
        ValueError
            A parameter is out of its range, or X or y is not of that form.
        """
        started_at = perf_counter()
        inputs, y = self._fit_inputs(X, y)
        y = check_array(y, ensure_2d=False, dtype=np.float64)
        self.is_single_ = y.ndim == 1
        y = y.reshape(len(y), -1)
        self.standard_ = fitting.Standard.fit(y)
        z = ((y - self.standard_.mean) / self.standard_.spread).astype(np.float32)
        network = MlpNetwork(inputs.shape[1], tuple(self.hidden), self.activation, z.shape[1])
        fitting.fit(self, network, "squared-error", inputs, z, started_at=started_at)
        return self

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Return numbers, (n,) or (n, k) as in ``fit``."""
        inputs = self._inputs(X)
        values = engine.predict(self.design_, self.parameters_, inputs)
        y = values.astype(np.float64) * self.standard_.spread + self.standard_.mean
        return y[:, 0] if self.is_single_ else y


def make_mlp(
    context: bench.ModelContext,
    *,
    hidden: Sequence[int] = (256, 256),
    activation: str = "relu",
    dropout: float = 0.0,
    learning_rate: float = 1e-3,
    weight_decay: float = 1e-2,
    label_smoothing: float = 0.0,
    batch_size: int = 64,
    max_epochs: int = 100,
    patience: int = 10,
    validation_fraction: float = 0.1,
    max_categories: int = 32,
) -> Any:
    """Return the estimator of the model ``mlp`` for a trial, on its device.

    Raises
    ------
    Skip
        The device is not there.
    """
    platform.start(context)
    common: dict[str, Any] = {
        "hidden": tuple(hidden),
        "activation": activation,
        "dropout": dropout,
        "learning_rate": learning_rate,
        "weight_decay": weight_decay,
        "batch_size": batch_size,
        "max_epochs": max_epochs,
        "patience": patience,
        "validation_fraction": validation_fraction,
        "max_categories": max_categories,
        "columns": context.columns or None,
        "n_rows_max": context.n_train_max,
        "max_seconds": context.max_seconds,
        "random_state": context.seed,
    }
    if context.task == "regression":
        return MlpRegressor(**common)
    n_classes = len(context.target.classes) if context.target is not None else None
    classifier = MlpClassifier(**common, label_smoothing=label_smoothing, n_classes=n_classes)
    if context.modality == "image":
        return make_pipeline(FunctionTransformer(_flatten), classifier)
    return classifier


def _flatten(X: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(X).reshape(len(X), -1)
