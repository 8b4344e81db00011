"""A transformer's encoder for text, images, series and sounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
from flax import nnx

import bench
from bench_jax import layers, masks, raw
from bench_jax.attention import EncoderBlock, LayerNorm
from bench_jax.network import Network, Normal, parameter
from bench_jax.signals import Signal
from bench_jax.steps import Steps


@dataclass(frozen=True)
class TransformerNetwork(Network):
    """Steps with their places, blocks of attention, the mean of all steps, and a last layer.

    Parameters
    ----------
    signal
        What inputs are.
    width, n_heads, n_blocks, hidden_factor, patch
        As in `TransformerSizes`.
    n_last
        Width of the last layer.
    """

    signal: Signal
    width: int
    n_heads: int
    n_blocks: int
    hidden_factor: float
    patch: int
    n_last: int

    @property
    def inputs(self) -> Any:
        """One row."""
        return self.signal.inputs

    @property
    def n_outputs(self) -> int:
        """Width of the last layer."""
        return self.n_last

    def build(self) -> Transformer:
        """Return the module."""
        return Transformer(self)


class Transformer(nnx.Module):
    """The module of a `TransformerNetwork`."""

    def __init__(self, network: TransformerNetwork) -> None:
        width = network.width
        self.steps = Steps(network.signal, width, network.patch)
        self.places = parameter((self.steps.n_steps, width), Normal(0.1), decay=0.0)
        self.blocks = nnx.List(
            [
                EncoderBlock(width, network.n_heads, round(width * network.hidden_factor))
                for _ in range(network.n_blocks)
            ]
        )
        self.norm = LayerNorm(width)
        self.out = layers.last(width, network.n_outputs)

    def __call__(self, x: Any, drop: layers.Drop | None) -> jax.Array:
        """Return (n, n_outputs) from a batch of inputs."""
        h, mask = self.steps(x)
        h = layers.drop(h + self.places[...], drop, 0)
        for number, block in enumerate(self.blocks):
            h = block(h, drop, 1 + number * EncoderBlock.n_drops, mask)
        return self.out(masks.mean(self.norm(h), mask))


@dataclass(frozen=True)
class TransformerSizes(raw.Sizes):
    """The encoder of Vaswani et al., 2017, "Attention is all you need", on steps of any kind.

    The norm is in front of each part (Xiong et al., 2020), places are learned, and the mean of all
    steps is what goes on; patches of images as in Dosovitskiy et al., 2021, "An image is worth
    16x16 words".

    Parameters
    ----------
    width
        Numbers of a step.
    n_heads
        Heads of attention; they divide the width.
    n_blocks
        Blocks.
    hidden_factor
        Width within a block's feed-forward part, over `width`.
    patch
        Height and width of an image's patches, or steps of a series or sound that are read as one;
        None: such that about 8 x 8 patches, or at most 128 steps, come of it.
    """

    width: int = 64
    n_heads: int = 4
    n_blocks: int = 2
    hidden_factor: float = 2.0
    patch: int | None = None

    def network(self, signal: Signal, n_outputs: int) -> TransformerNetwork:
        """Return the network.

        Raises
        ------
        ValueError
            A patch is larger than an image.
        """
        patch = self.patch or _patch(signal)
        if signal.kind == "image" and patch > min(signal.shape[:2]):
            raise ValueError(
                f"transformer: patch is {patch}, but images are {signal.shape[0]} x "
                f"{signal.shape[1]}; give a smaller one."
            )
        return TransformerNetwork(
            signal,
            self.width,
            self.n_heads,
            self.n_blocks,
            self.hidden_factor,
            patch,
            n_outputs,
        )


def _patch(signal: Signal) -> int:
    if signal.kind == "image":
        return max(round(min(signal.shape[:2]) / 8), 1)
    return -(-signal.shape[0] // 128)


def make_transformer(context: bench.ModelContext, **params: Any) -> Any:
    """Return the estimator of the model ``transformer`` for a trial; see `bench_jax.raw.made`."""
    return raw.made(context, TransformerSizes, params)
