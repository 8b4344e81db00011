"""Convolutions over the words of a text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

import bench
from bench_jax import layers, masks, platform, raw
from bench_jax.network import Network
from bench_jax.signals import Signal
from bench_jax.steps import Steps


@dataclass(frozen=True)
class TextCnnNetwork(Network):
    """Kernels of several sizes over tokens, the largest value of each filter, and a last layer.

    Parameters
    ----------
    signal
        What inputs are.
    embedding, filters, sizes
        As in `TextCnnSizes`.
    is_native
        As in `layers.Convolution`.
    n_last
        Width of the last layer.
    """

    signal: Signal
    embedding: int
    filters: int
    sizes: tuple[int, ...]
    is_native: bool
    n_last: int

    @property
    def inputs(self) -> Any:
        """One row."""
        return self.signal.inputs

    @property
    def n_outputs(self) -> int:
        """Width of the last layer."""
        return self.n_last

    def build(self) -> TextCnn:
        """Return the module."""
        return TextCnn(self)


class TextCnn(nnx.Module):
    """The module of a `TextCnnNetwork`."""

    def __init__(self, network: TextCnnNetwork) -> None:
        self.steps = Steps(network.signal, network.embedding)
        self.convolutions = nnx.List(
            [
                layers.Convolution(
                    network.embedding, network.filters, size=(size, 1), is_native=network.is_native
                )
                for size in network.sizes
            ]
        )
        self.out = layers.last(network.filters * len(network.sizes), network.n_outputs)

    def __call__(self, x: Any, drop: layers.Drop | None) -> jax.Array:
        """Return (n, n_outputs) from codes (n, n_tokens)."""
        steps, mask = self.steps(x)
        grid = masks.zeroed(steps, mask)[:, :, None]
        found = [
            masks.largest(nnx.relu(convolution(grid))[:, :, 0], mask)
            for convolution in self.convolutions
        ]
        return self.out(layers.drop(jnp.concatenate(found, axis=1), drop, 0))


@dataclass(frozen=True)
class TextCnnSizes(raw.Sizes):
    """One layer of convolutions over words, and the largest value of each filter.

    Kim, 2014, "Convolutional neural networks for sentence classification", the variant that learns
    its vectors from nothing; dropout is in front of the last layer.

    Parameters
    ----------
    embedding
        Width of tokens' vectors.
    filters
        Filters of each size.
    sizes
        Tokens that kernels see.
    """

    embedding: int = 64
    filters: int = 100
    sizes: tuple[int, ...] = (3, 4, 5)

    def network(self, signal: Signal, n_outputs: int) -> TextCnnNetwork:
        """Return the network."""
        is_native = platform.prefers_native_convolution()
        return TextCnnNetwork(
            signal, self.embedding, self.filters, self.sizes, is_native, n_outputs
        )


def make_text_cnn(context: bench.ModelContext, **params: Any) -> Any:
    """Return the estimator of the model ``text-cnn`` for a trial; see `bench_jax.raw.made`."""
    return raw.made(context, TextCnnSizes, params)
