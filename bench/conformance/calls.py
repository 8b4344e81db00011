"""What a fresh process is asked for here: to look for promises in one subject, one after another.

What was found is announced before each promise, so that it is known when the process ends in the
midst of one.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from bench.conformance.catalogue import promise_of
from bench.conformance.conditions import ConditionCase
from bench.conformance.dataset_case import DatasetCase
from bench.conformance.looking import found_in
from bench.conformance.model_case import ModelCase
from bench.conformance.plugin_case import PluginCase
from bench.conformance.plugins import Case
from bench.conformance.promise import Finding
from bench.conformance.task_case import TaskCase
from bench.conformance.traces import Before
from bench.spec.errors import PluginError

if TYPE_CHECKING:
    from bench.registry.lookup import Registry


def look(
    argument: Mapping[str, Any],
    registry: Registry,
    announce: Callable[[str, int], None],
    scratch: Path,
) -> bytes:
    """Look for promises in a subject, and return what came of each.

    Parameters
    ----------
    argument
        ``kind``, ``name`` and ``distribution`` of the subject, ``pair`` of a model, the
        ``promises`` by name, ``lost``: those in whose midst a process has ended, and ``seconds``
        of computing for each, and ``seconds_by_the_clock``.
    """
    findings: list[Finding] = []
    case: Any = None
    for name in argument["promises"]:
        told = {"doing": name, "findings": [asdict(finding) for finding in findings]}
        announce(json.dumps(told), 0)
        # Not handled: what hangs in C code is ended by them, too. The first counts what this
        # process computes, the second ends what waits.
        signal.setitimer(signal.ITIMER_PROF, argument["seconds"])
        signal.setitimer(signal.ITIMER_REAL, argument["seconds_by_the_clock"])
        try:
            case = case or _case(argument, registry, scratch)
            start = perf_counter()
            found = found_in(promise_of(argument["kind"], name), case)
            findings.append(replace(found, seconds=round(perf_counter() - start, 4)))
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_REAL, 0)
    return json.dumps([asdict(finding) for finding in findings]).encode()


def _case(argument: Mapping[str, Any], registry: Registry, scratch: Path) -> Any:
    kind, name = argument["kind"], argument["name"]
    if kind == "plugin":
        for info in registry.plugins:
            if (info.name, info.distribution) == (name, argument["distribution"]):
                return PluginCase(info, registry, scratch)
        raise PluginError(f"plugin {name!r} of {argument['distribution']} is not there any more.")
    if kind == "model":
        task, modality = argument["pair"]
        return ModelCase(
            registry.model(name),
            registry.task(task).record,
            modality,
            registry,
            scratch,
            Before.now(),
            is_lost="fits-and-answers" in argument["lost"],
        )
    if kind == "dataset":
        return DatasetCase(registry.datasets[name], registry, scratch, Before.now())
    if kind == "condition":
        return ConditionCase(registry.condition(name), registry)
    if kind == "task":
        return TaskCase(registry.tasks[name], registry, scratch)
    offered: Mapping[str, Any] = getattr(registry, f"{kind}s")
    entry = offered[name]
    return Case(entry if kind == "suite" else entry.record, registry, scratch)
