"""What is said of a run while it is prepared and measured, by the command and in Python alike."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from bench.planning.plan import Plan
    from bench.spec.outcome import Observer


class Told:
    """Prints what a session does; close it when the session is over.

    Parameters
    ----------
    console
        Where to.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self._reading = contextlib.ExitStack()
        if console.is_terminal:
            self._reading.enter_context(console.status("Reading models and datasets"))

    def close(self) -> None:
        """Take away what is shown while models and datasets are read."""
        self._reading.close()

    def planned(self, plan: Plan, n_todo: int) -> None:
        """Print how much is to be done, and what was left out."""
        self.close()
        text = (
            f"{plan.suite.name}: {count(n_todo, 'trial')} of "
            f"{count(len(plan.contenders), 'model')} on {count(len(plan.subjects), 'dataset')}"
        )
        if n_earlier := len(plan.trials) - n_todo:
            text += f"; {n_earlier} more are done already"
        say(self.console, f"{text}.")
        for entry in plan.left_out:
            say(self.console, f"  left out: {entry.what}: {entry.why}", "dim")

    def warned(self, text: str) -> None:
        """Print a warning."""
        say(self.console, f"Warning: {text}", "yellow")

    def watch(self, n_trials: int, n_slots: int) -> AbstractContextManager[Observer]:
        """Return what shows the progress on this console."""
        from bench.report.progress import watch

        return watch(self.console, n_trials, n_slots)


def say(console: Console, text: str, style: str | None = None) -> None:
    """Print a line as it is."""
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def count(n: int, noun: str) -> str:
    """Return "1 trial" or "2 trials"."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def counted(statuses: Mapping[str, int]) -> str:
    """Return how many trials ended in which way, such as "118 ok, 2 timeout"."""
    return ", ".join(f"{n} {status}" for status, n in sorted(statuses.items()))
