"""From differences to decisions."""

import numpy as np
import pytest

from bench.analysis.decisions import (
    Contrast,
    contrasts,
    counted,
    majority,
    not_better,
    units_to_settle,
)


@pytest.mark.parametrize(
    ("differences", "expected"),
    [
        ([0.10, 0.11, 0.09, 0.10, 0.12], "deep"),
        ([-0.10, -0.11, -0.09, -0.10, -0.12], "classical"),
        ([0.001, -0.001] * 10, "equal"),
        ([0.1, -0.1, 0.05, -0.05, 0.02], "undecided"),
        ([0.1, 0.1, 0.1, 0.1], "not-measured"),
        ([], "not-measured"),
        ([0.1, 0.1, 0.1, 0.1, np.nan], "not-measured"),
    ],
)
def test_what_is_plain_is_decided(differences, expected):
    """Large gaps, tiny ones, noisy ones and too few of them."""
    (found,) = contrasts([np.array(differences)], [1 / 9])
    assert found.decision == expected


def test_below_five_units_there_is_a_gain_and_no_probability():
    """Four seeds have a mean and a spread, and that is all."""
    (found,) = contrasts([np.array([0.1, 0.2, 0.1, 0.2])], [1 / 9])
    assert found.gain == pytest.approx(0.15)
    assert (found.interval, found.p_deep, found.p_equal, found.p_classical) == (None,) * 4


def test_equal_needs_an_interval_within_the_region():
    """No gain at all, but a wide interval, is too close to call and not equal."""
    (found,) = contrasts([np.array([0.02, -0.02, 0.02, -0.02, 0.0])], [1 / 9])
    assert found.decision == "undecided"


def test_the_region_is_the_users():
    """A gain of 0.05 is worth having by default, and equal to who asks for 0.2."""
    figures = [np.array([0.05, 0.051, 0.049] * 4)]
    assert contrasts(figures, [1 / 9])[0].decision == "deep"
    assert contrasts(figures, [1 / 9], regions=[0.2])[0].decision == "equal"


@pytest.mark.parametrize(
    ("decisions", "expected"),
    [
        (["deep", "deep", "undecided"], "deep"),
        (["deep", "deep", "classical"], "undecided"),
        (["classical", "classical", "equal", "equal"], "undecided"),
        (["classical", "classical", "equal"], "classical"),
        (["equal", "equal", "undecided"], "equal"),
        (["equal", "equal", "deep"], "undecided"),
        (["not-measured"], "not-measured"),
    ],
)
def test_more_than_half_decide_while_none_says_the_opposite(decisions, expected):
    """Datasets are counted; those not measured have no voice."""
    assert majority(counted(decisions)) == expected


def test_a_family_that_is_hardly_better_is_named():
    """With a tenth or less it is not better; nor where no dataset is for it and most are not."""
    one = Contrast(decision="undecided", n_units=5, p_deep=0.05, p_equal=0.5, p_classical=0.45)
    assert not_better(one, None) == ("deep",)
    assert not_better(one, {"deep": 0, "equal": 2, "classical": 1, "undecided": 2}) == ("deep",)
    assert not_better(one, {"deep": 0, "equal": 1, "classical": 0, "undecided": 2}) == ()


def contrast(gain, spread, n=5):
    return Contrast(decision="undecided", n_units=n, gain=gain, spread=spread)


def test_the_units_that_would_settle_it():
    """0.02 beyond the region, a spread of 0.04: (0.02 / 1.2816 / 0.04)^2 - 1/9 is 1 / 24.3."""
    assert units_to_settle(contrast(0.03, 0.04), 1 / 9) == 25


def test_some_questions_no_number_of_seeds_settles():
    """Shared rows leave a doubt that more seeds do not remove; nor is it asked for a thousand."""
    assert units_to_settle(contrast(0.03, 0.08), 1 / 9) is None
    assert units_to_settle(contrast(0.012, 0.04), 0.0) is None
    assert units_to_settle(contrast(None, None), 0.0) is None
