"""Series: their forms, dynamic time warping, random kernels and summaries, by hand."""

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from bench_sklearn.dtw import dtw, nearest
from bench_sklearn.neighbors import DtwClassifier, OneLength
from bench_sklearn.random_kernels import KERNELS, RandomKernels
from bench_sklearn.summaries import SeriesSummary
from bench_sklearn.time_series import as_series, resampled


def by_definition(first, second, band):
    """Dynamic time warping cell by cell (Sakoe and Chiba, 1978)."""
    length = len(first)
    cost = np.full((length + 1, length + 1), np.inf)
    cost[0, 0] = 0
    for i in range(length):
        for j in range(length):
            if abs(i - j) <= band:
                step = min(cost[i, j], cost[i, j + 1], cost[i + 1, j])
                cost[i + 1, j + 1] = ((first[i] - second[j]) ** 2).sum() + step
    return cost[-1, -1]


def test_forms_of_series():
    """Lists and arrays with and without channels are the same series."""
    rows = np.arange(6.0).reshape(2, 3)

    for X in (rows, rows[:, :, None], list(rows), [row[:, None] for row in rows]):
        series = as_series(X)
        assert [row.tolist() for row in series] == [[[0], [1], [2]], [[3], [4], [5]]]


def test_gaps_are_filled_along_a_line():
    """A gap is on the line between its neighbours, at an end the nearest, all gone is 0."""
    gaps = np.array([[np.nan, np.nan], [1.0, np.nan], [np.nan, np.nan], [5.0, np.nan]])

    assert as_series([gaps])[0].tolist() == [[1, 0], [1, 0], [3, 0], [5, 0]]


def test_a_series_of_another_form_is_named():
    """Other channels than the first row's, and no step at all, are refused by row."""
    with pytest.raises(ValueError, match=r"row 1 of X has the shape \(4, 3\).* 2 channels"):
        as_series([np.zeros((4, 2)), np.zeros((4, 3))])
    with pytest.raises(ValueError, match="row 0 of X"):
        as_series([np.zeros((0, 1))])


def test_stretching_by_hand():
    """0, 2 stretched to five steps is 0, 0.5, 1, 1.5, 2; one single step is repeated."""
    stretched = resampled(as_series([[0.0, 2.0], [7.0]]), 5)

    assert stretched[:, :, 0].tolist() == [[0, 0.5, 1, 1.5, 2], [7, 7, 7, 7, 7]]


def test_scaling_counts_each_channel_over_all_steps():
    """Channel 0 has the mean 2 and deviation 1, channel 1 is constant."""
    X = [np.array([[1.0, 5.0]]), np.array([[3.0, 5.0], [1.0, 5.0], [3.0, 5.0]])]

    whole = OneLength(scale=True).fit(X).transform(X)

    assert whole.shape == (2, 3, 2)
    assert whole[1].tolist() == [[1, 0], [-1, 0], [1, 0]]


def test_dtw_by_hand():
    """A peak one step later costs nothing within a band of 1, and 1 + 1 without one."""
    first, second = np.array([[[0.0], [1], [0], [0]]]), np.array([[[0.0], [0], [1], [0]]])

    assert dtw(first, second, 1).tolist() == [0]
    assert dtw(first, second, 0).tolist() == [2]


@pytest.mark.parametrize("band", [0, 1, 2, 5, 9])
@pytest.mark.parametrize("n_channels", [1, 3])
def test_dtw_is_its_definition(band, n_channels):
    """All pairs at once give what the recurrence gives cell by cell."""
    rng = np.random.default_rng(band)
    first, second = rng.normal(size=(2, 4, 6, n_channels))

    expected = [by_definition(a, b, band) for a, b in zip(first, second, strict=True)]

    assert np.allclose(dtw(first, second, band), expected, rtol=1e-12)


@pytest.mark.parametrize("band", [0, 2, 12])
def test_what_the_bound_leaves_out_is_not_near(band):
    """With the lower bound the neighbours are those of comparing every pair."""
    rng = np.random.default_rng(1)
    queries, references = rng.normal(size=(9, 12, 2)), rng.normal(size=(40, 12, 2))
    every = np.array([dtw(np.repeat(query[None], 40, 0), references, band) for query in queries])

    positions, distances = nearest(queries, references, 3, band)

    assert (positions == np.argsort(every, axis=1)[:, :3]).all()
    assert np.allclose(distances, np.sort(every, axis=1)[:, :3])


def test_votes_by_hand():
    """Of three neighbours, two of class 5 and one of class 2 are shares of 2/3 and 1/3."""
    X = np.array([[0.0], [0.1], [0.2], [9.0]])[:, :, None]
    fitted = DtwClassifier(n_neighbors=3).fit(X, [5, 2, 5, 2])

    assert np.allclose(fitted.predict_proba(np.zeros((1, 1, 1))), [[1 / 3, 2 / 3]])
    assert fitted.predict(np.zeros((1, 1, 1))).tolist() == [5]


def test_kernels_are_those_of_the_paper():
    """84 kernels of nine taps, three of 2 and six of -1: each adds up to 0."""
    assert len(set(KERNELS)) == 84
    assert all(len(set(taps)) == 3 and set(taps) <= set(range(9)) for taps in KERNELS)


def test_features_are_shares_of_positions_beyond_the_bias():
    """Each feature is what convolving with the kernel, tap by tap, and counting gives."""
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(length, 2)) for length in (40, 40, 33)]
    kernels = RandomKernels(84 * 6, random_state=3).fit(X)
    features = kernels.transform(X)
    column = 0

    assert {one.dilation for one in kernels.convolutions_} == {1, 2, 3, 4}
    for one in kernels.convolutions_:
        weights = np.where(np.isin(np.arange(9), one.taps), 2.0, -1.0)
        margin = 4 * one.dilation
        for row, series in enumerate(X):
            padded = np.pad(series[:, one.channels].sum(axis=1), margin)
            seen = sliding_window_view(padded, 8 * one.dilation + 1)[:, :: one.dilation]
            output = (seen @ weights).astype(np.float32)
            if not one.is_padded and len(series) > 2 * margin:
                output = output[margin : len(series) - margin]
            shares = [(output > bias).mean() for bias in one.biases]
            # Where rounding decides whether a value is beyond a bias drawn from it, one differs.
            given = features[row, column : column + len(shares)]
            assert np.abs(given - shares).max() < 1.5 / len(output)
        column += len(one.biases)

    assert features.shape == (3, column) == (3, 84 * 6)


def test_constant_series_have_no_feature_beyond_their_margins():
    """Kernels add up to 0: inside a constant series nothing is beyond the bias of another one."""
    X = [np.sin(np.arange(30.0)), np.full(30, 5.0)]
    kernels = RandomKernels(84, random_state=0).fit(X[:1])
    inside = [i for i, one in enumerate(kernels.convolutions_) if not one.is_padded]

    features = kernels.transform(X)[1, inside]
    biases = np.array([kernels.convolutions_[i].biases[0] for i in inside])

    assert (features[biases > 1e-4] == 0).all()
    assert (features[biases < -1e-4] == 1).all()


@pytest.mark.parametrize("length", [1, 2, 8, 9])
def test_shortest_series(length):
    """Series shorter than a kernel still have features, and all are shares."""
    X = np.random.default_rng(0).normal(size=(5, length))

    features = RandomKernels(200).fit(X).transform(X)

    assert features.shape == (5, 168)
    assert ((features >= 0) & (features <= 1)).all()
    assert np.isfinite(SeriesSummary().fit(X).transform(X)).all()


def test_summary_by_hand():
    """0, 2, 4, 6: its length, mean 3, deviation sqrt(5), slope 2 and quartiles."""
    features = SeriesSummary(depth=0).fit([[0.0, 2.0, 4.0, 6.0]]).transform([[0.0, 2.0, 4.0, 6.0]])

    assert features[0, :9] == pytest.approx([4, 3, np.sqrt(5), 2, 0, 1.5, 3, 4.5, 6])


def test_halves_are_summed_up_where_they_have_three_steps():
    """Of eight steps there is a whole and two halves: three times eight statistics first."""
    X = np.arange(16.0).reshape(2, 8)
    one, two = (SeriesSummary(depth).fit(X).transform(X) for depth in (1, 5))

    assert one[0, 9] == pytest.approx(1.5)
    assert one[0, 17] == pytest.approx(5.5)
    assert (one == two).all()
