"""Changes of training inputs by name, drawn anew for every batch inside the compiled program.

Images are (n, h, w, c) and tokens (n, length); series and sounds are steps (n, length, channels)
with lengths (n,), which stay as they are. Numbers are taken to be standardised: 0 is their mean.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from bench_jax import masks, noise
from bench_jax.tokens import UNKNOWN


def flip(x: jax.Array, key: Any) -> Any:
    """Mirror half of the images left to right."""
    is_flipped = noise.uniform(key, (len(x), 1, 1, 1)) < 0.5
    return jnp.where(is_flipped, x[:, :, ::-1], x)


def shift(x: Any, key: Any) -> Any:
    """Move each row by up to an eighth of its sides, or of its time; what comes in is 0."""
    if isinstance(x, tuple):
        steps, lengths = x
        moved = _moved(steps[:, :, None], noise.fold(key, 0), 0)[:, :, 0]
        return masks.zeroed(moved, masks.inside(lengths, steps.shape[1])), lengths
    return _moved(x, noise.fold(key, 0), noise.fold(key, 1))


def jitter(x: Any, key: Any) -> Any:
    """Add uniform numbers with a spread of a tenth."""
    return _changed(x, lambda x: x + 0.1 * 12**0.5 * (noise.uniform(key, x.shape) - 0.5))


def scale(x: Any, key: Any) -> Any:
    """Multiply each sequence by a number between 0.8 and 1.2."""
    return _changed(x, lambda x: x * (0.8 + 0.4 * noise.uniform(key, (len(x), 1, 1))))


def erase(x: jax.Array, key: Any) -> Any:
    """Set a rectangle of each image to 0, of up to half its sides (Zhong et al., 2020)."""
    rows = _span(noise.fold(key, 0), len(x), x.shape[1], 2)
    columns = _span(noise.fold(key, 1), len(x), x.shape[2], 2)
    return jnp.where((rows[:, :, None] & columns[:, None, :])[..., None], 0, x)


def mask_time(x: Any, key: Any) -> Any:
    """Set up to a quarter of the steps of each sequence, in a row, to 0 (Park et al., 2019)."""
    return _changed(x, lambda x: jnp.where(_span(key, len(x), x.shape[1], 4)[..., None], 0, x))


def mask_bands(x: Any, key: Any) -> Any:
    """Set up to a quarter of the bands of each sound, in a row, to 0 (Park et al., 2019)."""
    return _changed(x, lambda x: jnp.where(_span(key, len(x), x.shape[2], 4)[:, None], 0, x))


def forget(x: jax.Array, key: Any) -> Any:
    """Make a tenth of the tokens unknown."""
    return jnp.where((noise.uniform(key, x.shape) < 0.1) & (x > 0), UNKNOWN, x)


def _changed(x: Any, change: Callable[[jax.Array], Any]) -> Any:
    """Return an image or the steps of a sequence changed; what is behind an end stays 0."""
    if not isinstance(x, tuple):
        return change(x)
    steps, lengths = x
    return masks.zeroed(change(steps), masks.inside(lengths, steps.shape[1])), lengths


def _moved(x: jax.Array, down_key: Any, right_key: Any) -> Any:
    n, height, width, _ = x.shape
    # An axis of 1, such as that of a sequence, has nowhere to go.
    down, right = (max(size // 8, 1) if size > 1 else 0 for size in (height, width))
    margins = ((0, 0), (down, down), (right, right), (0, 0))
    rows = _steps(down_key, n, down)[:, None] + jnp.arange(height)
    columns = _steps(right_key, n, right)[:, None] + jnp.arange(width)
    places = jnp.arange(n)[:, None, None]
    return jnp.pad(x, margins)[places, rows[:, :, None], columns[:, None, :]]


def _steps(key: Any, n: int, reach: int) -> Any:
    return (noise.uniform(key, (n,)) * (2 * reach + 1)).astype(jnp.int32)


def _span(key: Any, n: int, size: int, part: int) -> Any:
    """Return (n, size), True in a row of places, at most a share `1 / part` of them."""
    length = noise.uniform(noise.fold(key, 0), (n, 1)) * size / part
    first = noise.uniform(noise.fold(key, 1), (n, 1)) * (size - length)
    places = jnp.arange(size)
    return (places >= first) & (places < first + length)


AUGMENTATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "flip": flip,
    "shift": shift,
    "jitter": jitter,
    "scale": scale,
    "erase": erase,
    "mask-time": mask_time,
    "mask-bands": mask_bands,
    "forget": forget,
}

KINDS: dict[str, tuple[str, ...]] = {
    "flip": ("image",),
    "shift": ("image", "series", "audio"),
    "jitter": ("image", "series", "audio"),
    "scale": ("series", "audio"),
    "erase": ("image",),
    "mask-time": ("series", "audio"),
    "mask-bands": ("audio",),
    "forget": ("text",),
}
"""Modalities that each is for."""
