"""What a fresh process may be asked for: a trial, the facts of a dataset, a check, a calibration.

Each takes the call's argument (plain values), the registry, `announce` and a scratch folder, and
returns bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.execution import environment
from bench.planning import describing
from bench.planning.source import Source
from bench.spec import SplitProtocol
from bench.spec.errors import BenchError, Skip
from bench.trial import checking, context, fitting, probes, time_left
from bench.trial import life as trial
from bench.trial.job import Job
from bench.trial.time_left import TimeLeft

if TYPE_CHECKING:
    from bench.registry.lookup import Registry

Announce = Callable[[str, int], None]


def run_trial(
    argument: Mapping[str, Any], registry: Registry, announce: Announce, scratch: Path
) -> bytes:
    """Run one trial; return its outcome."""
    return trial.run(Job.from_json(argument), registry, announce, scratch).to_bytes()


def describe(
    argument: Mapping[str, Any], registry: Registry, announce: Announce, scratch: Path
) -> bytes:
    """Load a dataset, cache its facts and return them, or the message of what is wrong."""
    announce("load", 0)
    entry = registry.dataset(argument["dataset"])
    source = Source(entry.record, entry.version, argument["params"], argument["path"])
    tasks = [registry.task(name).record for name in argument["tasks"]]
    try:
        facts = describing.describe(source, tasks, SplitProtocol(**argument["protocol"]))
    except BenchError as error:
        return _message(error)
    return json.dumps({"facts": facts.to_json()}).encode()


def check_params(
    argument: Mapping[str, Any], registry: Registry, announce: Announce, scratch: Path
) -> bytes:
    """Make a trial's estimator; return why it skips, or the message of what is wrong with it."""
    announce("init", 0)
    job = Job.from_json(argument)
    entry = registry.model(job.trial.model)
    limit = TimeLeft(job.trial.limit_seconds, time_left.began())
    try:
        dataset = context.dataset_of(job, registry)
        parts = context.parts_of(job, registry, dataset)
    except (BenchError, Skip):
        return json.dumps({"skipped": None}).encode()  # of the data: the trial will say so
    told = context.context_of(job, dataset, parts, max_seconds=limit.for_fit(), scratch=scratch)
    params = json.loads(job.trial.params)
    try:
        worker = fitting.worker_for(entry)
        skipped = checking.check_params(entry.record, told, params, worker)
    except BenchError as error:
        return _message(error)
    return json.dumps({"skipped": skipped}).encode()


def calibrate(
    argument: Mapping[str, Any], registry: Registry, announce: Announce, scratch: Path
) -> bytes:
    """Time the calibration load; return its seconds, and what this machine is, where asked for."""
    announce("calibrate", 0)
    answer: dict[str, Any] = dict(probes.calibrate())
    if argument["describe"]:
        answer["environment"] = environment.describe_with(registry.plugins)
    return json.dumps(answer).encode()


def _message(error: BenchError) -> bytes:
    return json.dumps({"error": type(error).__name__, "message": str(error)}).encode()
