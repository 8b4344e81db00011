"""Recurrent networks for text, series and sounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

import bench
from bench_jax import layers, masks, raw
from bench_jax.network import Network
from bench_jax.recurrent import Recurrent
from bench_jax.signals import Signal
from bench_jax.steps import Steps

POOLINGS = ("last", "mean", "largest")


@dataclass(frozen=True)
class RecurrentNetwork(Network):
    """Recurrent layers over steps, what is pooled of their states, and a last layer.

    Parameters
    ----------
    signal
        What inputs are.
    cell, bidirectional
        As in `recurrent.Recurrent`.
    embedding
        Width of tokens' vectors.
    hidden, layers, pooling, patch
        As in `RecurrentSizes`.
    n_last
        Width of the last layer.
    """

    signal: Signal
    cell: str
    bidirectional: bool
    embedding: int
    hidden: int
    layers: int
    pooling: str
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

    def build(self) -> RecurrentModule:
        """Return the module."""
        return RecurrentModule(self)


class RecurrentModule(nnx.Module):
    """The module of a `RecurrentNetwork`."""

    def __init__(self, network: RecurrentNetwork) -> None:
        is_text = network.signal.kind == "tokens"
        self.steps = Steps(network.signal, network.embedding if is_text else 0, network.patch)
        width = network.hidden * (2 if network.bidirectional else 1)
        widths = (self.steps.width, *(width for _ in range(network.layers)))
        self.recurrent = nnx.List(
            [
                Recurrent(
                    before,
                    network.hidden,
                    cell=network.cell,
                    is_bidirectional=network.bidirectional,
                )
                for before in widths[:-1]
            ]
        )
        self.pooling = network.pooling
        self.out = layers.last(width, network.n_outputs)

    def __call__(self, x: Any, drop: layers.Drop | None) -> jax.Array:
        """Return (n, n_outputs) from a batch of inputs."""
        states, mask = self.steps(x)
        lengths = None if mask is None else mask.sum(1).astype(jnp.int32)
        last = states[:, 0]
        for number, layer in enumerate(self.recurrent):
            states, last = layer(layers.drop(states, drop, number), lengths)
        if self.pooling == "mean":
            last = masks.mean(states, mask)
        elif self.pooling == "largest":
            last = masks.largest(states, mask)
        return self.out(layers.drop(last, drop, len(self.recurrent)))


@dataclass(frozen=True)
class RecurrentSizes(raw.Sizes):
    """Recurrent layers that read a sequence step by step.

    ``lstm``: Hochreiter & Schmidhuber, 1997; ``gru``: Cho et al., 2014; ``rnn``: Elman, 1990; both
    ways after Schuster & Paliwal, 1997. Dropout is in front of each layer and of the last one.

    Parameters
    ----------
    cell
        ``lstm``, ``gru`` or ``rnn``.
    hidden
        Width of the state, for each direction.
    layers
        How many.
    bidirectional
        Whether each layer reads from both ends.
    embedding
        Width of tokens' vectors.
    pooling
        What of the states goes on: the ``last``, their ``mean``, or the ``largest`` values.
    patch
        Steps of a series or sound that are read as one.
    """

    cell: str = "gru"
    hidden: int = 64
    layers: int = 1
    bidirectional: bool = True
    embedding: int = 64
    pooling: str = "largest"
    patch: int = 1

    def network(self, signal: Signal, n_outputs: int) -> RecurrentNetwork:
        """Return the network.

        Raises
        ------
        ValueError
            `pooling` is unknown, or a size is less than 1.
        """
        if self.pooling not in POOLINGS:
            raise ValueError(f"pooling is {self.pooling!r}; allowed: {', '.join(POOLINGS)}.")
        if self.layers < 1:
            raise ValueError(f"layers is {self.layers!r}; allowed: 1 or more.")
        return RecurrentNetwork(
            signal,
            self.cell,
            self.bidirectional,
            self.embedding,
            self.hidden,
            self.layers,
            self.pooling,
            self.patch,
            n_outputs,
        )


def make_rnn(context: bench.ModelContext, **params: Any) -> Any:
    """Return the estimator of the model ``rnn`` for a trial; see `bench_jax.raw.made`."""
    return raw.made(context, RecurrentSizes, params, cell="rnn")


def make_lstm(context: bench.ModelContext, **params: Any) -> Any:
    """Return the estimator of the model ``lstm`` for a trial; see `bench_jax.raw.made`."""
    return raw.made(context, RecurrentSizes, params, cell="lstm")


def make_gru(context: bench.ModelContext, **params: Any) -> Any:
    """Return the estimator of the model ``gru`` for a trial; see `bench_jax.raw.made`."""
    return raw.made(context, RecurrentSizes, params, cell="gru")
