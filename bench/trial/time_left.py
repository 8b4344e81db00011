"""What is left of a trial's time, and how much of that its fit is told that it may use.

The limit of a trial is enforced from outside and covers all of it. A model that looks at the clock
is told what is left just before its fit, less a margin for what comes after the fit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

MARGIN_SECONDS = 1.0
"""Kept for what follows a fit, at least: models look at the clock every fifth of a second or so,
and a busy machine may let them wait."""

MARGIN_SHARE = 0.05
"""Of what is left, kept at least: steps that take long overrun their time by long."""

SAFETY = 2.0
"""How many times what asking and scoring can be expected to take is kept for them: it is foreseen
from an estimator that has been fitted on few rows."""

MOST_SHARE = 0.5
"""Of what is left, kept at most: a model that learns nothing need not be asked."""


@dataclass
class TimeLeft:
    """The time of one trial, by the clock of the system, which all its processes share.

    Parameters
    ----------
    limit_seconds
        Of the whole trial.
    began
        When its limit began, by `clock`.
    clock
        Tells the time in seconds.
    """

    limit_seconds: float
    began: float
    clock: Callable[[], float] = monotonic

    @property
    def seconds(self) -> float:
        """What is left of it; 0 where it is over."""
        return max(0.0, self.began + self.limit_seconds - self.clock())

    def for_fit(self, after: float = 0.0) -> float:
        """Return the seconds that a fit which begins now may take.

        Parameters
        ----------
        after
            Seconds that what follows it can be expected to take.
        """
        left = self.seconds
        margin = max(MARGIN_SECONDS, MARGIN_SHARE * left, SAFETY * after)
        return left - min(margin, MOST_SHARE * left)


_began: float | None = None


def begin(at: float) -> None:
    """Note when the limit of the only trial of this process began, by `time.monotonic`."""
    global _began
    _began = at


def began() -> float:
    """Return when the limit of this process's trial began: now, where nobody has said so."""
    return monotonic() if _began is None else _began
