"""Mel bands and cepstral coefficients of sounds."""

import math

import numpy as np
import pytest

from bench_features.mel import hertz, log_mel, mel, mfcc


def test_the_scale_is_the_one_of_the_htk_book():
    """2595 log10(1 + f / 700): 700 Hz are 2595 log10(2) mel, and back again."""
    assert mel(0) == 0
    assert mel(700) == pytest.approx(2595 * 0.30102999566)
    assert hertz(mel(np.array([0.0, 100.0, 6300.0]))) == pytest.approx([0.0, 100.0, 6300.0])


def test_frames_are_those_that_fit():
    """Windows of 4 samples, 2 apart: 9 samples hold those that begin at 0, 2 and 4."""
    bands = log_mel(np.ones(9), 100, n_mels=3, window_seconds=0.04, hop_seconds=0.02)
    assert bands.shape == (3, 3)
    assert bands.dtype == np.float32
    np.testing.assert_array_equal(bands[0], bands[2])


def test_a_tone_is_loudest_in_its_own_band():
    """The band whose triangle peaks nearest to the tone has the most energy in every frame."""
    rate, tone, n_mels = 8000, 1000.0, 40
    wave = np.sin(2 * np.pi * tone * np.arange(rate) / rate)
    centers = np.linspace(0, 2595 * math.log10(1 + 4000 / 700), n_mels + 2)[1:-1]
    expected = np.abs(centers - 2595 * math.log10(1 + tone / 700)).argmin()
    assert set(log_mel(wave, rate).argmax(1)) == {expected}


def test_energy_of_a_tone_is_worked_out_by_hand():
    """A sine of 2 kHz at 8 kHz, 8 samples, Hann: bins 1, 2, 3 have 1, 4, 1 of energy.

    A periodic Hann window spreads a tone on a bin over three, with amplitudes N/8, N/4, N/8; the
    one triangle from 0 to 4,000 Hz peaks at hertz(mel(4000) / 2) = 1,232.87 Hz.
    """
    wave = np.sin(2 * np.pi * 2000 * np.arange(8) / 8000)
    found = log_mel(wave, 8000, n_mels=1, window_seconds=0.001, hop_seconds=0.001)
    peak = 700 * (math.sqrt(1 + 4000 / 700) - 1)
    energy = 1 * 1000 / peak + sum(
        amount * (4000 - frequency) / (4000 - peak) for amount, frequency in ((4, 2000), (1, 3000))
    )
    assert found == pytest.approx(np.array([[math.log(energy)]]), rel=1e-5)


def test_silence_and_quiet_places_have_a_floor():
    """Silence is log(1e-10); otherwise 80 dB below the loudest place, where that is asked for."""
    assert log_mel(np.zeros(400), 8000) == pytest.approx(math.log(1e-10))
    wave = np.concatenate([np.sin(np.arange(400)), np.zeros(400)])
    bands = log_mel(wave, 8000)
    assert bands.max() - bands.min() == pytest.approx(8 * math.log(10), rel=1e-5)
    assert log_mel(wave, 8000, range_decibels=None).min() == pytest.approx(math.log(1e-10))


def test_every_band_holds_a_frequency():
    """However narrow bands are, noise has energy in each of them."""
    noise = np.random.default_rng(0).normal(size=2000)
    assert log_mel(noise, 8000, n_mels=128, range_decibels=None).min() > -10


def test_a_sound_shorter_than_a_window_is_one_frame():
    """It is filled up with zeros."""
    short = np.random.default_rng(0).normal(size=50)
    np.testing.assert_array_equal(log_mel(short, 8000), log_mel(np.pad(short, (0, 150)), 8000))


def test_long_sounds_are_transformed_in_blocks_without_a_seam():
    """5,000 frames are those of its parts."""
    wave = np.random.default_rng(0).normal(size=5000 * 80 + 120)
    whole = log_mel(wave, 8000, range_decibels=None)
    assert len(whole) == 5000
    part = log_mel(wave[4000 * 80 :], 8000, range_decibels=None)
    np.testing.assert_allclose(whole[4000:], part, rtol=1e-5)


def test_coefficients_are_the_cosine_transform():
    """The first is the bands' sum over the root of their number; the second by its definition."""
    wave = np.random.default_rng(0).normal(size=1000)
    bands = log_mel(wave, 8000, n_mels=20)
    found = mfcc(wave, 8000, n_coefficients=2, n_mels=20)
    assert found.shape == (len(bands), 2)
    np.testing.assert_allclose(found[:, 0], bands.sum(1) / math.sqrt(20), rtol=1e-5)
    cosines = np.cos(np.pi * (np.arange(20) + 0.5) / 20) * math.sqrt(2 / 20)
    np.testing.assert_allclose(found[:, 1], bands @ cosines, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("wave", "params", "message"),
    [
        (np.zeros((10, 2)), {}, r"shape \(10, 2\)"),
        (np.zeros(0), {}, r"shape \(0,\)"),
        (np.zeros(10), {"n_mels": 0}, "n_mels is 0"),
        (np.zeros(10), {"high_hertz": 5000.0}, "up to 4000.0 Hz"),
    ],
)
def test_what_is_no_sound_or_no_band_is_refused(wave, params, message):
    """The message says what was given and what is allowed."""
    with pytest.raises(ValueError, match=message):
        log_mel(wave, 8000, **params)


def test_more_coefficients_than_bands_are_refused():
    """The message says how many there are."""
    with pytest.raises(ValueError, match="n_coefficients is 21; allowed: 1 to n_mels, 20"):
        mfcc(np.ones(400), 8000, n_coefficients=21, n_mels=20)
