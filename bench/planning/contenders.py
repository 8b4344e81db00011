"""The models of a suite, with their parameters resolved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.planning.search import Search, is_blind, make_search
from bench.planning.subjects import Subject, labels_of
from bench.planning.suite import ModelTable
from bench.spec import ModelSpec
from bench.spec.errors import BenchError

if TYPE_CHECKING:
    from bench.registry.lookup import Registry


@dataclass(frozen=True)
class Contender:
    """A model of the suite with its parameters resolved; `given` are those that the suite says.

    `search` is how they are tuned, None where they are not.
    """

    spec: ModelSpec
    plugin: str
    plugin_version: str
    label: str
    params: Mapping[str, Any]
    given: Mapping[str, Any]
    search: Search | None = None


def find_contenders(
    tables: Sequence[ModelTable], registry: Registry, faults: list[str]
) -> list[Contender]:
    """Return each model, by label once; what is wrong with any is added to the faults."""
    contenders: dict[str, Contender] = {}
    for table, label in zip(tables, labels_of(tables, [t.name for t in tables]), strict=True):
        try:
            entry = registry.model(table.name)
            search = None
            if (tune := table.tune) is not None:
                search = make_search(
                    entry.record, table.params, trials=tune.trials, seconds=tune.seconds
                )
        except BenchError as error:
            faults.append(str(error))
            continue
        contender = Contender(
            spec=entry.record,
            plugin=entry.distribution,
            plugin_version=entry.version,
            label=label,
            params={**entry.record.params, **table.params},
            given=table.params,
            search=search,
        )
        if contenders.setdefault(label, contender) != contender:
            faults.append(f"models: two entries are both shown as {label!r}; give one a label.")
    return list(contenders.values())


def check_tuning(
    contenders: Sequence[Contender], subjects: Sequence[Subject], faults: list[str]
) -> None:
    """A model to be tuned for a task whose `fit` sees no truth is a fault: tuning would see it."""
    for contender in contenders:
        blind = {
            subject.task.name
            for subject in subjects
            if is_blind(subject.task)
            and (subject.task.name, subject.source.spec.modality) in contender.spec.does
        }
        if contender.search is not None and blind:
            faults.append(
                f"model {contender.spec.name!r} cannot be tuned for {', '.join(sorted(blind))}: "
                "`fit` sees no true classes there, and tuning would choose by them. Leave `tune` "
                "out of its entry, or the datasets of that task out of the suite."
            )
