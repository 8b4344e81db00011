"""Multilayer perceptrons for tables, as scikit-learn estimators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from flax import nnx
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

import bench
from bench_jax import layers
from bench_jax.network import Network, row
from bench_jax.preprocessing import Encoding, Layout
from bench_jax.scaling import Scaling
from bench_jax.tables import DeepTable, DeepTableClassifier, DeepTableRegressor, made

_MULTIPLE = 8
"""Of what the width is a multiple where no curve says what shapes will come, so that tables of
nearly the same width, as in cross-validation, share compiled programs."""


@dataclass(frozen=True)
class MlpNetwork(Network):
    """Fully connected layers with an activation and dropout after each but the last."""

    n_inputs: int
    hidden: tuple[int, ...]
    activation: str
    n_last: int

    @property
    def inputs(self) -> jax.ShapeDtypeStruct:
        """One row: numbers."""
        return row((self.n_inputs,))

    @property
    def n_outputs(self) -> int:
        """Width of the last layer."""
        return self.n_last

    def build(self) -> Mlp:
        """Return the module."""
        return Mlp(self)


class Mlp(nnx.Module):
    """The module of an `MlpNetwork`."""

    def __init__(self, network: MlpNetwork) -> None:
        widths = (network.n_inputs, *network.hidden)
        self.activation = network.activation
        self.hidden = nnx.List(
            [layers.Dense(a, b) for a, b in zip(widths, network.hidden, strict=False)]
        )
        self.out = layers.last(widths[-1], network.n_outputs)

    def __call__(self, x: jax.Array, drop: layers.Drop | None) -> jax.Array:
        """Return (n, n_outputs) from (n, n_inputs)."""
        for i, dense in enumerate(self.hidden):
            x = layers.drop(layers.ACTIVATIONS[self.activation](dense(x)), drop, i)
        return self.out(x)


class _Mlp(DeepTable):
    """What classifier and regressor share."""

    hidden: Sequence[int]
    activation: str
    scaling: Scaling

    def _encoding(self) -> Encoding:
        return Encoding("indicators", self.scaling, 1 if self.n_rows_max else _MULTIPLE)

    def _network(self, layout: Layout, n_outputs: int) -> MlpNetwork:
        return MlpNetwork(layout.n_indicators, tuple(self.hidden), self.activation, n_outputs)


class MlpClassifier(DeepTableClassifier, _Mlp):
    """Multilayer perceptron that tells classes apart, for tables of numbers and categories.

    Rectifiers, AdamW (Loshchilov & Hutter, 2019), a moving average of the parameters, and the
    epoch that was best on rows held out of the training rows: plain choices that hold up on tables
    when the inputs are scaled well (Gorishniy et al., 2021, https://arxiv.org/abs/2106.11959;
    Holzmüller et al., 2024, https://arxiv.org/abs/2407.04491).

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
    schedule
        Of the learning rate over `max_epochs`: a name of `bench_jax.schedules.SCHEDULES`.
    clip_norm
        Norm that gradients are cut down to; None: they are not.
    averaging
        ``none``, or ``ema``: an exponential moving average of the parameters is validated and kept.
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
    precision
        ``float32``, or ``bfloat16``: what the network computes in.
    scaling
        How numbers are scaled: ``robust``, ``standard`` or ``quantile-normal``, as
        `bench_jax.scaling.fit_scaler` says.
    max_categories
        Levels of a column of categories that are told apart at most: missing, other, and the most
        frequent ones.
    columns
        Names and kinds of a table's columns, where known; else told by their types.
    has_missing
        Whether any number may be missing and gets a flag that says so; None: told by the training
        rows, column by column.
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
        Classes seen, (n_classes,); the labels' places where a row may have several.
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
        schedule: str = "constant",
        clip_norm: float | None = None,
        averaging: str = "ema",
        label_smoothing: float = 0.0,
        batch_size: int = 64,
        max_epochs: int = 100,
        patience: int = 20,
        validation_fraction: float = 0.1,
        precision: str = "float32",
        scaling: Scaling = "robust",
        max_categories: int = 32,
        columns: tuple[bench.Column, ...] | None = None,
        has_missing: bool | None = None,
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
        self.schedule = schedule
        self.clip_norm = clip_norm
        self.averaging = averaging
        self.label_smoothing = label_smoothing
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.precision = precision
        self.scaling = scaling
        self.max_categories = max_categories
        self.columns = columns
        self.has_missing = has_missing
        self.n_classes = n_classes
        self.n_rows_max = n_rows_max
        self.max_seconds = max_seconds
        self.random_state = random_state


class MlpRegressor(DeepTableRegressor, _Mlp):
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
        schedule: str = "constant",
        clip_norm: float | None = None,
        averaging: str = "ema",
        batch_size: int = 64,
        max_epochs: int = 100,
        patience: int = 20,
        validation_fraction: float = 0.1,
        precision: str = "float32",
        scaling: Scaling = "robust",
        max_categories: int = 32,
        columns: tuple[bench.Column, ...] | None = None,
        has_missing: bool | None = None,
        n_rows_max: int | None = None,
        max_seconds: float | None = None,
        random_state: Any = None,
    ) -> None:
        self.hidden = hidden
        self.activation = activation
        self.dropout = dropout
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.schedule = schedule
        self.clip_norm = clip_norm
        self.averaging = averaging
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.precision = precision
        self.scaling = scaling
        self.max_categories = max_categories
        self.columns = columns
        self.has_missing = has_missing
        self.n_rows_max = n_rows_max
        self.max_seconds = max_seconds
        self.random_state = random_state


class _OfPixels(Pipeline):  # type: ignore[misc]
    """A pipeline whose `fit` hands weights and the like to its last step."""

    def fit(self, X: Any, y: Any, **fit_params: Any) -> Any:
        """Learn from images (n, ...)."""
        return super().fit(X, y, **{f"mlp__{name}": value for name, value in fit_params.items()})


def make_mlp(context: bench.ModelContext, **params: Any) -> Any:
    """Return the estimator of the model ``mlp`` for a trial, on its device.

    Parameters
    ----------
    context
        The trial; images are taken pixel by pixel.
    **params
        Those of `MlpClassifier` and `MlpRegressor`, as `bench_jax.tables.made` says.

    Raises
    ------
    ParameterError
        Neither takes one of them.
    Skip
        The device is not there.
    """
    estimator = made(context, MlpClassifier, MlpRegressor, params)
    if context.modality == "image":
        return _OfPixels([("pixels", FunctionTransformer(_flatten)), ("mlp", estimator)])
    return estimator


def _flatten(X: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(X).reshape(len(X), -1)
