"""How long a fitted estimator takes to answer.

Only `Task.ask` is timed, never what reads and checks the answer; and every question is asked once
untimed, for a first call compiles, imports and fills caches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.registry.venvs.remote import clock
from bench.spec import Part, Task

FEW_UNITS = 32
"""What a warm-up fits on, and asks about at least."""

LATENCY_SECONDS = 0.5
"""After which no further call of one size is timed."""

LATENCY_CALLS = 5
"""Of one size that are timed at most: the median of them is told."""

REPEATED_BELOW_SECONDS = 1.0
"""A part that took longer is not asked about again: next to that a first call costs little more."""

_PATIENCE_SECONDS = 10.0
"""A first call of a warm-up that took longer is taken for a usual one."""

_SCORING_SECONDS = 1e-5
"""For a unit that has been asked about: all metrics of a task together."""


@dataclass(frozen=True)
class Pace:
    """How long asking takes: so many seconds a call, and so many more for each unit."""

    call_seconds: float = 0.0
    unit_seconds: float = 0.0

    def seconds(self, n: int) -> float:
        """Return what a call about `n` units can be expected to take."""
        return self.call_seconds + n * self.unit_seconds

    @classmethod
    def of(cls, one: tuple[int, float], few: tuple[int, float]) -> Pace:
        """Learn from two calls: how many units each was about, and how long it took."""
        (n_one, seconds_one), (n_few, seconds_few) = one, few
        if n_few <= n_one:
            return cls(seconds_few, 0.0)
        unit = max(0.0, (seconds_few - seconds_one) / (n_few - n_one))
        return cls(max(0.0, seconds_one - n_one * unit), unit)


@dataclass(frozen=True)
class Asking:
    """One fitted estimator, and the part that it is asked about on the clock.

    Parameters
    ----------
    task
        What is asked.
    estimator
        Who is asked.
    part
        About what: the first of the task's questions.
    clock
        Tells the time in seconds.
    """

    task: Task
    estimator: Any
    part: Part
    clock: Callable[[], float] = clock

    def ask(self, part: Part) -> tuple[Any, float]:
        """Return what the estimator answers about a part, and the seconds that it took."""
        _ = part.X  # rows that are not taken yet are taken before the clock runs
        start = self.clock()
        answer = self.task.ask(self.estimator, part)
        return answer, self.clock() - start

    def warm_up(self) -> Pace:
        """Ask about one unit and about many, so that nothing is compiled or imported later.

        About as many as any question on latency is: what a model makes ready for that, it has
        ready for a long part, too. Return the pace of the second calls.
        """
        many = max((FEW_UNITS, *self.task.latencies))
        return Pace.of(self._asked_twice(1), self._asked_twice(many))

    def _asked_twice(self, n: int) -> tuple[int, float]:
        """Return about how many units it was asked, and how long the second call took."""
        few = self.task.shorten(self.part, n)
        _, seconds = self.ask(few)
        if seconds < _PATIENCE_SECONDS:
            _, seconds = self.ask(few)
        return len(few), seconds

    def timed_answer(self) -> tuple[Any, float]:
        """Return the answer about the whole part, and how long the estimator takes to give it."""
        answer, seconds = self.ask(self.part)
        if seconds < REPEATED_BELOW_SECONDS:
            _, seconds = self.ask(self.part)
        return answer, seconds

    def latency(self, n: int) -> float:
        """Return the median time of a question about `n` units."""
        part = self.task.shorten(self.part, n)
        self.ask(part)
        seconds: list[float] = []
        begin = self.clock()
        while not seconds or (
            len(seconds) < LATENCY_CALLS and self.clock() - begin < LATENCY_SECONDS
        ):
            seconds.append(self.ask(part)[1])
        return median(seconds)


def seconds_after_fit(task: Task, questions: Iterable[tuple[str, Part]], pace: Pace) -> float:
    """Return what a trial can be expected to take when its estimator has been fitted."""
    lengths = [len(part) for _, part in questions]
    first = lengths[0]
    total = pace.seconds(first) + sum(pace.seconds(n) + n * _SCORING_SECONDS for n in lengths)
    for n in task.latencies:
        once = pace.seconds(min(n, first))
        total += once + max(once, min(LATENCY_SECONDS, LATENCY_CALLS * once))
    return total
