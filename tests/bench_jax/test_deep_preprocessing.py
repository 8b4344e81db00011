"""Tables into numbers: scaled, filled, flagged; a width that stays."""

import numpy as np
import pandas as pd
import pytest

import bench
from bench_jax.preprocessing import NumberScaler, TableEncoder, is_mixed, kinds_of


def _table(**columns):
    return pd.DataFrame(columns)


def test_numbers_are_scaled_by_their_quartiles():
    """Of 0 .. 4 the median is 2 and the quartiles are 1 and 3: 4 is (4 - 2) / 2 * 1.349 = 1.349."""
    scaler = NumberScaler.fit(np.arange(5.0)[:, None])
    z = 1.349
    expected = z / np.sqrt(1 + (z / 3) ** 2)
    assert scaler.transform(np.array([[4.0]]))[0, 0] == pytest.approx(expected, rel=1e-6)
    assert abs(scaler.transform(np.array([[1e9]]))[0, 0]) <= 3.0001


def test_numbers_whose_quartiles_coincide_are_scaled_by_their_range():
    """A column that is mostly zero keeps its rare values apart; a constant one becomes zero."""
    X = np.zeros((10, 2))
    X[9, 0] = 4.0
    scaled = NumberScaler.fit(X).transform(X)
    z = 4.0 / (4.0 / 2)
    assert scaled[9, 0] == pytest.approx(z / np.sqrt(1 + (z / 3) ** 2), rel=1e-6)
    assert not scaled[:, 1].any()


def test_missing_numbers_become_the_median_and_a_flag():
    """A missing value is told from one that equals the median; all missing is no error."""
    X = np.array([[1.0, np.nan], [2.0, np.nan], [np.nan, np.nan], [3.0, np.nan]])
    scaled = NumberScaler.fit(X).transform(X)
    assert scaled.shape == (4, 4)
    assert scaled[2].tolist() == [0.0, 0.0, 1.0, 1.0]
    assert scaled[1].tolist() == [0.0, 0.0, 0.0, 1.0]


def test_missing_numbers_in_new_rows_alone_need_no_flag():
    """Where training rows had none, the width stays and the median is filled in."""
    scaler = NumberScaler.fit(np.array([[1.0], [2.0], [3.0]]))
    assert scaler.transform(np.array([[np.nan]])).tolist() == [[0.0]]


def test_a_table_is_as_wide_whatever_levels_its_rows_show():
    """Missing, other, then levels by frequency; rare and new ones are other."""
    X = _table(color=["red", "red", "blue", None, "green"], size=[1.0, 2.0, 3.0, 4.0, 5.0])
    kinds = kinds_of(X, None)
    encoder = TableEncoder.fit(X, kinds, 4)
    encoded = encoder.transform(X)
    assert encoded.shape == (5, 1 + 4)
    # "red" twice comes first; of "blue" and "green", once each, the alphabet decides.
    assert encoded[:, 1:].argmax(1).tolist() == [2, 2, 3, 0, 1]
    assert (encoded[:, 1:].sum(1) == 1).all()
    new = _table(color=["purple"], size=[3.0])
    assert encoder.transform(new)[0].tolist() == [0.0, 0.0, 1.0, 0.0, 0.0]
    assert TableEncoder.fit(X[:2], kinds, 4).transform(X).shape == encoded.shape


def test_dates_booleans_and_pandas_types_are_numbers():
    """A date is days, a boolean 0 or 1, and pandas' own missing value is missing."""
    X = _table(
        day=pd.to_datetime(["2024-01-01", "2024-01-03", None]),
        is_member=[True, False, True],
        count=pd.array([1, None, 3], dtype="Int64"),
    )
    columns = (bench.Column("day", "date"), bench.Column("is_member", "boolean"))
    encoder = TableEncoder.fit(X, kinds_of(X, columns), 8)
    encoded = encoder.transform(X)
    assert encoder.numbers == ("day", "is_member", "count")
    assert encoded.shape == (3, 6)
    assert encoded[:, 3].tolist() == [0.0, 0.0, 1.0]
    assert encoded[:, 5].tolist() == [0.0, 1.0, 0.0]


def test_numbers_said_to_be_categories_are_categories():
    """The dataset's word goes before the column's type."""
    X = _table(code=[7, 8, 7])
    assert not is_mixed(X, None)
    columns = (bench.Column("code", "category"),)
    assert is_mixed(X, columns)
    encoded = TableEncoder.fit(X, kinds_of(X, columns), 4).transform(X)
    assert encoded.argmax(1).tolist() == [2, 3, 2]
