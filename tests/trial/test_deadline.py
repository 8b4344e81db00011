"""Deadlines: what takes too long is interrupted, and nothing of it is left behind."""

import math
import signal
import threading
import time

import pytest

from bench.trial import deadline
from bench.trial.deadline import OutOfTimeError, ended_within


def work():
    """Be busy for ever; an interrupt ends it."""
    while True:
        pass


def work_until(condition):
    """Be busy until a condition holds."""
    while not condition():
        pass


@pytest.fixture(autouse=True)
def untouched():
    """Whatever a test does, the handler and the timer are afterwards what they were."""
    before = signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)[0] > 0
    yield
    assert (
        signal.getsignal(signal.SIGALRM),
        signal.getitimer(signal.ITIMER_REAL)[0] > 0,
    ) == before


@pytest.mark.parametrize("seconds", [30.0, math.inf])
def test_what_ends_in_time_is_returned(seconds):
    """A result comes through, and so does an exception."""
    assert ended_within(seconds, lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        ended_within(seconds, lambda: 1 / 0)


@pytest.mark.parametrize("seconds", [0.02, 0.0, -1.0])
def test_what_takes_longer_is_interrupted(seconds):
    """Without any time left, too."""
    with pytest.raises(OutOfTimeError):
        ended_within(seconds, work)


def test_a_learner_that_outlives_every_error_is_interrupted():
    """What catches `Exception` around its parts does not catch the end of its time."""

    def stubborn():
        while True:
            try:
                work()
            except Exception:
                continue

    with pytest.raises(OutOfTimeError):
        ended_within(0.02, stubborn)


def test_an_interrupt_that_was_swallowed_comes_again(monkeypatch):
    """Whatever has caught the first one, the next one ends the call."""
    monkeypatch.setattr(deadline, "RINGS_AGAIN_SECONDS", 0.2)
    swallowed = []

    def greedy():
        try:
            work()
        except BaseException as error:
            swallowed.append(type(error))
        work()

    with pytest.raises(OutOfTimeError):
        ended_within(0.02, greedy)
    assert swallowed == [OutOfTimeError]


def test_a_timer_that_was_set_before_goes_on():
    """It goes off through its own handler, once the call is over."""
    heard = []
    before = signal.signal(signal.SIGALRM, lambda *_: heard.append("own"))
    left = signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        over = time.perf_counter() + 0.1
        ended_within(
            1e6, lambda: (work_until(lambda: time.perf_counter() > over), heard.append("call"))
        )
        work_until(lambda: "own" in heard)
        assert heard == ["call", "own"]
    finally:
        signal.signal(signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, *left)


def test_in_another_thread_nothing_is_interrupted():
    """Signals are the main thread's alone: elsewhere a call takes as long as it takes."""
    done = []
    thread = threading.Thread(target=lambda: done.append(ended_within(0.0, lambda: 7)))
    thread.start()
    thread.join()
    assert done == [7]
