"""Parts: what is one a unit goes with the units that are taken."""

import numpy as np
import pytest

import bench


@pytest.mark.parametrize("places", [[2, 0], np.array([2, 0]), range(2, -1, -2)])
def test_some_units_take_along_all_that_is_theirs(places):
    """Truth, numbers, groups, times, weights and labels, as arrays, lists or ranges."""
    part = bench.Part(
        "all of it",
        ["a", "b", "c"],
        range(7, 10),
        groups=np.array([1, 1, 2]),
        time=[4, 5, 6],
        sample_weight=None,
        slices={"colour": ["red", "blue", "red"], "size": np.array([3, 4, 5])},
    )
    some = part.some(places, X="some of it")
    assert (some.X, some.y, list(some.rows)) == ("some of it", ["c", "a"], [9, 7])
    assert (list(some.groups), some.time, some.sample_weight) == ([2, 1], [6, 4], None)
    assert (some.slices["colour"], list(some.slices["size"])) == (["red", "red"], [5, 3])


def test_the_first_units_are_a_slice():
    """Nothing is copied where that is not needed: a view of an array, a range of a range."""
    y = np.arange(5)
    first = bench.Part(None, y, range(5)).some(slice(2), X=None)
    assert first.rows == range(2)
    assert first.y.base is y
