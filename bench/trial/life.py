"""One trial's life: load, split, start up, warm up, fit, predict, score; then one outcome."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from time import perf_counter, time
from typing import TYPE_CHECKING, Any

from bench.planning import describing, loading
from bench.planning.search import Search
from bench.planning.source import Source
from bench.registry.lookup import resolve
from bench.registry.venvs.remote import WorkerLostError, clock
from bench.spec import (
    Cell,
    Dataset,
    Metric,
    MetricFunction,
    ModelContext,
    Output,
    Part,
    Parts,
    Task,
)
from bench.spec.errors import DatasetError, InvalidAnswer, Skip
from bench.spec.outcome import CurvePoint, Facts, Outcome, Score, Status
from bench.tasks import conditions
from bench.tasks import views as rows
from bench.tasks.metrics import score
from bench.trial import tuning
from bench.trial.fitting import MAX_SECONDS, Fitting, account, seed_all, worker_for
from bench.trial.job import Job
from bench.trial.probes import Recorder, build

if TYPE_CHECKING:
    from bench.registry.lookup import Registry

KEPT = 32 * 1024
"""Bytes kept of the beginning and of the end of a text that may be huge."""

NO_REASON = "the model gave no reason"
WARM_UP_UNITS = 32
WARM_UP_SECONDS = 1.0
"""After which a warm-up may stop by itself: it is there to compile and to import, not to learn."""

LATENCY_SECONDS = 0.5
LATENCY_CALLS = {1: 5, 1000: 3}


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
    try:
        _live(job, registry, recorder, kept, scratch)
    except WorkerLostError:
        raise
    except Skip as error:
        status, reason = "skipped", str(error) or NO_REASON
    except InvalidAnswer as error:
        status, reason = "invalid", str(error)
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
        self.notes: list[str] = []


def _live(job: Job, registry: Registry, recorder: Recorder, kept: _Kept, scratch: Path) -> None:
    trial = job.trial
    owner = registry.model(trial.model)
    model, worker = owner.record, worker_for(owner)
    task: Task = registry.task(trial.task).record
    entry = registry.dataset(job.dataset)
    # What a worker has imported, this process has not: there is nothing to be probed here.
    imported = model.preload if worker is None else ()
    probes, failed = build((e.record for e in registry.probes.values()), imported)
    recorder.use(probes)
    kept.notes += failed
    metrics = [
        (metric, resolve(metric.function))
        for metric in (registry.metric(name).record for name in job.metrics)
    ]

    with recorder.phase("load"):
        params = json.loads(trial.dataset_params)
        source = Source(entry.record, entry.version, params, job.path)
        dataset = loading.load(source, job.cache_key)
        kept.dataset = dataset
    with recorder.phase("split"):
        cell = Cell(trial.outer_seed, trial.inner_seed, trial.n_train, trial.repeat)
        condition = conditions.Condition.from_json(json.loads(trial.conditions))
        parts = conditions.prepare(condition, task, dataset, job.protocol, cell, job.n_train_max)
        parts = rows.placed(parts, streams=model.streams, limit_bytes=trial.limit_bytes)
        kept.parts = parts
    for name, value in parts.notes.items():
        recorder.note("split", "split", name, value)

    seed_all(trial.model_seed)
    params = json.loads(trial.params)
    fitting = Fitting(task, model, _context(job, dataset, parts, scratch), worker)
    fitting.prepare()  # its import is not what `init` measures
    with recorder.phase("init"):
        estimator = fitting.make(params)
    with recorder.phase("warm-up"):
        _warm_up(fitting, params, parts, kept)

    seed_all(trial.model_seed)
    with recorder.phase("fit"):
        if trial.tuning == "tuned":
            primary = next(pair for pair in metrics if pair[0].name == job.primary_metric)
            estimator = _tuned(job, fitting, dataset, parts, primary, params, recorder, kept)
        estimator = fitting.fit(estimator, parts)
        kept.estimator = estimator
    _collect(estimator, kept)
    with recorder.phase("predict"):
        questions = iter(task.questions(parts))
        name, first = next(questions)
        answer = _predict(task, estimator, first, kept)
    with recorder.phase("score"):
        output = task.read(answer, first, parts, estimator)
        kept.scores += score(metrics, name, first, output)
        for name, part in questions:
            answer = task.ask(estimator, part)
            kept.scores += score(metrics, name, part, task.read(answer, part, parts, estimator))
        if job.keep_predictions:
            _keep_predictions(first, output, kept)


def _context(job: Job, dataset: Dataset, parts: Parts, scratch: Path) -> ModelContext:
    trial = job.trial
    return ModelContext(
        task=trial.task,
        modality=trial.modality,
        n_train=int(parts.notes.get("n_train_kept", trial.n_train)),
        n_train_max=job.n_train_max,
        has_missing=job.has_missing,
        columns=dataset.columns or (),
        target=dataset.target,
        metric=job.primary_metric,
        extra=dataset.extra or {},
        seed=trial.model_seed,
        n_threads=trial.cores,
        device=trial.device,
        max_seconds=job.max_seconds,
        scratch=scratch,
        streamed=isinstance(parts.train.X, rows.RowsView),
    )


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


def _warm_up(fitting: Fitting, params: Mapping[str, Any], parts: Parts, kept: _Kept) -> None:
    """Fit and ask on a few rows, so that compiling and lazy imports are not in the warm figures.

    Few rows may be too few for a learner (one class, say): the fit proper decides then.
    """
    seconds = fitting.context.max_seconds
    brief = WARM_UP_SECONDS if seconds is None else min(seconds, WARM_UP_SECONDS)
    try:
        estimator = fitting.within(brief).make(params)
        task = fitting.task
        few = task.shorten(parts.train, WARM_UP_UNITS)
        fitted = fitting.fit(estimator, Parts(few, parts.validation, parts.test))
        task.ask(fitted, task.shorten(parts.test, WARM_UP_UNITS))
    except (Skip, MemoryError):
        raise
    except Exception as error:
        kept.notes.append(f"warm-up on {WARM_UP_UNITS} rows failed: {_summary(error)}")


def _predict(task: Task, estimator: Any, part: Part, kept: _Kept) -> Any:
    """Ask about the first part and time it, and single and thousandfold questions.

    The first call is not timed, unless it took so long that a second one would waste time.
    """
    start = clock()
    answer = task.ask(estimator, part)
    seconds = clock() - start
    if seconds < 1.0:
        start = clock()
        task.ask(estimator, part)
        seconds = clock() - start
    kept.seconds["predict"] = seconds
    for n, calls in LATENCY_CALLS.items():
        kept.seconds[f"latency_{n}"] = _latency(task, estimator, task.shorten(part, n), calls)
    return answer


def _latency(task: Task, estimator: Any, part: Part, n_calls: int) -> float:
    """Return the median of a few calls, within a budget of time."""
    seconds: list[float] = []
    begin = perf_counter()
    while not seconds or (len(seconds) < n_calls and perf_counter() - begin < LATENCY_SECONDS):
        start = clock()
        task.ask(estimator, part)
        seconds.append(clock() - start)
    return median(seconds)


def _keep_predictions(part: Part, output: Output, kept: _Kept) -> None:
    import numpy as np

    values = np.asarray(output.values)
    if values.dtype.kind not in "fiub" or len(values) != len(part.rows):
        kept.notes.append("the predictions are not numbers, one row each: not kept")
        return
    kept.rows = np.ascontiguousarray(part.rows, dtype=np.int64)
    kept.predictions = np.ascontiguousarray(values.reshape(len(values), -1), dtype=np.float64)


def _collect(estimator: Any, kept: _Kept) -> None:
    """Keep what the fitted estimator says of its own training."""
    told = account(estimator)
    stop_reason = MAX_SECONDS if kept.is_cut else told.stop_reason
    kept.stop_reason = None if stop_reason is None else shorten(stop_reason, 200)
    kept.n_parameters = told.n_parameters
    kept.curves += told.curves
    kept.notes += told.notes


def _facts(recorder: Recorder, kept: _Kept, started_at: float) -> Facts:
    def seconds(phase: str) -> float | None:
        found = recorder.measured("seconds", probe="clock", phase=phase)
        return recorder.value("seconds", probe="clock", phase=phase) if found else None

    def total(name: str) -> float | None:
        return recorder.value(name) if recorder.measured(name) else None

    def count(name: str) -> int | None:
        return int(recorder.value(name)) if recorder.measured(name) else None

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
        peak_anon_bytes=count("anon_bytes_after"),
        peak_device_bytes=int(recorder.largest("peak_device_bytes")) if device else None,
        n_parameters=kept.n_parameters,
        n_units=None if parts is None else len(parts.test),
    )


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
