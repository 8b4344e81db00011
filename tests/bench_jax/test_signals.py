"""Raw data as inputs: scale, length, missing values."""

import numpy as np
import pytest

from bench_jax import signals
from bench_jax.signals import ImageEncoder, SequenceEncoder


def test_images_are_standardised_by_the_training_images():
    """Pixels 0 and 4 have mean 2 and spread 2: 6 becomes 2; channels may be left out."""
    images = signals.as_images(np.array([[[0, 4], [4, 0]]], np.uint8))
    assert images.shape == (1, 2, 2, 1)
    encoder = ImageEncoder.fit(images)
    found = encoder.transform(np.full((1, 2, 2, 1), 6, np.uint8))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, 2.0)


def test_images_of_one_colour_are_no_division_by_zero():
    """Where there is no spread, the mean is taken away and nothing else."""
    encoder = ImageEncoder.fit(np.full((2, 3, 3, 1), 7, np.uint8))
    np.testing.assert_array_equal(encoder.transform(np.full((1, 3, 3, 1), 8, np.uint8)), 1.0)


def test_channels_are_standardised_over_all_steps():
    """0, 2, 4 and 2 of the first channel: mean 2, spread root 2; what is behind an end is 0."""
    rows = [np.array([[0.0, 1], [2, 1], [4, 1]], np.float32), np.array([[2.0, 1]], np.float32)]
    encoder = SequenceEncoder.fit("series", rows)
    values, lengths = encoder.transform(rows)
    assert values.shape == (2, 8, 2)
    assert lengths.tolist() == [3, 1]
    np.testing.assert_allclose(values[0, :3, 0], [-(2**0.5), 0, 2**0.5], rtol=1e-6)
    assert not values[..., 1].any()
    assert not values[0, 3:].any()


def test_missing_values_are_zeros_with_a_flag():
    """The mean is that of what is there; each channel gets a flag, and infinity counts as none."""
    rows = [np.array([[1.0], [np.nan], [3.0]], np.float32)]
    encoder = SequenceEncoder.fit("series", rows)
    assert encoder.signal.shape == (8, 2)
    values, _ = encoder.transform([np.array([[np.inf], [3.0]], np.float32)])
    np.testing.assert_allclose(values[0, :2], [[0, 1], [1, 0]])


def test_values_missing_only_later_are_zeros():
    """Where the training rows miss nothing there is no flag to set."""
    encoder = SequenceEncoder.fit("series", [np.array([[0.0], [2.0]], np.float32)])
    values, lengths = encoder.transform([np.array([[np.nan], [2.0]], np.float32)])
    assert values[0, :3, 0].tolist() == [0, 1, 0]
    assert lengths.tolist() == [2]


def test_long_sequences_become_means_of_neighbours():
    """Five steps where three are asked for: means of two, and the last one alone."""
    steps = np.array([[0.0], [2], [4], [6], [8]], np.float32)
    encoder = SequenceEncoder.fit("series", [steps], 3)
    assert encoder.stride == 2
    assert encoder.length == 8
    values, lengths = encoder.transform([steps])
    assert lengths.tolist() == [3]
    np.testing.assert_allclose(values[0, :3, 0] * 8**0.5 + 4, [1, 5, 8], rtol=1e-5)


def test_a_length_that_is_told_holds_for_any_rows():
    """Short rows leave room, so that all rows share a program."""
    assert SequenceEncoder.fit("series", [np.zeros((3, 1), np.float32)], 20).length == 24


def test_a_few_long_sounds_do_not_make_all_long():
    """Of 100, one of 90 frames and others of 9: 98 are read to their end in 16 places."""
    rows = [np.zeros((90, 1), np.float32)] + [np.zeros((9, 1), np.float32)] * 99
    assert SequenceEncoder.fit("spectrogram", rows).length == 16
    assert SequenceEncoder.fit("series", rows).length == 96


def test_what_is_longer_than_any_training_row_is_cut():
    """There is room for 8 steps; the ninth is not read."""
    encoder = SequenceEncoder.fit("series", [np.zeros((8, 1), np.float32)])
    values, lengths = encoder.transform([np.ones((9, 1), np.float32)])
    assert values.shape == (1, 8, 1)
    assert lengths.tolist() == [8]


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ([1, 1], 8),
        ([24, 24], 24),
        ([25, 25], 32),
        ([3, 9], 16),
        ([7, 17], 24),
        ([7, 26], 32),
        ([7, 33], 48),
        ([7, 49], 64),
        ([7, 100], 128),
    ],
)
def test_lengths_are_few(lengths, expected):
    """Equal ones go up to a multiple of 8, others to one of 8, 16, 24, 32, 48, 64, 96, ..."""
    assert signals.room(np.array(lengths)) == expected


def test_series_are_taken_in_every_form():
    """A list of (length, channels), an array (n, length), and one (n, length, channels)."""
    assert signals.as_series([np.zeros((3, 2)), np.zeros((5, 2))])[1].shape == (5, 2)
    assert signals.as_series(np.zeros((4, 7)))[3].shape == (7, 1)
    assert signals.as_series(np.zeros((4, 7, 3)))[3].shape == (7, 3)


def test_sounds_become_frames():
    """A second at 8 kHz is 98 frames of 25 ms, 10 ms apart."""
    frames = signals.as_spectrograms([np.zeros(8000)], 8000, n_mels=20)
    assert frames[0].shape == (98, 20)


@pytest.mark.parametrize(
    ("read", "X", "message"),
    [
        (signals.as_images, np.zeros((4, 5)), r"shape \(4, 5\).*height, width"),
        (signals.as_images, [np.zeros((4, 5)), np.zeros((4, 6))], "all of one size"),
        (signals.as_images, np.full((1, 2, 2), np.nan), "NaN or infinity"),
        (signals.as_series, [np.zeros((3, 2)), np.zeros((3, 1))], r"row 1 .*\(3, 1\).*first, 2"),
        (signals.as_series, [np.zeros((0, 2))], "row 0 .*one or more steps"),
        (lambda X: signals.as_spectrograms(X, None), [np.zeros(9)], "sampling rate .*not known"),
        (lambda X: signals.as_spectrograms(X, 8000), [np.zeros((9, 2))], r"row 0 .*\(9, 2\)"),
    ],
)
def test_what_is_none_of_it_is_refused(read, X, message):
    """The message says what was given, where, and what is needed."""
    with pytest.raises(ValueError, match=message):
        read(X)


def test_rows_unlike_the_training_rows_are_refused():
    """Images of another size, and series of other channels."""
    with pytest.raises(ValueError, match=r"\(3, 2, 1\).*fitted on \(2, 2, 1\)"):
        ImageEncoder.fit(np.zeros((1, 2, 2, 1))).transform(np.zeros((1, 3, 2, 1)))
    encoder = SequenceEncoder.fit("series", [np.zeros((4, 2), np.float32)], 9)
    with pytest.raises(ValueError, match=r"row 0 has 3 channels, .* fitted on 2"):
        encoder.transform([np.zeros((4, 3), np.float32)])
