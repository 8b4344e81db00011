"""Random numbers inside compiled programs: a counter sent through an integer hash.

JAX's generators cost a training step on a CPU more than the layer that uses them: 0.39 ms
(threefry) and 1.3 ms (rbg) for 65,536 numbers against 0.06 ms here. Dropout and shuffling need
numbers that look independent, not ones that withstand an adversary.
"""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp
from jax import lax

_GOLDEN = 0x9E3779B9
"""2^32 over the golden ratio: spreads neighbouring counters over all 32 bits."""


def bits(key: Any, shape: tuple[int, ...]) -> Any:
    """Return uint32 numbers that hang on a key, itself a uint32, and on their place.

    The mixing function is ``lowbias32`` (Wellons, 2018, "Prospecting for hash functions"): each
    bit of the counter changes each bit of the result with a probability near one half.
    """
    counter = lax.iota(jnp.uint32, math.prod(shape)).reshape(shape)
    return _mixed(counter * jnp.uint32(_GOLDEN) + key)


def fold(key: Any, number: Any) -> Any:
    """Return the key of a part: a step, say, or a layer."""
    return _mixed(key ^ _mixed(jnp.asarray(number).astype(jnp.uint32) + jnp.uint32(_GOLDEN)))


def uniform(key: Any, shape: tuple[int, ...]) -> Any:
    """Return float32 numbers in [0, 1)."""
    return (bits(key, shape) >> 8).astype(jnp.float32) * jnp.float32(2**-24)


def order(key: Any, n_slots: int, n_rows: Any) -> Any:
    """Return the numbers 0 to `n_slots` - 1, those below `n_rows` first and in random order.

    One array is sorted, of random high bits over the number itself: several times faster than
    sorting numbers by random keys. From 2^20 rows on few random bits are left, 2^11 and fewer; they
    still say which part of an epoch a row falls into.
    """
    n_low = max(n_slots - 1, 1).bit_length()
    numbers = lax.iota(jnp.uint32, n_slots)
    high = (bits(key, (n_slots,)) >> (n_low + 1)) << n_low
    is_padding = (numbers >= jnp.asarray(n_rows).astype(jnp.uint32)).astype(jnp.uint32) << 31
    low = jnp.uint32((1 << n_low) - 1)
    return (lax.sort(high | is_padding | numbers) & low).astype(jnp.int32)


def _mixed(x: Any) -> Any:
    x = x ^ (x >> 16)
    x = x * jnp.uint32(0x7FEB352D)
    x = x ^ (x >> 15)
    x = x * jnp.uint32(0x846CA68B)
    return x ^ (x >> 16)
