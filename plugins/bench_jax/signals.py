"""Raw data as a network's inputs: images, sequences of steps, and sounds as these.

What is learned for it (scale, length, missing values) comes from the training rows. Sequences of
unequal lengths are filled up with zeros to one length, and say how long they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bench_features.mel import log_mel
from bench_jax.network import row

Kind = Literal["image", "tokens", "series", "spectrogram"]

Steps = NDArray[np.float32]
"""A sequence: (length, channels)."""

QUANTILE = 0.98
"""Share of training rows that are read to their end, where their length is not told."""

_MAX_LENGTH = 512
"""Steps that sequences are brought down to, where that is not told."""

_MULTIPLE = 8
"""Lengths are multiples of it, so that pools halve them without a remainder."""


@dataclass(frozen=True)
class Signal:
    """What one row of inputs is.

    Parameters
    ----------
    kind
        ``image``: float32 (height, width, channels). ``tokens``: int32 codes (length,), 0 behind
        the end. ``series``, ``spectrogram``: float32 (length, channels), zeros behind the end, and
        the number of steps that count, int32.
    shape
        Of the codes or numbers.
    n_codes
        Of tokens, 0 included.
    """

    kind: Kind
    shape: tuple[int, ...]
    n_codes: int = 0

    @property
    def inputs(self) -> Any:
        """One row, as `Network.inputs` says it."""
        if self.kind == "image":
            return row(self.shape)
        if self.kind == "tokens":
            return row(self.shape, np.int32)
        return row(self.shape), row((), np.int32)


@dataclass(frozen=True)
class ImageEncoder:
    """Standardises images by one mean and one spread of the training images.

    Parameters
    ----------
    shape
        Height, width and channels.
    center, spread
        What is taken away, and what the rest is divided by.
    """

    shape: tuple[int, ...]
    center: float
    spread: float

    @classmethod
    def fit(cls, images: NDArray[Any]) -> ImageEncoder:
        """Learn from images (n, h, w, c)."""
        spread = float(images.std(dtype=np.float64))
        return cls(images.shape[1:], float(images.mean(dtype=np.float64)), spread or 1.0)

    @property
    def signal(self) -> Signal:
        """What rows become."""
        return Signal("image", self.shape)

    def transform(self, images: NDArray[Any]) -> NDArray[np.float32]:
        """Return (n, h, w, c) float32.

        Raises
        ------
        ValueError
            They are of another size than those learned from.
        """
        if images.shape[1:] != self.shape:
            raise ValueError(
                f"images are {images.shape[1:]}, but the model was fitted on {self.shape} "
                "(height, width, channels); bring them to that size."
            )
        return (images.astype(np.float32) - self.center) * np.float32(1 / self.spread)


@dataclass(frozen=True)
class SequenceEncoder:
    """Standardises channels and brings sequences to one length.

    Parameters
    ----------
    kind
        ``series`` or ``spectrogram``.
    length
        Steps that there is room for; what is behind them is cut off.
    stride
        How many neighbouring steps become one, their mean, because sequences are longer than was
        asked for.
    center, spread
        Of each channel (n_channels,), over all steps of all training rows.
    has_flags
        Whether each channel has another beside it that is 1 where its value is missing.
    """

    kind: Kind
    length: int
    stride: int
    center: NDArray[np.float32]
    spread: NDArray[np.float32]
    has_flags: bool

    @classmethod
    def fit(cls, kind: Kind, rows: Sequence[Steps], length: int | None = None) -> SequenceEncoder:
        """Learn from sequences.

        Parameters
        ----------
        kind
            ``series`` or ``spectrogram``.
        rows
            Each (length, n_channels).
        length
            Steps to make room for. None: as many as the longest series has, or 98 % of the sounds,
            which end in silence; up to 512.
        """
        lengths = np.array([len(steps) for steps in rows])
        if length is None and kind == "spectrogram":
            lengths = np.minimum(lengths, np.ceil(np.quantile(lengths, QUANTILE)).astype(int))
        stride = -(-int(lengths.max()) // (length or _MAX_LENGTH))
        flat = np.concatenate(rows).astype(np.float64)
        is_there = np.isfinite(flat)
        flat[~is_there] = np.nan
        n = np.maximum(is_there.sum(0), 1)
        center = np.nansum(flat, 0) / n
        spread = np.sqrt(np.nansum(np.square(flat - center), 0) / n)
        return cls(
            kind,
            room(-(-lengths // stride)) if length is None else room(np.array([length])),
            stride,
            center.astype(np.float32),
            np.where(spread > 0, spread, 1.0).astype(np.float32),
            not is_there.all(),
        )

    @property
    def signal(self) -> Signal:
        """What rows become."""
        return Signal(self.kind, (self.length, len(self.center) * (2 if self.has_flags else 1)))

    def transform(self, rows: Sequence[Steps]) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Return steps (n, length, channels), and how many of them count (n,).

        Raises
        ------
        ValueError
            A sequence has another number of channels than those learned from.
        """
        n_channels = len(self.center)
        values = np.zeros((len(rows), *self.signal.shape), np.float32)
        lengths = np.zeros(len(rows), np.int32)
        for number, steps in enumerate(rows):
            if steps.shape[1] != n_channels:
                raise ValueError(
                    f"row {number} has {steps.shape[1]} channels, but the model was fitted on "
                    f"{n_channels}; give the same channels."
                )
            scaled = (steps[: self.length * self.stride] - self.center) / self.spread
            is_there = np.isfinite(scaled)
            scaled = _means(np.where(is_there, scaled, 0), self.stride)
            lengths[number] = len(scaled)
            values[number, : len(scaled), :n_channels] = scaled
            if self.has_flags:
                values[number, : len(scaled), n_channels:] = _means(1.0 - is_there, self.stride)
        return values, lengths


def room(lengths: NDArray[Any]) -> int:
    """Return the length to fill sequences up to: few different ones, so that programs are shared.

    Where all are as long, the next multiple of 8; else the next of 8, 16, 24, 32, 48, 64, 96, ...
    """
    longest = int(lengths.max())
    if (lengths == lengths[0]).all() or longest <= _MULTIPLE:
        return max(-(-longest // _MULTIPLE) * _MULTIPLE, _MULTIPLE)
    power = 1 << (longest - 1).bit_length()
    smaller = power * 3 // 4
    return smaller if longest <= smaller and not smaller % _MULTIPLE else power


def _means(steps: NDArray[Any], stride: int) -> NDArray[Any]:
    """Return the means of `stride` neighbouring steps; the last may be of fewer."""
    if stride == 1:
        return steps
    firsts = np.arange(0, len(steps), stride)
    counts = np.diff(np.append(firsts, len(steps)))
    return np.asarray(np.add.reduceat(steps, firsts, axis=0) / counts[:, None])


def as_images(X: Any) -> NDArray[Any]:
    """Return images (n, h, w, c) from (n, h, w) or (n, h, w, c), of the type that they are of.

    Raises
    ------
    ValueError
        They have another form, or a pixel is no number.
    """
    try:
        images = np.asarray(X)
    except ValueError:
        images = np.zeros(0)
    if images.ndim not in (3, 4) or not images.size or images.dtype.kind not in "buif":
        raise ValueError(
            f"X has the shape {images.shape} and the type {images.dtype}; images of numbers, all "
            "of one size, (n, height, width) or (n, height, width, channels), are needed."
        )
    if images.dtype.kind == "f" and not np.isfinite(images).all():
        raise ValueError("X has NaN or infinity among its pixels; fill them first.")
    return images if images.ndim == 4 else images[..., np.newaxis]


def as_series(X: Any) -> list[Steps]:
    """Return sequences from a list of (length, channels), or an array (n, length[, channels]).

    Raises
    ------
    ValueError
        A row has another form, no steps, or other channels than the first.
    """
    rows = [np.asarray(steps, np.float32) for steps in X]
    rows = [steps[:, np.newaxis] if steps.ndim == 1 else steps for steps in rows]
    for number, steps in enumerate(rows):
        if steps.ndim != 2 or not steps.size or steps.shape[1] != rows[0].shape[1]:
            raise ValueError(
                f"row {number} of X has the shape {steps.shape}; series of one or more steps, "
                f"(length, channels) with as many channels as the first, {rows[0].shape[-1]}, "
                "are needed."
            )
    return rows


def as_spectrograms(X: Any, sampling_rate: float | None, **params: Any) -> list[Steps]:
    """Return log-mel frames (n_frames, n_mels) of waves (n_samples,); see `log_mel`.

    Raises
    ------
    ValueError
        The sampling rate is not known, or a row is no wave.
    """
    if sampling_rate is None:
        raise ValueError(
            "the sampling rate of the sounds is not known: neither does the dataset say it "
            "(extra={'sampling_rate': ...}), nor does the parameter sampling_rate."
        )
    frames = []
    for number, wave in enumerate(X):
        try:
            frames.append(log_mel(wave, sampling_rate, **params))
        except ValueError as error:
            raise ValueError(f"row {number} of X: {error}") from None
    return frames
