"""Every promise, and which of them are looked for in a plugin: one check for each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.conformance import (
    conditions,
    datasets,
    models_checked,
    models_data,
    models_fitted,
    models_made,
    plugins,
    tasks_asked,
    tasks_divided,
    traces,
)
from bench.conformance.promise import Kind, Promise

if TYPE_CHECKING:
    from bench.registry.lookup import PluginInfo, Registry

PROMISES: tuple[Promise, ...] = (
    *plugins.PROMISES,
    *tasks_divided.PROMISES,
    *tasks_asked.PROMISES,
    *models_made.PROMISES,
    *models_fitted.PROMISES,
    *models_data.PROMISES,
    *traces.promises("model"),
    *models_checked.PROMISES,
    *datasets.PROMISES,
    *conditions.PROMISES,
)


@dataclass(frozen=True)
class Subject:
    """What a promise is looked for in.

    Parameters
    ----------
    kind
        What it is.
    name
        Its own; of a plugin, that of the entry point.
    distribution
        Who offers it.
    pairs
        Of a model: the tasks and modalities that it does.
    """

    kind: Kind
    name: str
    distribution: str
    pairs: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def promise_of(kind: Kind, name: str) -> Promise:
    """Return the promise of this name that is made of this kind of subject."""
    return next(one for one in PROMISES if (one.kind, one.name) == (kind, name))


def subjects(registry: Registry, plugin: PluginInfo) -> Iterator[Subject]:
    """Yield a plugin, then each of its records that can be looked up."""
    yield Subject("plugin", plugin.name, plugin.distribution)
    kinds: tuple[tuple[Kind, Any], ...] = (
        ("suite", registry.suites),
        ("task", registry.tasks),
        ("metric", registry.metrics),
        ("condition", registry.conditions),
        ("probe", registry.probes),
        ("dataset", registry.datasets),
        ("model", registry.models),
    )
    for kind, offered in kinds:
        for name, entry in offered.items():
            if (entry.plugin, entry.distribution) == (plugin.name, plugin.distribution):
                pairs = entry.record.does if kind == "model" else ()
                yield Subject(kind, name, plugin.distribution, pairs)


def promises_of(subject: Subject) -> Iterator[Promise]:
    """Yield the promises that are looked for in a subject."""
    for promise in PROMISES:
        if promise.kind != subject.kind:
            continue
        if subject.kind != "model" or any(promise.applies(*pair) for pair in subject.pairs):
            yield promise


def pairs_of(promise: Promise, subject: Subject) -> tuple[tuple[str, str], ...]:
    """Return the pairs of a model in which a promise is looked for.

    Where it depends on the task alone, that is the first pair of each task; where it depends on the
    modality alone, the first of each modality.
    """
    found: dict[tuple[str, ...], tuple[str, str]] = {}
    for task, modality in subject.pairs:
        if promise.applies(task, modality):
            pair = (task, modality)
            found.setdefault(
                {"pair": pair, "task": (task,), "modality": (modality,)}[promise.once_for], pair
            )
    return tuple(found.values())
