"""FT-Transformers for tables, as scikit-learn estimators."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

import bench
from bench_jax import blocks, layers
from bench_jax.attention import LayerNorm, attend
from bench_jax.blocks import linear
from bench_jax.network import Network, Uniform, parameter
from bench_jax.preprocessing import Encoding, Layout
from bench_jax.scaling import Scaling
from bench_jax.tables import DeepTable, DeepTableClassifier, DeepTableRegressor, made


@dataclass(frozen=True)
class FtTransformerNetwork(Network):
    """Every column becomes a token, tokens attend to each other, and one more token answers.

    Parameters
    ----------
    layout
        What stands where in the inputs.
    n_blocks, width, n_heads
        Blocks, numbers of a token, and heads of attention, which divide them.
    hidden_width
        Within the feed-forward part of a block.
    attention_share, hidden_share, residual_share
        What part of the rate of dropout is meant for attention, within the feed-forward part, and
        after both.
    n_last
        Width of the last layer.
    """

    layout: Layout
    n_blocks: int
    width: int
    n_heads: int
    hidden_width: int
    attention_share: float
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

    def build(self) -> FtTransformer:
        """Return the module."""
        return FtTransformer(self)


class FtTransformer(nnx.Module):
    """The module of an `FtTransformerNetwork`."""

    def __init__(self, network: FtTransformerNetwork) -> None:
        self.tokens = Tokens(network.layout, network.width)
        self.blocks = nnx.List([Block(network, has_norm=i > 0) for i in range(network.n_blocks)])
        self.norm = LayerNorm(network.width)
        self.out = linear(network.width, network.n_outputs)

    def __call__(self, x: tuple[jax.Array, jax.Array], drop: layers.Drop | None) -> jax.Array:
        """Return (n, n_outputs) from numbers with flags, and codes."""
        h = self.tokens(*x)
        for i, block in enumerate(self.blocks):
            # Of the last block only the answer is used.
            n_answers = 1 if i == len(self.blocks) - 1 else h.shape[1]
            h = block(h, n_answers, drop, 4 * i)
        return self.out(nnx.relu(self.norm(h[:, 0])))


class Tokens(nnx.Module):
    """A row as tokens: the answer's first, then one for each number and for each category.

    A number times a learned vector plus another one, a learned vector for each level plus one for
    its column; a missing number adds a vector of its own.
    """

    def __init__(self, layout: Layout, width: int) -> None:
        draw = Uniform(width**-0.5)
        self.n_numbers = layout.n_numbers
        self.flagged = layout.flagged
        self.answer = parameter((width,), draw, decay=0.0)
        self.number = parameter((layout.n_numbers, width), draw, decay=0.0)
        self.flag = parameter((len(layout.flagged), width), draw, decay=0.0)
        self.level = parameter((sum(layout.levels), width), draw, decay=0.0)
        self.first_levels = tuple(accumulate(layout.levels, initial=0))[:-1]
        n_columns = layout.n_numbers + len(layout.levels)
        self.column = parameter((n_columns, width), draw, decay=0.0)

    def __call__(self, values: jax.Array, codes: jax.Array) -> jax.Array:
        """Return (n, n_tokens, width)."""
        width = self.answer.shape[0]
        numbers = values[:, : self.n_numbers, None] * self.number[...]
        if self.flagged:
            missing = values[:, self.n_numbers :, None] * self.flag[...]
            numbers = numbers.at[:, jnp.array(self.flagged)].add(missing)
        levels = self.level[...][codes + jnp.array(self.first_levels, jnp.int32)]
        columns = jnp.concatenate([numbers, levels], axis=1) + self.column[...]
        answer = jnp.broadcast_to(self.answer[...], (len(values), 1, width))
        return jnp.concatenate([answer, columns], axis=1)


class Block(nnx.Module):
    """Attention, then a feed-forward part with a gated rectifier, each added to what it saw."""

    def __init__(self, network: FtTransformerNetwork, *, has_norm: bool) -> None:
        width = network.width
        self.n_heads = network.n_heads
        # The first block's attention sees tokens as they are: with a norm there it is worse.
        self.attention_norm = LayerNorm(width) if has_norm else None
        self.query = linear(width, width)
        self.key_value = linear(width, 2 * width)
        self.mixed = linear(width, width)
        self.hidden_norm = LayerNorm(width)
        self.inner = linear(width, 2 * network.hidden_width)
        self.outer = linear(network.hidden_width, width)
        self.attention_share = network.attention_share
        self.hidden_share = network.hidden_share
        self.residual_share = network.residual_share

    def __call__(
        self, x: jax.Array, n_answers: int, drop: layers.Drop | None, number: int
    ) -> jax.Array:
        """Return the first `n_answers` tokens (n, n_answers, width) from (n, n_tokens, width)."""
        h = self._attention(x, n_answers, drop, number)
        x = x[:, :n_answers] + blocks.drop(h, drop, number + 1, self.residual_share)
        # As rows: the gradient of a product with more axes copies both sides first.
        h = self.hidden_norm(x).reshape(-1, x.shape[-1])
        h, gate = jnp.split(self.inner(h), 2, axis=-1)
        h = blocks.drop(h * nnx.relu(gate), drop, number + 2, self.hidden_share)
        h = self.outer(h).reshape(x.shape)
        return x + blocks.drop(h, drop, number + 3, self.residual_share)

    def _attention(
        self, x: jax.Array, n_answers: int, drop: layers.Drop | None, number: int
    ) -> jax.Array:
        h = x if self.attention_norm is None else self.attention_norm(x)
        n, n_tokens, width = h.shape
        query = self.query(h[:, :n_answers].reshape(-1, width))
        query = query.reshape(n, n_answers, self.n_heads, -1).transpose(0, 2, 1, 3)
        both = self.key_value(h.reshape(-1, width)).reshape(n, n_tokens, 2, self.n_heads, -1)
        key, value = both.transpose(2, 0, 3, 1, 4)
        kept = None
        if drop is not None and self.attention_share:
            kept = jnp.ones((n, self.n_heads, n_answers, n_tokens), x.dtype)
            kept = blocks.drop(kept, drop, number, self.attention_share)
        found = attend(query, key, value, None, kept).transpose(0, 2, 1, 3)
        return self.mixed(found.reshape(-1, width)).reshape(n, n_answers, width)


class _FtTransformer(DeepTable):
    """What classifier and regressor share."""

    n_blocks: int
    width: int
    n_heads: int
    hidden_factor: float
    attention_dropout: float
    dropout: float
    residual_dropout: float
    scaling: Scaling

    def _encoding(self) -> Encoding:
        return Encoding("codes", self.scaling)

    def _network(self, layout: Layout, n_outputs: int) -> FtTransformerNetwork:
        if self.width % self.n_heads:
            raise ValueError(
                f"{type(self).__name__}: width is {self.width} and n_heads is {self.n_heads}; the "
                "width must be a multiple of the heads."
            )
        attention, hidden, residual = blocks.shares(self._rates())
        return FtTransformerNetwork(
            layout,
            self.n_blocks,
            self.width,
            self.n_heads,
            round(self.width * self.hidden_factor),
            attention,
            hidden,
            residual,
            n_outputs,
        )

    def _recipe(self) -> dict[str, Any]:
        return super()._recipe() | {"dropout": max(self._rates())}

    def _rates(self) -> list[float]:
        return blocks.rates(self, "attention_dropout", "dropout", "residual_dropout")


class FtTransformerClassifier(DeepTableClassifier, _FtTransformer):
    """FT-Transformer that tells classes apart, for tables of numbers and categories.

    Gorishniy et al., 2021, "Revisiting deep learning models for tabular data",
    https://arxiv.org/abs/2106.11959, section 3.3. Every column becomes a token, tokens attend to
    each other, and one more token answers. Time grows with the square of the number of columns.
    The paper's own default, ``n_blocks=3, width=192, learning_rate=1e-4``, is more than ten times
    the arithmetic of the one here.

    Parameters
    ----------
    n_blocks
        Blocks of attention and a feed-forward part.
    width, n_heads
        Numbers of a token, and heads of attention, which divide them.
    hidden_factor
        Width within the feed-forward part, over `width`.
    attention_dropout, dropout, residual_dropout
        Of attention, within the feed-forward part, and of what both add, in [0, 1).
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
        width: int = 64,
        n_heads: int = 8,
        hidden_factor: float = 4 / 3,
        attention_dropout: float = 0.2,
        dropout: float = 0.1,
        residual_dropout: float = 0.0,
        learning_rate: float = 1e-3,
        weight_decay: float = 1e-5,
        schedule: str = "constant",
        clip_norm: float | None = None,
        averaging: str = "none",
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
        self.n_heads = n_heads
        self.hidden_factor = hidden_factor
        self.attention_dropout = attention_dropout
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


class FtTransformerRegressor(DeepTableRegressor, _FtTransformer):
    """FT-Transformer that predicts numbers, one or several, from tables.

    Learns standardised targets by squared error; else as `FtTransformerClassifier`, parameters and
    attributes included.
    """

    def __init__(
        self,
        *,
        n_blocks: int = 2,
        width: int = 64,
        n_heads: int = 8,
        hidden_factor: float = 4 / 3,
        attention_dropout: float = 0.2,
        dropout: float = 0.1,
        residual_dropout: float = 0.0,
        learning_rate: float = 1e-3,
        weight_decay: float = 1e-5,
        schedule: str = "constant",
        clip_norm: float | None = None,
        averaging: str = "none",
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
        self.n_heads = n_heads
        self.hidden_factor = hidden_factor
        self.attention_dropout = attention_dropout
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


def make_ft_transformer(context: bench.ModelContext, **params: Any) -> Any:
    """Return the estimator of the model ``ft-transformer`` for a trial, on its device.

    Parameters
    ----------
    context
        The trial.
    **params
        Those of `FtTransformerClassifier` and `FtTransformerRegressor`, as
        `bench_jax.tables.made` says.

    Raises
    ------
    ParameterError
        Neither takes one of them.
    Skip
        The device is not there.
    """
    return made(context, FtTransformerClassifier, FtTransformerRegressor, params)
