"""The trials of one session: what is missing is measured, every row on disk before the next one."""

from __future__ import annotations

import random
import signal
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bench.execution.endings import MAX_ATTEMPTS, killed_by_a_stranger, outcome_of
from bench.execution.engine import Call, Engine, Report, Slot
from bench.execution.feed import Feed
from bench.execution.nodes import Nodes
from bench.planning.plan import Plan
from bench.spec.errors import ResultsError, UnwritableError
from bench.spec.outcome import Measure, Observer, Outcome, Trial
from bench.trial.job import Job

if TYPE_CHECKING:
    from bench.results.journal import Journal

SENTINEL_EVERY = 20
"""Every so many turns of a slot, an earlier trial is run again: 5 %."""

N_SENTINELS = 3

SENTINEL_SECONDS = 1.0

MOST_HELD = 1_000
"""Trials that wait for a slot with a device of their kind, while other slots go on with others."""


@dataclass
class Progress:
    """How far a session came."""

    n_ok: int = 0
    n_failed: int = 0
    interrupted: bool = False
    statuses: dict[str, int] = field(default_factory=dict)

    def count(self, outcome: Outcome) -> None:
        """Take one outcome into account."""
        self.statuses[outcome.status] = self.statuses.get(outcome.status, 0) + 1
        if outcome.status in ("ok", "skipped"):
            self.n_ok += 1
        else:
            self.n_failed += 1


def job_of(plan: Plan, trial: Trial) -> Job:
    """Return all that a trial's process needs to know."""
    subject = plan.subjects[trial.dataset_label]
    return Job(
        trial=trial,
        dataset=subject.source.registry_name,
        path=subject.source.path,
        protocol=plan.protocol,
        n_train_max=subject.largest(trial),
        has_missing=subject.facts.has_missing,
        primary_metric=subject.primary_metric,
        metrics=plan.metrics_of(subject),
        keep_predictions=plan.suite.suite.predictions,
    )


class _Turns:
    """The trials of one session: what waits, what runs, which ones measure the machine's noise."""

    def __init__(
        self,
        plan: Plan,
        engine: Engine,
        journal: Journal,
        observer: Observer,
        feed: Feed,
        nodes: Nodes,
    ) -> None:
        self.plan = plan
        self.feed = feed
        self.engine = engine
        self.journal = journal
        self.observer = observer
        self.nodes = nodes
        self.progress = Progress()
        self.again: deque[Trial] = deque()
        self.held: deque[Trial] = deque()
        self.running: dict[int, Trial] = {}
        self.timed: list[tuple[bool, float, Trial]] = []
        self.turns: dict[int, int] = {}
        self.attempts: dict[str, int] = {}
        self.chance = random.Random(plan.suite.suite.seed)

    def run(self, stopped: Callable[[], bool]) -> Progress:
        """Run trials until there are no more, or until `stopped` says so."""
        while (self._is_more() or self.running) and not stopped():
            for slot in self.engine.idle:
                self._next(slot)
            for report in self.engine.wait(0.2):
                if not self.nodes.take(report):
                    self._take(report)
        self.progress.interrupted = bool(self._is_more() or self.running)
        return self.progress

    def _is_more(self) -> bool:
        return bool(self.again or self.held) or not self.feed.is_over

    def _next(self, slot: int) -> None:
        if (call := self.nodes.first_call(slot)) is not None:
            self.engine.submit(slot, call)
            return
        turn = self.turns.get(slot, 0) + 1
        here = self.engine.slots[slot]
        timed = [trial for *_, trial in self.timed if here.has(trial.device)]
        if turn % SENTINEL_EVERY == 0 and timed and self._is_more():
            self._submit(slot, self.chance.choice(timed), f"sentinel-{slot}-{turn}")
        elif (trial := self._open(here)) is not None:
            self.observer.started(slot, trial)
            self._submit(slot, trial, trial.trial_id)
        else:
            return
        self.turns[slot] = turn

    def _open(self, slot: Slot) -> Trial | None:
        """Return the next trial that a slot has the device for; those run again come last."""
        if (trial := _first(self.held, slot)) is not None:
            return trial
        while len(self.held) < MOST_HELD and (trial := self.feed.take()) is not None:
            if slot.has(trial.device):
                return trial
            self.held.append(trial)
        return _first(self.again, slot)

    def _submit(self, slot: int, trial: Trial, id_: str) -> None:
        self.running[slot] = trial
        call = Call(
            id=id_,
            function="bench.execution.calls:run_trial",
            argument=job_of(self.plan, trial).to_json(),
            limit_seconds=trial.limit_seconds,
            limit_bytes=trial.limit_bytes,
            model=trial.model,
            device=trial.device,
        )
        self.engine.submit(slot, call)

    def _take(self, report: Report) -> None:
        trial = self.running.pop(report.slot)
        if report.id != trial.trial_id:
            self._take_sentinel(trial, report)
            return
        attempts = self.attempts[report.id] = self.attempts.get(report.id, 0) + 1
        if killed_by_a_stranger(report) and attempts < MAX_ATTEMPTS:
            self.again.append(trial)  # last: whatever killed it may have gone by then
            return
        outcome = outcome_of(trial, report)
        environment_id = self.nodes.environment_of(report.slot)
        try:
            self.journal.append(trial, outcome, environment_id)
        except UnwritableError:
            raise  # nothing is recorded in its place: once there is room, it is measured again
        except ResultsError as error:  # a value that no column can hold
            outcome = Outcome(trial_id=trial.trial_id, status="error", reason=str(error))
            self.journal.append(trial, outcome, environment_id)
        self.progress.count(outcome)
        self.feed.ended(trial, outcome)
        self.observer.ended(report.slot, trial, outcome)
        if outcome.status == "ok" and trial.family != "baseline":
            self._consider(trial, outcome.facts.fit_seconds or 0.0)

    def _consider(self, trial: Trial, seconds: float) -> None:
        """Keep the trials that tell the machine's noise best: the longest fits below a second."""
        self.timed.append((seconds <= SENTINEL_SECONDS, seconds, trial))
        self.timed.sort(key=lambda entry: (entry[0], entry[1] if entry[0] else -entry[1]))
        del self.timed[:-N_SENTINELS]

    def _take_sentinel(self, trial: Trial, report: Report) -> None:
        seconds = outcome_of(trial, report).facts.fit_seconds if report.answer else None
        if seconds is not None:
            measure = Measure("fit", "sentinel", "fit_seconds", seconds, "s")
            self.journal.append_measures(trial.trial_id, [measure])


def _first(waiting: deque[Trial], slot: Slot) -> Trial | None:
    """Take the first trial that waits and that a slot has the device for."""
    for trial in waiting:
        if slot.has(trial.device):
            waiting.remove(trial)
            return trial
    return None


def run_trials(
    plan: Plan,
    feed: Feed,
    engine: Engine,
    journal: Journal,
    observer: Observer,
    nodes: Nodes,
) -> Progress:
    """Run the trials that are fed, each to exactly one row in the journal; return how far it came.

    The first interruption (Ctrl-C, SIGTERM) ends what runs and keeps what is finished; a second one
    is left to Python.
    """
    with _interruptible() as stopped:
        progress = _Turns(plan, engine, journal, observer, feed, nodes).run(stopped)
    nodes.part()
    return progress


@contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """Note the first interruption instead of raising it."""
    seen: list[int] = []
    before: dict[int, Any] = {}

    def note(number: int, frame: Any) -> None:
        seen.append(number)
        for known, handler in before.items():
            signal.signal(known, handler)

    try:
        for number in (int(signal.SIGINT), int(signal.SIGTERM)):
            before[number] = signal.signal(number, note)
    except ValueError:  # not the main thread: whoever owns it decides
        before.clear()
    try:
        yield lambda: bool(seen)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
