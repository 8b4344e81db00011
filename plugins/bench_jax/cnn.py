"""A convolutional network for images, series and spectrograms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

import bench
from bench_jax import grids, layers, masks, platform, raw
from bench_jax.network import Network, row
from bench_jax.signals import Signal


@dataclass(frozen=True)
class CnnNetwork(Network):
    """Convolutions, each with an activation and a pool, then fully connected layers.

    Parameters
    ----------
    shape
        Height, width and channels of a row as a grid.
    filters
        Of each convolution.
    hidden
        Widths of the fully connected layers.
    activation
        Name of `layers.ACTIVATIONS`.
    n_last
        Width of the last layer.
    is_native
        As in `layers.Convolution`.
    size
        Height and width of kernels.
    signal
        Of sequences: what inputs are; None: images of that shape.
    """

    shape: tuple[int, int, int]
    filters: tuple[int, ...]
    hidden: tuple[int, ...]
    activation: str
    n_last: int
    is_native: bool
    size: tuple[int, int] = (3, 3)
    signal: Signal | None = None

    @property
    def inputs(self) -> Any:
        """One row."""
        return row(self.shape) if self.signal is None else self.signal.inputs

    @property
    def n_outputs(self) -> int:
        """Width of the last layer."""
        return self.n_last

    def build(self) -> Cnn:
        """Return the module."""
        return Cnn(self)


class Cnn(nnx.Module):
    """The module of a `CnnNetwork`."""

    def __init__(self, network: CnnNetwork) -> None:
        height, width, channels = network.shape
        self.activation = network.activation
        self.signal = network.signal or Signal("image", network.shape)
        is_time = network.signal is not None
        convolutions = []
        for filters in network.filters:
            convolutions.append(
                layers.Convolution(
                    channels, filters, size=network.size, is_native=network.is_native
                )
            )
            height = grids.halved_size(height, is_time=is_time)
            width, channels = grids.halved_size(width, is_time=False), filters
        # Of time, the mean and the maximum go on: where something is does not matter.
        n_features = (2 if is_time else height) * width * channels
        widths = (n_features, *network.hidden)
        self.convolutions = nnx.List(convolutions)
        self.hidden = nnx.List(
            [layers.Dense(a, b) for a, b in zip(widths, network.hidden, strict=False)]
        )
        self.out = layers.last(widths[-1], network.n_outputs)

    def __call__(self, x: Any, drop: layers.Drop | None) -> jax.Array:
        """Return (n, n_outputs) from a batch of inputs."""
        activate = layers.ACTIVATIONS[self.activation]
        grid = grids.of(self.signal, x)
        for convolution in self.convolutions:
            grid = grids.halved(grid.zeroed(activate(convolution(grid.x))), "largest")
        features = grid.x
        if grid.lengths is not None:
            both = (masks.mean(grid.x, grid.mask), masks.largest(grid.x, grid.mask))
            features = jnp.stack(both, axis=1)
        features = features.reshape(len(features), -1)
        for i, dense in enumerate(self.hidden):
            features = layers.drop(activate(dense(features)), drop, i)
        return self.out(features)


_FILTERS = {"image": (32, 64), "series": (32, 64, 128), "spectrogram": (16, 32, 64)}


@dataclass(frozen=True)
class CnnSizes(raw.Sizes):
    """A convolutional network in the form of LeNet, with rectifiers and maxima.

    LeCun et al., 1998, "Gradient-based learning applied to document recognition". Of series and
    spectrograms the mean and the maximum over time reach the fully connected layers, of images
    every place.

    Parameters
    ----------
    filters
        Of each convolution; each is followed by a pool that halves height and width. None: 32 and
        64 for images, 32, 64 and 128 for series, 16, 32 and 64 for sounds.
    hidden
        Widths of the fully connected layers; dropout is behind each.
    size
        Height and width of kernels; None: 3, and 7 steps of series.
    activation
        ``relu``, ``gelu``, ``silu`` or ``tanh``.
    """

    filters: tuple[int, ...] | None = None
    hidden: tuple[int, ...] = (128,)
    size: int | None = None
    activation: str = "relu"

    def network(self, signal: Signal, n_outputs: int) -> CnnNetwork:
        """Return the network.

        Raises
        ------
        ValueError
            Images are too small for the pools.
        """
        shape = grids.shape_of(signal)
        filters = self.filters or _FILTERS[signal.kind]
        smallest = 2 ** len(filters)
        if signal.kind == "image" and min(shape[:2]) < smallest:
            raise ValueError(
                f"cnn: images are {shape[0]} x {shape[1]}, but {len(filters)} pools need at "
                f"least {smallest} x {smallest}; give fewer filters."
            )
        size = self.size or (7 if signal.kind == "series" else 3)
        return CnnNetwork(
            shape,
            filters,
            self.hidden,
            self.activation,
            n_outputs,
            platform.prefers_native_convolution(),
            grids.kernel_size(signal, size),
            None if signal.kind == "image" else signal,
        )


def make_cnn(context: bench.ModelContext, **params: Any) -> Any:
    """Return the estimator of the model ``cnn`` for a trial; see `bench_jax.raw.made`."""
    return raw.made(context, CnnSizes, params)
