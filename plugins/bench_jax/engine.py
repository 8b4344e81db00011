"""Training and prediction of any network: one compiled program each, for every size of a curve.

Arrays are padded to the largest number of rows, and how many of them count is an argument, so that
16 rows and 16,384 rows run the same program. Batches, shuffling, augmentation, validation and
stopping are inside the program; the host calls it again every second or so, to look at the clock.
"""

from __future__ import annotations

import functools
import hashlib
import math
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from bench_jax import platform, programs, step
from bench_jax.network import Network, row
from bench_jax.step import N_CURVE, Design, Leaves, Plan, Rates, State, structure

__all__ = ["Design", "Recipe", "Sample", "Stream", "Trained", "predict", "train"]

StopReason = Literal["early_stopping", "max_epochs", "max_seconds"]

MIN_STEPS = 8
"""Steps in an epoch at least: a set too small for that is passed over several times."""

_START_ROWS = 4096
"""Rows that a network's own start looks at."""

_CALL_SECONDS = 1.0
"""How long the program may run before the host is asked, so that an interrupt is heard."""

_TIMED_CALL_SECONDS = 0.2
"""The same where time is limited."""

_FIRST_STEPS = 64
"""Steps of the first call, which measures how long one takes."""

_NEVER = 2**31 - 1


@dataclass(frozen=True)
class Recipe:
    """How to train; none of it makes another program.

    Parameters
    ----------
    learning_rate, weight_decay, beta1, beta2
        Of the optimizer.
    label_smoothing
        Share of each target spread over all classes (Szegedy et al., 2016).
    dropout
        Rate, where the design has dropout.
    clip_norm
        Norm that gradients are cut down to, where the design has clipping.
    average_decay
        Of the moving average, where the design has one.
    warm_up
        Share of training in which schedules that warm up do so.
    tolerance
        What the validation loss must gain for patience to begin anew (the squared error: relative
        to its value); the best epoch is kept anyway.
    max_epochs, patience
        In epochs.
    max_seconds, started_at
        Training ends `max_seconds` after `started_at` of `time.perf_counter`.
    seed
        Of everything random.
    """

    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    label_smoothing: float = 0.0
    dropout: float = 0.0
    clip_norm: float = 1.0
    average_decay: float = 0.999
    warm_up: float = 0.05
    beta1: float = 0.9
    beta2: float = 0.999
    tolerance: float = 5e-3
    max_epochs: int = 100
    patience: int = 10
    max_seconds: float | None = None
    started_at: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class Sample:
    """Rows of inputs and what to learn about them.

    Parameters
    ----------
    X
        Inputs as `Network.inputs` says: an array or a tuple of arrays, rows first.
    y
        (n,) int32 codes of classes, or (n, n_outputs) float32.
    weight
        (n,) float32, 1 on average; None: all alike.
    n_rows
        How many rows count, where the arrays are padded already; None: all.
    """

    X: Any
    y: NDArray[Any]
    weight: NDArray[np.float32] | None = None
    n_rows: int | None = None

    def __len__(self) -> int:
        return len(self.y) if self.n_rows is None else self.n_rows


class Stream(Protocol):
    """Rows that are larger than memory, as windows that are not."""

    @property
    def n_rows(self) -> int:
        """Rows of all windows of one pass together."""

    def windows(self, rng: np.random.Generator) -> Iterator[Sample]:
        """Yield the rows once, in windows of at most ``Design.n_rows``, in an order drawn anew."""


@dataclass(frozen=True)
class Trained:
    """What training gives: arrays on the device, and how it went, one value an epoch.

    `parameters` and `given` are in the order of ``step.structure(network)``'s paths.
    """

    parameters: Leaves
    given: Leaves
    n_parameters: int
    loss_curve: list[float]
    validation_curve: list[float]
    n_epochs: int
    stop_reason: StopReason


def train(
    design: Design, recipe: Recipe, training: Sample | Stream, held: Sample | None = None
) -> Trained:
    """Train a network and keep the epoch that was best on the rows held out.

    Parameters
    ----------
    design, recipe
        What is trained, and how.
    training
        Rows to learn from, at most ``design.n_rows``, or a stream of windows of such rows.
    held
        Rows to stop by, at most ``design.n_held``. Without any the last epoch is kept.

    Raises
    ------
    ValueError
        There are more rows than the design has room for, a stream gives not the rows that it says,
        or the network's `start` not the arrays that are needed.
    """
    rng = np.random.default_rng(recipe.seed)
    clock = _Clock(recipe)
    job: _Job | None = None
    reason: StopReason | None = None
    for window, is_last in _windows(training, rng):
        if job is None:
            parameters, given = _start(design.network, window, rng)
            state = State(*platform.place(tuple(_first_state(design, parameters))))
            job = _job(design, recipe, platform.place(given), training, held)
        state, reason = _turn(job, state, window, is_last, clock)
        if reason is not None:
            break
    if job is None or reason is None:
        raise ValueError("the stream of training rows gave no window.")
    is_chosen = bool(design.n_held and job.losses)
    best = state.best if is_chosen else step.last_kept(design, state, recipe.average_decay)
    return Trained(
        best, job.given, sum(math.prod(leaf.shape) for leaf in best),
        job.losses, job.values if job.n_held else [], len(job.losses), reason,
    )  # fmt: skip


def predict(design: Design, trained: Trained, X: Any) -> NDArray[np.float32]:
    """Return the last layer's values, (n, n_outputs) or (n, n_members, n_outputs).

    Many rows go through the program of a batch; fewer through that of the next power of two, so
    that one row is not sixty-four.
    """
    n = len(jax.tree.leaves(X)[0])
    size = min(platform.prediction_batch(), 1 << max(n - 1, 0).bit_length())
    program = _predictor(design, size)
    parts = []
    for first in range(0, max(n, 1), size):
        block = jax.tree.map(lambda array, first=first: array[first : first + size], X)
        parts.append(program(trained.parameters, trained.given, _padded(block, size)))
    return np.concatenate([np.asarray(part) for part in parts])[:n]


@dataclass(frozen=True)
class _Job:
    """What stays the same over a training, and the curves that grow."""

    program: Callable[..., Leaves]
    design: Design
    recipe: Recipe
    given: Leaves
    held: Any
    n_held: int
    rates: tuple[Any, ...]
    n_passes: int | None  # in an epoch; None: a stream's windows make the epoch
    losses: list[float]
    values: list[float]


def _job(
    design: Design, recipe: Recipe, given: Leaves, training: Sample | Stream, held: Sample | None
) -> _Job:
    is_stream = not isinstance(training, Sample)
    n = len(training) if isinstance(training, Sample) else training.n_rows
    per_pass = math.ceil(n / design.batch)
    n_passes = 1 if is_stream else math.ceil(MIN_STEPS / per_pass)
    rates = Rates(
        **{name: getattr(recipe, name) for name in Rates._fields if name != "n_steps"},
        n_steps=recipe.max_epochs * n_passes * per_pass,
    )
    return _Job(
        _trainer(design), design, recipe, given,
        held=_placed(held, design.n_held, design, "rows held out") if design.n_held else (),
        n_held=len(held) if held is not None else 0,
        rates=tuple(map(np.float32, rates)),
        n_passes=None if is_stream else n_passes,
        losses=[], values=[],
    )  # fmt: skip


def _turn(
    job: _Job, state: State, window: Sample, is_last: bool, clock: _Clock
) -> tuple[State, StopReason | None]:
    """Train on a window: to the end of all training, or one pass where it is part of a stream."""
    rows = _placed(window, job.design.n_rows, job.design, "training rows")
    now, epoch, passes = int(state.step), int(state.epoch), int(state.passes)
    n_batches = math.ceil(len(window) / job.design.batch)
    n_checks = -(-job.n_held // job.design.held_batch) if job.n_held else 0
    cap, n_passes = _NEVER, job.n_passes
    if n_passes is None:
        cap, n_passes = now + n_batches, passes + 1 if is_last else _NEVER
    while now < cap:
        until = clock.until(now, cap)
        if until == now:
            return state, "max_seconds"
        share, surplus = divmod(len(window), n_batches)
        plan = Plan(
            len(window), job.n_held, n_batches, n_passes, share, surplus, n_checks,
            job.recipe.max_epochs, job.recipe.patience, epoch, until,
        )  # fmt: skip
        seed = np.uint32(job.recipe.seed % 2**32)
        state = State(
            *job.program(
                tuple(state), rows, job.held, job.given, tuple(map(np.int32, plan)), job.rates, seed
            )
        )
        begun, now = now, int(state.step)
        clock.note(now - begun)
        n_new, epoch = int(state.epoch) - epoch, int(state.epoch)
        job.losses.extend(np.asarray(state.losses)[:n_new].tolist())
        job.values.extend(np.asarray(state.values)[:n_new].tolist())
        if bool(state.is_stopped):
            return state, "early_stopping"
        if epoch == job.recipe.max_epochs:
            return state, "max_epochs"
    return state, None


def _windows(training: Sample | Stream, rng: np.random.Generator) -> Iterator[tuple[Sample, bool]]:
    """Yield windows without end, and whether each is the last of its pass."""
    if isinstance(training, Sample):
        yield training, True
        return
    while True:
        seen = 0
        for window in training.windows(rng):
            seen += len(window)
            yield window, seen >= training.n_rows
        if seen != training.n_rows:
            raise ValueError(
                f"the stream of training rows said {training.n_rows} rows and gave {seen}."
            )


class _Clock:
    """Says how many steps may be taken before the clock is looked at again."""

    def __init__(self, recipe: Recipe) -> None:
        self._deadline = (
            None if recipe.max_seconds is None else recipe.started_at + recipe.max_seconds
        )
        self._step_seconds = 0.0
        self._begun = 0.0

    def until(self, step: int, cap: int) -> int:
        """Return the step to stop at: `step` itself where time is over."""
        self._begun = time.perf_counter()
        seconds = _CALL_SECONDS
        if self._deadline is not None:
            left = self._deadline - self._begun
            if left <= self._step_seconds:
                return step
            seconds = min(left, _TIMED_CALL_SECONDS)
        if not self._step_seconds:
            return min(step + (_FIRST_STEPS if self._deadline is None else 1), cap)
        return min(step + max(int(seconds / self._step_seconds), 1), cap)

    def note(self, n_steps: int) -> None:
        """Learn how long a step takes."""
        self._step_seconds = (time.perf_counter() - self._begun) / max(n_steps, 1)


def _start(network: Network, window: Sample, rng: np.random.Generator) -> tuple[Leaves, Leaves]:
    """Return the first values of trained and of given arrays.

    On the host: compiling JAX's own generators for every shape costs more than training does.
    """
    shape = structure(network)
    n = len(window)
    few = np.sort(rng.choice(n, min(n, _START_ROWS), replace=False))
    own = dict(network.start(jax.tree.map(lambda array: array[few], window.X), rng))
    unknown = set(own) - {*shape.paths, *shape.given_paths}
    missing = set(shape.given_paths) - set(own)
    if unknown or missing:
        raise ValueError(
            f"{type(network).__name__}.start gives {sorted(own)}; "
            f"missing: {sorted(missing)}, unknown: {sorted(unknown)}."
        )
    parameters = [
        own[path] if path in own else variable.draw(rng, variable.shape)
        for path, variable in zip(shape.paths, shape.variables, strict=True)
    ]
    given = [own[path] for path in shape.given_paths]
    return _checked(parameters, shape.parameters), _checked(given, shape.given)


def _checked(arrays: list[Any], expected: Any) -> Leaves:
    """Return arrays in the types of their places, on all devices."""
    found = []
    for array, place in zip(arrays, jax.tree.leaves(expected), strict=True):
        if np.shape(array) != place.shape:
            raise ValueError(f"an array starts as {np.shape(array)}; {place.shape} is needed.")
        found.append(np.asarray(array, place.dtype))
    return tuple(found)


def _first_state(design: Design, parameters: Leaves) -> State:
    """Return the state before the first step, or its shapes; optimizers' own is zero throughout."""
    integer, number = np.int32(0), np.float32(0)
    own = jax.tree.leaves(step.optimizer_shapes(design))
    zeros = tuple(np.zeros(leaf.shape, np.float32) for leaf in parameters)
    return State(
        parameters=parameters,
        optimizer=tuple(np.zeros(leaf.shape, leaf.dtype) for leaf in own),
        average=(integer, *zeros) if design.averaging == "ema" else (),
        best=parameters if design.n_held else (),
        best_value=np.float32(np.inf), mark=np.float32(np.inf), mark_epoch=integer,
        epoch=integer, passes=integer, place=integer, step=integer, taken=integer, total=number,
        order=np.zeros(design.n_rows, np.int32),
        losses=np.zeros(N_CURVE, np.float32), values=np.zeros(N_CURVE, np.float32),
        is_stopped=np.bool_(False),
    )  # fmt: skip


def _placed(sample: Sample | None, n_rows: int, design: Design, name: str) -> Any:
    """Return (X, y, weight) on the devices, padded; arrays that have room are not copied."""
    if sample is None:
        rows = _rows(design, n_rows)
        return platform.place(jax.tree.map(lambda one: np.zeros(one.shape, one.dtype), rows))
    n = len(sample)
    if n > n_rows:
        raise ValueError(f"there are {n} {name}, but the design has room for {n_rows}.")
    weight = np.ones(n_rows, np.float32) if sample.weight is None else sample.weight
    return platform.place(_padded((sample.X, sample.y, weight), n_rows))


def _padded(arrays: Any, n_rows: int) -> Any:
    def pad(array: Any) -> Any:
        if len(array) == n_rows:
            return array
        wide = np.zeros((n_rows, *array.shape[1:]), array.dtype)
        wide[: len(array)] = array
        return wide

    return jax.tree.map(pad, arrays)


def _rows(design: Design, n_rows: int) -> Any:
    """Return the shapes of (X, y, weight)."""
    is_class = design.loss == "cross-entropy"
    return (
        jax.tree.map(lambda one: row((n_rows, *one.shape), one.dtype), design.network.inputs),
        row((n_rows,), jnp.int32) if is_class else row((n_rows, design.network.n_outputs)),
        row((n_rows,)),
    )


@functools.lru_cache(maxsize=32)
def _trainer(design: Design) -> Callable[..., Leaves]:
    """Return the compiled program of training."""
    shape = structure(design.network)
    parameters = tuple(jax.tree.leaves(shape.parameters))
    arguments = (
        tuple(_first_state(design, parameters)),
        _rows(design, design.n_rows),
        _rows(design, design.n_held) if design.n_held else (),
        tuple(jax.tree.leaves(shape.given)),
        (row((), jnp.int32),) * len(Plan._fields),
        (row(()),) * len(Rates._fields),
        row((), jnp.uint32),
    )
    return programs.obtain(
        "train",
        step.training(design, platform.spread),
        arguments,
        _words(design),
        donated=(0,),
        sharding=platform.sharding(),
    )


@functools.lru_cache(maxsize=128)
def _predictor(design: Design, size: int) -> Callable[..., Any]:
    """Return the compiled program of prediction for so many rows."""
    shape = structure(design.network)
    arguments = (
        tuple(jax.tree.leaves(shape.parameters)),
        tuple(jax.tree.leaves(shape.given)),
        jax.tree.map(lambda one: row((size, *one.shape), one.dtype), design.network.inputs),
    )
    return programs.obtain(
        "predict", step.forward(design), arguments, _words(design), sharding=platform.sharding()
    )


def _words(design: Design) -> str:
    return f"{type(design.network).__module__} {_code(type(design.network).__module__)} {design!r}"


@functools.cache
def _code(module: str) -> str:
    """Return a hash of a module's source: a plugin's network changes without its name."""
    source = getattr(sys.modules[module], "__file__", None)
    return hashlib.sha256(Path(source).read_bytes()).hexdigest() if source else ""
