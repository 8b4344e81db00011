"""What is shown while a table is measured: what runs, how much has been done, how long is left."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.console import Console
from rich.status import Status

from bench.report.progress import describe, duration
from bench.report.text import clean, plural
from bench.spec.outcome import FAILED, Outcome, Trial

_LINE_EVERY_SECONDS = 5.0


class TimedProgress:
    """A line that is drawn anew in a terminal; elsewhere a line now and then.

    How many trials there will be is not known beforehand, only how long they may take.

    Parameters
    ----------
    console
        Where to.
    left
        Returns the seconds that are left for measuring.
    """

    def __init__(self, console: Console, left: Callable[[], float]) -> None:
        self._console = console
        self._left = left
        self._status: Status | None = None
        if console.is_terminal and not console.is_dumb_terminal:
            self._status = console.status("")
        self._running: dict[int, Trial] = {}
        self._n_done = 0
        self._n_failed = 0
        self._said = -_LINE_EVERY_SECONDS

    def __enter__(self) -> TimedProgress:
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()

    def started(self, slot: int, trial: Trial) -> None:
        """Show what a slot runs."""
        self._running[slot] = trial
        self._draw()

    def ended(self, slot: int, trial: Trial, outcome: Outcome) -> None:
        """Count how a trial ended; say why where it failed."""
        self._running.pop(slot, None)
        self._n_done += 1
        if outcome.status in FAILED:
            self._n_failed += 1
            reason = clean("".join(outcome.reason.splitlines()[:1])[:200])
            self._print(f"  {outcome.status}: {describe(trial)}: {reason}")
        now = time.monotonic()
        if self._status is None and now - self._said >= _LINE_EVERY_SECONDS:
            self._said = now
            self._print(f"  {self._counted()}: {describe(trial)}")
        self._draw()

    def _counted(self) -> str:
        failed = f", {self._n_failed} failed" if self._n_failed else ""
        left = duration(max(0.0, self._left()))
        return f"{plural(self._n_done, 'trial')}{failed}, {left} left"

    def _draw(self) -> None:
        if self._status is not None:
            names = "; ".join(describe(trial) for trial in self._running.values())
            self._status.update(f"{self._counted()}  {names}"[: self._console.width - 4])

    def _print(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)
