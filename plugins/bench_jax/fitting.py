"""What the estimators share between scikit-learn's conventions and the engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from bench_jax import engine, layers


@dataclass(frozen=True)
class Standard:
    """Mean and spread of a regression's targets, each (k,)."""

    mean: NDArray[np.float64]
    spread: NDArray[np.float64]

    @classmethod
    def fit(cls, y: NDArray[np.float64]) -> Standard:
        """Learn from targets (n, k)."""
        spread = y.std(0)
        return cls(y.mean(0), np.where(spread > 0, spread, 1.0))


def fit(
    estimator: Any,
    network: engine.Network,
    loss: Literal["cross-entropy", "squared-error"],
    X: NDArray[np.float32],
    y: NDArray[Any],
    *,
    label_smoothing: float = 0.0,
    started_at: float,
) -> None:
    """Train a network and leave what came of it in the estimator.

    `y` holds (n,) codes of classes or (n, k) standardised numbers.
    """
    check(estimator, network)
    seed = int(check_random_state(estimator.random_state).randint(2**31 - 1))
    is_class = loss == "cross-entropy"
    training, validation = engine.holdout(
        y if is_class else y.mean(1),
        estimator.validation_fraction,
        keeps_classes=is_class,
        rng=np.random.default_rng([seed, 1]),
    )
    max_epochs = estimator.max_epochs
    if is_class and 0 < len(validation) < len(np.unique(y)):
        # Too few to stop by: they cannot even show every class. All rows teach, for a short time.
        training, validation = np.arange(len(y)), validation[:0]
        max_epochs = min(max_epochs, 2 * estimator.patience)
    recipe = engine.Recipe(
        learning_rate=estimator.learning_rate,
        weight_decay=estimator.weight_decay,
        label_smoothing=label_smoothing,
        dropout=estimator.dropout,
        max_epochs=max_epochs,
        patience=estimator.patience,
        max_seconds=estimator.max_seconds,
        started_at=started_at,
        seed=seed,
    )
    design = engine.Design(
        network, loss, n_rows(len(X), estimator.n_rows_max), estimator.batch_size,
        has_dropout=estimator.dropout > 0,
    )  # fmt: skip
    trained = engine.train(design, recipe, X, y, training, validation)
    estimator.design_ = design
    estimator.parameters_ = trained.parameters
    estimator.n_parameters_ = trained.n_parameters
    estimator.loss_curve_ = trained.loss_curve
    estimator.validation_curve_ = trained.validation_curve
    estimator.n_iter_ = trained.n_epochs
    estimator.stop_reason_ = trained.stop_reason


def n_rows(n: int, n_rows_max: int | None) -> int:
    """Return how many rows to pad to: the largest size that will come, or a power of two.

    The former in steps of 256, so that splits of slightly different sizes share a program.
    """
    if n_rows_max is not None and n_rows_max >= n:
        return -(-n_rows_max // 256) * 256
    return max(256, 1 << (n - 1).bit_length())


def softmax(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return probabilities that add up to 1 in double precision."""
    wide = values.astype(np.float64)
    powers = np.exp(wide - wide.max(1, keepdims=True))
    return np.asarray(powers / powers.sum(1, keepdims=True))


def check(estimator: Any, network: Any) -> None:
    """Refuse parameters that make no sense.

    Raises
    ------
    ValueError
        A parameter is out of its range; the message names it, its value and what is allowed.
    """
    rules: tuple[tuple[str, str, Callable[[float], bool]], ...] = (
        ("dropout", "in [0, 1)", lambda v: 0 <= v < 1),
        ("learning_rate", "positive", lambda v: v > 0),
        ("weight_decay", "0 or more", lambda v: v >= 0),
        ("label_smoothing", "in [0, 1)", lambda v: 0 <= v < 1),
        ("batch_size", "1 or more", lambda v: v >= 1),
        ("max_epochs", "1 or more", lambda v: v >= 1),
        ("patience", "1 or more", lambda v: v >= 1),
        ("validation_fraction", "in [0, 1)", lambda v: 0 <= v < 1),
    )
    for name, allowed, is_fine in rules:
        value = getattr(estimator, name, 0)
        if not is_fine(value):
            raise ValueError(
                f"{type(estimator).__name__}: {name} is {value!r}; allowed: {allowed}."
            )
    activation = getattr(network, "activation", "relu")
    if activation not in layers.ACTIVATIONS:
        raise ValueError(
            f"{type(estimator).__name__}: activation is {activation!r}; "
            f"allowed: {', '.join(layers.ACTIVATIONS)}."
        )
