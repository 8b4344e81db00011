"""The whole of `bench choose`: check a table, measure within the minutes, and answer."""

from __future__ import annotations

import contextlib
import math
import time
from contextlib import AbstractContextManager
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.choosing.answer import Answer, Request
from bench.choosing.checks import Finding
from bench.choosing.conclusion import conclude
from bench.choosing.progress import TimedProgress
from bench.choosing.steering import Steering, earlier, telling_limit
from bench.choosing.table import check_same, dataset_params, sizes_of, suite_for, to_toml
from bench.choosing.telling import say, say_findings, say_plan, say_table
from bench.execution.session import Session, needs_of
from bench.planning.describing import DatasetFacts
from bench.planning.plan import Plan
from bench.planning.source import Source
from bench.planning.suite import DatasetTable, Suite
from bench.planning.trials import Trials
from bench.spec import Metric, Task
from bench.spec.errors import SuiteError, nearest

if TYPE_CHECKING:
    from rich.console import Console

    from bench.execution.engine import Engine
    from bench.registry.lookup import Registry

EXAMINE = "bench.choosing.calls:examine"
_RESERVE_SECONDS = 4.0
_RESERVE_SHARE = 0.03
"""Of the minutes, kept for what comes after the last trial: tables, verdict and page."""
_GRACE_SHARE = 0.08
"""How much over its minutes a trial may go that takes longer than was foreseen."""
_LEAST_MINUTES = 0.2
_LATER = (
    "scipy.stats",
    "bench.analysis.judging",
    "bench.report.html.page",
    "altair",
    "jinja2",
    "vl_convert",
)
"""What the answer will need, if it is there: imported while the fork server starts up."""


def answer(
    request: Request, registry: Registry, console: Console, *, began: float, engine: Engine
) -> Answer:
    """Check a table, measure candidates on it, and say which to take.

    Parameters
    ----------
    request
        What is asked.
    registry
        Where names are looked up.
    console
        Where progress and findings are shown.
    began
        When the minutes began, in seconds since 1970.
    engine
        What runs trials; whoever made it closes it.

    Raises
    ------
    BenchError
        The table, the candidates or the folder cannot be used.
    """
    if not math.isfinite(request.minutes) or request.minutes < _LEAST_MINUTES:
        raise SuiteError(
            f"--minutes is {request.minutes:g}; a number is wanted, and at least "
            f"{_LEAST_MINUTES:g} are needed to measure anything."
        )
    if request.metric is not None:
        registry.metric(request.metric)  # a name that nobody knows is said before anything is read
    budget = 60 * request.minutes
    end = began + budget - _RESERVE_SECONDS - _RESERVE_SHARE * budget
    entry = registry.dataset(request.table)
    params = dataset_params(request.target, request.drop, request.task)
    path = str(Path(request.table.partition(":")[2]).expanduser().absolute())
    source = Source(entry.record, entry.version, {**entry.record.params, **params}, path)
    table = DatasetTable(name=request.table, params=params, task=request.task, label=source.name)
    draft = suite_for(
        request.candidates, table, sizes=None, seed=request.seed, metric=request.metric
    )
    engine.prepare(needs_of(draft, registry))
    engine.start()
    for module in _LATER:
        with contextlib.suppress(ImportError):
            import_module(module)
    facts, findings = _examine(engine, source, draft, registry, request.task)
    task = registry.task(facts.task).record
    if request.metric is not None:
        _check_metric(request.metric, task, registry)
    say_table(console, source.name, facts)
    say_findings(console, findings)
    sizes = sizes_of(min(split.n_train_max for split in facts.splits))
    suite = suite_for(
        request.candidates, table, sizes=sizes, seed=request.seed, metric=request.metric
    )
    text = to_toml(suite)
    session = Session(suite, text, registry, request.folder, engine=engine, command=request.command)
    if session.has_begun:
        check_same(request.folder, text)
    (subject,) = session.plan.subjects.values()
    metric = registry.metric(subject.primary_metric).record
    watcher = _Watcher(console, session, metric, end, _GRACE_SHARE * budget)
    progress = session.run(watcher, watcher.steer)
    plan = session.plan
    found = Answer(
        folder=request.folder,
        task=task.name,
        metric=metric.name,
        findings=tuple(findings),
        statuses=progress.statuses,
        interrupted=progress.interrupted,
    )
    found = conclude(found, plan, metric, n_slots=session.n_slots)
    return replace(found, seconds=time.time() - began)


def _examine(
    engine: Engine, source: Source, suite: Suite, registry: Registry, task: str | None
) -> tuple[DatasetFacts, list[Finding]]:
    from bench.execution.asking import ask_about

    if task is not None and task not in source.spec.tasks:
        raise SuiteError(
            f"--task is {task!r}; {source.spec.name!r} offers: {', '.join(source.spec.tasks)}."
        )
    tasks = source.spec.tasks if task is None else (task,)
    said = ask_about(engine, EXAMINE, source, tasks, suite)
    findings = [Finding.from_json(values) for values in said["findings"]]
    return DatasetFacts.from_json(said["facts"]), findings


def _check_metric(given: str, task: Task, registry: Registry) -> None:
    """Raise where a metric is none that answers of this task can be scored by."""
    owned = {name for entry in registry.tasks.values() for name in entry.record.metrics}
    free = [name for name in registry.metrics if name not in owned]
    allowed = [*task.metrics, *free]
    if given not in allowed:
        raise SuiteError(
            f"--metric is {given!r}; {task.name} has: {', '.join(allowed)}."
            f"{nearest(given, allowed)}"
        )


class _Watcher:
    """Shows what a session does, and steers it."""

    def __init__(
        self, console: Console, session: Session, metric: Metric, end: float, grace: float
    ) -> None:
        self._console = console
        self._session = session
        self._metric = metric
        self._end = end
        self._grace = grace

    def left(self) -> float:
        """Return the seconds until the last trial is to have ended."""
        return self._end - time.time()

    def planned(self, plan: Plan, n_todo: int) -> None:
        """Say who stands and for how long."""
        say_plan(self._console, plan, len(plan.trials) - n_todo, self.left(), self._session.n_slots)

    def warned(self, text: str) -> None:
        """Print a warning."""
        say(self._console, f"Warning: {text}", "yellow")

    def watch(self, n_trials: int, n_slots: int) -> AbstractContextManager[Any]:
        """Return what shows the progress."""
        return TimedProgress(self._console, self.left)

    def steer(self, todo: Trials) -> Steering:
        """Return what decides on the next trial; it knows what earlier sessions measured."""
        from bench.results import store

        results = store.load(self._session.folder)
        before = earlier(results, self._metric, telling_limit(self._session.plan))
        return Steering(
            self._session.plan,
            self._metric,
            before,
            n_slots=self._session.n_slots,
            left=self.left,
            grace_seconds=self._grace,
        )
