"""Layers that the networks share, each written for the device that it runs on."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx

from bench_jax import convolution, noise
from bench_jax.network import he, parameter

Activation = Callable[[jax.Array], jax.Array]


class Drop(NamedTuple):
    """Dropout in training."""

    rate: Any
    key: Any


ACTIVATIONS: dict[str, Activation] = {
    "relu": nnx.relu,
    "gelu": nnx.gelu,
    "silu": nnx.silu,
    "tanh": nnx.tanh,
}


class Dense(nnx.Module):
    """A fully connected layer.

    Parameters
    ----------
    n_inputs, n_outputs
        Widths.
    gain
        Factor of the bounds that kernels for rectifiers start within (He et al., 2015).
    """

    def __init__(self, n_inputs: int, n_outputs: int, *, gain: float = 1.0) -> None:
        self.kernel = parameter((n_inputs, n_outputs), he(n_inputs, gain))
        self.bias = parameter((n_outputs,))

    def __call__(self, x: jax.Array) -> jax.Array:
        """Return (..., n_outputs) from (..., n_inputs)."""
        return x @ self.kernel[...] + self.bias[...]


def last(n_inputs: int, n_outputs: int) -> Dense:
    """Return a last layer, which starts a tenth as large: first outputs are near 0."""
    return Dense(n_inputs, n_outputs, gain=0.1)


def drop(x: jax.Array, drop: Drop | None, layer: int) -> jax.Array:
    """Zero a share of the values and scale the others up (Srivastava et al., 2014)."""
    if drop is None:
        return x
    share = 1 - jnp.asarray(drop.rate, jnp.float32)
    is_kept = noise.uniform(noise.fold(drop.key, layer), x.shape) < share
    return jnp.where(is_kept, x / share.astype(x.dtype), 0)


def max_pool(x: jax.Array) -> jax.Array:
    """Halve height and width of (n, h, w, c) by maxima of 2 x 2; an odd last row is left out.

    Three maxima of two, because the gradient of a maximum over windows or axes is slow on CPUs.
    """
    n, height, width, channels = x.shape
    x = x[:, : height // 2 * 2, : width // 2 * 2]
    x = x.reshape(n, height // 2, 2, width // 2, 2, channels)
    top, bottom = x[:, :, 0], x[:, :, 1]
    return jnp.maximum(
        jnp.maximum(top[:, :, :, 0], top[:, :, :, 1]),
        jnp.maximum(bottom[:, :, :, 0], bottom[:, :, :, 1]),
    )


class Convolution(nnx.Module):
    """A convolution with zero padding: (n, h, w, c) to (n, h, w, filters).

    Parameters
    ----------
    channels, filters
        Channels in and out.
    size
        Height and width of the kernel.
    is_native
        Whether to use the device's own gradient, or the one of `convolution.by_products`.
    """

    def __init__(
        self, channels: int, filters: int, *, size: tuple[int, int] = (3, 3), is_native: bool
    ) -> None:
        self.kernel = parameter((*size, channels, filters), he(math.prod(size) * channels))
        self.bias = parameter((filters,))
        self.is_native = is_native

    def __call__(self, x: jax.Array) -> jax.Array:
        """Return the convolved images."""
        if self.is_native:
            convolve = convolution.native
        elif x.shape[2] == self.kernel.shape[1] == 1:
            convolve = convolution.by_patches
        else:
            convolve = convolution.by_products
        return convolve(x, self.kernel[...]) + self.bias[...]
