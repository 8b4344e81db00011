"""The encoder of tables, with figures worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from bench_sklearn.steps import WORDS, LearnerPipeline, TableEncoder, flatten


def test_median_and_one_hot():
    """Gaps become the training median; categories become columns in alphabetical order."""
    train = pd.DataFrame({"a": [1.0, np.nan, 3.0, 8.0], "b": list("yxyx")})

    encoded = TableEncoder(("number", "category")).fit_transform(train)

    # median of 1, 3, 8 is 3; columns: a, b = x, b = y
    assert encoded.tolist() == [[1, 0, 1], [3, 1, 0], [3, 0, 1], [8, 1, 0]]


def test_scale_uses_training_rows_alone():
    """Mean 2 and standard deviation 1 of the training rows; the categories stay 0 and 1."""
    train = pd.DataFrame({"a": [1.0, 3.0], "b": ["x", "x"]})
    encoder = TableEncoder(("number", "category"), scale=True).fit(train)

    assert encoder.transform(pd.DataFrame({"a": [5.0], "b": ["x"]})).tolist() == [[3.0, 1.0]]


def test_scale_to_a_range():
    """From 1 and 3 to 0 and 1, and a later 5 is cut to 1."""
    train = pd.DataFrame({"a": [1.0, 3.0], "b": ["x", "x"]})
    encoder = TableEncoder(("number", "category"), scale=True, scaling="range").fit(train)

    later = pd.DataFrame({"a": [1.0, 2.0, 5.0], "b": ["x", "x", "x"]})
    assert encoder.transform(later).tolist() == [[0.0, 1.0], [0.5, 1.0], [1.0, 1.0]]


def test_unseen_category():
    """A category that training did not have is zeros one-hot, and missing as a code."""
    train, later = pd.DataFrame({"b": list("xyx")}), pd.DataFrame({"b": ["z", "y"]})

    one_hot = TableEncoder(("category",)).fit(train).transform(later)
    codes = TableEncoder(("category",), categories="ordinal").fit(train).transform(later)

    assert one_hot.tolist() == [[0, 0], [0, 1]]
    assert np.isnan(codes[0, 0])
    assert codes[1, 0] == 1


def test_rare_categories_share_a_column():
    """With at most three columns, the two commonest of five categories have one of their own."""
    train = pd.DataFrame({"b": list("aaabbbcde")})

    encoded = TableEncoder(("category",), max_categories=3).fit_transform(train)

    assert encoded.sum(axis=0).tolist() == [3, 3, 3]


def test_all_missing_column_is_zero():
    """A column of which training knows nothing is 0, without a warning."""
    X = np.array([[np.nan, 1.0], [np.nan, 2.0]])

    assert TableEncoder(("number", "number")).fit_transform(X).tolist() == [[0, 1], [0, 2]]


def test_dates_booleans_ranks_and_nullable_numbers():
    """Dates are days since 1970, booleans 0 and 1, ordered categories their rank."""
    table = pd.DataFrame(
        {
            "date": [pd.Timestamp("1970-01-02"), pd.Timestamp("1970-01-03 12:00")],
            "flag": pd.array([True, False], dtype="boolean"),
            "size": pd.Categorical(["L", "S"], categories=["S", "M", "L"], ordered=True),
            "count": pd.array([3, None], dtype="Int64"),
        }
    )

    encoded = TableEncoder(("date", "boolean", "ordinal", "number")).fit_transform(table)

    assert encoded.tolist() == [[1, 1, 2, 3], [2.5, 0, 0, 3]]


def test_order_of_blocks():
    """Numbers come first, then categories, then hashed words, wherever they stood."""
    table = pd.DataFrame({"t": ["one two", None], "c": ["x", "y"], "n": [7.0, 8.0]})

    encoded = TableEncoder(("text", "category", "number")).fit_transform(table)

    assert encoded.shape == (2, 3 + WORDS)
    assert encoded[:, 0].tolist() == [7, 8]
    assert encoded[:, 1:3].tolist() == [[1, 0], [0, 1]]
    assert encoded[1, 3:].sum() == 0


def test_object_arrays():
    """An object array of mixed columns is taken like a DataFrame."""
    X = np.array([[1.0, "x"], [None, "y"], [3.0, None]], dtype=object)

    encoded = TableEncoder(("number", "category")).fit_transform(X)

    assert encoded[:, 0].tolist() == [1, 2, 3]
    assert encoded[:, 1:].tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]


def test_wrong_number_of_columns():
    """A table of another width than the kinds is refused."""
    with pytest.raises(ValueError, match="3 columns, but 2 kinds"):
        TableEncoder(("number", "number")).fit(np.zeros((2, 3)))


def test_flatten():
    """Pixels keep their order, row by row, channels last."""
    assert flatten(np.arange(8).reshape(2, 2, 1, 2)).tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_pipeline_hands_weights_to_the_learner_and_is_clonable():
    """Two rows of weight 1 and 3: the weighted mean of 0 and 4 is 3."""
    from sklearn.dummy import DummyRegressor

    pipeline = clone(LearnerPipeline([("table", TableEncoder()), ("learner", DummyRegressor())]))
    pipeline.fit(np.zeros((2, 1)), np.array([0.0, 4.0]), sample_weight=np.array([1.0, 3.0]))

    assert pipeline.predict(np.zeros((1, 1))).tolist() == [3.0]
