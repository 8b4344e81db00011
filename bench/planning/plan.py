"""From a suite to trials: what will be measured, under which identity, and what was left out."""

from __future__ import annotations

import contextlib
import hashlib
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.planning.describing import DatasetFacts
from bench.planning.search import Search, is_blind, make_search
from bench.planning.source import Source
from bench.planning.suite import DatasetTable, ModelTable, SizeGrid, Suite
from bench.spec import ModelSpec, Split, SplitProtocol, Task
from bench.spec.errors import BenchError, SuiteError, nearest
from bench.spec.outcome import Trial
from bench.tasks.conditions import Condition, objection
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

    @cached_property
    def cache_key(self) -> str:
        """What the cached copy of the dataset is filed under."""
        return self.source.key()

    def largest(self, trial: Trial) -> int:
        """Return the largest training size of the trial's split."""
        return next(
            split.n_train_max
            for split in self.facts.splits
            if (split.outer_seed, split.inner_seed) == (trial.outer_seed, trial.inner_seed)
        )


@dataclass(frozen=True)
class Plan:
    """The trials of a suite in the order in which they are run, and what they are made of."""

    suite: Suite
    protocol: SplitProtocol
    trials: tuple[Trial, ...]
    left_out: tuple[LeftOut, ...]
    contenders: Mapping[str, Contender]
    subjects: Mapping[str, Subject]

    def metrics_of(self, subject: Subject) -> tuple[str, ...]:
        """Return the names of what the answers about a subject are scored by, the primary first."""
        named = (subject.primary_metric, *subject.task.metrics, *self.suite.suite.metrics)
        return tuple(dict.fromkeys(named))


def modules(suite: Suite, registry: Registry) -> tuple[str, ...]:
    """Return the modules that a suite's trials import, to be imported once before forking."""
    found: dict[str, None] = {}
    for table in suite.datasets:
        with contextlib.suppress(BenchError):
            spec = registry.dataset(table.name).record
            found |= dict.fromkeys((spec.loader.partition(":")[0], *spec.preload))
            for name in (table.task,) if table.task else spec.tasks[:1]:
                found |= dict.fromkeys(registry.task(name).record.preload)
    for model in suite.models:
        with contextlib.suppress(BenchError):
            entry = registry.model(model.name)
            if entry.python is None:
                found |= dict.fromkeys(entry.record.preload)
    return tuple(found)


def make_plan(suite: Suite, registry: Registry, facts_of: FactsOf, *, device: str = "cpu") -> Plan:
    """Cross the suite's models, datasets, splits, sizes and conditions.

    Clean data are always measured; conditions come beside them.

    Parameters
    ----------
    suite
        What to measure.
    registry
        Where names are looked up.
    facts_of
        Returns the facts of a dataset for the first fitting of some tasks; it may load data.
    device
        Kind of device for the models that run on it; the others run on the CPU.

    Raises
    ------
    BenchError
        Names that are unknown, datasets that cannot be loaded, conditions that apply to none of
        them, or sizes all beyond the data; every fault is named.
    """
    faults: list[str] = []
    contenders = _contenders(suite.models, registry, faults)
    protocol = suite.protocol.splits()
    subjects = _subjects(suite, registry, facts_of, faults)
    _check_metrics(suite, registry, [subject.task for subject, _ in subjects], faults)
    _check_tuning(contenders, [subject for subject, _ in subjects], faults)
    left_out: list[LeftOut] = []
    variants = _variants(suite, [subject for subject, _ in subjects], left_out, faults)
    if faults:
        heading = f"suite {suite.name!r}"
        if len(faults) == 1:
            raise SuiteError(f"{heading}: {faults[0]}")
        listed = "\n".join(f"  {fault}" for fault in faults)
        raise SuiteError(f"{heading}: {len(faults)} faults:\n{listed}")

    trials: dict[str, Trial] = {}
    for subject, sizes in subjects:
        cells = list(_cells(subject, sizes, left_out))
        for contender in contenders:
            if (subject.task.name, subject.source.spec.modality) not in contender.spec.does:
                what = f"{contender.label} on {subject.label}"
                why = f"does no {subject.task.name} of {subject.source.spec.modality} data"
                left_out.append(LeftOut(what, why))
                continue
            for variant in variants[subject.label]:
                for trial in _trials(suite, protocol, contender, variant, cells, device):
                    trials.setdefault(trial.trial_id, trial)
    if not trials:
        reasons = "; ".join(dict.fromkeys(f"{entry.what}: {entry.why}" for entry in left_out))
        raise SuiteError(f"suite {suite.name!r} makes no trial: {reasons}.")
    order = list(trials.values())
    random.Random(suite.suite.seed).shuffle(order)
    return Plan(
        suite=suite,
        protocol=protocol,
        trials=tuple(order),
        left_out=tuple(left_out),
        contenders={contender.label: contender for contender in contenders},
        subjects={one.label: one for several in variants.values() for one in several},
    )


def model_seed(outer_seed: int, inner_seed: int, repeat: int) -> int:
    """Return the seed of every model on one split: a hash, below 2**31."""
    digest = hashlib.sha256(f"{outer_seed}/{inner_seed}/{repeat}".encode()).digest()
    return int.from_bytes(digest[:4]) >> 1


def canonical(value: Any) -> str:
    """Return JSON with sorted keys and no spaces: equal values give equal texts."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)


def _labels(tables: Sequence[ModelTable | DatasetTable], names: Sequence[str]) -> list[str]:
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


def _contenders(
    tables: Sequence[ModelTable], registry: Registry, faults: list[str]
) -> list[Contender]:
    contenders: dict[str, Contender] = {}
    for table, label in zip(tables, _labels(tables, [t.name for t in tables]), strict=True):
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


def _subjects(
    suite: Suite,
    registry: Registry,
    facts_of: FactsOf,
    faults: list[str],
) -> list[tuple[Subject, Any]]:
    found: list[tuple[DatasetTable, Source, list[Task], str | None]] = []
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
    labels = _labels([table for table, *_ in found], [source.name for _, source, *_ in found])
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
        lead = suite.suite.primary_metric
        if lead is None or not _is_metric_of(lead, task, registry):
            lead = metric or task.metrics[0]
        subject = Subject(source, label, task, lead, facts)
        sizes = suite.protocol.sizes if table.sizes is None else table.sizes
        if subjects.setdefault(label, (subject, sizes)) != (subject, sizes):
            faults.append(f"datasets: two entries are both shown as {label!r}; give one a label.")
    return list(subjects.values())


def _variants(
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
            reason = objection(
                condition, subject.task, modality, facts.target, facts.columns,
                is_streamed=facts.is_streamed,
            )  # fmt: skip
            if reason is not None:
                reasons[reason] = None
                left_out.append(LeftOut(label, reason[1]))
                continue
            if label in shown:
                faults.append(
                    f"datasets: two entries are both shown as {label!r}; give one a label."
                )
            shown.add(label)
            facts = replace(facts, has_missing=facts.has_missing or condition.missing > 0)
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


def _check_metrics(
    suite: Suite, registry: Registry, tasks: Sequence[Task], faults: list[str]
) -> None:
    """A metric that is unknown, or belongs to other tasks only, is a fault."""
    named = [("suite.metrics", name) for name in suite.suite.metrics]
    if suite.suite.primary_metric is not None:
        named.append(("suite.primary_metric", suite.suite.primary_metric))
    for place, name in named:
        try:
            registry.metric(name)
        except BenchError as error:
            faults.append(f"{place}: {error}")
            continue
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


def _check_tuning(
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


def _cells(subject: Subject, sizes: Any, left_out: list[LeftOut]) -> Iterator[tuple[Split, int]]:
    """Yield every split with every size that it allows, each different set of rows once."""
    beyond: dict[int, int] = {}
    same: set[str] = set()
    full: set[tuple[int, str]] = set()
    for split in subject.facts.splits:
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
            yield split, size
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


def _trials(
    suite: Suite,
    protocol: SplitProtocol,
    contender: Contender,
    subject: Subject,
    cells: Sequence[tuple[Split, int]],
    device: str,
) -> Iterator[Trial]:
    spec, source = contender.spec, subject.source
    common: dict[str, Any] = {
        "dataset": source.name,
        "dataset_version": source.spec.version,
        "dataset_params": canonical(source.params),
        "dataset_fingerprint": subject.facts.fingerprint,
        "model": spec.name,
        "model_version": spec.version,
        "params": canonical(contender.params),
        "task": subject.task.name,
        "protocol": protocol.name,
        "conditions": subject.conditions,
        "tuning": "default" if contender.search is None else "tuned",
        "device": device if device in spec.devices else "cpu",
        "cores": suite.limits.cores,
    }
    if contender.search is not None:  # without it, identities are those of before there was tuning
        common["search"] = canonical(contender.search.to_json())
    shown: dict[str, Any] = {
        "suite": suite.name,
        "dataset_label": subject.label,
        "modality": source.spec.modality,
        "label": contender.label,
        "family": spec.family,
        "plugin": contender.plugin,
        "plugin_version": contender.plugin_version,
        "task_version": getattr(subject.task, "version", "1"),
        "primary_metric": subject.primary_metric,
        "size_unit": subject.task.size_unit,
        "role": "baseline" if spec.family == "baseline" else "contender",
        "pretrained": spec.pretrained,
        "limit_seconds": suite.limits.seconds,
        "limit_bytes": suite.limits.memory,
    }
    seed_of = cache(model_seed)
    for split, size in cells:
        for repeat in range(protocol.repeats):
            identity = common | {
                "outer_seed": split.outer_seed,
                "inner_seed": split.inner_seed,
                "model_seed": seed_of(split.outer_seed, split.inner_seed, repeat),
                "repeat": repeat,
                "n_train": size,
            }
            shown["overlap"] = getattr(split, "overlap", None)
            trial_id = hashlib.sha256(canonical(identity).encode()).hexdigest()
            yield Trial(**{"trial_id": trial_id, "search": "{}", **identity, **shown})
