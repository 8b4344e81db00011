"""Random numbers in programs: even, independent of their place, and orders that leave none out."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from bench_jax import noise


def _key(number):
    return jnp.uint32(number)


def test_each_bit_is_set_half_of_the_time():
    """Of 65,536 numbers, every bit is 1 in half of them, within five standard errors."""
    bits = np.asarray(noise.bits(_key(7), (256, 256))).ravel()
    shares = [(bits >> i & 1).mean() for i in range(32)]
    assert np.abs(np.array(shares) - 0.5).max() < 5 * 0.5 / 256


def test_numbers_are_spread_evenly():
    """Uniform numbers fill sixteen bins alike: chi-squared of 15 degrees is below its 99.99 %."""
    numbers = np.asarray(noise.uniform(_key(1), (128, 512)))
    assert numbers.min() >= 0
    assert numbers.max() < 1
    counts = np.histogram(numbers, 16, (0, 1))[0]
    expected = numbers.size / 16
    assert (np.square(counts - expected) / expected).sum() < 44.3


@pytest.mark.parametrize("other", ["the next key", "the next place", "a folded key"])
def test_neighbours_are_not_alike(other):
    """Numbers of neighbouring keys, places and parts are uncorrelated."""
    numbers = np.asarray(noise.uniform(_key(5), (65536,)))
    others = {
        "the next key": noise.uniform(_key(6), (65536,)),
        "the next place": np.roll(numbers, 1),
        "a folded key": noise.uniform(noise.fold(_key(5), 0), (65536,)),
    }[other]
    assert abs(np.corrcoef(numbers, np.asarray(others))[0, 1]) < 5 / 256


@pytest.mark.parametrize(("n_slots", "n"), [(1, 0), (1, 1), (2, 1), (7, 4), (256, 255), (300, 300)])
def test_an_order_has_every_row_once_and_padding_last(n_slots, n):
    """The first numbers are those of the rows, the others those of the padding."""
    for key in (0, 1, 2**32 - 1):
        order = np.asarray(noise.order(_key(key), n_slots, n))
        assert sorted(order[:n]) == list(range(n))
        assert sorted(order[n:]) == list(range(n, n_slots))


def test_every_order_is_as_likely():
    """Of three rows each of the six orders comes in a sixth of 1,200 draws: chi-squared of 5."""
    draw = jax.vmap(lambda key: noise.order(key, 4, 3))
    orders = np.asarray(draw(jnp.arange(1200, dtype=jnp.uint32)))[:, :3]
    counts = np.unique(orders, axis=0, return_counts=True)[1]
    assert len(counts) == 6
    assert (np.square(counts - 200) / 200).sum() < 25.7
