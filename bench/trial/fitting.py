"""Estimators made and fitted, and what the fitted ones say of their own training."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from bench.registry.lookup import Entry, resolve
from bench.registry.venvs.remote import Connection, attached
from bench.spec import ModelContext, ModelSpec, Part, Parts, Task
from bench.spec.errors import PluginError
from bench.spec.outcome import MAX_SECONDS, CurvePoint


@dataclass(frozen=True)
class Fitting:
    """Makes the estimators of one trial, and fits them: each from one seed, whatever came before.

    Parameters
    ----------
    task
        What is asked of them.
    model
        Its factory makes them.
    context
        What the factory is told.
    worker
        Where, if the model has an environment of its own.
    """

    task: Task
    model: ModelSpec
    context: ModelContext
    worker: Connection | None = None

    def make(self, params: Mapping[str, Any]) -> Any:
        """Return an estimator, not yet fitted."""
        seed_all(self.context.seed)
        if self.worker is not None:
            return self.worker.make(self.model.factory, self.context, params)
        return resolve(self.model.factory)(self.context, **params)

    def prepare(self) -> None:
        """Import the factory."""
        if self.worker is not None:
            self.worker.prepare(self.model.factory)
        else:
            resolve(self.model.factory)

    def fit(self, estimator: Any, parts: Parts) -> Any:
        """Fit it on the training part; return the fitted one. `seed_all` comes before."""
        return self.task.fit(estimator, parts, fit_params(self.model, parts.train))

    def within(self, seconds: float | None) -> Fitting:
        """Return the same for estimators with so many seconds."""
        return replace(self, context=replace(self.context, max_seconds=seconds))

    def __call__(
        self, params: Mapping[str, Any], parts: Parts, seconds: float | None
    ) -> tuple[Any, bool]:
        """Return an estimator made and fitted on these parts, and whether time ended its fit.

        The factory is told the trial's own training rows even where `parts` have fewer: what it
        decides by them (to stop early, say) is to be what it decides for the trial's last fit.
        """
        own = self.within(seconds)
        estimator = own.make(params)
        seed_all(self.context.seed)
        fitted = own.fit(estimator, parts)
        return fitted, attribute(fitted, "stop_reason_") == MAX_SECONDS


def seed_all(seed: int) -> None:
    """Seed the global generators too, a worker's as well: not every learner takes a seed."""
    import numpy as np

    random.seed(seed)
    np.random.seed(seed)
    if (worker := attached()) is not None:
        worker.seed(seed)


def worker_for(entry: Entry[ModelSpec]) -> Connection | None:
    """Return the worker of this process where a model has an environment of its own, else None.

    Raises
    ------
    PluginError
        It has one, and no worker was started for this process.
    """
    if entry.python is None:
        return None
    if (worker := attached()) is None:
        raise PluginError(
            f"model {entry.record.name!r} lives in an environment of its own ({entry.python}); "
            "only 'bench run', 'bench choose' and 'bench check' make its estimators."
        )
    return worker


def fit_params(model: ModelSpec, part: Part) -> dict[str, Any]:
    """Return what a model asks for beside X and y, as far as the part has it."""
    values = {name: getattr(part, name) for name in model.fit_params}
    return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True)
class Account:
    """What a fitted estimator says of its training; `notes` say what of it is of no use."""

    stop_reason: str | None
    n_parameters: int | None
    threshold: float | None
    curves: tuple[CurvePoint, ...]
    notes: tuple[str, ...]


def account(estimator: Any) -> Account:
    """Read why a fitted estimator stopped, how large it is, how it learned, and what decides.

    From ``stop_reason_, n_parameters_, loss_curve_, validation_curve_``, and ``best_threshold_`` or
    ``threshold_``.
    """
    notes = []
    n_parameters = attribute(estimator, "n_parameters_")
    try:
        n_parameters = None if n_parameters is None else int(n_parameters)
    except (TypeError, ValueError):
        notes.append("n_parameters_ is not a number: left out")
        n_parameters = None
    curves: list[CurvePoint] = []
    for attribute_name, part, name in (
        ("loss_curve_", "train", "loss"),
        ("validation_curve_", "validation", "validation"),
    ):
        curve = attribute(estimator, attribute_name)
        if curve is None:
            continue
        try:
            values = [float(value) for value in curve]
        except (TypeError, ValueError):
            notes.append(f"{attribute_name} is not a sequence of numbers: left out")
            continue
        curves += [CurvePoint(step, part, name, v) for step, v in enumerate(values, start=1)]
    stop_reason = attribute(estimator, "stop_reason_")
    return Account(
        None if stop_reason is None else str(stop_reason),
        n_parameters,
        _threshold(estimator),
        tuple(curves),
        tuple(notes),
    )


def _threshold(estimator: Any) -> float | None:
    """Return from which score on the estimator decides for the positive class, where it says so."""
    names = ["best_threshold_", "threshold_"]
    if attribute(estimator, "response_method") is not None:  # FixedThresholdClassifier
        names.append("threshold")
    for name in names:
        with suppress(TypeError, ValueError):  # "auto", or something else of that name
            return float(attribute(estimator, name))
    return None


def attribute(estimator: Any, name: str) -> Any:
    """Return an attribute of the estimator, or of what a pipeline or a search wraps; else None."""
    for candidate in _unwrapped(estimator):
        try:
            value = getattr(candidate, name, None)
        except Exception:
            continue
        if value is not None:
            return value
    return None


def _unwrapped(estimator: Any) -> Iterator[Any]:
    for _ in range(10):
        yield estimator
        steps = getattr(estimator, "steps", None)
        if isinstance(steps, Sequence) and steps:
            estimator = steps[-1][1]
        elif (inner := getattr(estimator, "best_estimator_", None)) is not None:
            estimator = inner
        else:
            return
