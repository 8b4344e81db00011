"""Changes of training inputs by name, drawn anew for every batch inside the compiled program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from bench_jax import noise


def flip(x: jax.Array, key: Any) -> Any:
    """Mirror half of the images (n, h, w, c) left to right."""
    is_flipped = noise.uniform(key, (len(x), 1, 1, 1)) < 0.5
    return jnp.where(is_flipped, x[:, :, ::-1], x)


def shift(x: jax.Array, key: Any) -> Any:
    """Move each image (n, h, w, c) by up to an eighth of its sides; what comes in is 0."""
    n, height, width, _ = x.shape
    down, right = max(height // 8, 1), max(width // 8, 1)
    margins = ((0, 0), (down, down), (right, right), (0, 0))
    rows = _steps(noise.fold(key, 0), n, down)[:, None] + jnp.arange(height)
    columns = _steps(noise.fold(key, 1), n, right)[:, None] + jnp.arange(width)
    places = jnp.arange(n)[:, None, None]
    return jnp.pad(x, margins)[places, rows[:, :, None], columns[:, None, :]]


def jitter(x: jax.Array, key: Any) -> Any:
    """Add uniform numbers with a spread of a tenth; inputs are taken to be standardised."""
    return x + 0.1 * 12**0.5 * (noise.uniform(key, x.shape) - 0.5)


def _steps(key: Any, n: int, reach: int) -> Any:
    return (noise.uniform(key, (n,)) * (2 * reach + 1)).astype(jnp.int32)


AUGMENTATIONS: dict[str, Callable[[jax.Array, Any], Any]] = {
    "flip": flip,
    "shift": shift,
    "jitter": jitter,
}
