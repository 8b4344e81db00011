"""What networks of residual blocks for tables share, besides `layers`."""

from __future__ import annotations

import math
from typing import Any

import jax

from bench_jax import layers


def linear(n_inputs: int, n_outputs: int) -> layers.Dense:
    """Return a fully connected layer that starts within one over the root of its inputs."""
    return layers.Dense(n_inputs, n_outputs, gain=1 / math.sqrt(6))


def drop(x: jax.Array, drop: layers.Drop | None, layer: int, share: float) -> jax.Array:
    """Drop values of x at a share of the rate: networks with several rates name the largest."""
    if drop is None or not share:
        return x
    return layers.drop(x, drop._replace(rate=drop.rate * share), layer)


def rates(estimator: Any, *names: str) -> list[float]:
    """Return an estimator's rates of dropout.

    Raises
    ------
    ValueError
        One is out of its range.
    """
    for name in names:
        rate = getattr(estimator, name)
        if not 0 <= rate < 1:
            raise ValueError(f"{type(estimator).__name__}: {name} is {rate!r}; allowed: in [0, 1).")
    return [getattr(estimator, name) for name in names]


def shares(rates: list[float]) -> list[float]:
    """Return rates as shares of the largest."""
    largest = max(rates) or 1.0
    return [rate / largest for rate in rates]
