"""Training and prediction: one compiled program each, for every size of a learning curve.

Arrays are padded to the largest number of rows; which rows make up a batch comes from the host as
indices, and how many batches there are is an argument, so that 16 rows and 16,384 rows run the same
program. Early stopping is decided on the host, once an epoch.
"""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import jax
import jax.numpy as jnp
import numpy as np
import optax  # type: ignore[import-untyped]
from flax import nnx
from jax import lax
from numpy.typing import NDArray

from bench_jax import platform, programs

Leaves = tuple[Any, ...]
StopReason = Literal["early_stopping", "max_epochs", "max_seconds"]

MIN_STEPS = 8
"""Steps in an epoch at least: a set too small for that is passed over several times."""

TOLERANCE = 5e-3
"""What a validation loss must gain for patience to begin anew; the best epoch is kept anyway."""

_CHUNK_SECONDS = 0.2
"""How long the device may be busy before the clock is looked at, where time is limited."""


class Network(Protocol):
    """A frozen record that describes a network and builds it.

    The built module is called with a batch and `drop`, which is None or a `layers.Drop`; its last
    layer is called ``out``.
    """

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one row."""

    @property
    def n_outputs(self) -> int:
        """Width of the last layer."""

    def build(self, rngs: nnx.Rngs) -> nnx.Module:
        """Return the module."""

    def __hash__(self) -> int: ...


@dataclass(frozen=True)
class Design:
    """What a compiled program depends on, besides its code.

    `n_rows` is the number of rows that arrays are padded to.
    """

    network: Network
    loss: Literal["cross-entropy", "squared-error"]
    n_rows: int
    batch_size: int
    has_dropout: bool = False

    @property
    def n_slots(self) -> int:
        """Batches in an epoch at most."""
        return max(math.ceil(self.n_rows / self.batch_size), 2 * MIN_STEPS)


@dataclass(frozen=True)
class Recipe:
    """How to train; none of it makes another program.

    `patience` is in epochs; `max_seconds` counts from `started_at` of `time.perf_counter`.
    """

    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    label_smoothing: float = 0.0
    dropout: float = 0.0
    max_epochs: int = 100
    patience: int = 10
    max_seconds: float | None = None
    started_at: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class Trained:
    """What training gives: parameters on the device, and how it went, one value an epoch."""

    parameters: Leaves
    n_parameters: int
    loss_curve: list[float]
    validation_curve: list[float]
    n_epochs: int
    stop_reason: StopReason


def train(
    design: Design,
    recipe: Recipe,
    X: NDArray[np.float32],
    y: NDArray[Any],
    training: NDArray[np.intp],
    validation: NDArray[np.intp],
) -> Trained:
    """Train with AdamW (Loshchilov & Hutter, 2019) and keep the epoch that validated best.

    Parameters
    ----------
    design, recipe
        What is trained, and how.
    X
        (n, ...) inputs; n at most ``design.n_rows``.
    y
        (n,) codes of classes, or (n, k) numbers.
    training, validation
        Rows to learn from and rows to stop by. Without validation rows the last epoch is kept.
    """
    step, _ = _programs(design)
    rng = np.random.default_rng(recipe.seed)
    parameters = jax.device_put(_initial_parameters(design.network, rng))
    state: Leaves = jax.device_put(_initial_optimizer(design.network))
    data = jax.device_put((_padded(X, design.n_rows), _padded(y, design.n_rows)))
    size = design.batch_size
    checks = [validation[i : i + size] for i in range(0, len(validation), size)]
    held, n_held = jax.device_put(_as_slots(checks, design)), np.int32(len(checks))
    rates = np.array(
        [recipe.learning_rate, recipe.weight_decay, recipe.label_smoothing, recipe.dropout],
        np.float32,
    )
    clock = _Clock(recipe)
    losses: list[float] = []
    validated: list[float] = []
    best, best_loss, best_epoch = parameters, math.inf, 0
    reason: StopReason = "max_epochs"
    for epoch in range(1, recipe.max_epochs + 1):
        batches = _batches(training, design.batch_size, rng)
        order = jax.device_put(_as_slots(batches, design))
        key = np.uint32(rng.integers(2**32, dtype=np.uint32))
        total: Any = np.float32(0)
        held_total: Any = np.float32(0)
        first = 0
        while first < len(batches):
            last = clock.next_stop(first, len(batches))
            if last == first:
                break
            n = n_held if last == len(batches) else np.int32(0)
            parameters, state, total, held_total = step(
                parameters, state, total, *data, order, np.int32(first), np.int32(last),
                held, n, rates, key,
            )  # fmt: skip
            clock.note(first, last, total)
            first = last
        if first < len(batches):
            reason = "max_seconds"
            break
        losses.append(float(total) / len(batches))
        if not len(validation):
            best = parameters
            continue
        validated.append(float(held_total) / len(validation))
        if validated[-1] < best_loss - TOLERANCE:
            best_epoch = epoch
        if validated[-1] < best_loss:
            best, best_loss = parameters, validated[-1]
        if epoch - best_epoch >= recipe.patience:
            reason = "early_stopping"
            break
    if not losses:
        best = parameters
    n_parameters = sum(math.prod(leaf.shape) for leaf in best)
    for leaf in best:
        leaf.block_until_ready()
    return Trained(best, n_parameters, losses, validated, len(losses), reason)


def predict(design: Design, parameters: Leaves, X: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the last layer's values for rows of inputs, (n, n_outputs)."""
    _, forward = _programs(design)
    batch = platform.prediction_batch()
    parts = [forward(parameters, _padded(X[i : i + batch], batch)) for i in range(0, len(X), batch)]
    if not parts:
        return np.zeros((0, design.network.n_outputs), np.float32)
    return np.concatenate([np.asarray(part) for part in parts])[: len(X)]


def holdout(
    y: NDArray[Any], fraction: float, *, keeps_classes: bool, rng: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Divide rows into those to learn from and those to stop by, alike in their y.

    Every k-th row in the order of y is held out, ties in random order: classes, and high and low
    numbers, have equal shares on both sides. With `keeps_classes`, every class keeps a row to be
    learned from.
    """
    shuffled = rng.permutation(len(y))
    ordered = shuffled[np.argsort(y[shuffled], kind="stable")]
    candidates = ordered
    if keeps_classes:
        candidates = np.delete(ordered, np.unique(y[ordered], return_index=True)[1])
    n_held = min(round(fraction * len(y)), len(candidates))
    places = ((np.arange(n_held) + 0.5) * len(candidates) / max(n_held, 1)).astype(np.intp)
    held = candidates[places]
    return np.setdiff1d(shuffled, held), np.sort(held)


class _Clock:
    """Says how many steps may be taken before the clock is looked at again."""

    def __init__(self, recipe: Recipe) -> None:
        self._deadline = (
            None if recipe.max_seconds is None else recipe.started_at + recipe.max_seconds
        )
        self._step_seconds = 0.0
        self._begun = time.perf_counter()

    def next_stop(self, first: int, last: int) -> int:
        """Return where to stop: `last` where time does not matter, `first` where it is over."""
        if self._deadline is None:
            return last
        self._begun = time.perf_counter()
        left = self._deadline - self._begun
        if left <= self._step_seconds:
            return first
        if not self._step_seconds:
            return min(first + 1, last)
        n_steps = int(min(left, _CHUNK_SECONDS) / self._step_seconds)
        return min(first + max(n_steps, 1), last)

    def note(self, first: int, last: int, result: jax.Array) -> None:
        """Learn how long a step takes."""
        if self._deadline is not None:
            result.block_until_ready()
            self._step_seconds = (time.perf_counter() - self._begun) / (last - first)


def _batches(
    rows: NDArray[np.intp], batch_size: int, rng: np.random.Generator
) -> list[NDArray[np.intp]]:
    """Return an epoch: shuffled rows in batches of equal size, passed over until `MIN_STEPS`."""
    per_pass = math.ceil(len(rows) / batch_size)
    passes = math.ceil(MIN_STEPS / per_pass)
    return [
        batch for _ in range(passes) for batch in np.array_split(rng.permutation(rows), per_pass)
    ]


def _as_slots(batches: list[NDArray[np.intp]], design: Design) -> NDArray[np.int32]:
    """Return batches as one array (n_slots, batch_size) of rows, -1 where there is none."""
    slots = np.full((design.n_slots, design.batch_size), -1, np.int32)
    for slot, batch in zip(slots, batches, strict=False):
        slot[: len(batch)] = batch
    return slots


def _padded(values: NDArray[Any], n_rows: int) -> NDArray[Any]:
    if len(values) == n_rows:
        return values
    padded = np.zeros((n_rows, *values.shape[1:]), values.dtype)
    padded[: len(values)] = values
    return padded


@functools.lru_cache(maxsize=32)
def _abstract(network: Network) -> tuple[Any, Any]:
    """Return the network's structure and the shapes of its parameters, computing nothing."""
    return nnx.split(nnx.eval_shape(lambda: network.build(nnx.Rngs(0))), nnx.Param)


def _initial_parameters(network: Network, rng: np.random.Generator) -> Leaves:
    """Draw kernels for rectifiers (He et al., 2015), the last layer's a tenth as large.

    On the host: compiling JAX's own generators for every shape costs more than training does.
    """
    leaves = []
    for path, leaf in jax.tree_util.tree_leaves_with_path(_abstract(network)[1]):
        values = np.zeros(leaf.shape, np.float32)
        if leaf.ndim > 1:
            bound = math.sqrt(6 / math.prod(leaf.shape[:-1]))
            if "'out'" in jax.tree_util.keystr(path):
                bound /= 10
            values = rng.uniform(-bound, bound, leaf.shape).astype(np.float32)
        leaves.append(values)
    return tuple(leaves)


def _initial_optimizer(network: Network) -> Leaves:
    """Return AdamW's state before the first step, which is zero throughout."""
    state = jax.eval_shape(_optimizer(0.0, 0.0).init, _abstract(network)[1])
    return tuple(np.zeros(leaf.shape, leaf.dtype) for leaf in jax.tree.leaves(state))


def _optimizer(learning_rate: Any, weight_decay: Any) -> optax.GradientTransformation:
    return optax.adamw(learning_rate, weight_decay=weight_decay)


@functools.lru_cache(maxsize=32)
def _programs(design: Design) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return the compiled steps of training and the compiled forward pass."""
    structure, parameters = _abstract(design.network)
    tree = jax.tree.structure(parameters)

    def forward(leaves: Leaves, x: jax.Array) -> Any:
        return nnx.merge(structure, jax.tree.unflatten(tree, leaves))(x, drop=None)

    leaves = tuple(jax.tree.leaves(parameters))
    shape = design.network.input_shape
    batch = _shape((platform.prediction_batch(), *shape), jnp.float32)
    words = f"{type(design.network).__module__} {design!r}"
    return (
        programs.obtain("train", _step(design), _step_arguments(design, leaves), words),
        programs.obtain("predict", forward, (leaves, batch), words),
    )


def _shape(shape: tuple[int, ...], dtype: Any) -> Any:
    return jax.ShapeDtypeStruct(shape, dtype)  # type: ignore[no-untyped-call]


def _step_arguments(design: Design, leaves: Leaves) -> tuple[Any, ...]:
    n, shape = design.n_rows, design.network.input_shape
    is_class = design.loss == "cross-entropy"
    integer = _shape((), jnp.int32)
    slots = _shape((design.n_slots, design.batch_size), jnp.int32)
    return (
        leaves,
        _initial_optimizer(design.network),
        _shape((), jnp.float32),
        _shape((n, *shape), jnp.float32),
        _shape((n,), jnp.int32) if is_class else _shape((n, design.network.n_outputs), jnp.float32),
        slots,
        integer,
        integer,
        slots,
        integer,
        _shape((4,), jnp.float32),
        _shape((), jnp.uint32),
    )


def _step(design: Design) -> Callable[..., Any]:
    """Return the function of training: steps `first` to `last` of an epoch, then validation."""
    structure, abstract = _abstract(design.network)
    tree = jax.tree.structure(abstract)
    state_tree = jax.tree.structure(jax.eval_shape(_optimizer(0.0, 0.0).init, abstract))

    def losses(parameters: Any, x: Any, y: Any, smoothing: Any, drop: Any) -> Any:
        output = nnx.merge(structure, parameters)(x, drop=drop)
        if design.loss == "squared-error":
            return jnp.square(output - y).mean(-1)
        target = optax.smooth_labels(jax.nn.one_hot(y, output.shape[-1]), smoothing)
        return optax.softmax_cross_entropy(output, target)

    def taken(X: Any, y: Any, rows: Any) -> tuple[Any, Any, Any]:
        """Return the rows of a batch, and which of its places are filled."""
        places = jnp.maximum(rows, 0)
        return X[places], y[places], (rows >= 0).astype(jnp.float32)

    def run(
        parameters: Leaves, state: Leaves, total: Any, X: Any, y: Any, order: Any,
        first: Any, last: Any, held: Any, n_held: Any, rates: Any, seed: Any,
    ) -> tuple[Leaves, Leaves, Any, Any]:  # fmt: skip
        learning_rate, weight_decay, smoothing, dropout = rates
        optimizer = _optimizer(learning_rate, weight_decay)

        def one_step(i: Any, carry: Any) -> Any:
            parameters, state, total = carry
            x_batch, y_batch, weight = taken(X, y, order[i])
            drop = None
            if design.has_dropout:
                drop = (dropout, jax.random.fold_in(jax.random.key(seed), i))

            def mean_loss(parameters: Any) -> Any:
                values = losses(parameters, x_batch, y_batch, smoothing, drop)
                return (weight * values).sum() / weight.sum()

            loss, gradient = jax.value_and_grad(mean_loss)(parameters)
            updates, state = optimizer.update(gradient, state, parameters)
            return optax.apply_updates(parameters, updates), state, total + loss

        def one_check(i: Any, total: Any) -> Any:
            x_batch, y_batch, weight = taken(X, y, held[i])
            parameters = carry[0]
            return total + (weight * losses(parameters, x_batch, y_batch, 0.0, None)).sum()

        begin = (jax.tree.unflatten(tree, parameters), jax.tree.unflatten(state_tree, state), total)
        carry = lax.fori_loop(first, last, one_step, begin)
        held_total = lax.fori_loop(0, n_held, one_check, jnp.float32(0))
        new, state, total = carry
        return tuple(jax.tree.leaves(new)), tuple(jax.tree.leaves(state)), total, held_total

    return run
