"""Inputs as grids (n, h, w, c) for convolutions: images, series of width 1, and spectrograms.

Of sequences, the first axis is time, and what is behind an end is zero in front of each
convolution, as if nothing were there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from bench_jax import layers, masks
from bench_jax.attention import normalized
from bench_jax.network import ones, parameter
from bench_jax.signals import Signal


@dataclass(frozen=True)
class Grid:
    """A grid and how many rows of it count: (n,), or None for all."""

    x: jax.Array
    lengths: jax.Array | None = None

    @property
    def mask(self) -> jax.Array | None:
        """(n, h), True for rows that count."""
        return None if self.lengths is None else masks.inside(self.lengths, self.x.shape[1])

    def zeroed(self, x: jax.Array | None = None) -> Grid:
        """Return this or another grid of this size with zeros in rows that do not count."""
        return Grid(masks.zeroed(self.x if x is None else x, self.mask), self.lengths)


def shape_of(signal: Signal) -> tuple[int, int, int]:
    """Return height, width and channels of a row as a grid."""
    if signal.kind == "image":
        height, width, channels = signal.shape
        return height, width, channels
    length, channels = signal.shape
    return (length, 1, channels) if signal.kind == "series" else (length, channels, 1)


def of(signal: Signal, x: Any) -> Grid:
    """Return a batch of inputs as a grid."""
    if signal.kind == "image":
        return Grid(x)
    values, lengths = x
    return Grid(values.reshape(len(values), *shape_of(signal)), lengths)


def kernel_size(signal: Signal, size: int) -> tuple[int, int]:
    """Return height and width of a kernel: along time alone where there is nothing else."""
    return (size, 1) if signal.kind == "series" else (size, size)


def halved(grid: Grid, pool: str) -> Grid:
    """Halve height and width by the ``largest`` or the ``mean`` of neighbours.

    An axis of 1 stays. Of images an odd last row is left out; of sequences it is kept, alone.
    """
    x, lengths = grid.x, grid.lengths
    if lengths is not None:
        x = jnp.pad(x, ((0, 0), (0, x.shape[1] % 2), (0, 0), (0, 0)))
        lengths = (lengths + 1) // 2
    if pool == "largest" and min(x.shape[1:3]) > 1:
        return Grid(layers.max_pool(x), lengths)
    for axis in (1, 2):
        size = x.shape[axis] // 2
        if size:
            pairs = jnp.moveaxis(x, axis, 1)[:, : 2 * size]
            first, second = pairs[:, 0::2], pairs[:, 1::2]
            both = jnp.maximum(first, second) if pool == "largest" else 0.5 * (first + second)
            x = jnp.moveaxis(both, 1, axis)
    return Grid(x, lengths)


def halved_size(size: int, *, is_time: bool) -> int:
    """Return what `halved` makes of an axis."""
    return max((size + is_time) // 2, 1)


class NormedConvolution(nnx.Module):
    """A convolution whose outputs are brought to one scale.

    Parameters
    ----------
    channels, filters, size, is_native
        As in `layers.Convolution`.
    norm
        Over which numbers of a row they get mean 0 and variance 1, times and plus what is learned:
        ``layer``: the channels of each place (Ba et al., 2016). ``group``: each of eight groups of
        channels over all places that count (Wu & He, 2018). ``none``.
    """

    def __init__(
        self, channels: int, filters: int, size: tuple[int, int], norm: str, *, is_native: bool
    ) -> None:
        self.convolution = layers.Convolution(channels, filters, size=size, is_native=is_native)
        self.norm = norm
        if norm != "none":
            self.scale = parameter((filters,), ones, decay=0.0)
            self.bias = parameter((filters,), decay=0.0)

    def __call__(self, grid: Grid) -> Grid:
        """Return the convolved grid; rows that do not count are zero."""
        x = self.convolution(grid.x)
        if self.norm == "layer":
            x = normalized(x)
        elif self.norm == "group":
            x = _grouped(x, grid.mask)
        if self.norm != "none":
            x = x * self.scale[...] + self.bias[...]
        return grid.zeroed(x)


NORMS = ("layer", "group", "none")

_N_GROUPS = 8


def _grouped(x: jax.Array, mask: jax.Array | None) -> jax.Array:
    """Return x with mean 0 and variance 1 in each group of channels, of the rows that count."""
    n, height, width, channels = x.shape
    n_groups = _N_GROUPS if channels % _N_GROUPS == 0 else 1
    wide = x.reshape(n, height, width, n_groups, -1).astype(jnp.float32)
    weight = jnp.ones((n, height)) if mask is None else mask.astype(jnp.float32)
    weight = (weight / (jnp.maximum(weight.sum(1), 1) * width)[:, None]).reshape(n, height, 1, 1, 1)
    weight = weight / wide.shape[-1]
    center = (wide * weight).sum((1, 2, 4), keepdims=True)
    spread = (jnp.square(wide - center) * weight).sum((1, 2, 4), keepdims=True)
    normed = (wide - center) * jax.lax.rsqrt(spread + 1e-5)
    return normed.reshape(x.shape).astype(x.dtype)
