"""What training lowers, and what chooses the best epoch: one number for each row."""

from __future__ import annotations

import math
from typing import Any, Literal

import jax
import jax.numpy as jnp
import optax  # type: ignore[import-untyped]

Loss = Literal["cross-entropy", "squared-error", "binary-cross-entropy"]

_TINY = 1e-7
"""What a mean probability is kept away from 0 and 1 by."""


def of_rows(loss: Loss, output: Any, y: Any, smoothing: Any) -> Any:
    """Return the loss of each row, (n,); an ensemble's is the mean of its members'.

    Parameters
    ----------
    loss
        Its name.
    output
        (n, n_outputs) or (n, n_members, n_outputs): logits, or numbers.
    y
        (n,) codes of classes, or (n, n_outputs).
    smoothing
        Share of each target that is spread over all classes, or over both values of a label.
    """
    if output.ndim == 3:
        y = y[:, None]
    if loss == "squared-error":
        values = jnp.square(output - y).mean(-1)
    elif loss == "binary-cross-entropy":
        smooth = y * (1 - smoothing) + smoothing / 2
        values = optax.sigmoid_binary_cross_entropy(output, smooth).mean(-1)
    else:
        smooth = optax.smooth_labels(jax.nn.one_hot(y, output.shape[-1]), smoothing)
        values = optax.softmax_cross_entropy(output, smooth)
    return values if values.ndim == 1 else values.mean(-1)


def judged(loss: Loss, output: Any, y: Any, *, by_error: bool) -> Any:
    """Return the loss or error of each row, (n,), by the mean prediction of an ensemble.

    Parameters
    ----------
    loss, output, y
        As in `of_rows`.
    by_error
        Whether to return what is wrong, 0 to 1, in place of classification's losses.
    """
    if loss == "squared-error":
        mean = output.mean(1) if output.ndim == 3 else output
        return jnp.square(mean - y).mean(-1)
    if loss == "binary-cross-entropy":
        chance = jax.nn.sigmoid(output)
        chance = chance.mean(1) if output.ndim == 3 else chance
        if by_error:
            return ((chance > 0.5) != (y > 0.5)).mean(-1)
        chance = jnp.clip(chance, _TINY, 1 - _TINY)
        return -(y * jnp.log(chance) + (1 - y) * jnp.log1p(-chance)).mean(-1)
    logs = jax.nn.log_softmax(output)
    if output.ndim == 3:
        logs = jax.nn.logsumexp(logs, axis=1) - math.log(output.shape[1])
    if by_error:
        return (logs.argmax(-1) != y).astype(jnp.float32)
    return -jnp.take_along_axis(logs, y[:, None], axis=-1)[:, 0]
