"""Recurrent layers: LSTM, GRU and plain cells, forwards or both ways, for sequences of any length.

On a CPU such a layer is bound by how well each small step compiles, so the derivative is written
out: a step is one product and a few loops, and the weights' gradient is one product over all steps.
What a step takes from an array is taken as a whole and used once: XLA does not vectorise a loop
that takes two parts of one slice, and runs it five times slower.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import lax
from jax.custom_derivatives import SymbolicZero
from numpy.typing import NDArray

from bench_jax.network import Uniform, parameter

Arrays = tuple[jax.Array, ...]


@dataclass(frozen=True)
class Cell:
    """What a cell does in one step, and its derivative.

    Parameters
    ----------
    n_blocks
        Blocks of columns that inputs and state are multiplied to, each as wide as the state.
    n_states
        Arrays that are handed from step to step; the first is the output.
    scales
        What each block is multiplied by: 1/2 where a sigmoid is computed by way of tanh.
    of_inputs, of_state
        The blocks that hang on the inputs, and on the state before.
    forward
        (blocks, states) to (new states, what the derivative needs).
    backward
        (what it needs, gradients of the new states) to gradients of the unscaled blocks and, as far
        as they do not pass through the blocks, of the states before.
    """

    n_blocks: int
    n_states: int
    scales: tuple[float, ...]
    of_inputs: tuple[int, ...]
    of_state: tuple[int, ...]
    forward: Callable[[jax.Array, Arrays], tuple[Arrays, Arrays]]
    backward: Callable[[Arrays, Arrays], tuple[Arrays, Arrays]]


def _lstm(blocks: jax.Array, states: Arrays) -> tuple[Arrays, Arrays]:
    _, memory = states
    write, keep, new, read = _parts(jnp.tanh(blocks), 4)
    write, keep, read = (0.5 * gate + 0.5 for gate in (write, keep, read))
    updated = keep * memory + write * new
    shown = jnp.tanh(updated)
    return (read * shown, updated), (write, keep, new, read, memory, shown)


def _lstm_back(saved: Arrays, gradients: Arrays) -> tuple[Arrays, Arrays]:
    write, keep, new, read, memory, shown = saved
    state, updated = gradients
    updated = updated + state * read * (1 - shown * shown)
    blocks = (
        updated * new * write * (1 - write),
        updated * memory * keep * (1 - keep),
        updated * write * (1 - new * new),
        state * shown * read * (1 - read),
    )
    return blocks, (jnp.zeros_like(state), updated * keep)


def _gru(blocks: jax.Array, states: Arrays) -> tuple[Arrays, Arrays]:
    (state,) = states
    width = state.shape[1]
    reset, keep = (0.5 * gate + 0.5 for gate in _parts(jnp.tanh(blocks[:, : 2 * width]), 2))
    of_inputs, of_state = _parts(blocks[:, 2 * width :], 2)
    new = jnp.tanh(of_inputs + reset * of_state)
    return (new + keep * (state - new),), (reset, keep, new, of_state, state)


def _gru_back(saved: Arrays, gradients: Arrays) -> tuple[Arrays, Arrays]:
    reset, keep, new, of_state, before = saved
    (state,) = gradients
    inner = state * (1 - keep) * (1 - new * new)
    blocks = (
        inner * of_state * reset * (1 - reset),
        state * (before - new) * keep * (1 - keep),
        inner,
        inner * reset,
    )
    return blocks, (state * keep,)


def _plain(blocks: jax.Array, states: Arrays) -> tuple[Arrays, Arrays]:
    state = jnp.tanh(blocks)
    return (state,), (state,)


def _plain_back(saved: Arrays, gradients: Arrays) -> tuple[Arrays, Arrays]:
    (state,) = saved
    return (gradients[0] * (1 - state * state),), (jnp.zeros_like(state),)


CELLS: dict[str, Cell] = {
    "lstm": Cell(4, 2, (0.5, 0.5, 1, 0.5), (0, 1, 2, 3), (0, 1, 2, 3), _lstm, _lstm_back),
    "gru": Cell(4, 1, (0.5, 0.5, 1, 1), (0, 1, 2), (0, 1, 3), _gru, _gru_back),
    "rnn": Cell(1, 1, (1,), (0,), (0,), _plain, _plain_back),
}


class Recurrent(nnx.Module):
    """A recurrent layer over the steps of a sequence.

    ``lstm`` follows Hochreiter & Schmidhuber (1997) with the forget gate of Gers et al. (2000),
    ``gru`` Cho et al. (2014) with the reset gate behind the product, as cuDNN has it, ``rnn``
    Elman (1990) with tanh. The state is zero before the first step.

    Parameters
    ----------
    n_inputs
        Channels of a step.
    width
        Width of the state, for each direction.
    cell
        ``"lstm"``, ``"gru"`` or ``"rnn"``.
    is_bidirectional
        Whether a second layer reads each sequence from its end.

    Raises
    ------
    ValueError
        There is no such cell.
    """

    def __init__(
        self, n_inputs: int, width: int, *, cell: str = "lstm", is_bidirectional: bool = False
    ) -> None:
        directions = 2 if is_bidirectional else 1
        self.layers = nnx.List([_Direction(n_inputs, width, cell) for _ in range(directions)])

    def __call__(
        self, x: jax.Array, lengths: jax.Array | None = None
    ) -> tuple[jax.Array, jax.Array]:
        """Read sequences to their ends.

        Parameters
        ----------
        x
            (n, n_steps, n_inputs).
        lengths
            (n,) steps of each sequence that count; None: all. The others come last in x.

        Returns
        -------
        sequence, last
            The state after each step (n, n_steps, width), 0 behind a sequence's end, and after its
            last (n, width); twice as wide, forwards first, where the layer is bidirectional.
        """
        steps = jnp.swapaxes(x, 0, 1)
        forwards, *others = (
            self.layers[0](steps, lengths),
            *(layer(_reversed(steps, lengths), lengths) for layer in self.layers[1:]),
        )
        if not others:
            return jnp.swapaxes(forwards[0], 0, 1), forwards[1]
        ((backwards, first),) = others
        sequence = jnp.concatenate([forwards[0], _reversed(backwards, lengths)], axis=-1)
        return jnp.swapaxes(sequence, 0, 1), jnp.concatenate([forwards[1], first], axis=-1)


class _Direction(nnx.Module):
    """A recurrent layer that reads in one direction, with steps as the first axis."""

    def __init__(self, n_inputs: int, width: int, cell: str) -> None:
        if cell not in CELLS:
            raise ValueError(f"Recurrent: cell is {cell!r}; allowed: {', '.join(CELLS)}.")
        self.cell = cell
        self.width = width
        draw = Uniform(width**-0.5)
        kind = CELLS[cell]
        self.kernel = parameter((n_inputs, len(kind.of_inputs) * width), draw)
        self.recurrent_kernel = parameter((width, len(kind.of_state) * width), draw)
        self.bias = parameter((kind.n_blocks * width,), draw)

    def __call__(self, steps: jax.Array, lengths: jax.Array | None) -> tuple[jax.Array, jax.Array]:
        """Return all states (n_steps, n, width) and the last one (n, width)."""
        states, last = _unrolled(self.cell, steps, self._matrix())
        if lengths is None:
            return states, last
        # States behind the end are computed and not used: what is before cannot hang on them.
        is_inside = jnp.arange(len(states))[:, None] < lengths
        states = jnp.where(is_inside[..., None], states, 0)
        places = jnp.maximum(lengths - 1, 0)[None, :, None]
        return states, jnp.take_along_axis(states, places, axis=0)[0]

    def _matrix(self) -> jax.Array:
        """Return what (inputs, 1, state) is multiplied by."""
        kind, width = CELLS[self.cell], self.width
        rows = [
            _spread(self.kernel[...], kind.of_inputs, kind.n_blocks, width),
            self.bias[...][None],
            _spread(self.recurrent_kernel[...], kind.of_state, kind.n_blocks, width),
        ]
        return jnp.concatenate(rows)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _unrolled(cell: str, x: jax.Array, matrix: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Return all states (n_steps, n, width) and the last one, from (n_steps, n, n_inputs)."""
    states, last, _ = _read(cell, x, matrix)
    return states, last


def _read(cell: str, x: jax.Array, matrix: jax.Array) -> tuple[jax.Array, jax.Array, Any]:
    kind = CELLS[cell]
    n_steps, n, n_inputs = x.shape
    width = len(matrix) - n_inputs - 1
    scaled = (matrix * jnp.asarray(_columns(kind, width))).astype(x.dtype)
    ones = jnp.ones((n_steps, n, 1), x.dtype)

    def step(states: Arrays, inputs: jax.Array) -> tuple[Arrays, tuple[jax.Array, Arrays]]:
        row = jnp.concatenate([inputs, states[0].astype(x.dtype)], axis=1)
        blocks = jnp.dot(row, scaled, preferred_element_type=jnp.float32)
        states, saved = kind.forward(blocks, states)
        return states, (row, saved)

    start = (jnp.zeros((n, width), jnp.float32),) * kind.n_states
    states, (rows, saved) = lax.scan(step, start, jnp.concatenate([x, ones], axis=2))
    last = states[0].astype(x.dtype)
    return jnp.concatenate([rows[1:, :, n_inputs + 1 :], last[None]]), last, (rows, saved)


def _forward(cell: str, x: Any, matrix: Any) -> tuple[tuple[jax.Array, jax.Array], Any]:
    states, last, kept = _read(cell, x.value, matrix.value)
    return (states, last), (*kept, matrix.value)


def _backward(cell: str, kept: Any, gradients: Any) -> tuple[jax.Array, jax.Array]:
    rows, saved, matrix = kept
    of_states, of_last = gradients
    kind = CELLS[cell]
    n_steps, n, n_rows = rows.shape
    width = matrix.shape[1] // kind.n_blocks
    n_inputs = n_rows - width - 1
    to_state = matrix[n_inputs + 1 :].T.astype(rows.dtype)

    def step(gradients: Arrays, at_step: Any) -> tuple[Arrays, jax.Array]:
        saved, of_output = at_step
        state, *others = gradients
        if of_output is not None:
            state = state + of_output
        parts, (direct, *others) = kind.backward(saved, (state, *others))
        blocks = jnp.concatenate(parts, axis=1).astype(rows.dtype)
        through = jnp.dot(blocks, to_state, preferred_element_type=jnp.float32)
        return (through + direct, *others), blocks

    zero = jnp.zeros((n, width), jnp.float32)
    begin = zero if isinstance(of_last, SymbolicZero) else of_last.astype(jnp.float32)
    outputs = None if isinstance(of_states, SymbolicZero) else of_states
    _, blocks = lax.scan(
        step, (begin, *(zero,) * (kind.n_states - 1)), (saved, outputs), reverse=True
    )
    flat = blocks.reshape(n_steps * n, -1)
    of_x = (flat @ matrix[:n_inputs].T.astype(rows.dtype)).reshape(n_steps, n, n_inputs)
    of_matrix = jnp.dot(rows.reshape(n_steps * n, -1).T, flat, preferred_element_type=jnp.float32)
    return of_x, of_matrix.astype(matrix.dtype)


_unrolled.defvjp(_forward, _backward, symbolic_zeros=True)


def _parts(x: jax.Array, n: int) -> list[jax.Array]:
    return jnp.split(x, n, axis=1)


def _columns(kind: Cell, width: int) -> NDArray[np.float32]:
    """Return the scale of every column of the matrix."""
    return np.repeat(np.array(kind.scales, np.float32), width)


def _spread(kernel: jax.Array, blocks: tuple[int, ...], n_blocks: int, width: int) -> jax.Array:
    """Return a kernel with zeros for the blocks that it has nothing to say to."""
    if len(blocks) == n_blocks:
        return kernel
    parts = dict(zip(blocks, _parts(kernel, len(blocks)), strict=True))
    zero = jnp.zeros((len(kernel), width), kernel.dtype)
    return jnp.concatenate([parts.get(block, zero) for block in range(n_blocks)], axis=1)


def _reversed(steps: jax.Array, lengths: jax.Array | None) -> jax.Array:
    """Return sequences (n_steps, n, ...) read from their ends; what is behind them stays."""
    if lengths is None:
        return jnp.flip(steps, 0)
    places = jnp.arange(len(steps))[:, None]
    places = jnp.where(places < lengths, lengths - 1 - places, places)
    return jnp.take_along_axis(steps, places[..., None], axis=0)
