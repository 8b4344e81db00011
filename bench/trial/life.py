"""One trial's life: load, split, start up, warm up, fit, predict, score; then one outcome."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from time import monotonic, perf_counter, time
from typing import TYPE_CHECKING, Any

from bench.planning import describing
from bench.planning.search import Search
from bench.registry.lookup import resolve
from bench.registry.venvs.remote import WorkerLostError
from bench.spec import Dataset, Metric, MetricFunction, Output, Part, Parts, Task
from bench.spec.errors import DatasetError, InvalidAnswer, OtherDataError, Skip
from bench.spec.outcome import (
    MAX_BYTES,
    MAX_SECONDS,
    OTHER_DATA,
    CurvePoint,
    Facts,
    Outcome,
    Score,
    Status,
)
from bench.tasks.scoring import score, score_slices
from bench.trial import time_left, tuning
from bench.trial.asking import FEW_UNITS, Asking, Pace, seconds_after_fit
from bench.trial.context import context_of, dataset_of, parts_of
from bench.trial.fitting import Fitting, account, seed_all, worker_for
from bench.trial.job import Job
from bench.trial.predictions import to_be_kept
from bench.trial.probes import Recorder, build
from bench.trial.time_left import TimeLeft

if TYPE_CHECKING:
    from bench.registry.lookup import Registry

KEPT = 32 * 1024
"""Bytes kept of the beginning and of the end of a text that may be huge."""

NO_REASON = "the model gave no reason"
_LIMITS = {"memory": MAX_BYTES, "seconds": MAX_SECONDS}
"""Of `bench.Skip`, as the `stop_reason` that says which higher limit would have helped."""

WARM_UP_SECONDS = 1.0
"""After which a warm-up may stop by itself: it is there to compile and to import, not to learn."""

_MANY_CALLS = 4
"""Latency is measured where so many times as long as a prediction took is left of the trial's time:
a measurement is no reason to lose what it measures."""


def run(
    job: Job, registry: Registry, announce: Callable[[str, int], None], scratch: Path
) -> Outcome:
    """Run one trial in this process and return how it ended.

    Nothing that a model does is raised, but that the worker of another environment has ended
    (`bench.registry.venvs.remote.WorkerLostError`): how it did so is known to whoever started it.

    Parameters
    ----------
    job
        What to run.
    registry
        Where its names are looked up.
    announce
        Told each phase as it starts, with the memory in use.
    scratch
        A folder of the trial's own.
    """
    recorder = Recorder(announce)
    kept = _Kept()
    status: Status = "ok"
    reason = text = ""
    started_at = time()
    left = TimeLeft(job.trial.limit_seconds, time_left.began())
    try:
        _live(job, registry, recorder, kept, left, scratch)
    except WorkerLostError:
        raise
    except Skip as error:
        status, reason = "skipped", str(error) or NO_REASON
        kept.stop_reason = _LIMITS.get(str(error.limit))
    except InvalidAnswer as error:
        status, reason = "invalid", str(error)
    except OtherDataError as error:
        status, reason, kept.stop_reason = "error", str(error), OTHER_DATA
    except BaseException as error:  # a model may raise anything, SystemExit included
        status = "out_of_memory" if _is_out_of_memory(error) else "error"
        reason, text = _summary(error), "".join(traceback.format_exception(error))
    notes = "".join(f"[bench] {note}\n" for note in recorder.notes + kept.notes)
    return Outcome(
        trial_id=job.trial.trial_id,
        status=status,
        reason=shorten(reason, 1000),
        facts=_facts(recorder, kept, started_at),
        scores=tuple(kept.scores) if status == "ok" else (),
        curves=tuple(kept.curves),
        measures=tuple(recorder.measures),
        predicted_rows=kept.rows if status == "ok" else None,
        predictions=kept.predictions if status == "ok" else None,
        output=shorten(notes, KEPT),
        traceback=shorten(text, 2 * KEPT),
    )


def shorten(text: str, limit: int) -> str:
    """Return a text with its middle left out where it is longer than `limit` characters."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n[... {len(text) - 2 * half:,} characters left out ...]\n{text[-half:]}"


class _Kept:
    """What a trial has produced so far, so that a failure keeps what came before it."""

    def __init__(self) -> None:
        self.dataset: Dataset | None = None
        self.parts: Parts | None = None
        self.estimator: Any = None
        self.rows: Any = None
        self.predictions: Any = None
        self.seconds: dict[str, float] = {}
        self.scores: list[Score] = []
        self.curves: list[CurvePoint] = []
        self.chosen_params: str | None = None
        self.is_cut = False
        self.stop_reason: str | None = None
        self.n_parameters: int | None = None
        self.threshold: float | None = None
        self.notes: list[str] = []


def _live(
    job: Job,
    registry: Registry,
    recorder: Recorder,
    kept: _Kept,
    left: TimeLeft,
    scratch: Path,
) -> None:
    trial = job.trial
    owner = registry.model(trial.model)
    model, worker = owner.record, worker_for(owner)
    task: Task = registry.task(trial.task).record
    # What a worker has imported, this process has not: there is nothing to be probed here.
    imported = model.preload if worker is None else ()
    probes, failed = build((e.record for e in registry.probes.values()), imported)
    recorder.use(probes)
    kept.notes += failed
    metrics = [
        (metric, resolve(metric.function))
        for metric in (registry.metric(name).record for name in job.metrics)
        if metric.function  # the others are `Task.across`'s
    ]

    with recorder.phase("load"):
        dataset = dataset_of(job, registry)
        kept.dataset = dataset
    with recorder.phase("split"):
        parts = parts_of(job, registry, dataset)
        kept.parts = parts
    for name, value in parts.notes.items():
        recorder.note("split", "split", name, value)

    seed_all(trial.model_seed)
    params = json.loads(trial.params)
    brief = min(WARM_UP_SECONDS, left.for_fit())
    context = context_of(job, dataset, parts, max_seconds=brief, scratch=scratch)
    fitting = Fitting(task, model, context, worker)
    _import(fitting, left)
    with recorder.phase("init"):
        estimator = fitting.make(params)
    with recorder.phase("warm-up"):
        pace = _warm_up(fitting, estimator, parts, kept)

    fitting = fitting.within(left.for_fit(seconds_after_fit(task, task.questions(parts), pace)))
    is_tuned = trial.tuning == "tuned"
    estimator = None if is_tuned else fitting.make(params)
    seed_all(trial.model_seed)
    with recorder.phase("fit"):
        if is_tuned:
            primary = next(pair for pair in metrics if pair[0].name == job.primary_metric)
            estimator = _tuned(job, fitting, dataset, parts, primary, params, recorder, kept)
        estimator = fitting.fit(estimator, parts)
        kept.estimator = estimator
    _collect(estimator, kept)
    questions = iter(task.questions(parts))
    name, first = next(questions)
    asking = Asking(task, estimator, first)
    with recorder.phase("predict"):
        answer, seconds = asking.timed_answer()
        if answer is not None:  # of what was not asked there is no time
            kept.seconds["predict"] = seconds
            _measure_latency(asking, left, recorder, kept)
    with recorder.phase("score"):
        output = task.read(answer, first, parts, estimator)
        kept.scores += score(metrics, name, first, output)
        kept.scores += score_slices(task, metrics, name, first, output)
        if job.keep_predictions:
            _keep_predictions(first, output, kept)
        for name, part in questions:
            answer, _ = asking.ask(part)
            output = task.read(answer, part, parts, estimator)
            kept.scores += score(metrics, name, part, output)
            kept.scores += score_slices(task, metrics, name, part, output)


def _import(fitting: Fitting, left: TimeLeft) -> None:
    """Import the factory: not what `init` measures."""
    start = monotonic()
    fitting.prepare()
    if fitting.worker is not None and fitting.worker.is_awaited:
        left.began += monotonic() - start  # what an environment imports once is no trial's time


def _tuned(
    job: Job,
    fitting: Fitting,
    dataset: Dataset,
    parts: Parts,
    metric: tuple[Metric, MetricFunction],
    params: Mapping[str, Any],
    recorder: Recorder,
    kept: _Kept,
) -> Any:
    """Return an estimator with the best parameters found on the training rows, not yet fitted."""
    start = perf_counter()
    trial, context = job.trial, fitting.context
    asked = Search.from_json(json.loads(trial.search))
    try:
        divided = tuning.divisions(fitting.task, dataset, parts.train, trial.model_seed)
    except DatasetError as error:
        why = str(error).rstrip(".")
        kept.notes.append(f"tuning: {why}; the parameters stay as given")
        found = tuning.Found(params=params, candidates=(), is_cut=False)
        divided = ()
    else:
        found = tuning.tune(
            asked,
            fitting.task,
            divided,
            fitting,
            metric,
            given=params,
            seed=trial.model_seed,
            budget=context.max_seconds,
        )
    name = metric[0].name
    kept.notes += found.notes(name, asked.space)
    kept.curves += found.curve(name)
    kept.chosen_params = json.dumps(found.params, sort_keys=True)
    kept.is_cut = found.is_cut
    seconds = perf_counter() - start
    n_failed = sum(candidate.value is None for candidate in found.candidates)
    for what, value, unit in (
        ("n_candidates", len(found.candidates), ""),
        ("n_failed", n_failed, ""),
        ("n_divisions", len(divided), ""),
        ("search_seconds", seconds, "s"),
    ):
        recorder.note("fit", "tuning", what, value, unit)
    left = None if context.max_seconds is None else max(0.0, context.max_seconds - seconds)
    estimator = fitting.within(left).make(found.params)
    seed_all(trial.model_seed)
    return estimator


def _warm_up(fitting: Fitting, estimator: Any, parts: Parts, kept: _Kept) -> Pace:
    """Fit and ask on a few rows, so that compiling and lazy imports are not in the warm figures.

    Few rows may be too few for a learner (one class, say): the fit proper decides then.
    """
    try:
        task = fitting.task
        few = replace(parts, train=task.shorten(parts.train, FEW_UNITS))
        _, first = next(iter(task.questions(few)))
        return Asking(task, fitting.fit(estimator, few), first).warm_up()
    except (Skip, MemoryError):
        raise
    except Exception as error:
        kept.notes.append(f"warm-up on {FEW_UNITS} rows failed: {_summary(error)}")
        return Pace()


def _measure_latency(asking: Asking, left: TimeLeft, recorder: Recorder, kept: _Kept) -> None:
    """Time questions of the sizes that the task names; those without a column are measures."""
    for n in asking.task.latencies:
        if left.seconds < _MANY_CALLS * kept.seconds["predict"]:
            kept.notes.append(f"the latency of {n} was not measured: too little time is left")
            return
        name = f"latency_{n}"
        kept.seconds[name] = asking.latency(n)
        if f"{name}_seconds" not in {field.name for field in fields(Facts)}:
            recorder.note("predict", "latency", f"{name}_seconds", kept.seconds[name], "s")


def _keep_predictions(part: Part, output: Output, kept: _Kept) -> None:
    found = to_be_kept(part, output)
    if found is None:
        kept.notes.append("the predictions are neither numbers nor texts, one a unit: not kept")
        return
    kept.rows, kept.predictions = found


def _collect(estimator: Any, kept: _Kept) -> None:
    """Keep what the fitted estimator says of its own training."""
    told = account(estimator)
    stop_reason = MAX_SECONDS if kept.is_cut else told.stop_reason
    kept.stop_reason = None if stop_reason is None else shorten(stop_reason, 200)
    kept.n_parameters = told.n_parameters
    kept.threshold = told.threshold
    kept.curves += told.curves
    kept.notes += told.notes


def _facts(recorder: Recorder, kept: _Kept, started_at: float) -> Facts:
    def seconds(phase: str) -> float | None:
        found = recorder.measured("seconds", probe="clock", phase=phase)
        return recorder.value("seconds", probe="clock", phase=phase) if found else None

    def total(name: str) -> float | None:
        return recorder.value(name) if recorder.measured(name) else None

    def count(name: str, probe: str | None = None) -> int | None:
        found = recorder.measured(name, probe=probe)
        return int(recorder.value(name, probe=probe)) if found else None

    parts, dataset = kept.parts, kept.dataset
    device = recorder.measured("peak_device_bytes")
    return Facts(
        n_validation=None if parts is None else len(parts.validation or ()),
        n_test=None if parts is None else len(parts.test),
        n_features=None if dataset is None else describing.n_features(dataset),
        chosen_params=kept.chosen_params,
        stop_reason=kept.stop_reason,
        started_at=started_at,
        init_seconds=seconds("init"),
        warm_up_seconds=seconds("warm-up"),
        compile_seconds=total("compile_seconds"),
        n_compilations=count("n_compilations"),
        cache_hits=count("cache_hits"),
        compile_saved_seconds=total("compile_saved_seconds"),
        fit_seconds=seconds("fit"),
        fit_cpu_seconds=(
            recorder.value("seconds", probe="cpu", phase="fit") if seconds("fit") else None
        ),
        predict_seconds=kept.seconds.get("predict"),
        latency_1_seconds=kept.seconds.get("latency_1"),
        latency_1000_seconds=kept.seconds.get("latency_1000"),
        peak_anon_bytes=count("anon_bytes_after", probe="memory"),
        peak_device_bytes=int(recorder.largest("peak_device_bytes")) if device else None,
        n_parameters=kept.n_parameters,
        n_units=None if parts is None else _n_units(parts.test),
        threshold=kept.threshold,
    )


def _n_units(part: Part) -> int:
    """Return how many units can be drawn again: groups of rows that belong together, or all."""
    return len(part) if part.groups is None else len(set(part.groups))


def _is_out_of_memory(error: BaseException) -> bool:
    """Whether the allocator or a device gave up; JAX and PyTorch raise errors of their own."""
    name, text = type(error).__name__, _message(error)[:2000]
    return (
        isinstance(error, MemoryError)
        or name == "OutOfMemoryError"
        or (name in ("XlaRuntimeError", "JaxRuntimeError") and "RESOURCE_EXHAUSTED" in text)
    )


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return "(its message cannot be shown)"


def _summary(error: BaseException) -> str:
    """Return the type and the message of an exception, however long, in one short text."""
    message = _message(error)
    return shorten(f"{type(error).__name__}: {message}" if message else type(error).__name__, 1000)
