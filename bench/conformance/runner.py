"""Runs checks: each subject in processes of its own, with limits; a crash there is a finding."""

from __future__ import annotations

import json
import os
import signal
import sys
import sysconfig
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bench.conformance.catalogue import Subject, pairs_of, promises_of
from bench.conformance.looking import found_in
from bench.conformance.promise import Finding, Outcome, Promise
from bench.execution.engine import Call, Engine, Needs, Report

if TYPE_CHECKING:
    from bench.registry.lookup import Registry

SECONDS = 60.0
"""Of computing, for one promise."""

WAITING = 4.0
"""How many times its seconds of computing a promise may take by the clock: other programs compute
meanwhile, and what it waits for does."""

LIMIT_BYTES = 4 * 2**30
_FUNCTION = "bench.conformance.calls:look"
_MODULES = ("bench.conformance.calls", "bench.tasks", "pandas", "sklearn.utils.validation")


@dataclass(frozen=True)
class _Work:
    """Promises to be looked for in one subject (one pair of a model), in one process."""

    subject: Subject
    pair: tuple[str, str] | None
    promises: tuple[str, ...]
    lost: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """What came of looking for the promises of one subject."""

    subject: Subject
    findings: tuple[Finding, ...]

    def count(self, outcome: Outcome) -> int:
        """Return how many ended so."""
        return sum(finding.outcome == outcome for finding in self.findings)


class Runner:
    """Looks for promises in processes of an engine.

    Parameters
    ----------
    registry
        What is installed.
    subjects
        All that may be asked about: what they need is imported once.
    engine
        What runs them; whoever made it closes it.
    seconds
        Of computing, for one promise: four times as long by the clock.
    """

    def __init__(
        self,
        registry: Registry,
        subjects: Iterable[Subject],
        *,
        engine: Engine,
        seconds: float = SECONDS,
    ) -> None:
        self._engine = engine
        self._seconds = seconds
        engine.prepare(Needs(preload=tuple(_modules(registry, subjects))))

    def run(self, wanted: Sequence[tuple[Subject, Sequence[Promise]]]) -> Iterator[Result]:
        """Yield a result for each subject, as soon as all that is wanted of it is known."""
        sought = {subject: _sought(subject, promises) for subject, promises in wanted}
        waiting = deque(work for one in sought.items() for work in _works(*one))
        open_works = {subject: 0 for subject, _ in wanted}
        for work in waiting:
            open_works[work.subject] += 1
        asked = dict(wanted)
        found: dict[Subject, list[tuple[tuple[str, str] | None, Finding]]] = {}
        running: dict[str, _Work] = {}
        with _same_world():
            engine = self._engine
            engine.start()
            n = 0
            while waiting or running:
                for slot in engine.idle:
                    if not waiting:
                        break
                    n += 1
                    running[str(n)] = work = waiting.popleft()
                    engine.submit(slot, self._call(str(n), work))
                for report in engine.wait():
                    work = running.pop(report.id)
                    findings, rest = _read(work, report, self._seconds)
                    found.setdefault(work.subject, []).extend((work.pair, f) for f in findings)
                    if rest is not None:
                        waiting.appendleft(rest)
                        continue
                    open_works[work.subject] -= 1
                    if not open_works[work.subject]:
                        subject = work.subject
                        merged = _merged(subject, sought[subject], found[subject])
                        yield _judged(subject, asked[subject], merged)

    def _call(self, number: str, work: _Work) -> Call:
        return Call(
            id=number,
            function=_FUNCTION,
            model=work.subject.name if work.subject.kind == "model" else "",
            argument={
                "kind": work.subject.kind,
                "name": work.subject.name,
                "distribution": work.subject.distribution,
                "pair": work.pair,
                "promises": list(work.promises),
                "lost": list(work.lost),
                "seconds": self._seconds,
                "seconds_by_the_clock": WAITING * self._seconds,
            },
            # Each promise has an alarm of its own; this is for those who take that away.
            limit_seconds=WAITING * self._seconds * (1 + len(work.promises)),
            limit_bytes=LIMIT_BYTES,
        )


def _modules(registry: Registry, subjects: Iterable[Subject]) -> list[str]:
    """Return the modules that are imported once, before processes are forked."""
    found = dict.fromkeys(_MODULES)
    for subject in subjects:
        if subject.kind in ("model", "dataset"):
            offered: Mapping[str, Any] = getattr(registry, f"{subject.kind}s")
            found |= dict.fromkeys(offered[subject.name].record.preload)
    return list(found)


def _sought(subject: Subject, promises: Sequence[Promise]) -> list[Promise]:
    """Return what must be looked for to say what came of some promises."""
    if any(promise.of_findings for promise in promises):
        promises = tuple(promises_of(subject))
    return [promise for promise in promises if not promise.of_findings]


def _judged(
    subject: Subject, promises: Sequence[Promise], findings: Mapping[str, Finding]
) -> Result:
    """Return what came of some promises, given all findings by their promise's name."""
    return Result(
        subject,
        tuple(
            found_in(promise, list(findings.values()))
            if promise.of_findings
            else findings[promise.name]
            for promise in promises
        ),
    )


def _works(subject: Subject, promises: Sequence[Promise]) -> Iterator[_Work]:
    if subject.kind != "model":
        yield _Work(subject, None, tuple(promise.name for promise in promises))
        return
    by_pair: dict[tuple[str, str], list[str]] = {}
    for promise in promises:
        for pair in pairs_of(promise, subject):
            by_pair.setdefault(pair, []).append(promise.name)
    for pair, names in by_pair.items():
        yield _Work(subject, pair, tuple(names))


def _read(work: _Work, report: Report, seconds: float) -> tuple[list[Finding], _Work | None]:
    """Return what a process found, and what is left to be looked for where it ended too early."""
    if report.answer is not None:
        return [Finding(**values) for values in json.loads(report.answer)], None
    try:
        told = json.loads(report.phase)
        doing, findings = told["doing"], [Finding(**values) for values in told["findings"]]
    except (ValueError, KeyError, TypeError):
        doing, findings = work.promises[0], []
    ended = Finding(
        promise=doing,
        outcome="failed",
        seen=_end(report, seconds),
        details=report.output[-4000:],
    )
    rest = work.promises[work.promises.index(doing) + 1 :]
    left = replace(work, promises=rest, lost=(*work.lost, doing)) if rest else None
    return [*findings, ended], left


def _end(report: Report, seconds: float) -> str:
    """Say how a process ended."""
    if report.killed_for == "memory":
        return f"it took more than {LIMIT_BYTES / 2**30:.0f} GiB of memory, and was ended"
    if report.killed_for == "timeout" or -report.exit_code in (signal.SIGPROF, signal.SIGALRM):
        return f"it took more than {seconds:g} seconds, and was ended"
    if report.lost:
        return "it ended the process that watches over it"
    if report.exit_code < 0:
        return f"the process was ended by {signal.Signals(-report.exit_code).name}"
    return f"the process ended with exit code {report.exit_code}"


def _merged(
    subject: Subject,
    promises: Sequence[Promise],
    found: Sequence[tuple[tuple[str, str] | None, Finding]],
) -> dict[str, Finding]:
    """Bring the findings of a model's pairs together: a failure of one is a failure."""
    findings = {}
    for promise in promises:
        ours = [(pair, one) for pair, one in found if one.promise == promise.name]
        outcomes = {one.outcome for _, one in ours}
        outcome: Outcome = (
            "failed" if "failed" in outcomes else "passed" if "passed" in outcomes else "skipped"
        )
        told: dict[str, list[str]] = {}
        for pair, one in ours:
            if one.outcome == outcome and one.seen:
                told.setdefault(one.seen, []).append(" of ".join(pair) if pair else "")
        several = len(subject.pairs) > 1
        seen = "; ".join(
            f"{', '.join(places)}: {what}" if several else what for what, places in told.items()
        )
        details = next((one.details for _, one in ours if one.outcome == outcome), "")
        findings[promise.name] = Finding(
            promise=promise.name,
            outcome=outcome,
            seen=seen,
            details=details,
            seconds=sum(one.seconds for _, one in ours),
            is_declared=all(one.is_declared for _, one in ours),
        )
    return findings


@contextmanager
def _same_world() -> Iterator[None]:
    """Have child processes find the modules that this one finds."""
    paths = sysconfig.get_paths()
    usual = {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    usual.add(os.path.join(paths["platstdlib"], "lib-dynload"))
    ours = [
        os.path.abspath(entry)
        for entry in sys.path
        if entry not in usual and os.path.isdir(entry or ".")
    ]
    kept = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(ours)
    try:
        yield
    finally:
        if kept is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = kept
