"""Schedules by name: factors of a rate over the course of training, from time 0 to 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import optax  # type: ignore[import-untyped]

Schedule = Callable[[Any, Any], Any]
"""Takes the share of training that is over and the share that warms up; returns a factor."""

_STEPS = 10_000
"""What optax's one-cycle schedule is divided into; it knows steps, not shares."""


def _cosine(time: Any, warm_up: Any) -> Any:
    return optax.cosine_decay_schedule(1.0, 1)(time)


def _warmed(time: Any, warm_up: Any) -> Any:
    """Rise linearly for the share `warm_up`, and never be 0 at the first step."""
    return jnp.minimum(1.0, (time + 1e-4) / jnp.maximum(warm_up, 1e-4))


def _warmup_cosine(time: Any, warm_up: Any) -> Any:
    left = (time - warm_up) / jnp.maximum(1 - warm_up, 1e-4)
    return _warmed(time, warm_up) * _cosine(jnp.clip(left, 0.0, 1.0), warm_up)


def _flat_cosine(time: Any, warm_up: Any) -> Any:
    return _cosine(jnp.clip(2 * time - 1, 0.0, 1.0), warm_up)


def _coslog4(time: Any, warm_up: Any) -> Any:
    return 0.5 * (1 - jnp.cos(2 * jnp.pi * jnp.log2(1 + 15 * time)))


SCHEDULES: dict[str, Schedule] = {
    "constant": lambda time, warm_up: jnp.float32(1),
    "linear": lambda time, warm_up: 1 - time,
    "cosine": _cosine,
    "warmup": _warmed,
    "warmup-cosine": _warmup_cosine,
    "flat-cosine": _flat_cosine,
    "coslog4": _coslog4,
    "onecycle": lambda time, warm_up: optax.cosine_onecycle_schedule(_STEPS, 1.0)(_STEPS * time),
}
"""``cosine``: to 0 along half a cosine. ``warmup``: linearly to 1, then flat. ``warmup-cosine``:
both. ``flat-cosine``: 1 for half the time, then as ``cosine``. ``coslog4``: four cosine cycles,
each twice as long as the one before (Holzmüller et al., 2024). ``onecycle``: up for three tenths of
the time, then down (Smith & Topin, 2018)."""
