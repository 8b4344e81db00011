"""Recurrent layers: written for speed, equal to what their papers' equations say."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from bench_jax.recurrent import Recurrent

N, STEPS, CHANNELS, WIDTH = 3, 5, 2, 4
LENGTHS = np.array([5, 1, 3], np.int32)


def sigmoid(x):
    return 1 / (1 + jnp.exp(-x))


def lstm(x, state, kernel, recurrent, bias):
    h, c = state
    i, f, g, o = jnp.split(x @ kernel + h @ recurrent + bias, 4, axis=1)
    c = sigmoid(f) * c + sigmoid(i) * jnp.tanh(g)
    return sigmoid(o) * jnp.tanh(c), c


def gru(x, state, kernel, recurrent, bias):
    (h,) = state
    rx, zx, nx = jnp.split(x @ kernel + bias[: 3 * WIDTH], 3, axis=1)
    rh, zh, nh = jnp.split(h @ recurrent, 3, axis=1)
    z = sigmoid(zx + zh)
    n = jnp.tanh(nx + sigmoid(rx + rh) * (nh + bias[3 * WIDTH :]))
    return ((1 - z) * n + z * h,)


def rnn(x, state, kernel, recurrent, bias):
    return (jnp.tanh(x @ kernel + state[0] @ recurrent + bias),)


CELLS = {"lstm": (lstm, 2), "gru": (gru, 1), "rnn": (rnn, 1)}


def by_the_equations(cell, x, arrays):
    """All states (n, n_steps, width), one step after the other."""
    step, n_states = CELLS[cell]
    state = (jnp.zeros((len(x), WIDTH)),) * n_states
    states = []
    for t in range(x.shape[1]):
        state = step(x[:, t], state, *arrays)
        states.append(state[0])
    return jnp.stack(states, axis=1)


def made(cell, **options):
    """A layer whose arrays are random numbers, as a pure function of them, and the arrays."""
    rng = np.random.default_rng(0)
    layer = Recurrent(CHANNELS, WIDTH, cell=cell, **options)
    for direction in layer.layers:
        for array in (direction.kernel, direction.recurrent_kernel, direction.bias):
            array[...] = jnp.asarray(rng.normal(size=array.shape), jnp.float32)
    structure, state = nnx.split(layer)
    return lambda state, *inputs: nnx.merge(structure, state)(*inputs), state


def arrays_of(state, direction=0):
    arrays = state["layers"][direction]
    return [arrays[name][...] for name in ("kernel", "recurrent_kernel", "bias")]


@pytest.fixture(scope="module")
def x():
    return np.random.default_rng(1).normal(size=(N, STEPS, CHANNELS)).astype(np.float32)


@pytest.mark.parametrize("cell", CELLS)
def test_states_and_gradients_are_those_of_the_equations(cell, x):
    """Every state, and the gradient with regard to inputs and arrays, follow the equations."""
    layer, state = made(cell)
    rng = np.random.default_rng(2)
    of_sequence = rng.normal(size=(N, STEPS, WIDTH)).astype(np.float32)
    of_last = rng.normal(size=(N, WIDTH)).astype(np.float32)

    def ours(arrays, x):
        sequence, last = layer(arrays, x)
        return (sequence * of_sequence).sum() + (last * of_last).sum(), (sequence, last)

    def plain(arrays, x):
        sequence = by_the_equations(cell, x, arrays)
        return (sequence * of_sequence).sum() + (sequence[:, -1] * of_last).sum(), sequence

    gradient = jax.jit(jax.grad(ours, (0, 1), has_aux=True))
    (of_arrays, of_x), (sequence, last) = gradient(state, x)
    expected, states = jax.jit(jax.grad(plain, (0, 1), has_aux=True))(arrays_of(state), x)
    np.testing.assert_allclose(sequence, states, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(last, sequence[:, -1])
    plain_arrays, plain_x = expected
    pairs = zip([*arrays_of(of_arrays), of_x], [*plain_arrays, plain_x], strict=True)
    for mine, theirs in pairs:
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-5)


def test_the_gradient_of_the_last_state_alone(x):
    """Where no one asks for the sequence, the gradient is that of the last state."""
    layer, state = made("lstm")
    ours = jax.jit(jax.grad(lambda arrays, x: layer(arrays, x)[1].sum(), 1))(state, x)
    plain = jax.grad(lambda x: by_the_equations("lstm", x, arrays_of(state))[:, -1].sum())(x)
    np.testing.assert_allclose(ours, plain, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("is_bidirectional", [False, True])
def test_what_is_behind_the_end_does_not_count(x, is_bidirectional):
    """A padded sequence gives what it gives alone, whatever stands behind its end."""
    layer, state = made("gru", is_bidirectional=is_bidirectional)

    def both(x):
        sequence, last = layer(state, x, LENGTHS)
        return sequence.sum() + last.sum(), (sequence, last)

    of_x, (sequence, last) = jax.jit(jax.grad(both, has_aux=True))(x)
    for row, length in enumerate(LENGTHS):
        alone, end = layer(state, x[row : row + 1, :length])
        np.testing.assert_allclose(sequence[row, :length], alone[0], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(last[row], end[0], rtol=1e-5, atol=1e-6)
        assert not np.any(sequence[row, length:])
        assert not np.any(of_x[row, length:])
        assert np.all(of_x[row, :length])


def test_both_ways_is_once_forwards_and_once_from_the_end(x):
    """The second half of a state has read the sequence from its end, with arrays of its own."""
    layer, state = made("rnn", is_bidirectional=True)
    sequence, last = layer(state, x)
    forwards = by_the_equations("rnn", x, arrays_of(state, 0))
    backwards = by_the_equations("rnn", x[:, ::-1], arrays_of(state, 1))
    expected = np.concatenate([forwards, backwards[:, ::-1]], axis=-1)
    np.testing.assert_allclose(sequence, expected, rtol=1e-5, atol=1e-5)
    ends = np.concatenate([forwards[:, -1], backwards[:, -1]], axis=-1)
    np.testing.assert_allclose(last, ends, rtol=1e-5, atol=1e-5)


def test_half_precision_keeps_its_memory_in_full(x):
    """In bfloat16 outputs are near those in float32, and of the inputs' type."""
    layer, state = made("lstm")
    narrow = jax.tree.map(lambda array: array.astype(jnp.bfloat16), state)
    sequence, last = layer(narrow, x.astype(jnp.bfloat16))
    assert sequence.dtype == last.dtype == jnp.bfloat16
    expected, _ = layer(state, x)
    np.testing.assert_allclose(sequence.astype(np.float32), expected, atol=0.03)


def test_an_unknown_cell_is_refused():
    """The message names the cell and those that there are."""
    with pytest.raises(ValueError, match="cell is 'lstn'; allowed: lstm, gru, rnn"):
        Recurrent(2, 3, cell="lstn")
