"""Datasets brought into one form, and what is refused."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bench
from bench.spec.errors import DatasetError
from bench.tasks.normalise import normalise
from bench.tasks.views import take

TABULAR = ("classification", "regression", "clustering")


def of(y, tasks=TABULAR, **about):
    X = about.pop("X", np.zeros((len(y), 2)))
    return normalise(bench.Dataset(X, y, **about), "some", tasks)


# --- the target -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("y", "tasks", "kind", "classes"),
    [
        (["no", "yes", "no"], TABULAR, "binary", ("no", "yes")),
        ([True, False, True], TABULAR, "binary", (False, True)),
        ([0.5, 1.5, 2.5], TABULAR, "continuous", ()),
        ([3, 1, 2, 3, 1, 2], TABULAR, "multiclass", (1, 2, 3)),
        ([1, 2, 3, 4], TABULAR, "continuous", ()),  # each only once
        (list(range(21)) * 2, TABULAR, "continuous", ()),  # 21 different ones
        (list(range(20)) * 2, TABULAR, "multiclass", tuple(range(20))),
        ([1, 2, 3, 4], ("classification",), "multiclass", (1, 2, 3, 4)),
        ([1.0, 2.0, 2.0], ("classification", "clustering"), "binary", (1.0, 2.0)),
        ([0, 1, 0, 1], ("regression",), "continuous", ()),
        ([0, 1, 0, 1], (), "binary", (0, 1)),
        (pd.Series([1.5, 2.5, 1.5], dtype="category"), TABULAR, "binary", (1.5, 2.5)),
        (pd.Series([1, 2, 3], dtype="Int64"), ("regression",), "continuous", ()),
        (pd.Series(["u", "v", "u"]), TABULAR, "binary", ("u", "v")),
        ([[0, 1], [1, 1]], TABULAR, "multilabel", ()),
        ([[0, 1], [1, 1]], ("regression",), "multioutput", ()),
        ([[0.0, 1.0], [1.0, 1.0]], TABULAR, "multioutput", ()),
        ([[0.5, 1.0], [1.0, 1.0]], TABULAR, "multioutput", ()),
    ],
)
def test_kind_of_target(y, tasks, kind, classes):
    """Classes and numbers are told apart as bench.tasks.normalise_target says."""
    found = of(y, tasks)
    assert found.target.kind == kind
    assert found.target.classes == classes
    assert found.y.dtype == (np.float64 if kind in ("continuous", "multioutput") else np.int64)


def test_codes_are_places_in_the_order_given():
    """With the classes in an order of the dataset's own, codes follow it."""
    target = bench.Target("multiclass", 1, ("small", "middle", "large"))
    found = of(["large", "small", "middle"], target=target)
    assert found.y.tolist() == [2, 0, 1]
    assert found.target == target


def test_one_column_is_no_table():
    """A target of the shape (n, 1) is (n,)."""
    assert of(np.array([[0.5], [1.5]])).y.shape == (2,)


def test_other_tasks_keep_their_y():
    """A task that bench does not know gets y as the loader returned it."""
    sentences = ["guten Tag", "danke"]
    found = normalise(bench.Dataset(["good day", "thanks"], sentences), "some", ("translation",))
    assert found.y is sentences
    assert found.target is None


@given(st.lists(st.integers(-3, 3), min_size=2, max_size=30), st.booleans())
def test_normalising_again_changes_nothing(labels, reverse):
    """Codes are not taken for labels the second time, even where they look alike."""
    if len(set(labels)) < 2:
        labels = [*labels, min(labels) - 1]
    classes = tuple(sorted(set(labels), reverse=reverse))
    once = of(labels, target=bench.Target("multiclass", 1, classes))
    assert normalise(once, "some", TABULAR) is once
    assert [classes[code] for code in once.y] == labels


# --- what is refused ------------------------------------------------------------------------------

X3 = np.zeros((3, 1))


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        (bench.Dataset(np.zeros((0, 2)), []), "dataset 'some' has no rows"),
        (bench.Dataset(X3, [1, 2]), "X has 3 rows and y has 2"),
        (bench.Dataset(X3, ["a", "a", "a"]), "one class, 'a'"),
        (bench.Dataset(X3, ["a", None, "b"]), "y is missing in 1 row(s), the first of which is"),
        (bench.Dataset(X3, [0.5, np.nan, 1]), "the first of which is row 1"),
        (bench.Dataset(X3, [0.5, np.inf, 1]), "infinite"),
        (bench.Dataset(X3, np.array(["a", 1, "b"], object)), "several types (int, str)"),
        (
            bench.Dataset(X3, ["a", "b", "c"], target=bench.Target("binary", 1, ("a", "b"))),
            "row 2 of y is 'c', which is not among target.classes: 'a', 'b'",
        ),
        (
            bench.Dataset(X3, ["a", "b", "c"], target=bench.Target("binary")),
            "said to be binary and has 3 classes",
        ),
        (
            bench.Dataset(X3, ["a", "b", "c"], target=bench.Target("continuous")),
            "y is not made of numbers",
        ),
        (bench.Dataset(X3, np.zeros((3, 2, 2))), "y has the shape (3, 2, 2)"),
        (
            bench.Dataset(X3, [[0, 2], [1, 1], [0, 0]], target=bench.Target("multilabel", 2)),
            "not a table of zeros and ones",
        ),
        (
            bench.Dataset(X3, np.zeros((3, 2)), target=bench.Target("multioutput", 3)),
            "target.n_outputs is 3, and y has 2",
        ),
        (
            bench.Dataset(X3, parts=["train", "tset", "test"]),
            "parts names 'tset'; allowed: train, validation, test. Did you mean 'test'?",
        ),
        (bench.Dataset(X3, parts=["train"] * 3), "parts names no 'test' row"),
        (bench.Dataset(X3, folds=[1, 2, 3]), "whole numbers from 0 without gaps"),
        (
            bench.Dataset(X3, folds=[0, 1, 0], parts=["train", "train", "test"]),
            "official parts and official folds",
        ),
        (bench.Dataset(X3, groups=[1, 2]), "X has 3 rows and groups has 2"),
        (bench.Dataset(X3, groups=["a", None, "b"]), "groups is missing in 1 row(s)"),
        (bench.Dataset(X3, time=np.array([1, "a", 2], object)), "time cannot be sorted"),
        (bench.Dataset(X3, sample_weight=[1, -1, 1]), "not a number of at least 0"),
        (bench.Dataset(X3, columns=(bench.Column("a"), bench.Column("b"))), "columns names 2"),
        (
            bench.Dataset(pd.DataFrame({"a": [1], "b": [2]}), columns=(bench.Column("b"),) * 2),
            "columns names 'b' where X has 'a'",
        ),
        (
            bench.Dataset(pd.DataFrame([[1, 2]], columns=["a", "a"])),
            "two columns of X are named 'a'",
        ),
    ],
)
def test_contradictions_are_refused(dataset, message):
    """Each fault is one message that names the dataset and what is wrong."""
    with pytest.raises(DatasetError, match=re.escape(message)) as caught:
        normalise(dataset, "some", TABULAR)
    assert "'some'" in str(caught.value)


# --- columns and rows -----------------------------------------------------------------------------


def test_columns_of_a_table():
    """Kinds follow the types of a DataFrame's columns; names become strings."""
    table = pd.DataFrame(
        {
            "n": [1, 2, 3],
            "b": [True, False, True],
            "c": ["red", "red", "blue"],
            "t": ["two words", "three more words", "and yet another"],
            "d": pd.to_datetime(["2020-01-01", "2020-01-02", "2020-01-03"]),
            "o": pd.Categorical(["lo", "hi", "lo"], ["lo", "hi"], ordered=True),
            7: np.array([1, None, 2], dtype=object),
        }
    )
    found = of([0, 1, 0, 1][:3], X=table)
    assert [(column.name, column.kind) for column in found.columns] == [
        ("n", "number"),
        ("b", "boolean"),
        ("c", "category"),
        ("t", "text"),
        ("d", "date"),
        ("o", "ordinal"),
        ("7", "number"),
    ]
    assert list(found.X.columns)[-1] == "7"


def test_columns_of_an_array():
    """Arrays of two dimensions have columns x0, x1; images have none."""
    found = of(["a", "b", "a"], X=np.zeros((3, 2)))
    assert [column.name for column in found.columns] == ["x0", "x1"]
    assert of(["a", "b", "a"], X=np.zeros((3, 8, 8, 1))).columns == ()


def test_times_with_a_zone_become_utc():
    """Moments with a time zone are kept in a plain array that sorts the same."""
    time = pd.Series(pd.date_range("2020-01-01", periods=3, tz="Europe/Berlin"))
    found = of([0.5, 1.5, 2.5], time=time)
    assert found.time.dtype.kind == "M"
    assert str(found.time[0]).startswith("2019-12-31T23:00")


class Squares:
    """Rows made when asked for."""

    fingerprint = "squares"

    def __len__(self):
        return 5

    def take(self, rows):
        return np.asarray(rows)[:, None] ** 2

    def batches(self, rows, n):
        yield self.take(rows)


@pytest.mark.parametrize(
    "X",
    [
        np.array([[0], [1], [4], [9], [16]]),
        pd.DataFrame({"a": [0, 1, 4, 9, 16]}, index=list("vwxyz")),
        [np.array([[k * k]]) for k in range(5)],
    ],
)
def test_rows_are_taken_in_order(X):
    """Every form of X gives the rows asked for, in the order asked."""
    assert np.asarray(take(X, np.array([3, 0]))).ravel().tolist() == [9, 0]
    assert len(normalise(bench.Dataset(X, [0, 1, 0, 1, 0]), "some", TABULAR).X) == 5


def test_rows_made_when_asked_for_stay_unread():
    """Of `bench.Rows` a part is a view, which reads nothing before it is asked to."""
    X = normalise(bench.Dataset(Squares(), [0, 1, 0, 1, 0]), "some", TABULAR).X
    view = take(X, np.array([3, 0]))
    assert isinstance(view, bench.RowsView)
    assert view.take(np.array([0, 1])).ravel().tolist() == [9, 0]
