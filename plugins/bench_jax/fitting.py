"""What the estimators share between scikit-learn's conventions and the engine."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from bench_jax import engine, layers, platform, streaming
from bench_jax.network import Network
from bench_jax.step import Loss
from bench_jax.stopping import holdout

Encode = Callable[[NDArray[np.intp]], Any]
StreamOf = Callable[
    [NDArray[np.intp], NDArray[Any], NDArray[np.float32] | None, int], engine.Stream
]

_CHUNK_NUMBERS = 1 << 21
"""Numbers that are encoded at once."""


@dataclass(frozen=True)
class Standard:
    """Mean and spread of a regression's targets, each (k,)."""

    mean: NDArray[np.float64]
    spread: NDArray[np.float64]

    @classmethod
    def fit(cls, y: NDArray[np.float64]) -> Standard:
        """Learn from targets (n, k)."""
        spread = y.std(0)
        return cls(y.mean(0), np.where(spread > 0, spread, 1.0))


def fit(
    estimator: Any,
    network: Network,
    loss: Loss,
    encode: Encode,
    y: NDArray[Any],
    *,
    started_at: float,
    design: Mapping[str, Any],
    recipe: Mapping[str, Any],
    sample_weight: NDArray[Any] | None = None,
    groups: NDArray[Any] | None = None,
    time: NDArray[Any] | None = None,
    stream: StreamOf | None = None,
) -> None:
    """Train a network and leave what came of it in the estimator.

    Parameters
    ----------
    estimator
        Has `validation_fraction`, `max_epochs`, `patience`, `max_seconds`, `n_rows_max` and
        `random_state`. Gets `design_`, `trained_`, `n_parameters_`, `loss_curve_`,
        `validation_curve_`, `n_iter_` and `stop_reason_`.
    network
        What is trained.
    loss, y
        As in `engine.Design` and `engine.Sample`.
    encode
        Takes numbers of rows and returns their inputs; asked for a few thousand rows at once.
    started_at
        When fitting began, by `time.perf_counter`.
    design, recipe
        The other fields of `engine.Design` and `engine.Recipe`; those left out are as there.
    sample_weight, groups, time
        (n,) as in `bench.Dataset`; early stopping respects the latter two. Rows of weight 0 are
        left out.
    stream
        Where given, makes what is trained on of the rows to learn from, y, weights and the size of
        a window; `encode` is then asked for the rows held out alone.

    Raises
    ------
    ValueError
        A parameter is out of its range, or no row has a weight.
    """
    check(estimator, network)
    seed = int(check_random_state(estimator.random_state).randint(2**31 - 1))
    is_class = loss == "cross-entropy"
    fraction = estimator.validation_fraction
    if stream is not None:
        fraction = min(fraction, streaming.HELD_ROWS / len(y))
    known = _weighing(sample_weight, len(y))
    training, held = (
        known[rows]
        for rows in holdout(
            (y if is_class else y.mean(1))[known],
            fraction,
            keeps_classes=is_class,
            rng=np.random.default_rng([seed, 1]),
            groups=None if groups is None else np.asarray(groups)[known],
            time=None if time is None else np.asarray(time)[known],
        )
    )
    max_epochs = estimator.max_epochs
    if is_class and 0 < len(held) < len(np.unique(y)):
        # Too few to stop by: they cannot even show every class. All rows teach, for a short time.
        training, held = known, held[:0]
        max_epochs = min(max_epochs, 2 * estimator.patience)
    n_padded = n_rows(len(y), estimator.n_rows_max)
    room = n_held(n_padded, len(held), estimator.validation_fraction)
    if stream is not None:
        n_padded = streaming.window_rows(_width(network))
        room = min(room, -(-streaming.HELD_ROWS // 64) * 64)
    made = engine.Design(network, loss, n_padded, room, **design)
    settings = engine.Recipe(
        **recipe,
        max_epochs=max_epochs,
        patience=estimator.patience,
        max_seconds=estimator.max_seconds,
        started_at=started_at,
        seed=seed,
    )
    weight = _weights(sample_weight, training)
    trained = engine.train(
        made,
        settings,
        sample(made, encode, y, weight, training, made.n_rows)
        if stream is None
        else stream(training, y, weight, made.n_rows),
        sample(made, encode, y, weight, held, made.n_held) if len(held) else None,
    )
    estimator.design_ = made
    estimator.trained_ = trained
    estimator.n_parameters_ = trained.n_parameters
    estimator.loss_curve_ = trained.loss_curve
    estimator.validation_curve_ = trained.validation_curve
    estimator.n_iter_ = trained.n_epochs
    estimator.stop_reason_ = trained.stop_reason


def sample(
    design: engine.Design,
    encode: Encode,
    y: NDArray[Any],
    weight: NDArray[Any] | None,
    rows: NDArray[np.intp],
    n_padded: int,
) -> engine.Sample:
    """Encode rows into padded arrays, some thousands at once: no second copy is ever whole."""
    shapes = design.network.inputs
    inputs = jax.tree.map(lambda one: platform.buffer((n_padded, *one.shape), one.dtype), shapes)
    n_chunk = max(_CHUNK_NUMBERS // max(_width(design.network), 1), 256)
    for first in range(0, len(rows), n_chunk):
        chunk = rows[first : first + n_chunk]
        place = slice(first, first + len(chunk))
        for array, part in zip(
            jax.tree.leaves(inputs), jax.tree.leaves(encode(chunk)), strict=True
        ):
            array[place] = part
    targets = platform.buffer((n_padded, *y.shape[1:]), y.dtype)
    targets[: len(rows)] = y[rows]
    weights = platform.buffer((n_padded,), np.float32)
    weights[: len(rows)] = 1 if weight is None else weight[rows]
    return engine.Sample(inputs, targets, weights, len(rows))


def _width(network: Network) -> int:
    """Return how many numbers a row of inputs has."""
    return sum(math.prod(one.shape) for one in jax.tree.leaves(network.inputs))


def _weighing(sample_weight: NDArray[Any] | None, n: int) -> NDArray[np.intp]:
    """Return the rows that weigh something."""
    if sample_weight is None:
        return np.arange(n)
    rows = np.flatnonzero(sample_weight)
    if not len(rows):
        raise ValueError("sample_weight is 0 for every row: nothing can be learned.")
    return rows


def _weights(values: NDArray[Any] | None, training: NDArray[np.intp]) -> NDArray[np.float32] | None:
    """Return weights that are 1 on average over the rows to learn from."""
    if values is None:
        return None
    weights = np.asarray(values, np.float64)
    return np.asarray(weights / weights[training].mean(), np.float32)


def n_held(n_padded: int, n: int, fraction: float) -> int:
    """Return how many rows held out to pad to: one number for all sizes of a curve."""
    if not fraction:
        return 0
    return -(-max(math.ceil(fraction * n_padded), n) // 64) * 64


def n_rows(n: int, n_rows_max: int | None) -> int:
    """Return how many rows to pad to: the largest size that will come, or a power of two.

    The former in steps of 256, so that splits of slightly different sizes share a program.
    """
    if n_rows_max is not None and n_rows_max >= n:
        return -(-n_rows_max // 256) * 256
    return max(256, 1 << (n - 1).bit_length())


def softmax(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return probabilities that add up to 1 in double precision."""
    wide = values.astype(np.float64)
    powers = np.exp(wide - wide.max(1, keepdims=True))
    return np.asarray(powers / powers.sum(1, keepdims=True))


def check(estimator: Any, network: Any) -> None:
    """Refuse parameters that make no sense.

    Raises
    ------
    ValueError
        A parameter is out of its range; the message names it, its value and what is allowed.
    """
    rules: tuple[tuple[str, str, Callable[[float], bool]], ...] = (
        ("dropout", "in [0, 1)", lambda v: 0 <= v < 1),
        ("learning_rate", "positive", lambda v: v > 0),
        ("weight_decay", "0 or more", lambda v: v >= 0),
        ("label_smoothing", "in [0, 1)", lambda v: 0 <= v < 1),
        ("batch_size", "1 or more", lambda v: v >= 1),
        ("max_epochs", "1 or more", lambda v: v >= 1),
        ("patience", "1 or more", lambda v: v >= 1),
        ("validation_fraction", "in [0, 1)", lambda v: 0 <= v < 1),
    )
    for name, allowed, is_fine in rules:
        value = getattr(estimator, name, None)
        if value is not None and not is_fine(value):
            raise ValueError(
                f"{type(estimator).__name__}: {name} is {value!r}; allowed: {allowed}."
            )
    activation = getattr(network, "activation", "relu")
    if activation not in layers.ACTIVATIONS:
        raise ValueError(
            f"{type(estimator).__name__}: activation is {activation!r}; "
            f"allowed: {', '.join(layers.ACTIVATIONS)}."
        )
