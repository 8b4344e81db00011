"""Tables into numbers: scaled, filled, flagged; widths that stay."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri
from sklearn.preprocessing import QuantileTransformer

import bench
from bench_jax.preprocessing import Encoding, Layout, TableEncoder, kinds_of
from bench_jax.scaling import fit_scaler

INDICATORS = Encoding("indicators")


def _clipped(z):
    return z / np.sqrt(1 + (z / 3) ** 2)


def _encoder(X, encoding=INDICATORS, columns=None, max_levels=8, **widths):
    return TableEncoder.fit(X, kinds_of(X, columns), encoding, max_levels=max_levels, **widths)


def _scaled(scaling, X, new=None):
    scaler = fit_scaler(scaling, [X[:, :1], X[:, 1:]], len(X))
    return scaler.transform(X if new is None else new)


def test_robust_scaling_is_by_quartiles_with_soft_ends():
    """Of 0 .. 4 the median is 2 and the quartiles are 1 and 3: 4 is (4 - 2) / 2 * 1.349 = 1.349."""
    X = np.repeat(np.arange(5.0)[:, None], 2, axis=1)
    z = _scaled("robust", X, np.array([[4.0, 1e200]]))
    assert z[0] == pytest.approx([_clipped(1.349), 3.0], rel=1e-6)


def test_numbers_whose_quartiles_coincide_are_scaled_by_their_range():
    """A column that is mostly zero keeps its rare values apart; a constant one becomes zero."""
    X = np.zeros((10, 2))
    X[9, 0] = 4.0
    z = _scaled("robust", X)
    assert z[9, 0] == pytest.approx(_clipped(4.0 / (4.0 / 2)), rel=1e-6)
    assert not z[:, 1].any()


def test_standard_scaling_ignores_what_is_missing():
    """Of 1 and 3 the mean is 2 and the spread 1; a constant column becomes zero."""
    z = _scaled("standard", np.array([[1.0, 5.0], [3.0, 5.0], [np.nan, np.nan]]))
    np.testing.assert_allclose(z, [[-1, 0], [1, 0], [np.nan, np.nan]])


def test_ranks_become_normal_as_scikit_learn_makes_them():
    """The quantile transform is scikit-learn's, with a quantile for each 30 rows."""
    X = np.random.default_rng(0).exponential(size=(600, 2))
    theirs = QuantileTransformer(n_quantiles=20, output_distribution="normal", subsample=None)
    np.testing.assert_allclose(_scaled("quantile-normal", X), theirs.fit_transform(X), atol=1e-6)
    z = _scaled("quantile-normal", X, np.array([[1e9, -5]]))
    assert z[0] == pytest.approx(ndtri([1 - 1e-7, 1e-7]))


def test_rows_with_the_same_number_get_the_middle_of_their_ranks():
    """Of 0, 0, 0, 1 the zeros hold ranks up to 2/3 or so: neither end of the normal is reached."""
    X = np.repeat([[0.0, 0.0, 0.0, 1.0]], 2, axis=0).T
    z = _scaled("quantile-normal", X)
    # Ten quantiles at ranks 0, 1/9 .. 1: zero from 0 to 6/9, then 1/3, 2/3 and 1 at rank 1.
    assert z[0, 0] == pytest.approx(ndtri(3 / 9))
    assert z[3, 0] == pytest.approx(ndtri(1 - 1e-7))


def test_missing_numbers_become_the_median_and_a_flag():
    """Only columns that miss values have flags; one in which all are missing is no error."""
    X = np.array([[1.0, np.nan, 0], [2.0, np.nan, 0], [np.nan, np.nan, 0], [3.0, np.nan, 1]])
    encoder = _encoder(X)
    encoded = encoder.transform(X)
    assert encoder.layout == Layout(3, (0, 1), ())
    assert encoded.shape == (4, 5)
    assert encoded[2, [0, 1, 3, 4]].tolist() == [0.0, 0.0, 1.0, 1.0]
    assert encoded[1, [0, 3, 4]].tolist() == [0.0, 0.0, 1.0]


def test_missing_numbers_in_new_rows_alone_need_no_flag():
    """Where training rows had none, the width stays and the median is filled in."""
    encoder = _encoder(np.array([[1.0], [2.0], [3.0]]))
    assert encoder.transform(np.array([[np.nan]])).tolist() == [[0.0]]


def test_flags_hang_on_types_where_it_is_known_that_values_are_missing():
    """What may be missing gets a flag, though none is in these rows; NumPy's integers may not."""
    X = pd.DataFrame({"a": [1.0, 2.0], "b": [1, 2]})
    assert _encoder(X, has_missing=True).flagged == (0,)
    assert _encoder(X, has_missing=False).flagged == ()


def test_indicators_show_missing_other_and_the_most_frequent_levels():
    """Rare and new levels are other; the alphabet decides between equally frequent ones."""
    X = pd.DataFrame({"color": ["red", "red", "blue", None, "green"], "size": range(5)})
    encoder = _encoder(X, max_levels=4)
    encoded = encoder.transform(X)
    assert encoded.shape == (5, 1 + 4)
    assert encoded[:, 1:].argmax(1).tolist() == [2, 2, 3, 0, 1]
    assert (encoded[:, 1:].sum(1) == 1).all()
    new = pd.DataFrame({"color": ["purple"], "size": [2]})
    assert encoder.transform(new)[0].tolist() == [0.0, 0.0, 1.0, 0.0, 0.0]


def test_codes_are_the_places_of_indicators():
    """Both forms say the same: numbers and flags first, then a code or its indicator."""
    X = pd.DataFrame({"x": [1.0, np.nan, 3.0], "color": ["a", None, "b"]})
    values, codes = _encoder(X, Encoding("codes")).transform(X)
    flat = _encoder(X).transform(X)
    np.testing.assert_array_equal(values, flat[:, :2])
    assert codes[:, 0].tolist() == flat[:, 2:].argmax(1).tolist() == [2, 0, 3]
    assert values.dtype == np.float32
    assert codes.dtype == np.int32


@pytest.mark.parametrize(("dtype", "n_levels"), [("category", 5), ("object", 8)])
def test_a_width_that_must_stay_hangs_on_the_type_and_not_on_the_rows(dtype, n_levels):
    """A column that lists three categories has room for them; words have all the room there is."""
    X = pd.DataFrame({"color": pd.Series(["red", "blue", "green"], dtype=dtype)})
    few, all_ = _encoder(X[:1], is_fixed=True), _encoder(X, is_fixed=True)
    assert few.layout == all_.layout == Layout(0, (), (n_levels,))
    assert few.transform(X).shape == all_.transform(X).shape


def test_columns_of_zeros_fill_the_width_up():
    """Three numbers become eight columns where the width shall be a multiple of eight."""
    X = np.arange(6.0).reshape(2, 3)
    encoded = _encoder(X, Encoding("indicators", "standard", 8)).transform(X)
    assert encoded.shape == (2, 8)
    assert not encoded[:, 3:].any()


def test_rows_are_taken_in_order():
    """The result has the rows asked for, whether of an array or of a table."""
    X = np.arange(10.0)[:, None]
    encoder = _encoder(X)
    whole = encoder.transform(X)
    rows = np.array([7, 2])
    for table in (X, pd.DataFrame(X)):
        np.testing.assert_array_equal(encoder.transform(table, rows), whole[rows])


def test_a_table_of_many_chunks_is_encoded_as_one_row_by_row(monkeypatch):
    """How many rows are encoded at once changes no value."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.normal(size=200), "c": rng.choice(["a", "b"], 200)})
    whole = _encoder(X).transform(X)
    monkeypatch.setattr("bench_jax.preprocessing._CHUNK_VALUES", 64)
    np.testing.assert_array_equal(_encoder(X).transform(X), whole)


def test_dates_booleans_and_pandas_types_are_numbers():
    """A date is days, a boolean 0 or 1, and pandas' own missing value is missing."""
    X = pd.DataFrame(
        {
            "day": pd.to_datetime(["2024-01-01", "2024-01-03", None]),
            "is_member": [True, False, True],
            "count": pd.array([1, None, 3], dtype="Int64"),
        }
    )
    columns = (bench.Column("day", "date"), bench.Column("is_member", "boolean"))
    assert kinds_of(X, columns) == ("number", "number", "number")
    encoder = _encoder(X, columns=columns)
    assert encoder.flagged == (0, 2)
    encoded = encoder.transform(X)
    assert encoded[:, 3].tolist() == [0.0, 0.0, 1.0]
    assert encoded[:, 4].tolist() == [0.0, 1.0, 0.0]


def test_infinite_numbers_of_a_table_are_missing():
    """A ratio whose denominator was zero tells no more than a gap."""
    X = pd.DataFrame({"ratio": [1.0, np.inf, 3.0]})
    assert _encoder(X).transform(X)[1].tolist() == [0.0, 1.0]


@pytest.mark.parametrize("X", [pd.DataFrame({"code": [7, 8, 7]}), np.array([[7], [8], [7]])])
def test_numbers_said_to_be_categories_are_categories(X):
    """The dataset's word goes before the column's type, of a table and of an array."""
    columns = (bench.Column("code", "category"),)
    assert kinds_of(X, None) == ("number",)
    encoded = _encoder(X, columns=columns).transform(X)
    assert encoded.argmax(1).tolist() == [2, 3, 2]


def test_a_level_is_known_when_a_gap_has_made_its_column_one_of_floats():
    """7 and 7.0 are one level."""
    columns = (bench.Column("code", "category"),)
    encoder = _encoder(pd.DataFrame({"code": [7, 8]}), columns=columns)
    new = pd.DataFrame({"code": [7.0, None]})
    assert encoder.transform(new).argmax(1).tolist() == [2, 0]
