"""One execution of a suite: from its text to rows on disk, and again for what is missing."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from bench.execution.local import LocalEngine, Server, assign_cores
from bench.planning.plan import Plan, make_plan, modules
from bench.planning.suite import Suite
from bench.planning.trials import Trials
from bench.registry.lookup import Registry

if TYPE_CHECKING:
    from bench.execution.feed import Feed
    from bench.execution.measuring import Progress
    from bench.spec.metrics import Metric
    from bench.spec.outcome import Observer


class Watcher(Protocol):
    """Whoever is told what a session does."""

    def planned(self, plan: Plan, n_todo: int) -> None:
        """The suite is planned, and so many of its trials are to be run."""

    def warned(self, text: str) -> None:
        """Something is not as the user may think."""

    def watch(self, n_trials: int, n_slots: int) -> AbstractContextManager[Observer]:
        """Return what is told of each trial; it is entered before the first one."""


class Session:
    """One execution of a suite; use it as a context manager.

    Parameters
    ----------
    suite, text
        What to measure, and the text that it was read from, kept with the results.
    registry
        Where names are looked up.
    folder
        Of the run; an earlier run there is gone on with.
    jobs
        Trials at once; None: as many as there are cores for.
    device
        Kind of device for the models that run on it.
    command
        The command line, kept with the results.
    server
        A fork server that was started ahead of time.
    engine
        One that is there already, in place of one of the session's own; whoever made it closes it.
    """

    def __init__(
        self,
        suite: Suite,
        text: str,
        registry: Registry,
        folder: Path,
        *,
        jobs: int | None = 1,
        device: str = "cpu",
        command: Sequence[str] = (),
        server: Server | None = None,
        engine: LocalEngine | None = None,
    ) -> None:
        self.suite = suite
        self.folder = folder
        self._text = text
        self._registry = registry
        self._device = device
        self._command = list(command)
        self._server = server
        self._engine = engine
        self._slots = assign_cores(jobs, suite.limits.cores)
        self._held = contextlib.ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._held.close()

    @property
    def n_slots(self) -> int:
        """How many trials run at once."""
        return len(self._slots)

    @property
    def has_begun(self) -> bool:
        """Whether the folder holds a run already."""
        return (self.folder / "run.json").exists()

    @cached_property
    def engine(self) -> LocalEngine:
        """The engine, made when it is first needed."""
        if self._engine is not None:
            return self._engine
        engine = LocalEngine(self._slots, modules(self.suite, self._registry), self._server)
        self._held.callback(engine.close)
        return engine

    @cached_property
    def plan(self) -> Plan:
        """The plan; datasets that are not known yet are loaded in a process of their own.

        Raises
        ------
        BenchError
            The suite asks for what cannot be had.
        """
        from bench.execution.asking import facts_from

        facts_of = facts_from(lambda: self.engine, self.suite)
        return make_plan(self.suite, self._registry, facts_of, device=self._device)

    def todo(self) -> Trials:
        """Return the trials of the plan that have no row yet, or only one of a lower limit."""
        trials = self.plan.trials
        if not self.has_begun:
            return trials
        from bench.execution.endings import is_done
        from bench.results import store

        finished = store.done(self.folder)
        return trials.only(
            place
            for place, trial_id in enumerate(trials.ids())
            if (ended := finished.get(trial_id)) is None or not is_done(trials[place], ended)
        )

    def run(self, watcher: Watcher, feed_of: Callable[[Trials], Feed] | None = None) -> Progress:
        """Run what is missing; every row is on disk when this returns.

        Parameters
        ----------
        watcher
            Told what happens.
        feed_of
            Makes of the missing trials whoever decides on their order, and on which are run at all;
            in the order of the plan where not given.

        Raises
        ------
        BenchError
            The suite asks for what cannot be had, or the folder cannot be used.
        """
        if not self.has_begun:
            self.engine.start()  # it imports what the trials need while we do the same and plan
        from bench.execution.asking import check_params
        from bench.execution.measuring import Progress
        from bench.results import store

        # What a leaderboard will need is imported now, while nothing waits for us.
        for module in ("pandas", "scipy.special"):
            import_module(module)
        plan = self.plan
        with contextlib.ExitStack() as held:
            if self.has_begun:
                held.enter_context(store.lock(self.folder))
                store.consolidate(self.folder)
            todo = self.todo()
            if todo:
                check_params(plan, self.engine, todo)
            if not self.has_begun:
                store.create_run(self.folder, self.suite.name, self._text, self._command)
                held.enter_context(store.lock(self.folder))
            watcher.planned(plan, len(todo))
            if todo and all(trial.device != self._device for trial in plan.trials.one_of_each()):
                watcher.warned(
                    f"no model of this suite runs on a {self._device}; all trials are on the CPU."
                )
            return self._measure(todo, watcher, feed_of) if todo else Progress()

    def _metrics(self) -> list[Metric]:
        """Return what the plan's trials are scored by."""
        subjects = self.plan.subjects.values()
        names = dict.fromkeys(name for one in subjects for name in self.plan.metrics_of(one))
        known = self._registry.metrics
        return [known[name].record for name in names if name in known]

    def _measure(
        self,
        todo: Trials,
        watcher: Watcher,
        feed_of: Callable[[Trials], Feed] | None,
    ) -> Progress:
        from bench.execution import environment
        from bench.execution.feed import InOrder
        from bench.execution.measuring import run_trials
        from bench.results import store
        from bench.results.journal import Journal

        info = store.open_run(self.folder)
        facts = environment.describe_with(self._registry.plugins)
        for change in changed_versions(store.load(self.folder).environments, facts):
            watcher.warned(f"{change} since this run began; its earlier rows stay as they are.")
        environment_id = store.write_environment(self.folder, facts)
        store.write_metrics(self.folder, self._metrics())
        with (
            Journal.open(self.folder, info.run_id, environment_id) as journal,
            watcher.watch(len(todo), self.n_slots) as observer,
        ):
            feed = InOrder(todo) if feed_of is None else feed_of(todo)
            progress = run_trials(self.plan, feed, self.engine, journal, observer)
        store.consolidate(self.folder)
        return progress


def changed_versions(environments: Any, facts: dict[str, Any]) -> list[str]:
    """Return what is installed in another version than in the last environment of a run."""
    rows = environments.to_pylist()
    changes = []
    for kind in ("distributions", "libraries"):
        before = json.loads(rows[-1][kind] or "{}") if rows else {}
        for name, version in facts[kind].items():
            if name in before and before[name] != version:
                changes.append(f"{name} changed from {before[name]} to {version}")
    return changes
