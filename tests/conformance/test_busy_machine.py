"""Checks that look at the clock, on a machine that computes for others most of the time."""

import pytest

from bench.conformance import models_fitted


class Machine:
    """Gives a fit a share of the time; the fit needs so many seconds and stops by the clock."""

    def __init__(self, share, needs):
        self.share, self.needs, self.used, self.told = share, needs, 0.0, []

    def again(self, case, *, chance, max_seconds):
        self.told.append(max_seconds)
        had = min(self.needs, self.share * max_seconds)
        self.used += had
        return had, had < self.needs


@pytest.mark.parametrize(
    ("share", "needs", "is_cut", "at_most"),
    [
        (1.0, 4.0, False, 5.0),  # a quiet machine
        (1.0, 9.0, True, 5.0),  # what takes too long there is not tried again
        (0.25, 4.0, False, 20.0),  # a busy one
        (0.25, 9.0, True, 20.0),
        (0.01, 4.0, True, 20.0),  # and one on which nothing can be said
    ],
)
def test_a_fit_is_waited_for_by_what_it_computes(monkeypatch, share, needs, is_cut, at_most):
    """It is told more of the clock until it has had its five seconds, or twenty have passed."""
    machine = Machine(share, needs)
    monkeypatch.setattr(models_fitted, "_again", machine.again)
    monkeypatch.setattr(models_fitted, "cpu_seconds", lambda: machine.used)
    assert models_fitted._with_patience(None, chance=1)[1] is is_cut
    assert machine.told[-1] <= at_most
    assert len(machine.told) <= 3
