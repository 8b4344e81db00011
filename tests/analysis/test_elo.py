"""Elo ratings, held to evalica and to what can be worked out by hand."""

import evalica
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from bench.analysis.elo import CENTRE, SCALE, outcomes, ratings, strengths
from bench.analysis.intervals import expanded_tail


def test_strengths_are_evalicas():
    """Without virtual ties, log strengths are those of evalica's Bradley-Terry, ties as half."""
    figures = np.round(np.random.default_rng(0).normal(size=(6, 40)), 1)
    figures += np.linspace(0, 1, 6)[:, None]
    figures = np.round(figures, 1)
    xs, ys, winners = [], [], []
    for column in figures.T:
        for a in range(6):
            for b in range(a):
                xs.append(a)
                ys.append(b)
                sign = np.sign(column[a] - column[b])
                winners.append(
                    {1: evalica.Winner.X, -1: evalica.Winner.Y, 0: evalica.Winner.Draw}[int(sign)]
                )
    found = evalica.bradley_terry(xs, ys, winners, tolerance=1e-12, limit=10_000).scores
    expected = np.log(found.loc[list(range(6))].to_numpy())
    ours = strengths(outcomes(figures).sum(axis=0))
    assert ours == pytest.approx(expected - expected.mean(), abs=1e-6)


def test_two_contenders_by_hand():
    """7 of 9 and one tie more: odds 7.5 to 2.5 are 400 log10(3) = 190.85 points."""
    figures = np.array([[1.0] * 7 + [0.0] * 2, [0.0] * 7 + [1.0] * 2])
    first, second = ratings(figures)
    assert first.elo - second.elo == pytest.approx(400 * np.log10(3))
    assert first.elo + second.elo == pytest.approx(2 * CENTRE)


def test_an_undefeated_contender_is_rated():
    """20 of 20: odds of 20.5 to 0.5, interval included."""
    found = ratings(np.array([[1.0] * 20, [0.0] * 20]))
    assert found[0].elo - found[1].elo == pytest.approx(SCALE * np.log(41))


@pytest.mark.parametrize("wins", [5, 15, 28, 30])
def test_the_interval_of_two_is_jeffreys(wins):
    """The ends for two contenders are Beta quantiles of the share won, at expanded percentiles."""
    figures = np.array([[1.0] * wins + [0.0] * (30 - wins), [0.0] * wins + [1.0] * (30 - wins)])
    found = ratings(figures, draws=20_000)[0].interval
    tail = expanded_tail(30, 29, 0.9)
    shares = stats.beta.ppf([tail, 1 - tail], wins + 0.5, 30 - wins + 0.5)
    # A share as it is read off a rating, of which the other contender has the mirror image.
    read = [1 / (1 + 10 ** (-2 * (end - CENTRE) / 400)) for end in (found.low, found.high)]
    assert read == pytest.approx(shares, abs=0.01)


def test_contenders_that_are_always_equal_have_the_mean():
    """Nothing but ties rates everybody 1000."""
    assert [one.elo for one in ratings(np.zeros((4, 6)))] == pytest.approx([CENTRE] * 4)


def test_few_datasets_have_no_interval():
    """Four datasets rate without an interval, five with one."""
    figures = np.random.default_rng(0).normal(size=(3, 5))
    assert all(one.interval is None for one in ratings(figures[:, :4]))
    assert all(one.interval.low < one.elo < one.interval.high for one in ratings(figures))


def test_one_contender_alone_has_the_mean():
    """Who meets nobody has the rating of the mean, and no dataset gives it too."""
    assert ratings(np.ones((1, 3)))[0].elo == CENTRE
    assert ratings(np.ones((2, 0)))[0].elo == CENTRE


@settings(max_examples=40, deadline=None)
@given(
    arrays(np.int64, st.tuples(st.integers(2, 5), st.integers(1, 8)), elements=st.integers(0, 4))
)
def test_wins_expected_are_wins_had(figures):
    """At the maximum of likelihood each contender's expected wins are those that it had."""
    k = len(figures)
    wins = outcomes(figures.astype(float)).sum(axis=0)
    found = strengths(wins, prior=2 / k)
    played = wins + wins.T + 2 / k * (1 - np.eye(k))
    expected = played / (1 + np.exp(found[None, :] - found[:, None]))
    had = wins.sum(axis=1) + (k - 1) / k
    assert expected.sum(axis=1) == pytest.approx(had, abs=1e-6)


def test_strengths_of_a_batch_are_those_of_each():
    """Resamples are fitted together as if one by one, the lopsided included."""
    wins = np.array([[[0.0, 500], [0, 0]], [[0, 3], [4, 0]]])
    together = strengths(wins, prior=1.0)
    alone = [strengths(one, prior=1.0) for one in wins]
    assert together == pytest.approx(np.array(alone), abs=1e-8)
    assert together[0, 0] - together[0, 1] == pytest.approx(np.log(500.5 / 0.5))
