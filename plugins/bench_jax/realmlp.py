"""RealMLP: a multilayer perceptron with better defaults for tables."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import jax
import numpy as np
from flax import nnx
from numpy.typing import NDArray

import bench
from bench_jax import layers
from bench_jax.embeddings import Categories, PeriodicEmbeddings
from bench_jax.network import Network, Normal, ones, parameter
from bench_jax.preprocessing import Layout
from bench_jax.tables import DeepTable, DeepTableClassifier, DeepTableRegressor, made

_SELU_SCALE, _SELU_ALPHA = 1.0507009873554805, 1.6732632423543772

_N_MIXED = 5
"""Training rows whose mixture a bias starts from."""


def selu(x: Any) -> Any:
    """Return the self-normalising unit of Klambauer et al. (2017); XLA's own takes twice as long.

    `expm1` is what takes long on a CPU, and the digits that it saves near 0 are not needed here.
    """
    xp = x.__array_namespace__()
    negative = _SELU_ALPHA * (xp.exp(xp.minimum(x, 0)) - 1)
    return _SELU_SCALE * xp.where(x > 0, x, negative)


def mish(x: Any) -> Any:
    """Return ``x tanh(log(1 + e^x))`` (Misra, 2019), in the form that needs one exponential."""
    xp = x.__array_namespace__()
    power = xp.exp(xp.minimum(x, 20))
    square = power * (power + 2)
    return x * square / (square + 2)


def relu(x: Any) -> Any:
    """Return the positive part."""
    return x.__array_namespace__().maximum(x, 0)


UNITS: dict[str, Callable[[Any], Any]] = {"selu": selu, "mish": mish, "relu": relu}


@dataclass(frozen=True)
class RealMlpNetwork(Network):
    """A perceptron in neural tangent parametrisation behind embeddings and a layer of scales.

    Parameters
    ----------
    layout
        What stands where in the inputs.
    hidden
        Widths of the hidden layers.
    unit
        Activation: ``selu``, ``mish`` or ``relu``; each unit learns how much of it to use.
    width
        Last layer's.
    n_periods, number_width, frequency
        Of `PeriodicEmbeddings`; a `number_width` of 1 leaves numbers as they are.
    max_one_hot, category_width
        Of `Categories`.
    """

    layout: Layout
    hidden: tuple[int, ...]
    unit: str
    width: int
    n_periods: int = 16
    number_width: int = 4
    frequency: float = 0.1
    max_one_hot: int = 8
    category_width: int = 8

    @property
    def inputs(self) -> Any:
        """One row: numbers and flags, and codes of categories."""
        return self.layout.inputs

    @property
    def n_outputs(self) -> int:
        """Width of the last layer."""
        return self.width

    def build(self) -> RealMlp:
        """Return the module."""
        return RealMlp(self)

    def start(self, X: Any, rng: np.random.Generator) -> Mapping[str, NDArray[Any]]:
        """Return all weights and biases, the perceptron's fitted to what they will see.

        Weights give every unit a spread of 1 over the training rows; biases shift it by minus a
        random mixture of its values at five of them ("he+5").
        """
        module = nnx.eval_shape(self.build)
        arrays: dict[str, NDArray[Any]] = {}
        for path, variable in nnx.iter_graph(module):
            if isinstance(variable, nnx.Param):
                draw = variable.get_metadata()["draw"]
                drawn = arrays[".".join(map(str, path))] = draw(rng, variable.shape)
                variable.set_value(drawn)
        h = module.features(*X)
        for i, block in enumerate(module.blocks):
            z = block(h)
            spread = z.std(0)
            spread[spread == 0] = 1
            arrays[f"blocks.{i}.weight"] /= spread
            z /= spread
            rows = rng.integers(len(z), size=(_N_MIXED, z.shape[1]))
            shares = rng.dirichlet(np.ones(_N_MIXED), z.shape[1]).T
            bias = -(shares * np.take_along_axis(z, rows, axis=0)).sum(0).astype(np.float32)
            arrays[f"blocks.{i}.bias"] = bias
            if i < len(self.hidden):
                h = module.activate(i, z + bias)
        return arrays


class RealMlp(nnx.Module):
    """The module of a `RealMlpNetwork`."""

    def __init__(self, network: RealMlpNetwork) -> None:
        layout = network.layout
        self.n_numbers = layout.n_numbers
        self.numbers = (
            PeriodicEmbeddings(
                layout.n_numbers, network.n_periods, network.number_width, network.frequency, 0.1
            )
            if network.number_width > 1 and layout.n_numbers
            else None
        )
        self.categories = Categories(layout.levels, network.max_one_hot, network.category_width)
        n_flags = len(layout.flagged)
        n_features = layout.n_numbers * network.number_width + n_flags + self.categories.width
        self.scale = parameter((n_features,), ones, rate=6.0)
        widths = (n_features, *network.hidden, network.n_outputs)
        self.blocks = nnx.List([TangentDense(a, b) for a, b in pairwise(widths)])
        self.slopes = nnx.List([parameter((n,), ones, rate=0.1) for n in network.hidden])
        self.unit = network.unit

    def features(self, values: Any, codes: Any) -> Any:
        """Return what the perceptron sees, (n, n_features)."""
        numbers, flags = values[:, : self.n_numbers], values[:, self.n_numbers :]
        if self.numbers is not None:
            numbers = self.numbers(numbers).reshape(len(values), -1)
        xp = values.__array_namespace__()
        categories = self.categories(codes).astype(values.dtype)
        everything = xp.concatenate([numbers, flags, categories], axis=1)
        return everything * self.scale[...]

    def activate(self, i: int, x: Any) -> Any:
        """Return the i-th hidden layer's activation: a learned share of it, the rest linear."""
        return x + self.slopes[i][...] * (UNITS[self.unit](x) - x)

    def __call__(self, x: tuple[jax.Array, jax.Array], drop: layers.Drop | None) -> jax.Array:
        """Return (n, n_outputs) from numbers with flags, and codes."""
        h: jax.Array = self.features(*x)
        for i, block in enumerate(self.blocks):
            h = block(h) + block.bias[...]
            if i < len(self.slopes):
                h = layers.drop(self.activate(i, h), drop, i)
        return h


class TangentDense(nnx.Module):
    """A fully connected layer in neural tangent parametrisation (Jacot et al., 2018).

    Weights start with a spread of 1 whatever the width, and what they give is divided by its root.
    """

    def __init__(self, n_inputs: int, n_outputs: int) -> None:
        self.weight = parameter((n_inputs, n_outputs), Normal())
        self.bias = parameter((n_outputs,), rate=0.1, decay=0.0)
        self.factor = 1 / math.sqrt(max(n_inputs, 1))

    def __call__(self, x: Any) -> Any:
        """Return (n, n_outputs) from (n, n_inputs), the bias not yet added."""
        return (x @ self.weight[...]) * self.factor


class _RealMlp(DeepTable):
    """What classifier and regressor share."""

    hidden: Sequence[int]
    activation: str
    n_periods: int
    number_width: int
    frequency: float
    max_one_hot: int
    category_width: int

    def _network(self, layout: Layout, n_outputs: int) -> RealMlpNetwork:
        if self.activation not in UNITS:
            raise ValueError(
                f"{type(self).__name__}: activation is {self.activation!r}; "
                f"allowed: {', '.join(UNITS)}."
            )
        return RealMlpNetwork(
            layout,
            tuple(self.hidden),
            self.activation,
            n_outputs,
            self.n_periods,
            self.number_width,
            self.frequency,
            self.max_one_hot,
            self.category_width,
        )


class RealMlpClassifier(DeepTableClassifier, _RealMlp):
    """RealMLP that tells classes apart: a perceptron with defaults tuned on many tables.

    "RealMLP-TD" of Holzmüller, Grinsztajn & Steinwart (2024), "Better by default: strong pre-tuned
    MLPs and boosted trees on tabular data", https://arxiv.org/abs/2407.04491, its default
    parameters those of appendix A: robustly scaled and softly clipped numbers, periodic embeddings
    of them, indicators of few and embeddings of many categories, a layer of scales, a perceptron
    in neural tangent parametrisation that starts fitted to the training rows, activations that
    learn how strong they are, cyclic learning rates, and noise that fades in the second half.
    Batches are half as large as there and epochs half as many, which costs half the time and,
    against the authors' own implementation on five tables, no accuracy. What is validated and kept
    is a moving average of the weights, which made a small noisy table better by one in a hundred;
    regression, with its larger rates, does without.

    Parameters
    ----------
    hidden
        Widths of the hidden layers; may be empty.
    activation
        ``selu``, ``mish`` or ``relu``.
    n_periods, number_width, frequency
        Cosines per number, what each number becomes (1: only itself), and the spread of the
        cosines' frequencies at the start.
    max_one_hot, category_width
        Levels up to which a category is shown by indicators, and the width of the embedding of
        one that has more.
    dropout
        Share of hidden values zeroed in training, in [0, 1); fades with `noise_schedule`.
    learning_rate, weight_decay, beta2
        Of AdamW; the layer of scales learns six times as fast, biases, activations and embeddings
        of numbers a tenth as fast.
    schedule, noise_schedule
        Course of the learning rate, and of dropout and weight decay; names of `schedules`.
    validation
        What chooses the best epoch, ``error`` or ``loss``.
    max_epochs
        Length of training, and of its schedules.
    patience
        Epochs without a better value on the rows held out after which training ends: by default
        never, since under a cyclic schedule they come and go.
    label_smoothing, averaging, batch_size, validation_fraction, precision, max_categories, columns,
    has_missing, n_classes, n_rows_max, max_seconds, random_state
        As in `bench_jax.mlp.MlpClassifier`.

    Attributes
    ----------
    classes_, n_parameters_, loss_curve_, validation_curve_, n_iter_, stop_reason_
        As in `bench_jax.mlp.MlpClassifier`.
    """

    def __init__(
        self,
        hidden: Sequence[int] = (256, 256, 256),
        *,
        activation: str = "selu",
        n_periods: int = 16,
        number_width: int = 4,
        frequency: float = 0.1,
        max_one_hot: int = 8,
        category_width: int = 8,
        dropout: float = 0.15,
        learning_rate: float = 0.04,
        weight_decay: float = 0.02,
        beta2: float = 0.95,
        label_smoothing: float = 0.1,
        schedule: str = "coslog4",
        noise_schedule: str = "flat-cosine",
        averaging: str = "ema",
        validation: str = "error",
        batch_size: int = 128,
        max_epochs: int = 128,
        patience: int = 128,
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
        self.activation = activation
        self.n_periods = n_periods
        self.number_width = number_width
        self.frequency = frequency
        self.max_one_hot = max_one_hot
        self.category_width = category_width
        self.dropout = dropout
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.beta2 = beta2
        self.label_smoothing = label_smoothing
        self.schedule = schedule
        self.noise_schedule = noise_schedule
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


class RealMlpRegressor(DeepTableRegressor, _RealMlp):
    """RealMLP that predicts numbers, one or several, within the range of the training targets.

    Learns standardised targets by squared error; else as `RealMlpClassifier`, parameters and
    attributes included, with the paper's defaults for regression.
    """

    clips_to_targets = True

    def __init__(
        self,
        hidden: Sequence[int] = (256, 256, 256),
        *,
        activation: str = "mish",
        n_periods: int = 16,
        number_width: int = 4,
        frequency: float = 0.1,
        max_one_hot: int = 8,
        category_width: int = 8,
        dropout: float = 0.15,
        learning_rate: float = 0.2,
        weight_decay: float = 0.02,
        beta2: float = 0.95,
        schedule: str = "coslog4",
        noise_schedule: str = "flat-cosine",
        averaging: str = "none",
        validation: str = "error",
        batch_size: int = 128,
        max_epochs: int = 128,
        patience: int = 128,
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
        self.activation = activation
        self.n_periods = n_periods
        self.number_width = number_width
        self.frequency = frequency
        self.max_one_hot = max_one_hot
        self.category_width = category_width
        self.dropout = dropout
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.beta2 = beta2
        self.schedule = schedule
        self.noise_schedule = noise_schedule
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


def make_realmlp(context: bench.ModelContext, **params: Any) -> Any:
    """Return the estimator of the model ``realmlp`` for a trial, on its device.

    Parameters
    ----------
    context
        The trial.
    **params
        Those of `RealMlpClassifier` and `RealMlpRegressor`, as `bench_jax.tables.made` says.

    Raises
    ------
    ParameterError
        Neither takes one of them.
    Skip
        The device is not there.
    """
    return made(context, RealMlpClassifier, RealMlpRegressor, params)
