"""Schedules: their values at times that are worked out by hand."""

import numpy as np
import pytest

from bench_jax.schedules import SCHEDULES

BY_HAND = {
    "constant": {0.0: 1, 0.5: 1, 1.0: 1},
    "linear": {0.0: 1, 0.25: 0.75, 1.0: 0},
    "cosine": {0.0: 1, 1 / 3: 0.75, 0.5: 0.5, 1.0: 0},
    "warmup": {0.1: 0.5, 0.2: 1, 0.9: 1},
    # Half of the remaining 0.8 is over at 0.6.
    "warmup-cosine": {0.1: 0.5, 0.2: 1, 0.6: 0.5, 1.0: 0},
    "flat-cosine": {0.0: 1, 0.5: 1, 0.75: 0.5, 1.0: 0},
    # Cycles end where 1 + 15 t is 1, 2, 4, 8 and 16; the tops lie at the roots of 2 between.
    "coslog4": {0.0: 0, (2**0.5 - 1) / 15: 1, 1 / 15: 0, 3 / 15: 0, 7 / 15: 0, 1.0: 0},
    # Up from a 25th during three tenths.
    "onecycle": {0.0: 1 / 25, 0.3: 1, 1.0: 1 / 25 / 1e4},
}


def test_every_schedule_has_its_values_here():
    """A new schedule needs its own line above."""
    assert BY_HAND.keys() == SCHEDULES.keys()


@pytest.mark.parametrize("name", BY_HAND)
def test_a_schedule_has_these_values(name):
    """Warming up takes a fifth of the time."""
    for time, value in BY_HAND[name].items():
        found = SCHEDULES[name](np.float32(time), np.float32(0.2))
        assert float(found) == pytest.approx(value, abs=2e-3), time


def test_warming_up_does_not_begin_with_a_lost_step():
    """The first factor is above 0, even without a share to warm up in."""
    assert float(SCHEDULES["warmup"](np.float32(0), np.float32(0.2))) > 0
    assert float(SCHEDULES["warmup-cosine"](np.float32(0), np.float32(0))) == 1
