"""Inputs as steps (n, n_steps, width) with a mask: tokens, patches of images, steps of series."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from bench_jax import layers, masks
from bench_jax.attention import Embedding
from bench_jax.signals import Signal

_SPREAD = 0.3
"""Of tokens' vectors at the start."""


class Steps(nnx.Module):
    """Makes steps of a batch of inputs.

    Parameters
    ----------
    signal
        What inputs are.
    width
        Of a step; 0: sequences stay as they are.
    patch
        Height and width of an image's patches, or how many steps of a sequence become one. Tokens
        stay one by one.
    """

    def __init__(self, signal: Signal, width: int, patch: int = 1) -> None:
        self.signal = signal
        self.patch = patch
        self.n_steps = signal.shape[0]
        self.width = width
        if signal.kind == "tokens":
            self.embedding = Embedding(signal.n_codes, width, spread=_SPREAD)
            return
        if signal.kind == "image":
            height, columns, channels = signal.shape
            self.n_steps = (height // patch) * (columns // patch)
            n_numbers = patch * patch * channels
        else:
            self.n_steps = -(-signal.shape[0] // patch)
            n_numbers = patch * signal.shape[1]
        self.width = width or n_numbers
        self.dense = nnx.data(layers.Dense(n_numbers, width, gain=6**-0.5) if width else None)

    def __call__(self, x: Any) -> tuple[jax.Array, jax.Array | None]:
        """Return steps (n, n_steps, width), and a mask (n, n_steps) or None."""
        if self.signal.kind == "tokens":
            return self.embedding(x), x > 0
        if self.signal.kind == "image":
            return self._widened(_patches(x, self.patch)), None
        values, lengths = x
        n, length, channels = values.shape
        missing = self.n_steps * self.patch - length
        if missing:
            values = jnp.pad(values, ((0, 0), (0, missing), (0, 0)))
        values = values.reshape(n, self.n_steps, self.patch * channels)
        mask = masks.inside(-(-lengths // self.patch), self.n_steps)
        return self._widened(values), mask

    def _widened(self, values: jax.Array) -> jax.Array:
        return values if self.dense is None else self.dense(values)


def _patches(images: jax.Array, size: int) -> jax.Array:
    """Return (n, n_patches, size * size * c); what does not fill a patch is left out."""
    n, height, width, channels = images.shape
    rows, columns = height // size, width // size
    cut = images[:, : rows * size, : columns * size]
    cut = cut.reshape(n, rows, size, columns, size, channels).transpose(0, 1, 3, 2, 4, 5)
    return cut.reshape(n, rows * columns, size * size * channels)
