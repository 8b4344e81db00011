"""Rows held out: alike in their y, whole groups, or the last in time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench_jax.stopping import holdout


def _held(y, fraction=0.1, keeps_classes=True, seed=0, **columns):
    rng = np.random.default_rng(seed)
    return holdout(np.asarray(y), fraction, keeps_classes=keeps_classes, rng=rng, **columns)


@settings(max_examples=50)
@given(
    y=st.lists(st.integers(0, 4), min_size=1, max_size=200),
    fraction=st.floats(0, 0.9),
    seed=st.integers(0, 3),
)
def test_held_out_rows_leave_every_class_to_learn_from(y, fraction, seed):
    """The two sides are all rows, disjoint, and each class is among those to learn from."""
    y = np.array(y)
    training, held = _held(y, fraction, seed=seed)
    assert sorted([*training, *held]) == list(range(len(y)))
    assert set(y[training]) == set(y)
    assert len(held) == min(round(fraction * len(y)), len(y) - len(set(y)))


def test_held_out_rows_are_stratified():
    """Of 100 and 50 rows of two classes, a tenth each is held out, but for rounding."""
    y = np.repeat([0, 1], [100, 50])
    _, held = _held(y)
    assert np.bincount(y[held]).tolist() == [10, 5]


@settings(max_examples=50)
@given(
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=40),
    fraction=st.floats(0, 0.5),
    seed=st.integers(0, 3),
)
def test_no_group_is_on_both_sides(sizes, fraction, seed):
    """Groups stay whole, every class is left to learn from, and about the share is held out."""
    groups = np.repeat(np.arange(len(sizes)), sizes)
    y = np.arange(len(groups)) % 3
    training, held = _held(y, fraction, seed=seed, groups=groups)
    assert sorted([*training, *held]) == list(range(len(y)))
    assert not set(groups[training]) & set(groups[held])
    assert set(y[training]) == set(y)
    n = round(fraction * len(y))
    assert len(held) <= max(n, min(sizes) if n else 0)


def test_groups_fill_the_share_where_they_are_small():
    """Of a hundred groups of two, ten are held out."""
    _, held = _held(np.zeros(200), groups=np.repeat(np.arange(100), 2))
    assert len(held) == 20


def test_a_group_larger_than_the_share_is_held_out_where_others_are_larger_still():
    """Of groups of 30, 20 and 50 rows, the one of 20 is held out for a tenth."""
    groups = np.repeat(["a", "b", "c"], [30, 20, 50])
    _, held = _held(np.zeros(100), groups=groups)
    assert set(groups[held]) == {"b"}
    assert len(held) == 20


def test_one_group_leaves_nothing_to_hold_out():
    """All rows of one group are learned from."""
    _, held = _held(np.zeros(50), groups=np.zeros(50))
    assert not len(held)


def test_the_last_rows_in_time_are_held_out():
    """The order of the rows does not matter, their time does."""
    time = np.random.default_rng(0).permutation(100)
    training, held = _held(np.zeros(100), time=time)
    assert sorted(time[held]) == list(range(90, 100))
    assert len(training) == 90


def test_no_moment_is_on_both_sides():
    """Rows of one moment that straddle the cut are learned from."""
    time = np.repeat(np.arange(10), 8)
    _, held = _held(np.zeros(80), 0.15, time=time)
    assert set(time[held]) == {9}
    assert len(held) == 8


def test_groups_seen_before_are_not_held_out_later():
    """Of the last rows, those of a group that is learned from too are learned from."""
    time = np.arange(20)
    groups = np.repeat([0, 1, 2], [15, 3, 2])
    groups[19] = 0
    _, held = _held(np.zeros(20), 0.25, time=time, groups=groups)
    assert held.tolist() == [15, 16, 17, 18]


@pytest.mark.parametrize("columns", [{}, {"groups": np.arange(50)}, {"time": np.arange(50)}])
def test_a_share_of_nothing_holds_nothing_out(columns):
    """With a share of 0 all rows are learned from."""
    training, held = _held(np.zeros(50), 0.0, **columns)
    assert len(training) == 50
    assert not len(held)
