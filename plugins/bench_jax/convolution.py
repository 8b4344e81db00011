"""Convolution of images, with a gradient that is fast on a CPU.

XLA:CPU convolves fast, but takes a hundred times as long for the gradient of the kernel, which is a
convolution with a window as large as an image. That gradient is written as products of matrices
here; the gradient of the images is a convolution with the kernel turned round.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax


def native(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """Return the device's own convolution of (n, h, w, c) by (size, size, c, f): (n, h, w, f)."""
    return lax.conv_general_dilated(
        x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


@jax.custom_vjp
def by_products(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """Return the same as `native`, its kernel's gradient by products; sizes are odd."""
    return native(x, kernel)


def _forward(x: jax.Array, kernel: jax.Array) -> tuple[jax.Array, Any]:
    return native(x, kernel), (x, kernel)


def _backward(kept: Any, gradient: jax.Array) -> tuple[jax.Array, jax.Array]:
    x, kernel = kept
    turned = kernel[::-1, ::-1].swapaxes(2, 3)
    of_kernel = _patched if x.shape[-1] == 1 else _crossed
    return native(gradient, turned), of_kernel(x, gradient, kernel.shape[0])


by_products.defvjp(_forward, _backward)


def _patched(x: jax.Array, gradient: jax.Array, size: int) -> jax.Array:
    """Return the kernel's gradient as patches times gradients: for one channel, the shorter way."""
    _, height, width, channels = x.shape
    margin = size // 2
    x = jnp.pad(x, ((0, 0), (margin, margin), (margin, margin), (0, 0)))
    patches = jnp.concatenate(
        [x[:, i : i + height, j : j + width] for i in range(size) for j in range(size)], axis=-1
    )
    product = patches.reshape(-1, size * size * channels).T @ _flat(gradient)
    return product.reshape(size, size, channels, -1)


def _crossed(x: jax.Array, gradient: jax.Array, size: int) -> jax.Array:
    """Return the kernel's gradient as images moved sideways times gradients moved down.

    Moving each of the two `size` times gives all ``size * size`` places in one product, of less
    memory than patches.
    """
    _, _, width, channels = x.shape
    margin = size // 2
    x = jnp.pad(x, ((0, 0), (margin, margin), (margin, margin), (0, 0)))
    sideways = jnp.concatenate([x[:, :, j : j + width] for j in range(size)], axis=-1)
    # Stacked and not concatenated, which XLA would do in a pass of its own.
    down = jnp.stack(
        [jnp.pad(gradient, ((0, 0), (i, size - 1 - i), (0, 0), (0, 0))) for i in range(size)],
        axis=-2,
    )
    product = _flat(sideways).T @ down.reshape(-1, size * gradient.shape[-1])
    return product.reshape(size, channels, size, -1).transpose(2, 0, 1, 3)


def _flat(x: jax.Array) -> jax.Array:
    return x.reshape(-1, x.shape[-1])
