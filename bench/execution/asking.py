"""What is asked of fresh processes beside trials: datasets' facts, models' parameters."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from bench.execution.engine import Call, Engine, Report
from bench.execution.measuring import job_of
from bench.planning import describing
from bench.planning.plan import Plan
from bench.planning.source import Source
from bench.planning.subjects import FactsOf, sources_of
from bench.planning.suite import Suite
from bench.planning.trials import Trials, canonical
from bench.spec import Task
from bench.spec.errors import BenchError, DatasetError, SuiteError
from bench.spec.outcome import Trial

if TYPE_CHECKING:
    from bench.registry.lookup import Registry

DESCRIBE = "bench.execution.calls:describe"


def facts_from(engine: Engine, suite: Suite, registry: Registry) -> FactsOf:
    """Return a function that says the facts of a suite's datasets: from the cache, or by loading.

    All that have to be loaded are loaded now, each in a process of its own, in all slots at once.

    Parameters
    ----------
    engine
        Started only when something has to be loaded.
    suite
        Its datasets, limits and protocol.
    registry
        Where names are looked up.
    """
    protocol = suite.protocol.splits()
    told: dict[str, describing.DatasetFacts | BenchError] = {}
    asked: dict[str, tuple[Source, list[str]]] = {}
    for source, tasks in sources_of(suite, registry):
        names = [task.name for task in tasks]
        try:
            known = describing.known_facts(source, tasks, protocol)
        except BenchError as error:
            told[_key(source, names)] = error
            continue
        if known is None:
            asked[_key(source, names)] = source, names
        else:
            told[_key(source, names)] = known
    calls = [_call(key, DESCRIBE, *about, suite) for key, about in asked.items()]
    for report in ask_all(engine, calls):
        try:
            answer = _answer(report, asked[report.id][0])
            told[report.id] = describing.DatasetFacts.from_json(answer["facts"])
        except BenchError as error:
            told[report.id] = error

    def facts_of(source: Source, tasks: Sequence[Task]) -> describing.DatasetFacts:
        found = told[_key(source, [task.name for task in tasks])]
        if isinstance(found, BenchError):
            raise found
        return found

    return facts_of


def _key(source: Source, tasks: Sequence[str]) -> str:
    return canonical([source.registry_name, source.params, tasks])


def ask_about(
    engine: Engine, function: str, source: Source, tasks: Sequence[str], suite: Suite
) -> dict[str, Any]:
    """Have a process of its own load a dataset, and return what it says of it.

    Parameters
    ----------
    engine
        Where.
    function
        ``"package.module:function"``; it returns JSON: a mapping, with a ``"message"`` where
        something is wrong.
    source, tasks
        The dataset and the names of the tasks that it may be used for.
    suite
        Its limits and its protocol hold.

    Raises
    ------
    DatasetError
        The message, or that the process died.
    """
    (report,) = ask_all(engine, [_call("describe", function, source, tasks, suite)])
    return _answer(report, source)


def _call(id_: str, function: str, source: Source, tasks: Sequence[str], suite: Suite) -> Call:
    return Call(
        id=id_,
        function=function,
        argument={
            "dataset": source.registry_name,
            "params": source.params,
            "path": source.path,
            "tasks": list(tasks),
            "protocol": dataclasses.asdict(suite.protocol.splits()),
        },
        limit_seconds=3600.0,
        limit_bytes=suite.limits.memory,
    )


def _answer(report: Report, source: Source) -> dict[str, Any]:
    """Return what a process said of a dataset; raise what is wrong with it."""
    if report.answer is None:
        how = report.killed_for or f"exit code {report.exit_code}"
        if report.lost:
            how = "the process that watched it was killed; the same command tries again"
        raise DatasetError(
            f"dataset {source.name!r} could not be loaded: its process ended without an answer "
            f"({how}).\n{report.output[-2000:]}"
        )
    answer: dict[str, Any] = json.loads(report.answer)
    if "message" in answer:
        raise DatasetError(answer["message"])
    return answer


def check_params(plan: Plan, engine: Engine, trials: Trials) -> None:
    """Find parameters that a model does not take, and a device that is not there, beforehand.

    Raises
    ------
    SuiteError
        Every such parameter, in one message; or that no model can start on the device.
    """
    checked: dict[str, Trial] = {}
    for trial in trials.one_of_each():
        if plan.contenders[trial.label].given or trial.device != "cpu":
            checked.setdefault(trial.label, trial)
    answers = _checked(plan, engine, list(checked.values()))
    faults = [str(answer["message"]) for answer in answers.values() if "message" in answer]
    if faults:
        raise SuiteError("\n".join(sorted(faults)))
    away = [trial for trial in checked.values() if trial.device != "cpu"]
    reasons = {trial.label: answers[trial.label].get("skipped") for trial in away}
    if not away or not all(reasons.values()):
        return
    # A model may skip for another reason than the device; then it skips on the CPU, too.
    at_home = _checked(plan, engine, [dataclasses.replace(trial, device="cpu") for trial in away])
    reasons = {label: why for label, why in reasons.items() if not at_home[label].get("skipped")}
    if reasons:
        device = away[0].device
        alike: dict[str, list[str]] = {}
        for label, reason in sorted(reasons.items()):
            alike.setdefault(str(reason).rstrip("."), []).append(label)
        why = "; ".join(f"{', '.join(labels)}: {reason}" for reason, labels in alike.items())
        raise SuiteError(
            f"--device {device}: no model of this suite can run on a {device} here, and none is "
            f"moved to another device unasked; nothing was run. {why}. Leave --device out to "
            "measure on the CPU."
        )


def _checked(plan: Plan, engine: Engine, trials: Sequence[Trial]) -> dict[str, dict[str, Any]]:
    """Make the estimator of each trial once, in a process of its own; return answers by label."""
    calls = []
    for trial in trials:
        call = Call(
            id=trial.label,
            function="bench.execution.calls:check_params",
            argument=job_of(plan, trial).to_json(),
            limit_seconds=trial.limit_seconds,
            limit_bytes=trial.limit_bytes,
            model=trial.model,
            device=trial.device,
        )
        calls.append(call)
    return {report.id: json.loads(report.answer or b"{}") for report in ask_all(engine, calls)}


def ask_all(engine: Engine, calls: list[Call]) -> Iterator[Report]:
    """Make calls in whatever slots are idle and have the device; yield their reports."""
    waiting = list(calls)
    left = {call.id for call in calls}
    while left:
        for slot in engine.idle:
            here = engine.slots[slot]
            call = next((call for call in waiting if here.has(call.device)), None)
            if call is not None:
                waiting.remove(call)
                engine.submit(slot, call)
        for report in engine.wait():
            left.discard(report.id)
            yield report
