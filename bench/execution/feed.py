"""Which trial is run next: those of a plan in their order, or what somebody decides meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bench.spec.outcome import Outcome, Trial


class Feed(Protocol):
    """Whoever decides which trial is run next; it may hang on how earlier ones ended."""

    @property
    def is_over(self) -> bool:
        """Whether it has nothing more to give, however the trials that run may end."""

    def take(self) -> Trial | None:
        """Return the trial that an idle slot is to start now; None: wait for one that runs."""

    def ended(self, trial: Trial, outcome: Outcome) -> None:
        """Be told how a trial ended."""


class InOrder:
    """Trials in the order in which they are given."""

    def __init__(self, trials: Sequence[Trial]) -> None:
        self._trials = trials
        self._next = 0

    @property
    def is_over(self) -> bool:
        """Whether none is left."""
        return self._next == len(self._trials)

    def take(self) -> Trial | None:
        """Return the next one."""
        if self.is_over:
            return None
        self._next += 1
        return self._trials[self._next - 1]

    def ended(self, trial: Trial, outcome: Outcome) -> None:
        """Go on, however it ended."""
