"""The models of a suite, with their parameters resolved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.planning.search import Search, make_search, why_untunable
from bench.planning.subjects import Subject, labels_of
from bench.planning.suite import ModelTable
from bench.spec import ModelSpec
from bench.spec.errors import BenchError

if TYPE_CHECKING:
    from bench.registry.lookup import Registry


@dataclass(frozen=True)
class Contender:
    """A model of the suite with its parameters resolved; `given` are those that the suite says.

    `search` is how they are tuned, None where they are not. A control is one that the task added;
    `variant` says which data it is given.
    """

    spec: ModelSpec
    plugin: str
    plugin_version: str
    label: str
    params: Mapping[str, Any]
    given: Mapping[str, Any]
    search: Search | None = None
    is_control: bool = False
    variant: str = ""


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
    """A model to be tuned for a task for which none can be is a fault."""
    tasks = {(one.task.name, one.source.spec.modality): one.task for one in subjects}
    for contender in contenders:
        if contender.search is None:
            continue
        asked = {tasks[pair].name: tasks[pair] for pair in contender.spec.does if pair in tasks}
        for name, task in sorted(asked.items()):
            if (why := why_untunable(task)) is not None:
                faults.append(
                    f"model {contender.spec.name!r} cannot be tuned for {name}: {why}. Leave "
                    "`tune` out of its entry, or the datasets of that task out of the suite."
                )
