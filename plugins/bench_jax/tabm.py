"""TabM: an ensemble of perceptrons that share most of their weights."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from numpy.typing import NDArray

import bench
from bench_jax import layers
from bench_jax.embeddings import Categories, PiecewiseLinearEmbeddings, quantile_bins
from bench_jax.network import Network, Uniform, ones, parameter
from bench_jax.preprocessing import Encoding, Layout
from bench_jax.scaling import Scaling
from bench_jax.tables import DeepTable, DeepTableClassifier, DeepTableRegressor, made


@dataclass(frozen=True)
class Alike:
    """Numbers between -bound and bound, the same for every member of an ensemble."""

    bound: float

    def __call__(self, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[Any]:
        """Return an array (n_members, n)."""
        one = rng.uniform(-self.bound, self.bound, shape[1:])
        return np.broadcast_to(one, shape).astype(np.float32)


@dataclass(frozen=True)
class Adapters:
    """How each member looks at the inputs: one number per member and column of the table.

    Random signs, or normally distributed numbers where the columns' numbers are embedded.

    Parameters
    ----------
    widths
        Inputs that each column became.
    is_normal
        Whether the numbers are normally distributed.
    """

    widths: tuple[int, ...]
    is_normal: bool

    def __call__(self, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[Any]:
        """Return an array (n_members, sum of widths)."""
        size = (shape[0], len(self.widths))
        each = rng.standard_normal(size) if self.is_normal else rng.choice([-1.0, 1.0], size)
        return np.repeat(each, self.widths, axis=1).astype(np.float32)


@dataclass(frozen=True)
class TabMNetwork(Network):
    """Perceptrons with shared kernels, and scales, biases and last layers of their own.

    Parameters
    ----------
    layout
        What stands where in the inputs.
    n_members
        Perceptrons.
    hidden
        Widths of the hidden layers.
    width
        Last layers'.
    n_bins, number_width
        Of `PiecewiseLinearEmbeddings`; no bins leave numbers as they are.
    max_one_hot, category_width
        Of `Categories`.
    """

    layout: Layout
    n_members: int
    hidden: tuple[int, ...]
    width: int
    n_bins: int
    number_width: int
    max_one_hot: int
    category_width: int

    @property
    def inputs(self) -> Any:
        """One row: numbers and flags, and codes of categories."""
        return self.layout.inputs

    @property
    def n_outputs(self) -> int:
        """Width of the last layer."""
        return self.width

    def build(self) -> TabM:
        """Return the module."""
        return TabM(self)

    def start(self, X: Any, rng: np.random.Generator) -> Mapping[str, NDArray[Any]]:
        """Return the bins of the embeddings of numbers."""
        if not (self.n_bins and self.layout.n_numbers):
            return {}
        return {"numbers.bins": quantile_bins(X[0][:, : self.layout.n_numbers], self.n_bins)}


class TabM(nnx.Module):
    """The module of a `TabMNetwork`."""

    def __init__(self, network: TabMNetwork) -> None:
        layout = network.layout
        self.n_numbers = layout.n_numbers
        has_bins = network.n_bins > 0 and layout.n_numbers > 0
        number_width = network.number_width if has_bins else 1
        self.numbers = (
            PiecewiseLinearEmbeddings(layout.n_numbers, network.n_bins, number_width)
            if has_bins
            else None
        )
        self.categories = Categories(layout.levels, network.max_one_hot, network.category_width)
        sections = (
            (number_width,) * layout.n_numbers + (1,) * len(layout.flagged) + self.categories.widths
        )
        k = network.n_members
        widths = (sum(sections), *network.hidden)
        adapters = Adapters(sections, is_normal=self.numbers is not None)
        self.adapter = parameter((k, widths[0]), adapters)
        self.blocks = nnx.List(
            [EnsembleDense(k, a, b, has_adapter=i > 0) for i, (a, b) in enumerate(pairwise(widths))]
        )
        bound = 1 / math.sqrt(widths[-1])
        self.heads = parameter((k, widths[-1], network.n_outputs), Uniform(bound))
        self.offsets = parameter((k, network.n_outputs), Uniform(bound), decay=0.0)

    def __call__(self, x: tuple[jax.Array, jax.Array], drop: layers.Drop | None) -> jax.Array:
        """Return (n, n_members, n_outputs) from numbers with flags, and codes."""
        values, codes = x
        numbers, flags = values[:, : self.n_numbers], values[:, self.n_numbers :]
        if self.numbers is not None:
            numbers = self.numbers(numbers).reshape(len(values), -1)
        categories = self.categories(codes).astype(values.dtype)
        features = jnp.concatenate([numbers, flags, categories], axis=1)
        h = features[:, None, :] * self.adapter[...]
        for i, block in enumerate(self.blocks):
            h = layers.drop(jax.nn.relu(block(h)), drop, i)
        return jnp.einsum("nkd,kdo->nko", h, self.heads[...]) + self.offsets[...]


class EnsembleDense(nnx.Module):
    """A fully connected layer whose members scale what goes in and comes out by themselves.

    BatchEnsemble (Wen et al., 2020), its scales starting at 1 as TabM's do.
    """

    def __init__(self, n_members: int, n_inputs: int, n_outputs: int, has_adapter: bool) -> None:
        bound = 1 / math.sqrt(max(n_inputs, 1))
        self.kernel = parameter((n_inputs, n_outputs), Uniform(bound))
        self.scale_in = parameter((n_members, n_inputs), ones) if has_adapter else None
        self.scale_out = parameter((n_members, n_outputs), ones)
        self.bias = parameter((n_members, n_outputs), Alike(bound), decay=0.0)

    def __call__(self, x: jax.Array) -> jax.Array:
        """Return (n, n_members, n_outputs) from (n, n_members, n_inputs)."""
        if self.scale_in is not None:
            x = x * self.scale_in[...]
        n, k, d = x.shape
        y = (x.reshape(n * k, d) @ self.kernel[...]).reshape(n, k, -1)
        return y * self.scale_out[...] + self.bias[...]


class _TabM(DeepTable):
    """What classifier and regressor share."""

    hidden: Sequence[int]
    n_members: int
    n_bins: int
    number_width: int
    max_one_hot: int
    category_width: int
    scaling: Scaling

    def _encoding(self) -> Encoding:
        return Encoding("codes", self.scaling)

    def _network(self, layout: Layout, n_outputs: int) -> TabMNetwork:
        return TabMNetwork(
            layout,
            self.n_members,
            tuple(self.hidden),
            n_outputs,
            self.n_bins,
            self.number_width,
            self.max_one_hot,
            self.category_width,
        )


class TabMClassifier(DeepTableClassifier, _TabM):
    """TabM that tells classes apart: perceptrons that share kernels and disagree in scales.

    Gorishniy, Kotelnikov & Babenko (2024), "TabM: advancing tabular deep learning with
    parameter-efficient ensembling", https://arxiv.org/abs/2410.24210. Each of the members has
    scales, biases and a last layer of its own and learns by itself; their probabilities are
    averaged, and the epoch is chosen by that average. Two layers of 128 behind embeddings of
    numbers stand for three of 512 without, in a common implementation: a tenth of the work.

    Parameters
    ----------
    hidden
        Widths of the hidden layers.
    n_members
        Perceptrons.
    n_bins, number_width
        Bins of the piecewise-linear embeddings of numbers, and what each number becomes; no bins:
        numbers as they are.
    max_one_hot, category_width
        Levels up to which a category is shown by indicators, and the width of the embedding of
        one that has more.
    scaling
        How numbers are scaled: ``quantile-normal``, ``robust`` or ``standard``.
    dropout
        Share of hidden values zeroed in training, in [0, 1).
    learning_rate, weight_decay
        Of AdamW (Loshchilov & Hutter, 2019).
    validation
        What chooses the best epoch, ``error`` or ``loss``.
    label_smoothing, schedule, averaging, batch_size, max_epochs, patience, validation_fraction,
    precision, max_categories, columns, has_missing, n_classes, n_rows_max, max_seconds,
    random_state
        As in `bench_jax.mlp.MlpClassifier`.

    Attributes
    ----------
    classes_, n_parameters_, loss_curve_, validation_curve_, n_iter_, stop_reason_
        As in `bench_jax.mlp.MlpClassifier`.
    """

    def __init__(
        self,
        hidden: Sequence[int] = (128, 128),
        *,
        n_members: int = 32,
        n_bins: int = 32,
        number_width: int = 8,
        max_one_hot: int = 256,
        category_width: int = 8,
        scaling: Scaling = "quantile-normal",
        dropout: float = 0.1,
        learning_rate: float = 2e-3,
        weight_decay: float = 0.0,
        label_smoothing: float = 0.0,
        schedule: str = "constant",
        averaging: str = "none",
        validation: str = "loss",
        batch_size: int = 128,
        max_epochs: int = 200,
        patience: int = 10,
        validation_fraction: float = 0.2,
        precision: str = "float32",
        max_categories: int = 256,
        columns: tuple[bench.Column, ...] | None = None,
        has_missing: bool | None = None,
        n_classes: int | None = None,
        n_rows_max: int | None = None,
        max_seconds: float | None = None,
        random_state: Any = None,
    ) -> None:
        self.hidden = hidden
        self.n_members = n_members
        self.n_bins = n_bins
        self.number_width = number_width
        self.max_one_hot = max_one_hot
        self.category_width = category_width
        self.scaling = scaling
        self.dropout = dropout
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.label_smoothing = label_smoothing
        self.schedule = schedule
        self.averaging = averaging
        self.validation = validation
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.precision = precision
        self.max_categories = max_categories
        self.columns = columns
        self.has_missing = has_missing
        self.n_classes = n_classes
        self.n_rows_max = n_rows_max
        self.max_seconds = max_seconds
        self.random_state = random_state


class TabMRegressor(DeepTableRegressor, _TabM):
    """TabM that predicts numbers, one or several: the mean of its members.

    Learns standardised targets by squared error; else as `TabMClassifier`, parameters and
    attributes included.
    """

    def __init__(
        self,
        hidden: Sequence[int] = (128, 128),
        *,
        n_members: int = 32,
        n_bins: int = 32,
        number_width: int = 8,
        max_one_hot: int = 256,
        category_width: int = 8,
        scaling: Scaling = "quantile-normal",
        dropout: float = 0.1,
        learning_rate: float = 2e-3,
        weight_decay: float = 0.0,
        schedule: str = "constant",
        averaging: str = "none",
        validation: str = "loss",
        batch_size: int = 128,
        max_epochs: int = 200,
        patience: int = 10,
        validation_fraction: float = 0.2,
        precision: str = "float32",
        max_categories: int = 256,
        columns: tuple[bench.Column, ...] | None = None,
        has_missing: bool | None = None,
        n_rows_max: int | None = None,
        max_seconds: float | None = None,
        random_state: Any = None,
    ) -> None:
        self.hidden = hidden
        self.n_members = n_members
        self.n_bins = n_bins
        self.number_width = number_width
        self.max_one_hot = max_one_hot
        self.category_width = category_width
        self.scaling = scaling
        self.dropout = dropout
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.schedule = schedule
        self.averaging = averaging
        self.validation = validation
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.precision = precision
        self.max_categories = max_categories
        self.columns = columns
        self.has_missing = has_missing
        self.n_rows_max = n_rows_max
        self.max_seconds = max_seconds
        self.random_state = random_state


def make_tabm(context: bench.ModelContext, **params: Any) -> Any:
    """Return the estimator of the model ``tabm`` for a trial, on its device.

    Parameters
    ----------
    context
        The trial.
    **params
        Those of `TabMClassifier` and `TabMRegressor`, as `bench_jax.tables.made` says.

    Raises
    ------
    ParameterError
        Neither takes one of them.
    Skip
        The device is not there.
    """
    return made(context, TabMClassifier, TabMRegressor, params)
