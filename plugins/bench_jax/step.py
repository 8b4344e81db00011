"""The function of training that is compiled: epochs of steps, validation and stopping in one."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import optax  # type: ignore[import-untyped]
from flax import nnx
from jax import lax

from bench_jax import layers, losses, noise
from bench_jax.augmentation import AUGMENTATIONS
from bench_jax.losses import Loss as Loss
from bench_jax.network import Given, Network
from bench_jax.schedules import SCHEDULES

Leaves = tuple[Any, ...]

N_CURVE = 256
"""Epochs that one call of the program can report on; more of them take more calls."""

_OPTIMIZERS: dict[str, Callable[[Any, Any], optax.GradientTransformation]] = {
    "adamw": optax.scale_by_adam,
    "nadamw": lambda beta1, beta2: optax.scale_by_adam(beta1, beta2, nesterov=True),
    "adabelief": optax.scale_by_belief,
    "lion": optax.scale_by_lion,
    "rmsprop": lambda beta1, beta2: optax.scale_by_rms(beta2),
    "sgd": lambda beta1, beta2: optax.trace(beta1),
    "nesterov": lambda beta1, beta2: optax.trace(beta1, nesterov=True),
}


@dataclass(frozen=True)
class Design:
    """What a compiled program depends on, besides its code.

    Parameters
    ----------
    network
        What is trained.
    loss
        ``cross-entropy`` (y: (n,) int32 codes), ``squared-error`` or ``binary-cross-entropy``
        (y: (n, n_outputs) float32).
    n_rows, n_held
        Rows that the training arrays and those held out are padded to; 0 held out: none.
    batch_size
        Rows of a step at most.
    optimizer
        ``adamw``, ``nadamw``, ``adabelief``, ``lion``, ``rmsprop``, ``sgd`` or ``nesterov``; all
        with decoupled weight decay (Loshchilov & Hutter, 2019).
    schedule, noise_schedule
        Names of `schedules.SCHEDULES`: for the learning rate; for dropout and weight decay.
    averaging
        ``ema``: validate and keep an exponential moving average of the parameters.
    validation
        What chooses the best epoch: the ``loss``, or the share of ``error`` (the squared one for
        numbers), where a later epoch that is as good goes before an earlier one.
    has_dropout, has_clipping
        Whether the recipe's `dropout` and `clip_norm` are used.
    augmentation
        Names of `augmentation.AUGMENTATIONS`.
    precision
        What the network computes in; parameters, loss and optimizer stay float32.
    """

    network: Network
    loss: Loss
    n_rows: int
    n_held: int
    batch_size: int
    optimizer: str = "adamw"
    schedule: str = "constant"
    noise_schedule: str = "constant"
    averaging: Literal["none", "ema"] = "none"
    validation: Literal["loss", "error"] = "loss"
    has_dropout: bool = False
    has_clipping: bool = False
    augmentation: tuple[str, ...] = ()
    precision: Literal["float32", "bfloat16"] = "float32"

    def __post_init__(self) -> None:
        """Refuse names that mean nothing.

        Raises
        ------
        ValueError
            A name is unknown; the message lists those that are.
        """
        for field, name, allowed in (
            ("loss", self.loss, Loss.__args__),  # type: ignore[attr-defined]
            ("optimizer", self.optimizer, _OPTIMIZERS),
            ("schedule", self.schedule, SCHEDULES),
            ("noise_schedule", self.noise_schedule, SCHEDULES),
            ("averaging", self.averaging, ("none", "ema")),
            ("validation", self.validation, ("loss", "error")),
            ("precision", self.precision, ("float32", "bfloat16")),
            *(("augmentation", name, AUGMENTATIONS) for name in self.augmentation),
        ):
            if name not in allowed:
                raise ValueError(f"{field} is {name!r}; allowed: {', '.join(allowed)}.")

    @property
    def batch(self) -> int:
        """Rows of a step at most, no more than there are."""
        return min(self.batch_size, self.n_rows)

    @property
    def held_batch(self) -> int:
        """Rows of a step of validation."""
        return min(max(self.batch_size, 256), self.n_held)


class State(NamedTuple):
    """What training changes, carried through the program and given back."""

    parameters: Leaves
    optimizer: Leaves
    average: Leaves
    best: Leaves
    best_value: Any  # of the epoch kept
    mark: Any  # the value that patience is counted from
    mark_epoch: Any
    epoch: Any  # that are over
    passes: Any  # over the rows, in this epoch
    place: Any  # the next batch of this pass
    step: Any  # that are over, of all training
    taken: Any  # steps of this epoch
    total: Any  # of their losses
    order: Any
    losses: Any
    values: Any
    is_stopped: Any


class Plan(NamedTuple):
    """Numbers of rows and steps; int32 scalars, worked out on the host as far as they can be."""

    n_rows: Any
    n_held: Any
    n_batches: Any  # in a pass
    n_passes: Any  # in an epoch
    share: Any  # rows of a batch
    surplus: Any  # batches that have a row more
    n_checks: Any  # batches of rows held out
    max_epochs: Any
    patience: Any
    first_epoch: Any  # of this call
    until: Any  # this step


class Rates(NamedTuple):
    """Numbers of a recipe; float32 scalars."""

    learning_rate: Any
    weight_decay: Any
    label_smoothing: Any
    dropout: Any
    clip_norm: Any
    average_decay: Any
    warm_up: Any
    beta1: Any
    beta2: Any
    tolerance: Any
    n_steps: Any  # of all training, for the schedules


class Structure(NamedTuple):
    """A network without values."""

    graph: Any
    parameters: Any
    given: Any
    paths: tuple[str, ...]
    variables: tuple[nnx.Variable[Any], ...]
    given_paths: tuple[str, ...]

    def module(self, parameters: Leaves, given: Leaves) -> Any:
        """Return the module with these arrays."""
        return nnx.merge(
            self.graph,
            jax.tree.unflatten(jax.tree.structure(self.parameters), parameters),
            jax.tree.unflatten(jax.tree.structure(self.given), given),
        )


@functools.lru_cache(maxsize=32)
def structure(network: Network) -> Structure:
    """Return the network's structure and the shapes of its arrays, computing nothing."""
    parts: Any = nnx.split(nnx.eval_shape(network.build), nnx.Param, Given)
    graph, parameters, given = parts
    named = _named(parameters)
    return Structure(
        graph=graph,
        parameters=parameters,
        given=given,
        paths=tuple(named),
        variables=tuple(named.values()),
        given_paths=tuple(_named(given)),
    )


def _named(state: Any) -> dict[str, nnx.Variable[Any]]:
    """Return the variables by path, in the order of their leaves."""
    found = jax.tree_util.tree_leaves_with_path(
        state, is_leaf=lambda leaf: isinstance(leaf, nnx.Variable)
    )
    return {
        jax.tree_util.keystr(path, simple=True, separator="."): variable for path, variable in found
    }


def optimizer_shapes(design: Design) -> Any:
    """Return the optimizer's state as shapes."""
    shapes = tuple(jax.tree.leaves(structure(design.network).parameters))
    return jax.eval_shape(_OPTIMIZERS[design.optimizer](0.9, 0.999).init, shapes)


def forward(design: Design) -> Callable[[Leaves, Leaves, Any], Any]:
    """Return the function of prediction: parameters, given arrays and inputs to float32 outputs."""
    return functools.partial(_outputs, design, drop=None)


def _outputs(design: Design, parameters: Leaves, given: Leaves, x: Any, drop: Any) -> Any:
    if design.precision == "bfloat16":
        parameters, given, x = jax.tree.map(_halved, (parameters, given, x))
    output = structure(design.network).module(parameters, given)(x, drop=drop)
    return output.astype(jnp.float32)


def _halved(array: Any) -> Any:
    return array.astype(jnp.bfloat16) if array.dtype == jnp.float32 else array


def training(design: Design, constrain: Callable[[Any], Any]) -> Callable[..., Any]:
    """Return the function of training, to be compiled.

    It takes a `State` as a tuple, the rows to learn from and those held out, each (X, y, weight),
    the arrays given, a `Plan` and `Rates` as tuples and a seed, and returns the new state. It ends
    after `N_CURVE` epochs, at the step `Plan.until`, or when training is over. `constrain` says of
    a batch how it lies on the devices.
    """
    optimizer_tree = jax.tree.structure(optimizer_shapes(design))

    def run(
        state: Leaves, rows: Any, held: Any, given: Leaves, numbers: Any, factors: Any, seed: Any
    ) -> Leaves:
        plan, rates = Plan(*numbers), Rates(*factors)

        def is_on(state: State) -> Any:
            return (
                (state.step < plan.until)
                & (state.epoch < plan.max_epochs)
                & (state.epoch - plan.first_epoch < N_CURVE)
                & ~state.is_stopped
            )

        def one_pass(state: State) -> State:
            order = lax.cond(
                state.place == 0,
                lambda: noise.order(noise.fold(seed, state.step), design.n_rows, plan.n_rows),
                lambda: state.order,
            )
            last = jnp.minimum(plan.n_batches, state.place + plan.until - state.step)
            moving = (state.parameters, state.optimizer, state.average, state.total)

            def one_step(place: Any, moving: Any) -> Any:
                now = state.step + place - state.place
                batch = _batch(design, rows, order, place, plan)
                return _step(
                    design, optimizer_tree, constrain(batch), given, rates, seed, now, moving
                )

            moving = lax.fori_loop(state.place, last, one_step, moving)
            n_new = last - state.place
            is_whole = last == plan.n_batches
            state = state._replace(
                parameters=moving[0], optimizer=moving[1], average=moving[2], total=moving[3],
                order=order, step=state.step + n_new, taken=state.taken + n_new,
                place=jnp.where(is_whole, 0, last), passes=state.passes + is_whole,
            )  # fmt: skip
            ended: State = lax.cond(
                state.passes == plan.n_passes, end_epoch, lambda state: state, state
            )
            return ended

        def end_epoch(state: State) -> State:
            spot = state.epoch - plan.first_epoch
            epoch = state.epoch + 1
            loss = state.total / jnp.maximum(state.taken, 1)
            state = state._replace(
                epoch=epoch, passes=jnp.int32(0), taken=jnp.int32(0), total=jnp.float32(0),
                losses=state.losses.at[spot].set(loss),
            )  # fmt: skip
            if not design.n_held:
                return state
            kept = state.parameters
            if design.averaging == "ema":
                kept = _averaged(state.average, rates)
            value = _validate(design, kept, given, held, plan, constrain)
            is_later = plan.n_held == 0
            is_better = is_later | (value < state.best_value)
            if design.validation == "error":
                is_better |= value == state.best_value
            # A constant gain asked of a squared error would be all of it where there is no noise.
            gain = rates.tolerance
            if design.validation == "error":
                gain = jnp.float32(0)
            elif design.loss == "squared-error":
                gain = rates.tolerance * jnp.minimum(state.mark, 1.0)
            is_gain = is_later | (value < state.mark - gain)
            mark_epoch = jnp.where(is_gain, epoch, state.mark_epoch)
            return state._replace(
                best=lax.cond(is_better, lambda: kept, lambda: state.best),
                best_value=jnp.where(is_better, value, state.best_value),
                mark=jnp.where(is_gain, value, state.mark),
                mark_epoch=mark_epoch,
                values=state.values.at[spot].set(value),
                is_stopped=epoch - mark_epoch >= plan.patience,
            )

        begin: Any = State(*state)
        end: Any = lax.while_loop(is_on, one_pass, begin)
        return tuple(end)

    return run


def last_kept(design: Design, state: State, average_decay: float) -> Leaves:
    """Return what is kept where nothing is validated: the last parameters, or their average."""
    if design.averaging == "none" or not int(state.step):
        return state.parameters
    count = int(state.step)
    return tuple(leaf / (1 - average_decay**count) for leaf in state.average[1:])


def _averaged(average: Leaves, rates: Rates) -> Leaves:
    correction = 1 - rates.average_decay ** average[0].astype(jnp.float32)
    return tuple(leaf / correction for leaf in average[1:])


def _batch(design: Design, rows: Any, order: Any, place: Any, plan: Plan) -> Any:
    """Return batch number `place` of a pass, (X, y, weight), filled up with weights of 0."""
    first = place * plan.share + jnp.minimum(place, plan.surplus)
    n = plan.share + (place < plan.surplus)
    # Near the end of the array the slice begins earlier than asked.
    begin = jnp.minimum(first, design.n_rows - design.batch)
    places = lax.dynamic_slice(order, (begin,), (design.batch,))
    spots = begin + jnp.arange(design.batch)
    is_filled = (spots >= first) & (spots < first + n)
    X, y, weight = jax.tree.map(lambda array: array[places], rows)
    # Weights are 1 on average; dividing by them here leaves a mean over rows after summing.
    return X, y, jnp.where(is_filled, weight, 0.0) / n


def _step(
    design: Design, optimizer_tree: Any, batch: Any, given: Leaves, rates: Rates, seed: Any,
    now: Any, moving: Any,
) -> Any:  # fmt: skip
    """Take one step of the optimizer."""
    x, y, weight = batch
    parameters, state, average, total = moving
    time = jnp.minimum(now.astype(jnp.float32) / rates.n_steps, 1.0)
    calm = SCHEDULES[design.noise_schedule](time, rates.warm_up)
    rate = rates.learning_rate * SCHEDULES[design.schedule](time, rates.warm_up)
    key = noise.fold(seed ^ jnp.uint32(0x5BD1E995), now)
    for number, name in enumerate(design.augmentation):
        x = AUGMENTATIONS[name](x, noise.fold(key, 1_000_000 + number))
    drop = layers.Drop(rates.dropout * calm, key) if design.has_dropout else None

    def mean_loss(parameters: Leaves) -> Any:
        output = _outputs(design, parameters, given, x, drop)
        return (weight * losses.of_rows(design.loss, output, y, rates.label_smoothing)).sum()

    loss, gradient = jax.value_and_grad(mean_loss)(parameters)
    if design.has_clipping:
        gradient, _ = optax.clip_by_global_norm(rates.clip_norm).update(gradient, None)
    optimizer = _OPTIMIZERS[design.optimizer](rates.beta1, rates.beta2)
    updates, opened = optimizer.update(
        gradient, jax.tree.unflatten(optimizer_tree, state), parameters
    )
    parameters = tuple(
        array - rate * variable.rate * (update + rates.weight_decay * calm * variable.decay * array)
        for array, update, variable in zip(
            parameters, updates, structure(design.network).variables, strict=True
        )
    )
    if design.averaging == "ema":
        decay = rates.average_decay
        average = (
            average[0] + 1,
            *(
                decay * old + (1 - decay) * new
                for old, new in zip(average[1:], parameters, strict=True)
            ),
        )
    return parameters, tuple(jax.tree.leaves(opened)), average, total + loss


def _validate(
    design: Design, parameters: Leaves, given: Leaves, held: Any, plan: Plan, constrain: Any
) -> Any:
    """Return the mean over the rows held out of what chooses the best epoch."""
    size = design.held_batch

    def one_check(number: Any, totals: Any) -> Any:
        first = number * size
        begin = jnp.minimum(first, design.n_held - size)
        x, y, weight = jax.tree.map(
            lambda array: lax.dynamic_slice_in_dim(array, begin, size), held
        )
        spots = begin + jnp.arange(size)
        weight = jnp.where((spots >= first) & (spots < plan.n_held), weight, 0.0)
        x, y, weight = constrain((x, y, weight))
        output = _outputs(design, parameters, given, x, None)
        values = losses.judged(design.loss, output, y, by_error=design.validation == "error")
        return totals[0] + (weight * values).sum(), totals[1] + weight.sum()

    nothing = (jnp.float32(0), jnp.float32(0))
    total, count = lax.fori_loop(jnp.int32(0), plan.n_checks, one_check, nothing)
    return total / jnp.maximum(count, 1e-30)
