"""From a suite to trials: what will be measured, under which identity, and what was left out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.planning.contenders import Contender, check_tuning, find_contenders
from bench.planning.controls import find_controls, role_of
from bench.planning.subjects import (
    FactsOf,
    LeftOut,
    Subject,
    cells_of,
    check_metrics,
    find_subjects,
    variants_of,
)
from bench.planning.suite import Suite
from bench.planning.trials import Block, Cells, Trials, canonical, distinct
from bench.spec import SplitProtocol
from bench.spec.errors import BenchError, SuiteError

if TYPE_CHECKING:
    from bench.registry.lookup import Registry


@dataclass(frozen=True)
class Plan:
    """The trials of a suite in the order in which they are run, and what they are made of."""

    suite: Suite
    protocol: SplitProtocol
    trials: Trials
    left_out: tuple[LeftOut, ...]
    contenders: Mapping[str, Contender]
    subjects: Mapping[str, Subject]
    figures: frozenset[str] = frozenset()
    """Metrics that no trial is scored by: `Task.across` gives their values."""

    def metrics_of(self, subject: Subject) -> tuple[str, ...]:
        """Return the names of what the answers about a subject are scored by, the primary first."""
        named = (subject.primary_metric, *subject.task.metrics, *self.suite.suite.metrics)
        return tuple(dict.fromkeys(named))


def modules(suite: Suite, registry: Registry) -> tuple[str, ...]:
    """Return the modules that a suite's trials import, to be imported once before forking."""
    found: dict[str, None] = {}
    metrics = dict.fromkeys(suite.suite.metrics)
    for table in suite.datasets:
        with contextlib.suppress(BenchError):
            spec = registry.dataset(table.name).record
            found |= dict.fromkeys((spec.loader.partition(":")[0], *spec.preload))
            for name in (table.task,) if table.task else spec.tasks[:1]:
                task = registry.task(name).record
                found |= dict.fromkeys(task.preload)
                metrics |= dict.fromkeys(task.metrics)
    for condition in suite.conditions:
        changes = (change for change, _ in condition.condition().amounts)
        found |= dict.fromkeys(change.apply.partition(":")[0] for change in changes)
    for model in suite.models:
        with contextlib.suppress(BenchError):
            entry = registry.model(model.name)
            if entry.python is None:
                found |= dict.fromkeys(entry.record.preload)
    for name in metrics:
        with contextlib.suppress(BenchError):
            found[registry.metric(name).record.function.partition(":")[0]] = None
    return tuple(name for name in found if name)


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
    contenders = find_contenders(suite.models, registry, faults)
    protocol = suite.protocol.splits()
    subjects = find_subjects(suite, registry, facts_of, faults)
    check_metrics(suite, registry, [subject.task for subject, _ in subjects], faults)
    check_tuning(contenders, [subject for subject, _ in subjects], faults)
    left_out: list[LeftOut] = []
    variants = variants_of(suite, [subject for subject, _ in subjects], left_out, faults)
    if faults:
        heading = f"suite {suite.name!r}"
        if len(faults) == 1:
            raise SuiteError(f"{heading}: {faults[0]}")
        listed = "\n".join(f"  {fault}" for fault in faults)
        raise SuiteError(f"{heading}: {len(faults)} faults:\n{listed}")

    controls = find_controls([subject for subject, _ in subjects], contenders, registry, left_out)
    rows = {label: [*contenders, *added] for label, added in controls.items()}
    blocks = _blocks(suite, protocol, rows, subjects, variants, left_out, device)

    def repeated(block: Block, first: Block) -> None:
        if block.name != first.name:
            left_out.append(LeftOut(block.name, f"the very trials of {first.name}: shown as these"))

    trials = Trials(list(distinct(blocks, repeated)))
    if not trials:
        reasons = "; ".join(dict.fromkeys(f"{entry.what}: {entry.why}" for entry in left_out))
        raise SuiteError(f"suite {suite.name!r} makes no trial: {reasons}.")
    return Plan(
        suite=suite,
        protocol=protocol,
        trials=trials.shuffled(suite.suite.seed),
        left_out=tuple(left_out),
        contenders={one.label: one for several in rows.values() for one in several},
        subjects={one.label: one for several in variants.values() for one in several},
        figures=frozenset(n for n, one in registry.metrics.items() if not one.record.function),
    )


def _blocks(
    suite: Suite,
    protocol: SplitProtocol,
    rows: Mapping[str, Sequence[Contender]],
    subjects: Sequence[tuple[Subject, Any]],
    variants: Mapping[str, Sequence[Subject]],
    left_out: list[LeftOut],
    device: str,
) -> Iterator[Block]:
    """Yield the trials of each contender on each subject that it does, then those of controls."""
    for subject, sizes in subjects:
        cells = cells_of(subject, sizes, protocol.repeats, left_out)
        for contender in rows[subject.label]:
            ours = _within(contender, subject, cells, left_out)
            if ours is None:
                continue
            for variant in variants[subject.label]:
                yield _block(suite, protocol, contender, variant, ours, device)


def _within(
    contender: Contender, subject: Subject, cells: Cells, left_out: list[LeftOut]
) -> Cells | None:
    """Return the cells that a model is for, as its record says, and note the others."""
    spec = contender.spec
    what = f"{contender.label} on {subject.label}"
    if why := subject.objection(spec):
        left_out.append(LeftOut(what, why))
        return None
    small = [size for size in cells.sizes if size < spec.least_rows]
    why = f"is for {spec.least_rows:,} {subject.task.size_unit} or more"
    left_out.extend(LeftOut(f"{what}, size {size}", why) for size in small)
    return cells.from_size(spec.least_rows) if small else cells


def _block(
    suite: Suite,
    protocol: SplitProtocol,
    contender: Contender,
    subject: Subject,
    cells: Cells,
    device: str,
) -> Block:
    spec, source, task = contender.spec, subject.source, subject.task
    identity: dict[str, Any] = {
        "dataset": source.name,
        "dataset_version": source.spec.version,
        "dataset_params": canonical(source.params),
        "dataset_fingerprint": subject.facts.fingerprint,
        "model": spec.name,
        "model_version": spec.version,
        "params": canonical(contender.params),
        "task": task.name,
        "protocol": task.protocol(protocol),
        "conditions": subject.conditions,
        "tuning": "default" if contender.search is None else "tuned",
        "device": device if device in spec.devices else "cpu",
        "cores": suite.limits.cores,
    }
    # What came later stands in an identity only where it matters, so that earlier rows keep theirs.
    if contender.search is not None:
        identity["search"] = canonical(contender.search.to_json())
    leads, code = {"primary_metric": subject.primary_metric}, {"task_version": task.version}
    if contender.search is not None or spec.uses_metric:
        identity |= leads
    if task.version != "1":
        identity |= code
    if contender.variant:
        identity["control"] = contender.variant
    shown: dict[str, Any] = {
        **leads,
        **code,
        "suite": suite.name,
        "dataset_label": subject.label,
        "modality": source.spec.modality,
        "label": contender.label,
        "family": spec.family,
        "plugin": contender.plugin,
        "plugin_version": contender.plugin_version,
        "size_unit": task.size_unit,
        "role": role_of(contender, subject),
        "pretrained": spec.pretrained,
        "limit_seconds": suite.limits.seconds,
        "limit_bytes": suite.limits.memory,
    }
    return Block(identity, shown, cells)
