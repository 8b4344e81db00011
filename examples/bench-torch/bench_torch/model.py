"""A multilayer perceptron for tables: the network and recipe of bench's ``mlp``, in PyTorch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from time import perf_counter
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split
from torch import nn

import bench
from bench_torch.table import TableEncoder

MIN_STEPS = 8
"""Steps in an epoch at least: few rows are passed over several times."""

TOLERANCE = 5e-3
"""What the validation loss must gain for patience to begin anew."""

AVERAGE_DECAY = 0.999


class Perceptron:
    """Rectified layers, AdamW, a moving average of weights, and the best epoch on rows held out.

    Parameters
    ----------
    is_classifier
        Whether it tells classes apart or predicts a number.
    columns
        Of the dataset.
    hidden
        Widths of the hidden layers.
    learning_rate, weight_decay
        Of AdamW (Loshchilov & Hutter, 2019).
    batch_size, max_epochs, patience, validation_fraction
        As their names say; patience in epochs.
    max_seconds
        After which training ends; None: no limit.
    seed
        Of everything random.
    device
        ``"cpu"`` or ``"gpu"``.

    Attributes
    ----------
    classes_
        Of a classifier, (n_classes,).
    loss_curve_, validation_curve_
        Mean loss per epoch.
    n_iter_
        Epochs.
    stop_reason_
        ``early_stopping``, ``max_epochs`` or ``max_seconds``.
    """

    def __init__(
        self,
        is_classifier: bool,
        columns: tuple[bench.Column, ...] = (),
        *,
        hidden: Sequence[int] = (256, 256),
        learning_rate: float = 1e-3,
        weight_decay: float = 1e-2,
        batch_size: int = 64,
        max_epochs: int = 100,
        patience: int = 20,
        validation_fraction: float = 0.1,
        max_seconds: float | None = None,
        seed: int = 0,
        device: str = "cpu",
    ) -> None:
        self.is_classifier = is_classifier
        self.columns = columns
        self.hidden = hidden
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.max_seconds = max_seconds
        self.seed = seed
        self.device = device

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn from a table (n, p), targets (n,) and weights (n,)."""
        began_at = perf_counter()
        y = np.asarray(y)
        self.encoder_ = TableEncoder.fit(X, self.columns)
        if self.is_classifier:
            self.classes_, codes = np.unique(y, return_inverse=True)
            target, n_outputs = codes.astype(np.int64), len(self.classes_)
        else:
            self.mean_, spread = float(y.mean()), float(y.std())
            self.spread_ = spread if spread > 0 else 1.0
            target, n_outputs = ((y - self.mean_) / self.spread_).astype(np.float32), 1
        weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, float)
        rows = tuple(
            torch.from_numpy(part).to(_device(self.device))
            for part in (self.encoder_.transform(X), target, weight.astype(np.float32))
        )
        # What else uses PyTorch in this process keeps its own random numbers.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            self.network_ = _network(rows[0].shape[1], self.hidden, n_outputs).to(rows[0].device)
            self._train(rows, began_at)
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return probabilities (n, n_classes), columns in the order of ``classes_``."""
        return torch.softmax(self._values(X), dim=1).cpu().double().numpy()

    def predict(self, X: Any) -> NDArray[Any]:
        """Return a class or a number for each row, (n,)."""
        if self.is_classifier:
            return np.asarray(self.classes_[self._values(X).argmax(1).cpu().numpy()])
        return self._values(X)[:, 0].cpu().double().numpy() * self.spread_ + self.mean_

    def _values(self, X: Any) -> torch.Tensor:
        rows = torch.from_numpy(self.encoder_.transform(X)).to(_device(self.device))
        with torch.inference_mode():
            return torch.as_tensor(self.network_(rows))

    def _loss(self, rows: tuple[torch.Tensor, ...]) -> torch.Tensor:
        X, target, weight = rows
        values = self.network_(X)
        if self.is_classifier:
            losses = nn.functional.cross_entropy(values, target, reduction="none")
        else:
            losses = torch.square(values[:, 0] - target)
        return (losses * weight).sum() / weight.sum().clamp_min(1e-12)

    def _train(self, rows: tuple[torch.Tensor, ...], began_at: float) -> None:
        """Train, and leave the weights of the best epoch in the network."""
        taught, held = self._held_out(rows[1].cpu().numpy())
        batch = min(self.batch_size, len(taught))
        n_batches = math.ceil(len(taught) / batch)
        passes = math.ceil(MIN_STEPS / n_batches)
        parameters = list(self.network_.parameters())
        optimizer = torch.optim.AdamW(
            parameters, lr=self.learning_rate, weight_decay=self.weight_decay
        )
        average = [torch.zeros_like(parameter) for parameter in parameters]
        best = (math.inf, [parameter.detach().clone() for parameter in parameters])
        least, last_gain, n_steps = math.inf, 0, 0
        self.loss_curve_: list[float] = []
        self.validation_curve_: list[float] = []
        self.stop_reason_ = "max_epochs"
        for epoch in range(1, self.max_epochs + 1):
            losses = []
            for _ in range(passes):
                for chosen in taught[torch.randperm(len(taught))].split(batch):
                    loss = self._loss(tuple(part[chosen] for part in rows))
                    optimizer.zero_grad()
                    loss.backward()  # type: ignore[no-untyped-call]
                    optimizer.step()
                    losses.append(loss.detach())
                    n_steps += 1
                    with torch.no_grad():
                        for mean, parameter in zip(average, parameters, strict=True):
                            mean.lerp_(parameter, 1 - AVERAGE_DECAY)
            self.loss_curve_.append(float(torch.stack(losses).mean()))
            now = [mean / (1 - AVERAGE_DECAY**n_steps) for mean in average]
            if not len(held):
                best = (0.0, now)
            else:
                value = self._value_with(now, tuple(part[held] for part in rows))
                self.validation_curve_.append(value)
                if value < best[0]:
                    best = (value, now)
                if value < least - TOLERANCE:
                    least, last_gain = value, epoch
                if epoch - last_gain >= self.patience:
                    self.stop_reason_ = "early_stopping"
                    break
            if self.max_seconds is not None and perf_counter() - began_at > self.max_seconds:
                self.stop_reason_ = "max_seconds"
                break
        self.n_iter_ = epoch
        _put(parameters, best[1])

    def _value_with(self, values: list[torch.Tensor], rows: tuple[torch.Tensor, ...]) -> float:
        """Return the loss that the network would have with other weights."""
        parameters = list(self.network_.parameters())
        kept = [parameter.detach().clone() for parameter in parameters]
        _put(parameters, values)
        with torch.inference_mode():
            value = float(self._loss(rows))
        _put(parameters, kept)
        return value

    def _held_out(self, target: NDArray[Any]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the rows to learn from and those to stop by, none where they would be too few."""
        n_held = round(self.validation_fraction * len(target))
        n_classes = len(np.unique(target)) if self.is_classifier else 1
        order = np.arange(len(target))
        if n_held < n_classes:
            return torch.from_numpy(order), torch.from_numpy(order[:0])
        shares = target if self.is_classifier and np.bincount(target).min() > 1 else None
        taught, held = train_test_split(
            order, test_size=n_held, stratify=shares, random_state=self.seed
        )
        return torch.from_numpy(taught), torch.from_numpy(held)


def make(context: bench.ModelContext, **params: Any) -> Perceptron:
    """Return the model for a trial, on its device and with its number of threads.

    Raises
    ------
    bench.ParameterError
        `Perceptron` takes no parameter of that name.
    bench.Skip
        The device is not there, or there are several targets.
    """
    allowed = (
        "hidden", "learning_rate", "weight_decay", "batch_size", "max_epochs", "patience",
        "validation_fraction",
    )  # fmt: skip
    for name in params:
        if name not in allowed:
            raise bench.ParameterError(
                f"model 'torch-mlp' takes no parameter {name!r}; allowed: {', '.join(allowed)}."
                f"{bench.nearest(name, allowed)}"
            )
    if context.target is not None and context.target.n_outputs > 1:
        raise bench.Skip("torch-mlp predicts one target, and there are several")
    if context.device == "gpu" and not torch.cuda.is_available():
        raise bench.Skip("device 'gpu' was asked for, and PyTorch finds none")
    torch.set_num_threads(context.n_threads)
    return Perceptron(
        context.task != "regression",
        context.columns,
        **params,
        max_seconds=context.max_seconds,
        seed=context.seed,
        device=context.device,
    )


def _device(name: str) -> torch.device:
    return torch.device("cuda" if name == "gpu" else name)


def _network(n_inputs: int, hidden: Sequence[int], n_outputs: int) -> nn.Sequential:
    """Return the layers, started as He et al. (2015) do, the last one a tenth as large."""
    layers: list[nn.Module] = []
    widths = [n_inputs, *hidden]
    for inner, outer in zip(widths, [*hidden, n_outputs], strict=True):
        layer = nn.Linear(inner, outer)
        nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)
        layers += [layer, nn.ReLU()]
    layers.pop()
    with torch.no_grad():
        layers[-1].weight.mul_(0.1)  # type: ignore[operator, union-attr]
    return nn.Sequential(*layers)


def _put(parameters: Sequence[nn.Parameter], values: Sequence[torch.Tensor]) -> None:
    with torch.no_grad():
        for parameter, value in zip(parameters, values, strict=True):
            parameter.copy_(value)
