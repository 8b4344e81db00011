"""Sequences of unequal lengths in one array: what is behind an end is never seen."""

from __future__ import annotations

import jax
import jax.numpy as jnp


def inside(lengths: jax.Array, n_steps: int) -> jax.Array:
    """Return (n, n_steps), True for the steps of each sequence."""
    return jnp.arange(n_steps) < lengths[:, None]


def zeroed(x: jax.Array, mask: jax.Array | None) -> jax.Array:
    """Return x (n, n_steps, ...) with zeros behind the ends; None: as it is."""
    return x if mask is None else x * _wide(mask, x).astype(x.dtype)


def mean(x: jax.Array, mask: jax.Array | None) -> jax.Array:
    """Return the mean over steps (n, ...) of x (n, n_steps, ...)."""
    if mask is None:
        return x.mean(1)
    counts = _wide(jnp.maximum(mask.sum(1), 1), x[:, 0])
    return zeroed(x, mask).sum(1) / counts.astype(x.dtype)


def largest(x: jax.Array, mask: jax.Array | None) -> jax.Array:
    """Return the maximum over steps (n, ...) of x (n, n_steps, ...); of no step, 0."""
    if mask is None:
        return x.max(1)
    found = jnp.where(_wide(mask, x), x, _LOW).max(1)
    return jnp.where(_wide(mask.any(1), found), found, 0)


_LOW = -1e30
"""Less than any number of a network, and no infinity, which gradients do not survive."""


def _wide(per_row: jax.Array, x: jax.Array) -> jax.Array:
    """Return an array with as many axes as x has."""
    return per_row.reshape(per_row.shape + (1,) * (x.ndim - per_row.ndim))
