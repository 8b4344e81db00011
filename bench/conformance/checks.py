"""One check for each promise of each subject of a plugin, to be called from any test."""

from __future__ import annotations

import atexit
import unittest
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.conformance.catalogue import Subject, promises_of, subjects
from bench.conformance.looking import found_in
from bench.conformance.promise import Finding, Promise
from bench.conformance.runner import Runner
from bench.conformance.targets import distribution_of, find
from bench.execution.engines import make_engine

if TYPE_CHECKING:
    from bench.registry.lookup import Registry


class CheckFailed(AssertionError):  # noqa: N818 - a test's failure
    """A plugin does not keep a promise; the message says what was seen, why and how to mend it."""


class Session:
    """The checks of one plugin, and what is known of them so far.

    All that are `wanted` of a subject are looked for together, when the first of them is asked for:
    they share processes and fits.
    """

    def __init__(self, registry: Registry, subjects: Sequence[Subject]) -> None:
        self.engine = make_engine()
        self.runner = Runner(registry, subjects, engine=self.engine)
        self.wanted: set[Check] = set()
        self._known: dict[tuple[Subject, str], Finding] = {}

    def finding(self, check: Check) -> Finding:
        """Return what came of a check."""
        key = (check.about, check.name)
        if key not in self._known:
            about = check.about
            together = {one.promise for one in {*self.wanted, check} if one.about == about}
            everything = [one for one in promises_of(about) if not one.of_findings]
            is_judged = check.promise.of_findings
            missing = [
                one
                for one in everything
                if (is_judged or one in together) and (about, one.name) not in self._known
            ]
            for result in self.runner.run([(about, missing)] if missing else []):
                for finding in result.findings:
                    self._known[about, finding.promise] = finding
            if is_judged:
                findings = [self._known[about, one.name] for one in everything]
                self._known[key] = found_in(check.promise, findings)
        return self._known[key]


_sessions: list[Session] = []


@dataclass(frozen=True)
class Check:
    """One promise of one subject.

    Parameters
    ----------
    about
        The subject.
    promise
        What is looked for in it.
    session
        What runs it.
    """

    about: Subject
    promise: Promise
    session: Session

    @property
    def name(self) -> str:
        """Of the promise, such as ``"keeps-the-order"``."""
        return self.promise.name

    @property
    def subject(self) -> str:
        """What the promise is looked for in, such as ``"model acme-forest"``."""
        return str(self.about)

    def __str__(self) -> str:
        return f"{self.subject.replace(' ', '-')}-{self.name}"

    def __call__(self) -> None:
        """Look for the promise in a process of its own.

        Raises
        ------
        CheckFailed
            It is not kept.
        unittest.SkipTest
            It says nothing about this subject; pytest takes it for a skip.
        """
        __tracebackhide__ = True
        finding = self.session.finding(self)
        if finding.outcome == "skipped":
            raise unittest.SkipTest(f"{self.subject}: {finding.seen}")
        if finding.outcome == "failed":
            raise CheckFailed(explain(self.subject, self.promise, finding))


def explain(subject: str, promise: Promise, finding: Finding) -> str:
    """Return what failed, why it matters and how to mend it."""
    text = (
        f"{subject} does not keep {promise.name!r}: {finding.seen}\n"
        f"  Promised: {promise.what}\n"
        f"  Why it matters: {promise.why}\n"
        f"  How to mend it: {promise.mend}"
    )
    return f"{text}\n\n{finding.details.rstrip()}" if finding.details else text


def checks_of(plugin: str) -> list[Check]:
    """Return every check of the plugins that are meant, as `bench.testing.checks_of`."""
    from bench.registry.lookup import discover

    registry = discover()
    name = distribution_of(plugin) or plugin
    about = [one for info in find(registry, name) for one in subjects(registry, info)]
    session = Session(registry, about)
    _sessions.append(session)
    return [
        Check(subject, promise, session) for subject in about for promise in promises_of(subject)
    ]


def select(checks: Sequence[Check]) -> None:
    """Say which checks will be called, so that those of a subject are looked for together."""
    for check in checks:
        check.session.wanted.add(check)


@atexit.register
def close() -> None:
    """End every process that checks have started."""
    while _sessions:
        _sessions.pop().engine.close()
