"""Residual and fully convolutional networks for images, series and spectrograms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
from flax import nnx

import bench
from bench_jax import grids, layers, masks, platform, raw
from bench_jax.network import Network
from bench_jax.signals import Signal


@dataclass(frozen=True)
class ConvolutionalNetwork(Network):
    """Normed convolutions in blocks, with or without what skips them, and the mean of all places.

    Parameters
    ----------
    signal
        What inputs are.
    stem
        Filters of a convolution before the first block; 0: none.
    filters
        Of each block.
    kernels
        Height and width of each convolution of a block; one for each block where it is `plain`.
    is_residual
        Whether what a block sees is added to what it gives.
    halves
        Whether blocks with more filters than the one before see half the height and width.
    norm
        As in `grids.NormedConvolution`.
    is_native
        As in `layers.Convolution`.
    n_last
        Width of the last layer.
    """

    signal: Signal
    stem: int
    filters: tuple[int, ...]
    kernels: tuple[tuple[tuple[int, int], ...], ...]
    is_residual: bool
    halves: bool
    norm: str
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

    def build(self) -> Convolutional:
        """Return the module."""
        return Convolutional(self)


class Convolutional(nnx.Module):
    """The module of a `ConvolutionalNetwork`."""

    def __init__(self, network: ConvolutionalNetwork) -> None:
        self.signal = network.signal
        *_, channels = grids.shape_of(network.signal)
        stem = None
        if network.stem:
            stem = _normed(network, channels, network.stem, network.kernels[0][0])
            channels = network.stem
        self.stem = nnx.data(stem)
        blocks = []
        for number, (filters, kernels) in enumerate(
            zip(network.filters, network.kernels, strict=True)
        ):
            is_halving = network.halves and number > 0 and filters != channels
            blocks.append(Block(network, channels, filters, kernels, is_halving=is_halving))
            channels = filters
        self.blocks = nnx.List(blocks)
        self.out = layers.last(channels, network.n_outputs)

    def __call__(self, x: Any, drop: layers.Drop | None) -> jax.Array:
        """Return (n, n_outputs) from a batch of inputs."""
        grid = grids.of(self.signal, x)
        if self.stem is not None:
            grid = _rectified(self.stem(grid))
        for block in self.blocks:
            grid = block(grid)
        features = masks.mean(grid.x.mean(2), grid.mask)
        return self.out(layers.drop(features, drop, 0))


class Block(nnx.Module):
    """Normed convolutions with rectifiers, and what skips them."""

    def __init__(
        self,
        network: ConvolutionalNetwork,
        channels: int,
        filters: int,
        kernels: tuple[tuple[int, int], ...],
        *,
        is_halving: bool,
    ) -> None:
        self.is_halving = is_halving
        self.is_residual = network.is_residual
        widths = (channels, *(filters for _ in kernels))
        self.convolutions = nnx.List(
            [
                _normed(network, before, filters, size)
                for before, size in zip(widths, kernels, strict=False)
            ]
        )
        shortcut = None
        if network.is_residual and channels != filters:
            shortcut = _normed(network, channels, filters, (1, 1))
        self.shortcut = nnx.data(shortcut)

    def __call__(self, grid: grids.Grid) -> grids.Grid:
        """Return the block's grid."""
        if self.is_halving:
            grid = grids.halved(grid, "mean")
        inner = grid
        for convolution in self.convolutions[:-1]:
            inner = _rectified(convolution(inner))
        inner = self.convolutions[-1](inner)
        if self.is_residual:
            skipped = grid if self.shortcut is None else self.shortcut(grid)
            inner = grids.Grid(inner.x + skipped.x, inner.lengths)
        return _rectified(inner)


def _normed(
    network: ConvolutionalNetwork, channels: int, filters: int, size: tuple[int, int]
) -> grids.NormedConvolution:
    return grids.NormedConvolution(
        channels, filters, size, network.norm, is_native=network.is_native
    )


def _rectified(grid: grids.Grid) -> grids.Grid:
    return grids.Grid(nnx.relu(grid.x), grid.lengths)


@dataclass(frozen=True)
class ResNetSizes(raw.Sizes):
    """Residual networks: of images and spectrograms with two convolutions a block, of series three.

    He et al., 2016, "Deep residual learning for image recognition", in the form for small images
    (section 4.2), where a stage's first block sees means of 2 x 2 in place of steps of 2; for
    series that of Wang, Yan & Oates, 2017, "Time series classification from scratch with deep
    neural networks: a strong baseline", with kernels of 8, 5 and 3 steps.

    Parameters
    ----------
    filters
        Of each stage; None: 16, 32 and 64, and for series 64, 128 and 128.
    n_blocks
        Blocks of a stage.
    norm
        ``layer``, ``group`` or ``none``, as in `grids.NormedConvolution`: an answer hangs on
        nothing but its own row, which the papers' norm over batches does not grant.
    """

    filters: tuple[int, ...] | None = None
    n_blocks: int = 1
    norm: str = "group"

    def network(self, signal: Signal, n_outputs: int) -> ConvolutionalNetwork:
        """Return the network.

        Raises
        ------
        ValueError
            `norm` is unknown.
        """
        is_series = signal.kind == "series"
        stages = self.filters or ((64, 128, 128) if is_series else (16, 32, 64))
        sizes = (8, 5, 3) if is_series else (3, 3)
        filters = tuple(n for n in stages for _ in range(self.n_blocks))
        kernels = tuple(grids.kernel_size(signal, size) for size in sizes)
        return ConvolutionalNetwork(
            signal,
            0 if is_series else stages[0],
            filters,
            (kernels,) * len(filters),
            is_residual=True,
            halves=not is_series,
            norm=_known(self.norm),
            is_native=platform.prefers_native_convolution(),
            n_last=n_outputs,
        )


@dataclass(frozen=True)
class FcnSizes(raw.Sizes):
    """The fully convolutional network for series: convolutions, and the mean over time.

    Wang, Yan & Oates, 2017, "Time series classification from scratch with deep neural networks: a
    strong baseline".

    Parameters
    ----------
    filters
        Of each convolution.
    sizes
        Steps of each convolution's kernel.
    norm
        As in `ResNetSizes`.
    """

    filters: tuple[int, ...] = (128, 256, 128)
    sizes: tuple[int, ...] = (8, 5, 3)
    norm: str = "group"

    def network(self, signal: Signal, n_outputs: int) -> ConvolutionalNetwork:
        """Return the network.

        Raises
        ------
        ValueError
            There are not as many sizes as filters, or `norm` is unknown.
        """
        if len(self.filters) != len(self.sizes):
            raise ValueError(
                f"fcn: filters is {self.filters} and sizes {self.sizes}; give as many of either."
            )
        return ConvolutionalNetwork(
            signal,
            0,
            self.filters,
            tuple((grids.kernel_size(signal, size),) for size in self.sizes),
            is_residual=False,
            halves=False,
            norm=_known(self.norm),
            is_native=platform.prefers_native_convolution(),
            n_last=n_outputs,
        )


def _known(norm: str) -> str:
    if norm not in grids.NORMS:
        raise ValueError(f"norm is {norm!r}; allowed: {', '.join(grids.NORMS)}.")
    return norm


def make_resnet(context: bench.ModelContext, **params: Any) -> Any:
    """Return the estimator of the model ``resnet`` for a trial; see `bench_jax.raw.made`."""
    return raw.made(context, ResNetSizes, params)


def make_fcn(context: bench.ModelContext, **params: Any) -> Any:
    """Return the estimator of the model ``fcn`` for a trial; see `bench_jax.raw.made`."""
    return raw.made(context, FcnSizes, params)
