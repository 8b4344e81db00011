"""Calls that are interrupted when their time is over."""

from __future__ import annotations

import math
import signal
import threading
from collections.abc import Callable
from time import perf_counter
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from types import FrameType

RINGS_AGAIN_SECONDS = 1.0
"""After which a call that has swallowed the end of its time is interrupted again."""

_SOON_SECONDS = 1e-3
_Result = TypeVar("_Result")


class OutOfTimeError(BaseException):
    """The time of a call is over; no `Exception`, for learners catch those of their parts."""


def ended_within(seconds: float, call: Callable[[], _Result]) -> _Result:
    """Return what a call returns, and interrupt it where it takes longer.

    Only what comes back to Python now and then can be interrupted: a learner that is one long call
    of C (LIBSVM) goes on until it is done. Nothing is interrupted in other threads than the main
    one, which alone gets signals.

    Parameters
    ----------
    seconds
        After which it is interrupted, and again every `RINGS_AGAIN_SECONDS`; infinity: never.
    call
        What is called.

    Raises
    ------
    OutOfTimeError
        Its time is over.
    """
    if math.isinf(seconds) or threading.current_thread() is not threading.main_thread():
        return call()
    is_running = True

    def ring(number: int, frame: FrameType | None) -> None:
        if is_running:
            raise OutOfTimeError

    start = perf_counter()
    handler, (delay, interval) = signal.getsignal(signal.SIGALRM), (0.0, 0.0)
    try:
        try:
            signal.signal(signal.SIGALRM, ring)
            delay, interval = signal.setitimer(
                signal.ITIMER_REAL, max(seconds, _SOON_SECONDS), RINGS_AGAIN_SECONDS
            )
            return call()
        finally:
            is_running = False
    finally:
        is_running = False  # it may have rung on the way out, before the same line above
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler or signal.SIG_DFL)
        if delay:
            left = delay - (perf_counter() - start)
            signal.setitimer(signal.ITIMER_REAL, max(left, _SOON_SECONDS), interval)
