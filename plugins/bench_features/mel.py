"""Sound as mel bands over time, their logarithms, and cepstral coefficients of these.

The mel scale is the HTK book's (Young et al., 2006, section 5.4), as are triangles of height 1
between bands that are equally far apart on it.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy import fft

_FLOOR = 1e-10
"""Energy that silence counts as; a sine of amplitude 1 has more than 1 in its band."""

_BLOCK = 4096
"""Frames transformed at once, so that an hour of sound takes no more memory than a minute."""


def mel(hertz: Any) -> Any:
    """Return the pitch of a frequency in mel: 2595 log10(1 + f / 700)."""
    return 2595 * np.log10(1 + np.asarray(hertz) / 700)


def hertz(mel: Any) -> Any:
    """Return the frequency of a pitch in mel."""
    return 700 * (10 ** (np.asarray(mel) / 2595) - 1)


def log_mel(
    wave: NDArray[Any],
    sampling_rate: float,
    *,
    n_mels: int = 40,
    window_seconds: float = 0.025,
    hop_seconds: float = 0.010,
    low_hertz: float = 0.0,
    high_hertz: float | None = None,
    range_decibels: float | None = 80.0,
) -> NDArray[np.float32]:
    """Return the logarithm of a sound's energy in mel bands, frame by frame.

    Frames have a Hann window and no margin: the first begins with the sound, and what is left
    behind the last whole one is not used. A sound shorter than a window is one frame, filled up
    with zeros.

    Parameters
    ----------
    wave
        Samples of one channel (n_samples,).
    sampling_rate
        Samples in a second.
    n_mels
        Bands.
    window_seconds, hop_seconds
        Length of a frame, and from one frame's start to the next one's.
    low_hertz, high_hertz
        Where the lowest band begins and the highest ends; None: half the sampling rate.
    range_decibels
        What is quieter than the loudest place of this sound by more than that is set to it; None:
        only silence has a floor.

    Returns
    -------
    array
        (n_frames, n_mels) float32, natural logarithms of energies.

    Raises
    ------
    ValueError
        The wave is empty or has several channels, or a parameter is out of its range.
    """
    wave = np.asarray(wave, np.float32)
    if wave.ndim != 1 or not len(wave):
        raise ValueError(
            f"log_mel: wave has the shape {wave.shape}; samples of one channel, (n_samples,) with "
            "at least one, are needed."
        )
    high_hertz = sampling_rate / 2 if high_hertz is None else high_hertz
    size = max(round(window_seconds * sampling_rate), 1)
    hop = max(round(hop_seconds * sampling_rate), 1)
    filters, n_fft = _filters(sampling_rate, size, n_mels, low_hertz, high_hertz)
    if len(wave) < size:
        wave = np.pad(wave, (0, size - len(wave)))
    frames = sliding_window_view(wave, size)[::hop]
    window = _hann(size)
    energies = np.concatenate(
        [
            np.square(np.abs(fft.rfft(frames[first : first + _BLOCK] * window, n_fft))) @ filters
            for first in range(0, len(frames), _BLOCK)
        ]
    )
    floor = _FLOOR
    if range_decibels is not None:
        floor = max(floor, float(energies.max()) * 10 ** (-range_decibels / 10))
    return np.asarray(np.log(np.maximum(energies, floor)), np.float32)


def mfcc(
    wave: NDArray[Any], sampling_rate: float, *, n_coefficients: int = 13, **params: Any
) -> NDArray[np.float32]:
    """Return a sound's mel-frequency cepstral coefficients, frame by frame.

    The orthonormal cosine transform (DCT-II) of `log_mel` (Davis & Mermelstein, 1980): the first
    says how loud a frame is, the next ones what shape its spectrum has.

    Parameters
    ----------
    wave, sampling_rate
        As in `log_mel`.
    n_coefficients
        How many, no more than bands.
    **params
        Others of `log_mel`.

    Returns
    -------
    array
        (n_frames, n_coefficients) float32.

    Raises
    ------
    ValueError
        More coefficients are asked for than there are bands, or as in `log_mel`.
    """
    bands = log_mel(wave, sampling_rate, **params)
    if not 1 <= n_coefficients <= bands.shape[1]:
        raise ValueError(
            f"mfcc: n_coefficients is {n_coefficients}; allowed: 1 to n_mels, {bands.shape[1]}."
        )
    return np.asarray(fft.dct(bands, norm="ortho")[:, :n_coefficients])


@functools.lru_cache(maxsize=16)
def _filters(
    sampling_rate: float, size: int, n_mels: int, low: float, high: float
) -> tuple[NDArray[np.float32], int]:
    """Return triangles (n_frequencies, n_mels), and the length of the transform that suits them."""
    if not (n_mels >= 1 and 0 <= low < high <= sampling_rate / 2):
        raise ValueError(
            f"log_mel: n_mels is {n_mels}, and bands go from {low} to {high} Hz; allowed: 1 or "
            f"more bands, from 0 or more up to {sampling_rate / 2} Hz, half the sampling rate."
        )
    edges = hertz(np.linspace(mel(low), mel(high), n_mels + 2))
    # Frames are filled up with zeros until even the narrowest triangle holds a frequency.
    n_fft = 1 << math.ceil(math.log2(max(size, sampling_rate / np.diff(edges).min())))
    frequencies = np.arange(n_fft // 2 + 1)[:, None] * sampling_rate / n_fft
    rising = (frequencies - edges[:-2]) / np.diff(edges[:-1])
    falling = (edges[2:] - frequencies) / np.diff(edges[1:])
    return np.maximum(np.minimum(rising, falling), 0).astype(np.float32), n_fft


@functools.lru_cache(maxsize=16)
def _hann(size: int) -> NDArray[np.float32]:
    """Return the periodic Hann window."""
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size), np.float32)
