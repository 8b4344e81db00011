"""A small convolutional network for images, as a scikit-learn estimator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import jax
import numpy as np
from flax import nnx
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    check_array,
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
)

import bench
from bench_jax import engine, fitting, layers, platform
from bench_jax.network import Network, row


@dataclass(frozen=True)
class CnnNetwork(Network):
    """Convolutions of 3 x 3, each with an activation and a pool, then fully connected layers."""

    shape: tuple[int, int, int]
    filters: tuple[int, ...]
    hidden: tuple[int, ...]
    activation: str
    n_last: int
    is_native: bool

    @property
    def inputs(self) -> jax.ShapeDtypeStruct:
        """One row: height, width, channels."""
        return row(self.shape)

    @property
    def n_outputs(self) -> int:
        """Width of the last layer."""
        return self.n_last

    def build(self) -> Cnn:
        """Return the module."""
        return Cnn(self)


class Cnn(nnx.Module):
    """The module of a `CnnNetwork`."""

    def __init__(self, network: CnnNetwork) -> None:
        height, width, channels = network.shape
        self.activation = network.activation
        convolutions = []
        for filters in network.filters:
            convolutions.append(layers.Convolution(channels, filters, is_native=network.is_native))
            height, width, channels = height // 2, width // 2, filters
        widths = (height * width * channels, *network.hidden)
        self.convolutions = nnx.List(convolutions)
        self.hidden = nnx.List(
            [layers.Dense(a, b) for a, b in zip(widths, network.hidden, strict=False)]
        )
        self.out = layers.last(widths[-1], network.n_outputs)

    def __call__(self, x: jax.Array, drop: layers.Drop | None) -> jax.Array:
        """Return (n, n_outputs) from (n, h, w, c)."""
        activate = layers.ACTIVATIONS[self.activation]
        for convolution in self.convolutions:
            x = layers.max_pool(activate(convolution(x)))
        x = x.reshape(len(x), -1)
        for i, dense in enumerate(self.hidden):
            x = layers.drop(activate(dense(x)), drop, i)
        return self.out(x)


class CnnClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Classifier of small images: convolutions and pools, then fully connected layers.

    The shape of LeCun et al.'s LeNet (1998) with rectifiers, maxima and AdamW. Pixels are
    standardised by one mean and one spread of the training images.

    Parameters
    ----------
    filters
        Filters of each convolution; each is followed by a pool that halves height and width.
    hidden
        Widths of the fully connected layers.
    activation, dropout, learning_rate, weight_decay, label_smoothing, batch_size, max_epochs,
    patience, validation_fraction, n_classes, n_rows_max, max_seconds, random_state
        As in `bench_jax.mlp.MlpClassifier`; dropout after the fully connected layers.
    augmentation
        Names of `augmentation.AUGMENTATIONS`: ``flip`` (left to right), ``shift`` (by up to an
        eighth), ``jitter`` (noise); drawn anew for every batch.
    precision
        ``float32``, or ``bfloat16`` for what the network computes.

    Attributes
    ----------
    classes_, n_parameters_, loss_curve_, validation_curve_, n_iter_, stop_reason_
        As in `bench_jax.mlp.MlpClassifier`.
    """

    def __init__(
        self,
        filters: Sequence[int] = (16, 32),
        *,
        hidden: Sequence[int] = (128,),
        activation: str = "relu",
        dropout: float = 0.0,
        learning_rate: float = 1e-3,
        weight_decay: float = 1e-2,
        label_smoothing: float = 0.0,
        augmentation: Sequence[str] = (),
        precision: str = "float32",
        batch_size: int = 64,
        max_epochs: int = 100,
        patience: int = 10,
        validation_fraction: float = 0.1,
        n_classes: int | None = None,
        n_rows_max: int | None = None,
        max_seconds: float | None = None,
        random_state: Any = None,
    ) -> None:
        self.filters = filters
        self.hidden = hidden
        self.activation = activation
        self.dropout = dropout
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.label_smoothing = label_smoothing
        self.augmentation = augmentation
        self.precision = precision
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.n_classes = n_classes
        self.n_rows_max = n_rows_max
        self.max_seconds = max_seconds
        self.random_state = random_state

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None, time: Any = None
    ) -> CnnClassifier:
        """Learn from images (n, h, w) or (n, h, w, c) and their classes (n,).

        `sample_weight`, `groups` and `time`, each (n,), weigh the images and say which of them may
        be held out to stop by.

        Raises
        ------
        ValueError
            The images are too small for the pools, or a parameter is out of its range.
        """
        started_at = perf_counter()
        images = _as_images(X)
        y = column_or_1d(y, warn=True)
        check_consistent_length(images, y, sample_weight, groups, time)
        check_classification_targets(y)
        self.image_shape_: tuple[int, int, int] = images.shape[1:]
        smallest = 2 ** len(tuple(self.filters))
        if min(self.image_shape_[:2]) < smallest:
            raise ValueError(
                f"CnnClassifier: images are {self.image_shape_[0]} x {self.image_shape_[1]}, but "
                f"{len(tuple(self.filters))} pools need at least {smallest} x {smallest}; "
                "give fewer filters."
            )
        self.center_ = float(images.mean())
        self.spread_ = float(images.std()) or 1.0
        self.classes_, codes = np.unique(y, return_inverse=True)
        network = CnnNetwork(
            self.image_shape_,
            tuple(self.filters),
            tuple(self.hidden),
            self.activation,
            max(len(self.classes_), self.n_classes or 0),
            platform.prefers_native_convolution(),
        )
        fitting.fit(
            self,
            network,
            "cross-entropy",
            lambda rows: self._scaled(images[rows]),
            codes.astype(np.int32),
            design={
                "batch_size": self.batch_size,
                "has_dropout": self.dropout > 0,
                "augmentation": tuple(self.augmentation),
                "precision": self.precision,
            },
            recipe={
                "learning_rate": self.learning_rate,
                "weight_decay": self.weight_decay,
                "dropout": self.dropout,
                "label_smoothing": self.label_smoothing,
            },
            sample_weight=sample_weight,
            groups=groups,
            time=time,
            started_at=started_at,
        )
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return probabilities (n, n_classes) in the order of ``classes_``."""
        check_is_fitted(self)
        images = _as_images(X)
        if images.shape[1:] != self.image_shape_:
            raise ValueError(
                f"CnnClassifier: images are {images.shape[1:]}, but it was fitted on "
                f"{self.image_shape_} (height, width, channels)."
            )
        values = engine.predict(self.design_, self.trained_, self._scaled(images))
        return fitting.softmax(values[:, : len(self.classes_)])

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable class of each image, (n,)."""
        best = self.predict_proba(X).argmax(1)
        return np.asarray(self.classes_[best])

    def _scaled(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        return ((images - self.center_) / self.spread_).astype(np.float32)


def _as_images(X: Any) -> NDArray[np.float32]:
    """Return (n, h, w, c) from (n, h, w) or (n, h, w, c)."""
    images = check_array(X, allow_nd=True, ensure_2d=False, dtype=np.float32)
    if images.ndim not in (3, 4):
        raise ValueError(
            f"CnnClassifier: X has the shape {images.shape}; (n, height, width) or "
            "(n, height, width, channels) is needed."
        )
    return np.asarray(images if images.ndim == 4 else images[..., np.newaxis])


def make_cnn(
    context: bench.ModelContext,
    *,
    filters: Sequence[int] = (16, 32),
    hidden: Sequence[int] = (128,),
    activation: str = "relu",
    dropout: float = 0.0,
    learning_rate: float = 1e-3,
    weight_decay: float = 1e-2,
    label_smoothing: float = 0.0,
    augmentation: Sequence[str] = (),
    precision: str = "float32",
    batch_size: int = 64,
    max_epochs: int = 100,
    patience: int = 10,
    validation_fraction: float = 0.1,
) -> CnnClassifier:
    """Return the estimator of the model ``cnn`` for a trial, on its device.

    Raises
    ------
    Skip
        The device is not there.
    """
    platform.start(context)
    return CnnClassifier(
        tuple(filters),
        hidden=tuple(hidden),
        activation=activation,
        dropout=dropout,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
        label_smoothing=label_smoothing,
        augmentation=tuple(augmentation),
        precision=precision,
        batch_size=batch_size,
        max_epochs=max_epochs,
        patience=patience,
        validation_fraction=validation_fraction,
        n_classes=len(context.target.classes) if context.target is not None else None,
        n_rows_max=context.n_train_max,
        max_seconds=context.max_seconds,
        random_state=context.seed,
    )
