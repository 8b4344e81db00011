"""One run of a suite: what is missing is measured, every row is on disk before the next trial."""

from __future__ import annotations

import dataclasses
import json
import random
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from bench import loading
from bench.errors import DatasetError, ResultsError, SuiteError
from bench.execution import environment
from bench.execution.feed import Feed
from bench.execution.local import Call, Report
from bench.loading import Source
from bench.outcome import Facts, Measure, Outcome, Trial
from bench.plan import FactsOf, Plan
from bench.spec import Task
from bench.suite import Suite
from bench.trial import Job

if TYPE_CHECKING:
    from bench.results.journal import Journal
    from bench.results.store import Finished

SENTINEL_EVERY = 20
"""Every so many turns of a slot, an earlier trial is run again: 5 %."""

N_SENTINELS = 3
SENTINEL_SECONDS = 1.0
MAX_ATTEMPTS = 3
"""Of a trial that something outside bench has killed."""

FIT_SHARE = 0.75
"""Share of the time limit after which a model's own training should stop."""


class Engine(Protocol):
    """What runs calls: `bench.execution.local.LocalEngine`, or the same elsewhere."""

    @property
    def n_slots(self) -> int:
        """How many calls can be in progress at once."""

    @property
    def idle(self) -> list[int]:
        """Slots in which nothing is in progress."""

    def submit(self, slot: int, call: Call) -> None:
        """Begin a call in an idle slot."""

    def wait(self, timeout: float | None = None) -> list[Report]:
        """Return the calls that have ended."""


class Observer(Protocol):
    """Whoever watches a run."""

    def started(self, slot: int, trial: Trial) -> None:
        """A trial has begun."""

    def ended(self, slot: int, trial: Trial, outcome: Outcome) -> None:
        """A trial has ended, and its row is on disk."""


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
        dataset=_registry_name(subject.source.spec.name, subject.source.path),
        path=subject.source.path,
        cache_key=subject.cache_key,
        protocol=plan.protocol,
        n_train_max=subject.largest(trial),
        has_missing=subject.facts.has_missing,
        primary_metric=subject.primary_metric,
        metrics=tuple(
            dict.fromkeys(
                [subject.primary_metric, *subject.task.metrics, *plan.suite.suite.metrics]
            )
        ),
        keep_predictions=plan.suite.suite.predictions,
        max_seconds=FIT_SHARE * trial.limit_seconds,
    )


def _registry_name(name: str, path: str | None) -> str:
    return name if path is None else f"{name}:{path}"


def outcome_of(trial: Trial, report: Report) -> Outcome:
    """Return how a trial ended: as it says itself, or as seen from outside if it cannot."""
    outcome = None
    if report.answer is not None:
        try:
            outcome = Outcome.from_bytes(report.answer)
        except (ValueError, KeyError, TypeError):
            outcome = None
    if outcome is None:
        status, reason = _death(trial, report)
        outcome = Outcome(
            trial_id=trial.trial_id,
            status=status,
            reason=reason,
            facts=Facts(started_at=time.time() - report.seconds),
        )
    peak = max(report.peak_anon_bytes, outcome.facts.peak_anon_bytes or 0)
    facts = dataclasses.replace(outcome.facts, peak_anon_bytes=peak)
    turn = Measure("trial", "clock", "turn_seconds", report.seconds, "s")
    resident = Measure("trial", "memory", "peak_resident_bytes", report.peak_resident_bytes, "B")
    return dataclasses.replace(
        outcome,
        facts=facts if report.phase in ("fit", "predict", "score") else outcome.facts,
        measures=(*outcome.measures, turn, resident),
        output=report.output + outcome.output,
    )


def _death(trial: Trial, report: Report) -> tuple[Any, str]:
    """Return status and reason of a process that ended without an answer."""
    where = f"in {report.phase}"
    if report.lost:
        return "crashed", f"the process that watched it was killed {MAX_ATTEMPTS} times"
    if report.killed_for == "timeout":
        return "timeout", f"over its limit of {trial.limit_seconds:g} s, {where}"
    if report.killed_for == "memory":
        limit = trial.limit_bytes / 2**20
        return "out_of_memory", f"over its limit of {limit:,.0f} MiB of memory, {where}"
    if report.exit_code == -signal.SIGKILL and report.kernel_out_of_memory:
        return "out_of_memory", f"the system ran out of memory and killed it, {where}"
    if report.exit_code < 0:
        known = {int(number): number.name for number in signal.Signals}
        name = known.get(-report.exit_code, f"signal {-report.exit_code}")
        return "crashed", f"killed by {name}, {where}"
    return "crashed", f"exited with code {report.exit_code} without a result, {where}"


def _killed_by_a_stranger(report: Report) -> bool:
    """Whether something that is neither bench nor the trial itself seems to have ended it."""
    return report.lost or (
        report.answer is None
        and not report.killed_for
        and not report.kernel_out_of_memory
        and report.exit_code == -signal.SIGKILL
    )


def facts_from(engine: Callable[[], Engine], suite: Suite) -> FactsOf:
    """Return a function that says the facts of a dataset: from the cache, or by loading it.

    Parameters
    ----------
    engine
        Called only when something has to be loaded.
    suite
        Its limits and its protocol hold.
    """
    protocol = suite.protocol.splits()

    def facts_of(source: Source, tasks: Sequence[Task]) -> loading.Facts:
        names = [task.name for task in tasks]
        known = loading.known_facts(source, names, protocol)
        if known is not None:
            return known
        answer = ask_about(engine(), "bench.execution.calls:describe", source, names, suite)
        return loading.Facts.from_json(answer["facts"])

    return facts_of


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
    call = Call(
        id="describe",
        function=function,
        argument={
            "dataset": _registry_name(source.spec.name, source.path),
            "params": source.params,
            "path": source.path,
            "tasks": list(tasks),
            "protocol": dataclasses.asdict(suite.protocol.splits()),
        },
        limit_seconds=3600.0,
        limit_bytes=suite.limits.memory,
    )
    (report,) = _all(engine, [call])
    if report.answer is None:
        how = report.killed_for or f"exit code {report.exit_code}"
        raise DatasetError(
            f"dataset {source.name!r} could not be loaded: its process ended without an answer "
            f"({how}).\n{report.output[-2000:]}"
        )
    answer: dict[str, Any] = json.loads(report.answer)
    if "message" in answer:
        raise DatasetError(answer["message"])
    return answer


def check_params(plan: Plan, engine: Engine, trials: Sequence[Trial]) -> None:
    """Find parameters that a model does not take, and a device that is not there, beforehand.

    Raises
    ------
    SuiteError
        Every such parameter, in one message; or that no model can start on the device.
    """
    checked: dict[str, Trial] = {}
    for trial in trials:
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
        contender, subject = plan.contenders[trial.label], plan.subjects[trial.dataset_label]
        argument = {
            "model": contender.spec.name,
            "params": contender.params,
            "facts": subject.facts.to_json(),
            "modality": trial.modality,
            "device": trial.device,
            "n_train": subject.largest(trial),
        }
        call = Call(
            id=trial.label,
            function="bench.execution.calls:check_params",
            argument=argument,
            limit_seconds=trial.limit_seconds,
            limit_bytes=trial.limit_bytes,
            model=trial.model,
        )
        calls.append(call)
    return {report.id: json.loads(report.answer or b"{}") for report in _all(engine, calls)}


def calibrate(engine: Engine, journal: Journal) -> None:
    """Time the calibration load in each slot while the others are quiet, and keep it."""
    for slot in range(engine.n_slots):
        call = Call(
            id=f"calibration-{slot}",
            function="bench.execution.calls:calibrate",
            argument={},
            limit_seconds=60.0,
            limit_bytes=1 << 62,
        )
        engine.submit(slot, call)
        for report in _until(engine, call.id):
            if report.answer is not None:
                best = json.loads(report.answer)["best"]
                measure = Measure("calibrate", "calibration", f"slot-{slot}", best, "s")
                journal.append_measures("", [measure])


def _all(engine: Engine, calls: list[Call]) -> Iterator[Report]:
    """Make calls in whatever slots are idle; yield their reports."""
    waiting = deque(calls)
    left = {call.id for call in calls}
    while left:
        for slot in engine.idle:
            if waiting:
                engine.submit(slot, waiting.popleft())
        for report in engine.wait():
            left.discard(report.id)
            yield report


def _until(engine: Engine, id_: str) -> list[Report]:
    reports: list[Report] = []
    while not any(report.id == id_ for report in reports):
        reports += engine.wait()
    return reports


class _Session:
    """The trials of one session: what waits, what runs, which ones measure the machine's noise."""

    def __init__(
        self, plan: Plan, engine: Engine, journal: Journal, observer: Observer, feed: Feed
    ) -> None:
        self.plan = plan
        self.feed = feed
        self.engine = engine
        self.journal = journal
        self.observer = observer
        self.progress = Progress()
        self.again: deque[Trial] = deque()
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
                self._take(report)
        self.progress.interrupted = bool(self._is_more() or self.running)
        return self.progress

    def _is_more(self) -> bool:
        return bool(self.again) or not self.feed.is_over

    def _next(self, slot: int) -> None:
        turn = self.turns.get(slot, 0) + 1
        if turn % SENTINEL_EVERY == 0 and self.timed and self._is_more():
            *_, sentinel = self.chance.choice(self.timed)
            self._submit(slot, sentinel, f"sentinel-{slot}-{turn}")
        elif (trial := self._open()) is not None:
            self.observer.started(slot, trial)
            self._submit(slot, trial, trial.trial_id)
        else:
            return
        self.turns[slot] = turn

    def _open(self) -> Trial | None:
        """Return the next trial; those that are run again come last."""
        trial = self.feed.take()
        return self.again.popleft() if trial is None and self.again else trial

    def _submit(self, slot: int, trial: Trial, id_: str) -> None:
        self.running[slot] = trial
        call = Call(
            id=id_,
            function="bench.execution.calls:run_trial",
            argument=job_of(self.plan, trial).to_json(),
            limit_seconds=trial.limit_seconds,
            limit_bytes=trial.limit_bytes,
            model=trial.model,
        )
        self.engine.submit(slot, call)

    def _take(self, report: Report) -> None:
        trial = self.running.pop(report.slot)
        if report.id != trial.trial_id:
            self._take_sentinel(trial, report)
            return
        attempts = self.attempts[report.id] = self.attempts.get(report.id, 0) + 1
        if _killed_by_a_stranger(report) and attempts < MAX_ATTEMPTS:
            self.again.append(trial)  # last: whatever killed it may have gone by then
            return
        outcome = outcome_of(trial, report)
        try:
            self.journal.append(trial, outcome)
        except ResultsError as error:  # a value that no column can hold
            outcome = Outcome(trial_id=trial.trial_id, status="error", reason=str(error))
            self.journal.append(trial, outcome)
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


def run_trials(
    plan: Plan,
    feed: Feed,
    engine: Engine,
    journal: Journal,
    observer: Observer,
) -> Progress:
    """Run the trials that are fed, each to exactly one row in the journal; return how far it came.

    The first interruption (Ctrl-C, SIGTERM) ends what runs and keeps what is finished; a second one
    is left to Python.
    """
    steal = environment.steal_seconds()
    with _interruptible() as stopped:
        calibrate(engine, journal)
        progress = _Session(plan, engine, journal, observer, feed).run(stopped)
    stolen = environment.steal_seconds() - steal
    journal.append_measures("", [Measure("run", "noise", "steal_seconds", stolen, "s")])
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


def is_done(trial: Trial, earlier: Finished | None) -> bool:
    """Whether an earlier row makes a trial needless: not if it hit a limit lower than now asked."""
    if earlier is None:
        return False
    if earlier.status == "timeout":
        return earlier.limit_seconds >= trial.limit_seconds
    if earlier.status == "out_of_memory":
        return earlier.limit_bytes >= trial.limit_bytes
    return True
