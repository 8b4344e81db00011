"""Layers that the networks share, each written for the device that it runs on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx
from jax import lax

Activation = Callable[[jax.Array], jax.Array]
Drop = tuple[jax.Array, jax.Array]
"""Rate and random key of dropout."""

ACTIVATIONS: dict[str, Activation] = {
    "relu": nnx.relu,
    "gelu": nnx.gelu,
    "silu": nnx.silu,
    "tanh": nnx.tanh,
}


def unset(key: Any, shape: Any, dtype: Any = jnp.float32, out_sharding: Any = None) -> jax.Array:
    """Initialise with zeros: networks are built for their shapes, values come from the engine."""
    return jnp.zeros(shape, dtype)


def dense(n_inputs: int, n_outputs: int, rngs: nnx.Rngs) -> nnx.Linear:
    """Return a fully connected layer."""
    return nnx.Linear(n_inputs, n_outputs, kernel_init=unset, rngs=rngs)


def drop(x: jax.Array, drop: Drop | None, layer: int) -> jax.Array:
    """Zero a share of the values and scale the others up (Srivastava et al., 2014)."""
    if drop is None:
        return x
    rate, key = drop
    kept = jax.random.bernoulli(jax.random.fold_in(key, layer), 1 - rate, x.shape)
    return jnp.where(kept, x / (1 - rate), 0)


def max_pool(x: jax.Array) -> jax.Array:
    """Halve height and width of (n, h, w, c) by maxima of 2 x 2; an odd last row is left out.

    Reshape and max, because the gradient of a windowed maximum is slow on CPUs.
    """
    n, height, width, channels = x.shape
    x = x[:, : height // 2 * 2, : width // 2 * 2]
    return x.reshape(n, height // 2, 2, width // 2, 2, channels).max((2, 4))


class Convolution(nnx.Module):
    """A convolution of odd size with zero padding: (n, h, w, c) to (n, h, w, filters).

    Parameters
    ----------
    channels, filters
        Channels in and out.
    size
        Height and width of the kernel; odd.
    is_native
        Whether to use the device's convolution, or the same sums as patches times a matrix.
    """

    def __init__(self, channels: int, filters: int, *, size: int = 3, is_native: bool) -> None:
        shape = (size, size, channels, filters)
        self.kernel = nnx.Param(unset(None, shape))
        self.bias = nnx.Param(unset(None, (filters,)))
        self.size = size
        self.is_native = is_native

    def __call__(self, x: jax.Array) -> jax.Array:
        """Return the convolved images."""
        kernel, bias = self.kernel[...], self.bias[...]
        if self.is_native:
            y = lax.conv_general_dilated(
                x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
            )
            return y + bias
        _, height, width, _ = x.shape
        margin = self.size // 2
        padded = jnp.pad(x, ((0, 0), (margin, margin), (margin, margin), (0, 0)))
        shifted = [
            padded[:, row : row + height, column : column + width]
            for row in range(self.size)
            for column in range(self.size)
        ]
        patches = jnp.concatenate(shifted, axis=-1)
        return patches @ kernel.reshape(-1, kernel.shape[-1]) + bias
