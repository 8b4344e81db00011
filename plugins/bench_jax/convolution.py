"""Convolution of images and sequences, with a gradient that is fast on a CPU.

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
    """Return the device's own convolution of (n, h, w, c) by (rows, columns, c, f): (n, h, w, f).

    Beyond the edges there are zeros; of an odd number of them, the more are at the end.
    """
    return _convolved(x, kernel, [_margins(size) for size in kernel.shape[:2]])


@jax.custom_vjp
def by_products(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """Return the same as `native`, its kernel's gradient by products."""
    return native(x, kernel)


def by_patches(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """Return the same as `native` of (n, h, 1, c) by a kernel of one column.

    Each place with its neighbours is a row of one product, whose own gradient is as fast.
    """
    n, height, _, channels = x.shape
    size, *_, filters = kernel.shape
    x = jnp.pad(x, ((0, 0), _margins(size), (0, 0), (0, 0)))
    patches = jnp.concatenate([x[:, i : i + height] for i in range(size)], axis=-1)
    product = patches.reshape(n * height, -1) @ kernel.reshape(size * channels, filters)
    return product.reshape(n, height, 1, filters)


def _margins(size: int) -> tuple[int, int]:
    """Return the zeros before and behind an axis that a kernel of that size needs."""
    return (size - 1) // 2, size // 2


def _convolved(x: jax.Array, kernel: jax.Array, margins: list[tuple[int, int]]) -> jax.Array:
    return lax.conv_general_dilated(
        x, kernel, (1, 1), margins, dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def _forward(x: jax.Array, kernel: jax.Array) -> tuple[jax.Array, Any]:
    return native(x, kernel), (x, kernel)


def _backward(kept: Any, gradient: jax.Array) -> tuple[jax.Array, jax.Array]:
    x, kernel = kept
    turned = kernel[::-1, ::-1].swapaxes(2, 3)
    margins = [_margins(size)[::-1] for size in kernel.shape[:2]]
    of_kernel = _patched if x.shape[-1] == 1 else _crossed
    return _convolved(gradient, turned, margins), of_kernel(x, gradient, *kernel.shape[:2])


by_products.defvjp(_forward, _backward)


def _patched(x: jax.Array, gradient: jax.Array, n_rows: int, n_columns: int) -> jax.Array:
    """Return the kernel's gradient as patches times gradients: for one channel, the shorter way."""
    _, height, width, channels = x.shape
    x = jnp.pad(x, ((0, 0), _margins(n_rows), _margins(n_columns), (0, 0)))
    patches = jnp.concatenate(
        [x[:, i : i + height, j : j + width] for i in range(n_rows) for j in range(n_columns)],
        axis=-1,
    )
    product = patches.reshape(-1, n_rows * n_columns * channels).T @ _flat(gradient)
    return product.reshape(n_rows, n_columns, channels, -1)


def _crossed(x: jax.Array, gradient: jax.Array, n_rows: int, n_columns: int) -> jax.Array:
    """Return the kernel's gradient as images moved sideways times gradients moved down.

    Moving the two as often as the kernel has columns and rows gives all its places in one product,
    of less memory than patches.
    """
    _, _, width, channels = x.shape
    x = jnp.pad(x, ((0, 0), _margins(n_rows), _margins(n_columns), (0, 0)))
    sideways = jnp.concatenate([x[:, :, j : j + width] for j in range(n_columns)], axis=-1)
    # Stacked and not concatenated, which XLA would do in a pass of its own.
    down = jnp.stack(
        [jnp.pad(gradient, ((0, 0), (i, n_rows - 1 - i), (0, 0), (0, 0))) for i in range(n_rows)],
        axis=-2,
    )
    product = _flat(sideways).T @ down.reshape(-1, n_rows * gradient.shape[-1])
    return product.reshape(n_columns, channels, n_rows, -1).transpose(2, 0, 1, 3)


def _flat(x: jax.Array) -> jax.Array:
    return x.reshape(-1, x.shape[-1])
