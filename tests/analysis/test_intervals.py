"""Resampling of outer seeds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from bench.analysis.intervals import Block, expanded_tail, intervals, ranks


def identity(means):
    return means


def test_the_tail_is_hesterbergs():
    """Five units at 90 %: t(4) = 2.1318, times sqrt(5/4) is 2.3835, below which lie 0.0086."""
    assert expanded_tail(5, 4, 0.9) == pytest.approx(0.00857, abs=5e-5)


def test_the_tail_of_many_units_is_the_plain_one():
    """With many units the expanded percentile is the plain percentile."""
    assert expanded_tail(10**6, 10**6, 0.9) == pytest.approx(0.05, abs=1e-5)


def test_figures_that_do_not_vary_have_no_width():
    """Equal figures in all units give an interval of that figure."""
    (found,) = intervals([Block("a", np.full((1, 5), 0.5))], identity)
    assert (found.low, found.high) == pytest.approx((0.5, 0.5))


def test_the_interval_of_normal_figures_is_students():
    """For many normal units the interval is that of the mean by Student's t, within a few %."""
    figures = np.random.default_rng(0).normal(size=(1, 40))
    (found,) = intervals([Block("a", figures)], identity, draws=20_000)
    half = stats.t.ppf(0.95, 39) * figures.std(ddof=1) / np.sqrt(40)
    assert found.high - found.low == pytest.approx(2 * half, rel=0.06)


def test_draws_are_paired():
    """Two contenders that differ by a constant have intervals that differ by that constant."""
    figures = np.random.default_rng(0).uniform(size=6)
    a, b = intervals([Block("a", np.array([figures, figures + 0.25]))], identity)
    assert b.low - a.low == pytest.approx(0.25)
    assert b.high - a.high == pytest.approx(0.25)


def test_the_order_of_datasets_changes_nothing():
    """A dataset's draws depend on its name alone."""
    rng = np.random.default_rng(0)
    blocks = [Block(name, rng.uniform(size=(2, 5))) for name in "abc"]
    first, second = intervals(blocks, identity), intervals(blocks[::-1], identity)
    assert [one.low for one in first] == pytest.approx([one.low for one in second])


def test_a_dataset_with_four_units_gives_none():
    """One dataset below five units takes the interval from all."""
    blocks = [Block("a", np.ones((1, 5))), Block("b", np.ones((1, 4)))]
    assert intervals(blocks, identity) is None
    assert intervals([], identity) is None


def test_ranks_share_ties_and_forgive_rounding():
    """The largest is first; 0.1 + 0.2 and 0.3 are a tie."""
    assert ranks(np.array([0.1 + 0.2, 0.3, 0.9, 0.0])).tolist() == [2.5, 2.5, 1, 4]


@given(st.lists(st.integers(0, 5), min_size=1, max_size=8))
def test_ranks_are_scipys(figures):
    """Ranks are those of `scipy.stats.rankdata`, the largest first."""
    expected = stats.rankdata([-one for one in figures], method="average")
    assert ranks(np.array(figures, dtype=float)).tolist() == expected.tolist()
