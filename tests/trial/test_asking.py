"""How long a fitted estimator takes to answer, by a clock that the questions move."""

from types import SimpleNamespace

import numpy as np
import pytest

import bench
from bench.spec import Part
from bench.trial.asking import Asking, Pace, seconds_after_fit


class Questions:
    """A task whose answers take the time that the estimator says."""

    latencies = (1, 1000)

    def __init__(self):
        self.now = 0.0
        self.asked = []

    def shorten(self, part, n):
        return Part(None, None, part.rows[:n])

    def ask(self, estimator, part):
        self.asked.append(len(part))
        self.now += estimator(self.asked)
        return f"about {len(part)}"


def part(n):
    return Part(None, None, np.arange(n))


def asking(estimator, n_test=50, task=None):
    task = task or Questions()
    return Asking(task, estimator, part(n_test), clock=lambda: task.now)


def compiling(asked):
    """A first question of each length compiles for a second; later ones take a millisecond."""
    return 0.001 if len(asked) > len(set(asked)) and asked[-1] in asked[:-1] else 1.0


def test_a_latency_is_the_median_of_calls_after_an_untimed_one():
    """What the first question of a length costs is not in it, at any length."""
    one = asking(compiling)
    assert one.latency(1) == pytest.approx(0.001)
    assert one.latency(1000) == pytest.approx(0.001)
    assert one.task.asked == [1] * 6 + [50] * 6


def test_rows_are_taken_before_the_clock_runs():
    """A part may have rows that still lie in a file: to read them is not to answer."""
    task = Questions()

    class Filed:
        X_ = None

        @property
        def X(self):  # noqa: N802 - as parts call it
            if self.X_ is None:
                self.X_, task.now = [1, 2, 3], task.now + 5.0
            return self.X_

    task.ask = lambda estimator, part: part.X
    assert Asking(task, None, Filed(), clock=lambda: task.now).ask(Filed()) == ([1, 2, 3], 0.0)


def test_slow_questions_are_timed_once():
    """After half a second there is no further call, but there is one that is timed."""
    one = asking(lambda asked: 2.0)
    assert one.latency(1) == 2.0
    assert len(one.task.asked) == 2


def test_the_median_is_that_of_the_timed_calls():
    """Of 9, 1, 5, 3 and 4 milliseconds after a first call, it is 4."""
    seconds = [7.0, 0.009, 0.001, 0.005, 0.003, 0.004]
    assert asking(lambda asked: seconds[len(asked) - 1]).latency(1) == pytest.approx(0.004)


def test_a_brief_first_answer_is_not_the_timed_one():
    """Below a second it is asked for again, and the second call is told."""
    one = asking(lambda asked: 0.5 if len(asked) == 1 else 0.25)
    assert one.timed_answer()[1] == 0.25


def test_a_long_first_answer_is_the_timed_one():
    """From a second on it is not asked for again."""
    one = asking(lambda asked: 2.0)
    assert one.timed_answer() == ("about 50", 2.0)
    assert one.task.asked == [50]


def test_a_warm_up_asks_every_length_that_will_be_timed():
    """One unit and as many as are ever timed, twice each, so that the second call is warm."""
    one = asking(compiling)
    assert one.warm_up().seconds(1000) == pytest.approx(0.001)
    assert one.task.asked == [1, 1, 50, 50]


def test_a_long_call_of_a_warm_up_is_not_repeated():
    """Of more than ten seconds, the first call is taken for a usual one."""
    one = asking(lambda asked: float(asked[-1]))
    assert one.warm_up() == Pace(0.0, 1.0)
    assert one.task.asked == [1, 1, 50]


def test_a_task_without_latencies_is_warmed_up_by_32():
    """Nothing more will be timed than the whole part."""
    task = Questions()
    task.latencies = ()
    asking(compiling, task=task).warm_up()
    assert task.asked == [1, 1, 32, 32]


def test_a_pace_is_learned_from_two_calls():
    """A call of 2 s and 0.25 s a unit: 2.25 s for one and 10 s for 32; shorter for more is 0."""
    pace = Pace.of((1, 2.25), (32, 10.0))
    assert (pace.call_seconds, pace.unit_seconds) == pytest.approx((2.0, 0.25))
    assert pace.seconds(100) == pytest.approx(27.0)
    assert Pace.of((1, 2.0), (32, 1.0)) == Pace(2.0, 0.0)
    assert Pace.of((1, 2.0), (1, 3.0)) == Pace(3.0, 0.0)


def test_what_follows_a_fit_is_foreseen():
    """At 0.01 s a unit: 100 units twice, then 50 and 10,000.

    Then 1 unit (untimed 0.01, and five timed 0.05) and 100 (1 untimed, 1 timed); 1e-5 s to score a
    unit: 102.5 + 0.06 + 2 + 0.1015.
    """
    task = SimpleNamespace(latencies=(1, 1000))
    questions = [("test", part(100)), ("validation", part(50)), ("train", part(10_000))]
    assert seconds_after_fit(task, questions, Pace(0.0, 0.01)) == pytest.approx(104.6615)
    assert seconds_after_fit(task, questions, Pace()) == pytest.approx(0.1015)


def test_the_sizes_that_are_measured_are_the_tasks():
    """Every task has them; those of rows are one and a thousand."""
    assert bench.Task.latencies == (1, 1000)
