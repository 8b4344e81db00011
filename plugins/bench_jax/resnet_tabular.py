"""Residual networks for tables, as scikit-learn estimators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

import bench
from bench_jax import blocks, layers
from bench_jax.attention import LayerNorm
from bench_jax.blocks import linear
from bench_jax.embeddings import Categories
from bench_jax.network import Network
from bench_jax.preprocessing import Encoding, Layout
from bench_jax.scaling import Scaling
from bench_jax.tables import DeepTable, DeepTableClassifier, DeepTableRegressor, made


@dataclass(frozen=True)
class ResNetNetwork(Network):
    """A linear layer, residual blocks of two layers each, and a linear layer on their sum.

    Parameters
    ----------
    layout
        What stands where in the inputs.
    n_blocks
        Blocks.
    width, hidden_width
        Of the sum, and within a block.
    category_width
        Of the learned vectors of categories; 0: indicators in their place.
    hidden_share, residual_share
        What part of the rate of dropout is meant within a block, and after it.
    n_last
        Width of the last layer.
    """

    layout: Layout
    n_blocks: int
    width: int
    hidden_width: int
    category_width: int
    hidden_share: float
    residual_share: float
    n_last: int

    @property
    def inputs(self) -> Any:
        """One row: numbers and flags, and codes of categories."""
        return self.layout.inputs

    @property
    def n_outputs(self) -> int:
        """Width of the last layer."""
        return self.n_last

    def build(self) -> ResNet:
        """Return the module."""
        return ResNet(self)


class ResNet(nnx.Module):
    """The module of a `ResNetNetwork`."""

    def __init__(self, network: ResNetNetwork) -> None:
        most = 0 if network.category_width else max((*network.layout.levels, 0))
        self.categories = Categories(network.layout.levels, most, network.category_width)
        n_features = network.layout.n_inputs + self.categories.width
        self.first = linear(n_features, network.width)
        self.blocks = nnx.List([Block(network) for _ in range(network.n_blocks)])
        self.norm = LayerNorm(network.width)
        self.out = linear(network.width, network.n_outputs)

    def __call__(self, x: tuple[jax.Array, jax.Array], drop: layers.Drop | None) -> jax.Array:
        """Return (n, n_outputs) from numbers with flags, and codes."""
        numbers, codes = x
        features = jnp.concatenate([numbers, self.categories(codes).astype(numbers.dtype)], axis=1)
        h = self.first(features)
        for i, block in enumerate(self.blocks):
            h = block(h, drop, 2 * i)
        return self.out(nnx.relu(self.norm(h)))


class Block(nnx.Module):
    """What one block adds: norm, linear, rectifier, dropout, linear, dropout."""

    def __init__(self, network: ResNetNetwork) -> None:
        self.norm = LayerNorm(network.width)
        self.inner = linear(network.width, network.hidden_width)
        self.outer = linear(network.hidden_width, network.width)
        self.hidden_share, self.residual_share = network.hidden_share, network.residual_share

    def __call__(self, x: jax.Array, drop: layers.Drop | None, number: int) -> jax.Array:
        """Return (n, width) from (n, width)."""
        h = nnx.relu(self.inner(self.norm(x)))
        h = self.outer(blocks.drop(h, drop, number, self.hidden_share))
        return x + blocks.drop(h, drop, number + 1, self.residual_share)


class _ResNet(DeepTable):
    """What classifier and regressor share."""

    n_blocks: int
    width: int
    hidden_factor: float
    category_width: int
    dropout: float
    residual_dropout: float
    scaling: Scaling

    def _encoding(self) -> Encoding:
        return Encoding("codes", self.scaling)

    def _network(self, layout: Layout, n_outputs: int) -> ResNetNetwork:
        hidden, residual = blocks.shares(self._rates())
        return ResNetNetwork(
            layout,
            self.n_blocks,
            self.width,
            round(self.width * self.hidden_factor),
            self.category_width,
            hidden,
            residual,
            n_outputs,
        )

    def _recipe(self) -> dict[str, Any]:
        return super()._recipe() | {"dropout": max(self._rates())}

    def _rates(self) -> list[float]:
        return blocks.rates(self, "dropout", "residual_dropout")


class ResNetClassifier(DeepTableClassifier, _ResNet):
    """Residual network that tells classes apart, for tables of numbers and categories.

    The ResNet of Gorishniy et al., 2021, "Revisiting deep learning models for tabular data",
    https://arxiv.org/abs/2106.11959, section 3.2, of the sizes that its authors' package shows;
    with a moving average of the parameters, as `bench_jax.mlp.MlpClassifier` has one. A layer's
    norm is over a row's features instead of a batch's rows, as their code offers too: an
    answer then hangs on nothing but its own row.

    Parameters
    ----------
    n_blocks
        Blocks.
    width
        What blocks read and add to.
    hidden_factor
        Width within a block, over `width`.
    category_width
        Numbers that a category becomes, learned; 0: indicators in their place.
    dropout, residual_dropout
        Within a block, and of what it adds, in [0, 1).
    learning_rate, weight_decay, schedule, clip_norm, averaging, label_smoothing,
    batch_size, max_epochs, patience, validation_fraction, precision, scaling, max_categories,
    columns, has_missing, n_classes, n_rows_max, max_seconds, random_state
        As in `bench_jax.mlp.MlpClassifier`.

    Attributes
    ----------
    classes_, n_parameters_, loss_curve_, validation_curve_, n_iter_, stop_reason_
        As in `bench_jax.mlp.MlpClassifier`.
    """

    def __init__(
        self,
        *,
        n_blocks: int = 2,
        width: int = 192,
        hidden_factor: float = 2.0,
        category_width: int = 16,
        dropout: float = 0.15,
        residual_dropout: float = 0.0,
        learning_rate: float = 1e-3,
        weight_decay: float = 1e-5,
        schedule: str = "constant",
        clip_norm: float | None = None,
        averaging: str = "ema",
        label_smoothing: float = 0.0,
        batch_size: int = 256,
        max_epochs: int = 100,
        patience: int = 16,
        validation_fraction: float = 0.1,
        precision: str = "float32",
        scaling: Scaling = "quantile-normal",
        max_categories: int = 64,
        columns: tuple[bench.Column, ...] | None = None,
        has_missing: bool | None = None,
        n_classes: int | None = None,
        n_rows_max: int | None = None,
        max_seconds: float | None = None,
        random_state: Any = None,
    ) -> None:
        self.n_blocks = n_blocks
        self.width = width
        self.hidden_factor = hidden_factor
        self.category_width = category_width
        self.dropout = dropout
        self.residual_dropout = residual_dropout
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


class ResNetRegressor(DeepTableRegressor, _ResNet):
    """Residual network that predicts numbers, one or several, from tables.

    Learns standardised targets by squared error; else as `ResNetClassifier`, parameters and
    attributes included.
    """

    def __init__(
        self,
        *,
        n_blocks: int = 2,
        width: int = 192,
        hidden_factor: float = 2.0,
        category_width: int = 16,
        dropout: float = 0.15,
        residual_dropout: float = 0.0,
        learning_rate: float = 1e-3,
        weight_decay: float = 1e-5,
        schedule: str = "constant",
        clip_norm: float | None = None,
        averaging: str = "ema",
        batch_size: int = 256,
        max_epochs: int = 100,
        patience: int = 16,
        validation_fraction: float = 0.1,
        precision: str = "float32",
        scaling: Scaling = "quantile-normal",
        max_categories: int = 64,
        columns: tuple[bench.Column, ...] | None = None,
        has_missing: bool | None = None,
        n_rows_max: int | None = None,
        max_seconds: float | None = None,
        random_state: Any = None,
    ) -> None:
        self.n_blocks = n_blocks
        self.width = width
        self.hidden_factor = hidden_factor
        self.category_width = category_width
        self.dropout = dropout
        self.residual_dropout = residual_dropout
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


def make_resnet(context: bench.ModelContext, **params: Any) -> Any:
    """Return the estimator of the model ``resnet-tabular`` for a trial, on its device.

    Parameters
    ----------
    context
        The trial.
    **params
        Those of `ResNetClassifier` and `ResNetRegressor`, as `bench_jax.tables.made` says.

    Raises
    ------
    ParameterError
        Neither takes one of them.
    Skip
        The device is not there.
    """
    return made(context, ResNetClassifier, ResNetRegressor, params)
