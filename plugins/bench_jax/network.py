"""What the engine trains: a frozen record that builds a Flax module, and its arrays.

Arrays say for themselves how they are drawn and moved, in their own metadata, so that an engine
which knows no architecture can start and train any. They are drawn by NumPy on the host: compiling
JAX's own generators for every shape costs more than training a small network does.
"""

from __future__ import annotations

import abc
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from numpy.typing import NDArray


class Draw(Protocol):
    """How the start of an array is drawn: a function or a frozen record, so that it is hashable."""

    def __call__(self, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[Any]:
        """Return an array of that shape."""

    def __hash__(self) -> int: ...


def zeros(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[Any]:
    """Return zeros."""
    return np.zeros(shape, np.float32)


def ones(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[Any]:
    """Return ones."""
    return np.ones(shape, np.float32)


@dataclass(frozen=True)
class Normal:
    """Normally distributed numbers around 0."""

    spread: float = 1.0

    def __call__(self, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[Any]:
        """Return an array of that shape."""
        return (self.spread * rng.standard_normal(shape)).astype(np.float32)


@dataclass(frozen=True)
class Uniform:
    """Numbers equally distributed between -bound and bound."""

    bound: float = 1.0

    def __call__(self, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[Any]:
        """Return an array of that shape."""
        return rng.uniform(-self.bound, self.bound, shape).astype(np.float32)


def he(n_inputs: int, gain: float = 1.0) -> Uniform:
    """Return how kernels in front of rectifiers are drawn (He et al., 2015)."""
    return Uniform(gain * math.sqrt(6 / n_inputs))


def parameter(
    shape: tuple[int, ...], draw: Draw = zeros, *, rate: float = 1.0, decay: float = 1.0
) -> nnx.Param[Any]:
    """Return an array that is trained.

    Parameters
    ----------
    shape
        Its shape.
    draw
        How its start is drawn.
    rate, decay
        Factors of the learning rate and of the weight decay: 0 for no decay.
    """
    return nnx.Param(jnp.zeros(shape, jnp.float32), draw=draw, rate=rate, decay=decay)


class Given(nnx.Variable[Any]):
    """An array that is not trained, and comes from the training rows: bins, say."""


def given(shape: tuple[int, ...], dtype: Any = jnp.float32) -> Given:
    """Return an array that `Network.start` provides."""
    return Given(jnp.zeros(shape, dtype))


@dataclass(frozen=True)
class Network(abc.ABC):
    """A frozen record that describes a network and builds it.

    Two equal records build the same module, and share compiled programs.
    """

    @property
    @abc.abstractmethod
    def inputs(self) -> Any:
        """One row: a `jax.ShapeDtypeStruct`, or a tuple of them, without the axis of the rows."""

    @property
    @abc.abstractmethod
    def n_outputs(self) -> int:
        """Width of the last layer."""

    @abc.abstractmethod
    def build(self) -> nnx.Module:
        """Return the module, its arrays made by `parameter` and `given`.

        It is called with a batch of inputs and `drop`, which is None or a `layers.Drop`, and
        returns (n, n_outputs), or (n, n_members, n_outputs) where it is an ensemble: every member
        has a loss of its own, and predictions are averaged.
        """

    def start(self, X: Any, rng: np.random.Generator) -> Mapping[str, NDArray[Any]]:
        """Return arrays that hang on the training rows, by path such as ``"blocks.0.bias"``.

        They take the place of what would be drawn; every `given` array must be among them.

        Parameters
        ----------
        X
            Inputs of training rows, at most a few thousand of them.
        rng
            Random numbers.
        """
        return {}


def row(shape: tuple[int, ...], dtype: Any = jnp.float32) -> jax.ShapeDtypeStruct:
    """Return the description of one row of inputs."""
    return jax.ShapeDtypeStruct(shape, dtype)  # type: ignore[no-untyped-call]
