"""What is left of a trial's time, and how much of it a fit is told: worked out by hand."""

import pytest

from bench.trial.time_left import TimeLeft


class Clock:
    """Tells the time that it was set to."""

    def __init__(self, now=0.0):
        self.now = now

    def __call__(self):
        return self.now


def left_at(now, limit, began=100.0):
    return TimeLeft(limit, began, Clock(began + now))


def test_what_is_left_is_the_limit_less_what_was_used():
    """Of 60 s, 25 are left after 35, and nothing, rather than less, after 70."""
    assert left_at(35, 60).seconds == 25
    assert left_at(70, 60).seconds == 0


@pytest.mark.parametrize(
    ("used", "limit", "after", "expected"),
    [
        (0, 10, 0, 9),  # a second at least is kept
        (6, 10, 0, 3),  # of what is left, not of the whole
        (0, 1000, 0, 950),  # a twentieth of much
        (0, 100, 10, 80),  # twice what the rest can be expected to take
        (0, 10, 100, 5),  # but half of it is for the fit
        (9, 10, 0, 0.5),
        (11, 10, 0, 0),
    ],
)
def test_a_fit_is_told_what_is_left_less_a_margin(used, limit, after, expected):
    """The margin is the largest of a second, a twentieth and twice what follows; at most half."""
    assert left_at(used, limit).for_fit(after) == pytest.approx(expected)
