"""The datasets of a suite: what is asked of them, at which sizes, and under which conditions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.planning import scope
from bench.planning.describing import DatasetFacts
from bench.planning.source import Source
from bench.planning.suite import DatasetTable, ModelTable, SizeGrid, Suite
from bench.planning.trials import Cells, canonical
from bench.spec import ModelSpec, Task
from bench.spec.errors import BenchError, SuiteError, nearest
from bench.spec.outcome import Trial
from bench.tasks.conditions import Condition, facts_for
from bench.tasks.splits import size_grid

if TYPE_CHECKING:
    from bench.registry.lookup import Registry

FactsOf = Callable[[Source, Sequence[Task]], DatasetFacts]


@dataclass(frozen=True)
class LeftOut:
    """Something that a suite names and that makes no trial, and why."""

    what: str
    why: str


@dataclass(frozen=True)
class Subject:
    """A dataset of the suite: its recipe, the task asked of it and the facts known of it.

    `conditions` is canonical JSON, as in the trials; under one that takes values away, the facts
    say that values are missing.
    """

    source: Source
    label: str
    task: Task
    primary_metric: str
    facts: DatasetFacts
    conditions: str = "{}"

    def objection(self, model: ModelSpec) -> str:
        """Return why a model is not for it, as its record says; an empty string: it is."""
        facts, modality = self.facts, self.source.spec.modality
        return scope.objection(model, self.task, modality, facts.target, facts.columns)

    def largest(self, trial: Trial) -> int:
        """Return the largest training size of the trial's split."""
        return self._largest[trial.outer_seed, trial.inner_seed]

    @cached_property
    def _largest(self) -> dict[tuple[int, int], int]:
        splits = reversed(self.facts.splits)  # where one is repeated, the first holds
        return {(split.outer_seed, split.inner_seed): split.n_train_max for split in splits}


def labels_of(tables: Sequence[ModelTable | DatasetTable], names: Sequence[str]) -> list[str]:
    """Return a label for each table: its own, or its name, with parameters where it is repeated."""
    labels = []
    marks = [" (tuned)" if getattr(table, "tune", None) else "" for table in tables]
    keys = list(zip(names, marks, strict=True))
    for table, (name, mark) in zip(tables, keys, strict=True):
        if table.label is not None:
            labels.append(table.label)
        elif keys.count((name, mark)) > 1 and table.params:
            given = ", ".join(f"{key}={canonical(value)}" for key, value in table.params.items())
            labels.append(f"{name}({given}){mark}")
        else:
            labels.append(f"{name}{mark}")
    return labels


def find_subjects(
    suite: Suite,
    registry: Registry,
    facts_of: FactsOf,
    faults: list[str],
) -> list[tuple[Subject, Any]]:
    """Return each dataset with its sizes; what is wrong with any is added to the faults."""
    found = _found(suite, registry, faults)
    labels = labels_of([table for table, *_ in found], [source.name for _, source, *_ in found])
    subjects: dict[str, tuple[Subject, Any]] = {}
    for (table, source, tasks, metric), label in zip(found, labels, strict=True):
        try:
            facts = facts_of(source, tasks)
        except BenchError as error:
            faults.append(str(error))
            continue
        task = next(task for task in tasks if task.name == facts.task)
        if source.path is not None and facts.target is None and table.task is None:
            faults.append(
                f"dataset {table.name!r}: no target is named. Add params = {{ target = ... }} with "
                f"one of its columns ({', '.join(c.name for c in facts.columns[:20])}), or say "
                f'task = "{facts.task}".'
            )
            continue
        named = (suite.suite.primary_metric, metric)
        lead = next((one for one in named if one and _is_metric_of(one, task, registry)), None)
        lead = lead or task.primary(facts.target)
        subject = Subject(source, label, task, lead, facts)
        sizes = suite.protocol.sizes if table.sizes is None else table.sizes
        if subjects.setdefault(label, (subject, sizes)) != (subject, sizes):
            faults.append(f"datasets: two entries are both shown as {label!r}; give one a label.")
    return list(subjects.values())


def sources_of(suite: Suite, registry: Registry) -> list[tuple[Source, list[Task]]]:
    """Return the datasets that a suite names rightly, with the tasks that may be asked of each."""
    return [(source, tasks) for _, source, tasks, _ in _found(suite, registry, [])]


def _found(
    suite: Suite, registry: Registry, faults: list[str]
) -> list[tuple[DatasetTable, Source, list[Task], str | None]]:
    """Return each dataset with its recipe, its tasks, and the metric that its record names."""
    found = []
    for table in suite.datasets:
        try:
            entry = registry.dataset(table.name)
            tasks = _tasks(table, entry.record.tasks, registry)
        except BenchError as error:
            faults.append(str(error))
            continue
        given = table.name.partition(":")[2]
        path = str(Path(given).absolute()) if entry.record.takes_path else None
        params = {**entry.record.params, **table.params}
        source = Source(entry.record, entry.version, params, path)
        found.append((table, source, tasks, entry.record.primary_metric))
    return found


def variants_of(
    suite: Suite, subjects: Sequence[Subject], left_out: list[LeftOut], faults: list[str]
) -> dict[str, list[Subject]]:
    """Return each subject by its label: clean, and under every condition that applies to it."""
    found = {subject.label: [subject] for subject in subjects}
    shown = set(found)
    is_whole = not faults  # else a dataset that it is for may be among those at fault
    seen = {Condition()}
    for number, table in enumerate(suite.conditions):
        condition = table.condition()
        if condition in seen:
            continue
        seen.add(condition)
        applies = False
        reasons: dict[tuple[str, str], None] = {}
        for subject in subjects:
            facts, modality = subject.facts, subject.source.spec.modality
            label = f"{subject.label} ({condition.name})"
            try:
                reason = condition.objection(facts_for(subject.task, modality, facts))
            except BenchError as error:
                faults.append(f"conditions[{number}]: {error}")
                break
            if reason is not None:
                reasons[reason] = None
                left_out.append(LeftOut(label, reason[1]))
                continue
            if label in shown:
                faults.append(
                    f"datasets: two entries are both shown as {label!r}; give one a label."
                )
            shown.add(label)
            facts = replace(facts, has_missing=facts.has_missing or condition.makes_missing)
            text = canonical(condition.to_json())
            found[subject.label].append(replace(subject, label=label, facts=facts, conditions=text))
            applies = True
        if is_whole and not applies:
            keys = {key for key, _ in reasons}
            place = f"conditions[{number}]" + (f".{keys.pop()}" if len(keys) == 1 else "")
            why = "; ".join(dict.fromkeys(why for _, why in reasons))
            faults.append(
                f"{place}: applies to none of the datasets: {why}. Leave it out, or add a dataset "
                "that it is for."
            )
    return found


def _tasks(table: DatasetTable, offered: Sequence[str], registry: Registry) -> list[Task]:
    if table.task is None:
        return [registry.task(name).record for name in offered]
    if table.task not in offered:
        raise SuiteError(
            f"dataset {table.name!r}: task is {table.task!r}; "
            f"allowed: {', '.join(offered)}.{nearest(table.task, offered)}"
        )
    return [registry.task(table.task).record]


def check_metrics(
    suite: Suite, registry: Registry, tasks: Sequence[Task], faults: list[str]
) -> None:
    """A metric that is unknown, or belongs to other tasks only, is a fault."""
    named = [("suite.metrics", name) for name in suite.suite.metrics]
    if suite.suite.primary_metric is not None:
        named.append(("suite.primary_metric", suite.suite.primary_metric))
    for place, name in named:
        try:
            metric = registry.metric(name).record
        except BenchError as error:
            faults.append(f"{place}: {error}")
            continue
        if place == "suite.primary_metric" and not metric.function:
            faults.append(
                f"{place}: {name!r} needs several trials, so that none has it to lead by."
            )
        if tasks and not any(_is_metric_of(name, task, registry) for task in tasks):
            allowed = sorted({metric for task in tasks for metric in task.metrics})
            faults.append(
                f"{place}: {name!r} is a metric of {', '.join(_owners(name, registry))}; this "
                f"suite asks for {', '.join(sorted({task.name for task in tasks}))}, which has: "
                f"{', '.join(allowed)}.{nearest(name, allowed)}"
            )


def _owners(metric: str, registry: Registry) -> list[str]:
    """Return the names of the tasks that a metric is one of."""
    return [e.record.name for e in registry.tasks.values() if metric in e.record.metrics]


def _is_metric_of(metric: str, task: Task, registry: Registry) -> bool:
    """Whether a metric is one of a task's, or of no task's: then it is there for all."""
    return metric in task.metrics or not _owners(metric, registry)


def cells_of(subject: Subject, sizes: Any, repeats: int, left_out: list[LeftOut]) -> Cells:
    """Return every split with every size that it allows and every repeat."""
    places = list(_places(subject, sizes, left_out))
    return Cells(
        subject.facts.splits,
        ((place, size, repeat) for place, size in places for repeat in range(repeats)),
    )


def _places(subject: Subject, sizes: Any, left_out: list[LeftOut]) -> Iterator[tuple[int, int]]:
    """Yield the place of every split with every size, each different set of rows once."""
    beyond: dict[int, int] = {}
    same: set[str] = set()
    full: set[tuple[int, str]] = set()
    seen: set[tuple[int, int]] = set()
    for number, split in enumerate(subject.facts.splits):
        if (split.outer_seed, split.inner_seed) in seen:
            continue
        seen.add((split.outer_seed, split.inner_seed))
        for size in _resolve_sizes(sizes, split.n_train_max):
            if size > split.n_train_max:
                beyond[size] = max(beyond.get(size, 0), split.n_train_max)
                continue
            if size == split.n_train_max and split.full_set:
                place = (split.outer_seed, split.full_set)
                if place in full:
                    same.add(f"{subject.label}, outer seed {split.outer_seed}, all rows")
                    continue
                full.add(place)
            yield number, size
    for size, largest in sorted(beyond.items()):
        unit = subject.task.size_unit
        why = f"beyond the data: at most {largest} {unit} can be training {unit}"
        left_out.append(LeftOut(f"{subject.label}, size {size}", why))
    repeated = "further inner seeds give the same rows: one trial"
    left_out.extend(LeftOut(what, repeated) for what in sorted(same))


def _resolve_sizes(sizes: Any, largest: int) -> list[int]:
    if isinstance(sizes, SizeGrid):
        to = largest if sizes.to is None else min(sizes.to, largest)
        return size_grid(sizes.from_, sizes.per_octave, to) or [sizes.from_]
    named = sizes if isinstance(sizes, tuple) else (sizes,)
    return sorted({largest if size == "all" else int(size) for size in named})
