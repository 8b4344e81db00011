"""One execution of a suite: from its text to rows on disk, and again for what is missing."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bench.execution.engine import Engine, Needs
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


def needs_of(suite: Suite, registry: Registry, device: str = "cpu") -> Needs:
    """Return what an engine must have for the trials of a suite."""
    limits = suite.limits
    return Needs(
        cores=limits.cores,
        device=device,
        calls_per_device=limits.trials_per_device,
        preload=modules(suite, registry),
    )


class Session:
    """One execution of a suite.

    Parameters
    ----------
    suite, text
        What to measure, and the text that it was read from, kept with the results.
    registry
        Where names are looked up.
    folder
        Of the run; an earlier run there is gone on with.
    engine
        What runs trials; whoever made it closes it.
    device
        Kind of device for the models that run on it.
    command
        The command line, kept with the results.

    Raises
    ------
    SuiteError
        The engine cannot have what the suite asks for.
    """

    def __init__(
        self,
        suite: Suite,
        text: str,
        registry: Registry,
        folder: Path,
        *,
        engine: Engine,
        device: str = "cpu",
        command: Sequence[str] = (),
    ) -> None:
        self.suite = suite
        self.folder = folder
        self._text = text
        self._registry = registry
        self._device = device
        self._command = list(command)
        self.engine = engine
        engine.prepare(needs_of(suite, registry, device))

    @property
    def n_slots(self) -> int:
        """How many trials run at once."""
        return len(self.engine.slots)

    @property
    def has_begun(self) -> bool:
        """Whether the folder holds a run already."""
        return (self.folder / "run.json").exists()

    @cached_property
    def plan(self) -> Plan:
        """The plan; datasets that are not known yet are loaded in a process of their own.

        Raises
        ------
        BenchError
            The suite asks for what cannot be had.
        """
        from bench.execution.asking import facts_from

        facts_of = facts_from(self.engine, self.suite, self._registry)
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
        has_begun = self.has_begun  # once: another session may begin the run meanwhile
        if not has_begun:
            self.engine.start()  # it imports what the trials need while we do the same and plan
        from bench.execution.asking import check_params
        from bench.execution.measuring import Progress
        from bench.results import store

        plan = self.plan
        with contextlib.ExitStack() as held:
            if has_begun:
                held.enter_context(store.lock(self.folder))
                for problem in store.consolidate(self.folder, verify=True):
                    watcher.warned(problem)
            todo = self.todo()
            if todo:
                check_params(plan, self.engine, todo)
            if has_begun:
                self._resume(watcher)
            else:
                new = store.begin_run(self.folder, self.suite.name, self._text, self._command)
                held.enter_context(new)
            watcher.planned(plan, len(todo))
            slots = self.engine.slots.values()
            if todo and all(trial.device != self._device for trial in plan.trials.one_of_each()):
                watcher.warned(
                    f"no model of this suite runs on a {self._device}; all trials are on the CPU."
                )
            elif 0 < (n := sum(slot.has(self._device) for slot in slots)) < len(slots):
                watcher.warned(
                    f"{n} of {len(slots)} slots have a {self._device}; trials on a {self._device} "
                    "run in these alone. limits.trials_per_device says how many share one."
                )
            progress = self._measure(todo, watcher, feed_of) if todo else Progress()
            self._look_across(watcher)
            return progress

    def _look_across(self, watcher: Watcher) -> None:
        """Keep the figures that need several trials, of all that have ended well by now."""
        from bench.execution import across
        from bench.results import store

        if not across.is_needed(self.plan):
            return
        found = across.compute(self.plan, store.load(self.folder))
        for fault in found.faults:
            watcher.warned(fault)
        run_id = store.open_run(self.folder).run_id
        store.write_figures(self.folder, run_id, found.trial_ids, found.scores)

    def _resume(self, watcher: Watcher) -> None:
        """Say what of the run is not as the suite has it now, which is then the one last run."""
        from bench.execution.resuming import differences
        from bench.results import store

        is_changed = store.suite_text(self.folder) != self._text
        for text in differences(self.folder, self.plan, in_full=is_changed):
            watcher.warned(text)
        store.keep_suite(self.folder, self._text)

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
        from bench.execution.feed import InOrder
        from bench.execution.measuring import run_trials
        from bench.execution.nodes import Nodes
        from bench.results import store
        from bench.results.journal import Journal

        info = store.open_run(self.folder)
        store.write_metrics(self.folder, self._metrics())
        with Journal.open(self.folder, info.run_id) as journal:
            nodes = Nodes(self.engine, self.folder, journal, watcher.warned)
            nodes.meet()
            with watcher.watch(len(todo), self.n_slots) as observer:
                feed = InOrder(todo) if feed_of is None else feed_of(todo)
                progress = run_trials(self.plan, feed, self.engine, journal, observer, nodes)
        for problem in store.consolidate(self.folder):
            watcher.warned(problem)
        return progress
