"""What `bench.run` shows while it runs: lines in a notebook, a live table in a terminal."""

from __future__ import annotations

import sys
import warnings
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from rich.console import Console

from bench.report.told import Told

if TYPE_CHECKING:
    from bench.planning.plan import Plan
    from bench.spec.outcome import Observer, Outcome, Trial

_WIDTH = 120


def is_notebook() -> bool:
    """Return whether outputs are shown by a Jupyter kernel."""
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    return hasattr(get_ipython(), "kernel")


def told() -> Told:
    """Return what shows a run here: in the cell's output, or on standard error."""
    if is_notebook():
        return _ToldInNotebook(_plain_console(sys.stdout))
    from bench.report.terminal import make_console

    return Told(make_console(stderr=True))


def _plain_console(file: Any) -> Console:
    """Return a console of plain lines; rich's own output in Jupyter needs what may be missing."""
    return Console(
        file=file,
        width=_WIDTH,
        force_jupyter=False,
        force_terminal=False,
        no_color=True,
        highlight=False,
        markup=False,
        emoji=False,
    )


class _ToldInNotebook(Told):
    """Prints what a session does as lines, and the last of its trials in place."""

    def watch(self, n_trials: int, n_slots: int) -> AbstractContextManager[Observer]:
        """Return what shows one line at a time."""
        from bench.report.progress import PlainProgress

        return PlainProgress(_plain_console(_InPlace()), n_trials, n_slots)


class _InPlace:
    """A file of which a notebook shows the last line that was written."""

    def __init__(self) -> None:
        self._shown: Any = None

    def write(self, text: str) -> int:
        """Show a line in place of the one before."""
        from IPython.display import display

        show: Any = display  # it has no types
        if text.strip():
            bundle = {"text/plain": text.rstrip()}
            if self._shown is None:
                self._shown = show(bundle, raw=True, display_id=True)
            else:
                self._shown.update(bundle, raw=True)
        return len(text)

    def flush(self) -> None:
        """Do nothing: a line is shown when it is written."""


class Silent:
    """Shows nothing; warnings are raised as such."""

    def close(self) -> None:
        """Do nothing."""

    def planned(self, plan: Plan, n_todo: int) -> None:
        """Say nothing."""

    def warned(self, text: str) -> None:
        """Warn."""
        warnings.warn(text, UserWarning, stacklevel=2)

    def watch(self, n_trials: int, n_slots: int) -> AbstractContextManager[Observer]:
        """Return what shows nothing."""
        return nullcontext(_Unseen())


class _Unseen:
    def started(self, slot: int, trial: Trial) -> None:
        pass

    def ended(self, slot: int, trial: Trial, outcome: Outcome) -> None:
        pass
