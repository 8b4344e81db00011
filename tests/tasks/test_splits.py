"""Splits, sizes and rows on two sides."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

import bench
from bench.spec.errors import DatasetError
from bench.tasks.splits import divide, size_grid, splits
from bench.tasks.twins import rows_on_two_sides

DEFAULT = bench.SplitProtocol()
NO_VALIDATION = bench.SplitProtocol(validation=0, inner_seeds=(0, 1))


def dataset_of(n, **about):
    return bench.Dataset(np.arange(n, dtype=float)[:, None], **about)


def part_of(X, y=None):
    return bench.Part(X, y, np.arange(len(X)))


def all_rows(division):
    return np.concatenate([division.train, division.validation, division.test])


# --- the default protocol -------------------------------------------------------------------------


@given(
    counts=st.lists(st.integers(2, 40), min_size=2, max_size=5),
    outer=st.integers(0, 50),
    inner=st.integers(0, 50),
    share=st.sampled_from([0.1, 0.2, 0.25, 0.3]),
)
@settings(max_examples=60, deadline=None)
def test_equals_train_test_split(counts, outer, inner, share):
    """The default split is scikit-learn's, rows and order, stratified where that can be had."""
    y = np.repeat(np.arange(len(counts)), counts)
    rows = np.arange(len(y))
    size = round(1 - share, 12)

    def split(rows, seed):
        try:
            return train_test_split(rows, train_size=size, random_state=seed, stratify=y[rows])
        except ValueError:
            return train_test_split(rows, train_size=size, random_state=seed)

    protocol = bench.SplitProtocol(test=share, validation=share)
    rest, test = split(rows, outer)
    train, validation = split(rest, inner)
    division = divide(dataset_of(len(y), y=y), protocol, outer, inner, stratify=True)
    assert division.test.tolist() == test.tolist()
    assert division.validation.tolist() == validation.tolist()
    assert division.train.tolist() == train.tolist()


def test_a_class_of_one_row_is_split_without_stratifying():
    """Where scikit-learn refuses to stratify, the split is plain and says so."""
    y = np.array([0] * 29 + [1])
    division = divide(dataset_of(30, y=y), DEFAULT, 0, 0, stratify=True)
    _, test = train_test_split(np.arange(30), train_size=0.9, random_state=0)
    assert division.stratified is False
    assert division.test.tolist() == test.tolist()


def test_share_of_nine_tenths_keeps_the_tenth_row():
    """A test share of 0.9 leaves 1 of 10 rows, although 1 - 0.9 is below 0.1 in floats."""
    protocol = bench.SplitProtocol(test=0.9, validation=0)
    assert len(divide(dataset_of(10), protocol, 0, 0).train) == 1


@given(
    n=st.integers(10, 120),
    outer=st.integers(0, 9),
    inner=st.integers(0, 9),
    kind=st.sampled_from(["plain", "classes", "groups", "time", "folds", "parts"]),
    validation=st.sampled_from([0.0, 0.1, 0.3]),
    data=st.data(),
)
@settings(max_examples=150, deadline=None)
def test_parts_are_disjoint_and_cover_the_rows(n, outer, inner, kind, validation, data):
    """Whatever the dataset says of its rows, each is on one side, and seeds alone decide."""
    few = st.lists(st.integers(0, 5), min_size=n, max_size=n)
    about = {
        "plain": dict,
        "classes": lambda: {"y": np.array(data.draw(few))},
        "groups": lambda: {"groups": np.array(data.draw(few))},
        "time": lambda: {"time": np.array(data.draw(few))},
        "folds": lambda: {"folds": np.arange(n) % 10},
        "parts": lambda: {"parts": np.where(np.arange(n) % 5 == 0, "test", "train")},
    }[kind]()
    dataset = dataset_of(n, **about)
    protocol = bench.SplitProtocol(validation=validation)
    stratify = kind == "classes"
    try:
        division = divide(dataset, protocol, outer, inner, stratify=stratify)
    except DatasetError:
        assert kind in ("groups", "time")
        return
    rows = all_rows(division)
    if kind == "time":  # what comes after the test part of an earlier origin is nobody's
        assert len(set(rows.tolist())) == len(rows)
    else:
        assert sorted(rows.tolist()) == list(range(n))
    assert len(division.train)
    assert len(division.test)
    assert bool(len(division.validation)) == (validation > 0)
    again = divide(dataset, protocol, outer, inner, stratify=stratify)
    assert all_rows(again).tolist() == rows.tolist()
    if kind == "groups":
        sides = [division.train, division.validation, division.test]
        for one, other in itertools.combinations(sides, 2):
            assert not set(dataset.groups[one].tolist()) & set(dataset.groups[other].tolist())
    if kind == "time":
        sides = [division.train, division.validation, division.test]
        moments = [dataset.time[side] for side in sides if len(side)]
        for earlier, later in itertools.pairwise(moments):
            assert earlier.max() < later.min()


@given(n=st.integers(10, 100), small=st.integers(1, 5), time=st.booleans())
@settings(max_examples=30, deadline=None)
def test_sizes_are_nested(n, small, time):
    """A smaller training set is the first rows of a larger one, with time the last ones."""
    dataset = dataset_of(n, time=np.arange(n)[::-1] if time else None)
    division = divide(dataset, DEFAULT, 0, 0)
    little, more = division.first(small), division.first(small + 2)
    assert len(little) == small
    assert (more[-small:] if time else more[:small]).tolist() == little.tolist()


# --- groups, time, official parts and folds -------------------------------------------------------


def test_time_takes_the_rows_just_before():
    """Ten rows a part: origin 0 tests on the last ten, origin 1 on the ten before them."""
    dataset = dataset_of(100, time=np.arange(100))
    latest = divide(dataset, DEFAULT, 0, 0)
    assert latest.test.tolist() == list(range(90, 100))
    assert latest.validation.tolist() == list(range(81, 90))  # a tenth of 90 rows
    assert latest.first(3).tolist() == [78, 79, 80]
    before = divide(dataset, DEFAULT, 1, 0)
    assert before.test.tolist() == list(range(80, 90))
    assert before.validation.tolist() == list(range(72, 80))


def test_rows_of_one_moment_stay_together():
    """A moment that the boundary falls into goes to the later side as a whole."""
    dataset = dataset_of(20, time=np.repeat([0, 1, 2, 3], 5))
    division = divide(dataset, DEFAULT, 0, 0)
    assert division.test.tolist() == [15, 16, 17, 18, 19]
    assert division.validation.tolist() == [10, 11, 12, 13, 14]
    assert sorted(division.train.tolist()) == list(range(10))


def test_origins_beyond_the_data_are_left_out():
    """With a third of the rows a part, two origins fit, and the inner seed changes nothing."""
    dataset = dataset_of(30, time=np.arange(30))
    protocol = bench.SplitProtocol(test=1 / 3, outer_seeds=(0, 1, 2, 3), inner_seeds=(0, 1))
    found = [(split.outer_seed, split.inner_seed) for split in splits(dataset, protocol)]
    assert found == [(0, 0), (1, 0)]


def test_one_moment_cannot_be_divided():
    """All rows at one time: an error that says so."""
    with pytest.raises(DatasetError, match=r"1 moment\(s\)"):
        list(splits(dataset_of(30, time=np.zeros(30)), DEFAULT))


def test_official_test_part_is_kept():
    """One outer seed, 0, whatever seeds are asked for, and exactly the official test rows."""
    parts = np.array(["train"] * 20 + ["test"] * 10)
    protocol = bench.SplitProtocol(outer_seeds=(3, 4), inner_seeds=(0, 1))
    found = list(splits(dataset_of(30, parts=parts), protocol))
    assert [(split.outer_seed, split.inner_seed) for split in found] == [(0, 0), (0, 1)]
    assert found[0].full_set != found[1].full_set
    division = divide(dataset_of(30, parts=parts), protocol, 0, 0)
    assert division.test.tolist() == list(range(20, 30))
    assert len(division.train) == 18


def test_without_validation_inner_seeds_differ_only_below_the_full_size():
    """Inner seeds shuffle an official training part, so that all have one set at full size."""
    parts = np.array(["train"] * 20 + ["test"] * 10)
    dataset = dataset_of(30, parts=parts)
    first, second = splits(dataset, NO_VALIDATION)
    assert first.n_train_max == second.n_train_max == 20
    assert first.full_set == second.full_set
    small = [divide(dataset, NO_VALIDATION, 0, inner).first(5).tolist() for inner in (0, 1)]
    assert small[0] != small[1]


def test_official_validation_part_is_kept():
    """Official validation rows stay out of training even where none are asked for."""
    parts = np.array(["train"] * 20 + ["validation"] * 4 + ["test"] * 6)
    for protocol in (DEFAULT, NO_VALIDATION):
        division = divide(dataset_of(30, parts=parts), protocol, 0, 0)
        assert division.validation.tolist() == [20, 21, 22, 23]
        assert sorted(division.train.tolist()) == list(range(20))


def test_outer_seed_is_the_fold():
    """Outer seed o tests on fold o; seeds without a fold are left out."""
    folds = np.arange(30) % 3
    found = list(splits(dataset_of(30, folds=folds), bench.SplitProtocol(outer_seeds=(1, 2, 3))))
    assert [split.outer_seed for split in found] == [1, 2]
    division = divide(dataset_of(30, folds=folds), DEFAULT, 2, 0)
    assert division.test.tolist() == list(range(2, 30, 3))


def test_no_such_fold_names_those_there_are():
    """Where no outer seed has a fold, the error names the folds."""
    with pytest.raises(DatasetError, match=r"its folds are \[0, 1\]"):
        list(splits(dataset_of(30, folds=np.arange(30) % 2), bench.SplitProtocol(outer_seeds=(7,))))


def test_groups_and_time_together_are_refused():
    """Both cannot be kept whole, and the error says what to do."""
    dataset = dataset_of(30, groups=np.arange(30), time=np.arange(30))
    with pytest.raises(DatasetError, match="leave one of them out"):
        divide(dataset, DEFAULT, 0, 0)


def test_too_few_groups_is_an_error():
    """Two groups cannot give three parts."""
    with pytest.raises(DatasetError, match="1 groups are too few"):
        divide(dataset_of(30, groups=np.arange(30) % 2), DEFAULT, 0, 0)


def test_small_group_training_sets_hold_many_groups():
    """Training rows are shuffled one by one: ten rows of 20 groups of 50 are not all of one."""
    dataset = dataset_of(1000, groups=np.repeat(np.arange(20), 50))
    division = divide(dataset, DEFAULT, 0, 0)
    assert len(set(dataset.groups[division.first(10)].tolist())) > 3


# --- sizes ----------------------------------------------------------------------------------------


def test_grid_is_that_of_lcdb():
    """The first anchors of LCDB 1.1 and its last, as its meta data list them."""
    first = [16, 18, 20, 21, 23, 25, 27, 30, 32, 35, 39, 42, 46, 50, 54, 59, 64, 70, 77, 83, 91, 99]
    grid = size_grid(16, 8, 2097152)
    assert grid[: len(first)] == first
    assert len(grid) == 137
    assert grid[-3:] == [1763488, 1923097, 2097152]


@pytest.mark.parametrize(
    ("start", "per_octave", "up_to", "sizes"),
    [
        (16, 1, 150, [16, 32, 64, 128]),
        (16, 2, 64, [16, 23, 32, 46, 64]),
        (17, 4, 40, [20, 23, 27, 32, 39]),
        (100, 1, 99, []),
    ],
)
def test_grid_starts_and_ends_where_asked(start, per_octave, up_to, sizes):
    """Every size from start to end on the grid, and no other."""
    assert size_grid(start, per_octave, up_to) == sizes


def test_grid_refuses_other_steps():
    """Only divisors of 8 keep to the grid."""
    with pytest.raises(ValueError, match="allowed: 1, 2, 4, 8"):
        size_grid(16, 3, 100)


# --- rows on two sides ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("train", "test", "twice"),
    [
        (np.array([[1.0, 2], [3, 4]]), np.array([[3.0, 4], [3, 4], [4, 3]]), 2),
        (np.array([[0.0]]), np.array([[-0.0]]), 1),
        (
            pd.DataFrame({"a": [1, 2], "b": ["u", "v"]}),
            pd.DataFrame({"a": [2, 2], "b": ["v", "u"]}, index=[7, 8]),
            1,
        ),
        (["one", "two"], ["two", "three"], 1),
        ([np.zeros((2, 1))], [np.zeros((1, 2)), np.zeros((2, 1))], 1),
    ],
)
def test_equal_rows_are_counted(train, test, twice):
    """Test rows with the content of a training row are counted in every form of X."""
    assert rows_on_two_sides(part_of(train), part_of(test)) == twice


def test_equal_rows_with_another_answer_do_not_count():
    """The answer is part of the row's content."""
    X = np.zeros((2, 2))
    train, test = part_of(X, np.array([0, 1])), part_of(X, np.array([1, 2]))
    assert rows_on_two_sides(train, test) == 1


def test_rows_larger_than_memory_are_not_counted():
    """Something that has no rows to compare gives no figure rather than a wrong one."""
    assert rows_on_two_sides(part_of(range(3)), part_of(range(3))) is None


@pytest.mark.parametrize(
    ("changes", "share", "expected"),
    [
        ({}, 0.25, 25 / 75),
        ({"folds": np.arange(100) % 5}, 0.25, 1 / 4),
        # 10 groups of 10 rows, 3 of them held out.
        ({"groups": np.arange(100) // 10}, 0.25, 3 / 7),
        ({"time": np.arange(100)}, 0.25, 25 / 75),
        ({"parts": np.array(["train"] * 80 + ["test"] * 20)}, 0.25, 0.0),
    ],
)
def test_how_much_the_test_parts_of_two_seeds_overlap(changes, share, expected):
    """It is counted in what the seeds redraw, whatever the size of the training set."""
    dataset = bench.Dataset(np.zeros((100, 2)), np.arange(100) % 2, **changes)
    protocol = bench.SplitProtocol(test=share, outer_seeds=(0, 1))
    found = [split.overlap for split in splits(dataset, protocol)]
    assert found == pytest.approx([expected] * len(found))
    assert found
