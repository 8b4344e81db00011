"""MiniRocket's features: shares of positions at which convolutions exceed a bias.

Dempster, Schmidt & Webb (2021), MiniRocket: a very fast (almost) deterministic transform for time
series classification, KDD, doi:10.1145/3447548.3467231.
"""

from __future__ import annotations

from itertools import combinations, groupby
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from bench_sklearn.time_series import Floats, as_series, longest

Singles = NDArray[np.float32]

TAPS = 9
"""Weights of a kernel: three of 2 and six of -1, so that adding a constant changes nothing."""

KERNELS = tuple(combinations(range(TAPS), 3))
"""Which three taps weigh 2, for each of the 84 kernels."""

MAX_CHANNELS = 9
"""Channels that a kernel adds up at most, of several."""

_GOLDEN = (5**0.5 + 1) / 2

_BLOCK_BYTES = 1 << 17
"""Signals convolved at once: what is made of them is to stay in a core's cache."""


class _Convolution(NamedTuple):
    """One kernel at one dilation, and the biases that its output is compared with."""

    dilation: int
    taps: tuple[int, ...]
    channels: NDArray[np.intp]
    is_padded: bool
    biases: Singles


class RandomKernels(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Series as the shares of positions at which convolutions exceed biases.

    The 84 kernels of length 9 are fixed, as are dilations, whose number of features falls with
    their size; biases are quantiles of the output for a training series drawn by chance. Half of
    the convolutions count positions beside the margins alone. Of several channels each adds up a
    few, drawn by chance. Shorter series count the positions that they have.

    Parameters
    ----------
    n_features
        About how many: the largest multiple of 84 that is no larger.
    max_dilations
        Per kernel.
    random_state
        Seed.
    """

    def __init__(
        self, n_features: int = 10_000, *, max_dilations: int = 32, random_state: int = 0
    ) -> None:
        self.n_features = n_features
        self.max_dilations = max_dilations
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Choose dilations, channels and biases for X, series as in `as_series`."""
        series = as_series(X)
        self.n_channels_ = series[0].shape[1]
        chance = np.random.default_rng(self.random_state)
        per_kernel = max(1, self.n_features // len(KERNELS))
        dilations = _dilations(longest(series), per_kernel, self.max_dilations)
        # Quantiles of all features: multiples of the golden ratio spread them evenly.
        levels = iter(np.arange(1, per_kernel * len(KERNELS) + 1) * _GOLDEN % 1)
        self.convolutions_: list[_Convolution] = []
        for place, (dilation, n_biases) in enumerate(dilations):
            for number, taps in enumerate(KERNELS):
                channels = _channels(self.n_channels_, chance)
                is_padded = (place + number) % 2 == 0
                drawn = series[chance.integers(len(series))]
                shaped = _Convolution(dilation, taps, channels, is_padded, np.zeros(0, np.float32))
                own = [next(levels) for _ in range(n_biases)]
                self.convolutions_.append(shaped._replace(biases=_biases(drawn, shaped, own)))
        return self

    def transform(self, X: Any) -> Singles:
        """Return (n_rows, n_features) shares, from 0 to 1."""
        series = as_series(X, self.n_channels_)
        lengths = np.array([len(row) for row in series], np.intp)
        shares = np.empty(
            (len(series), sum(len(one.biases) for one in self.convolutions_)), np.float32
        )
        # Rows of about the same length go together, and no more of them than a core's cache takes.
        order = np.argsort(-lengths, kind="stable")
        start = 0
        while start < len(order):
            n_bytes = 4 * self.n_channels_ * int(lengths[order[start]])
            rows = order[start : start + max(1, _BLOCK_BYTES // n_bytes)]
            shares[rows] = self._shares([series[row] for row in rows])
            start += len(rows)
        return shares

    def _shares(self, series: list[Floats]) -> Singles:
        signals, lengths = _side_by_side(series)
        blocks = []
        for dilation, group in groupby(self.convolutions_, key=lambda one: one.dilation):
            shifted = _shifted(signals, dilation)
            total = sum(shifted[1:], start=shifted[0])
            counted = {padded: _counted(lengths, dilation, padded) for padded in (True, False)}
            for convolution in group:
                output = _output(shifted, total, convolution)
                is_counted = counted[convolution.is_padded]
                np.copyto(output, -np.inf, where=~is_counted)
                ones = np.ones(output.shape[1], np.float32)
                n_counted = is_counted.sum(axis=1)
                # A product with ones is the quickest way to count along rows.
                blocks += [
                    (output > bias).astype(np.float32) @ ones / n_counted
                    for bias in convolution.biases
                ]
        return np.column_stack(blocks)


def _dilations(length: int, per_kernel: int, most: int) -> list[tuple[int, int]]:
    """Return dilations with their numbers of features: evenly spread over powers of two.

    The largest lets a kernel just span the series.
    """
    n_drawn = min(per_kernel, most)
    largest = np.log2(max(1.0, (length - 1) / (TAPS - 1)))
    drawn = np.logspace(0, largest, n_drawn, base=2).astype(np.intp)
    dilations, counts = np.unique(drawn, return_counts=True)
    numbers = counts * per_kernel // n_drawn
    # What rounding left over goes to the smallest dilations.
    numbers[: per_kernel - numbers.sum()] += 1
    return list(zip(dilations.tolist(), numbers.tolist(), strict=True))


def _channels(n_channels: int, chance: np.random.Generator) -> NDArray[np.intp]:
    """Draw the channels of a kernel: few more often than many."""
    largest = np.log2(min(n_channels, MAX_CHANNELS) + 1)
    n_drawn = int(2 ** chance.uniform(0, largest))
    return np.sort(chance.choice(n_channels, min(n_drawn, n_channels), replace=False))


def _biases(series: Floats, convolution: _Convolution, levels: list[float]) -> Singles:
    """Return quantiles of the output for one series, where it counts."""
    signals, lengths = _side_by_side([series])
    shifted = _shifted(signals, convolution.dilation)
    output = _output(shifted, sum(shifted[1:], start=shifted[0]), convolution)
    is_counted = _counted(lengths, convolution.dilation, convolution.is_padded)
    return np.asarray(np.quantile(output[is_counted], levels), np.float32)


def _side_by_side(series: list[Floats]) -> tuple[Singles, NDArray[np.intp]]:
    """Return (channels, n_rows, length) signals, zero behind the end of shorter ones; lengths."""
    lengths = np.array([len(row) for row in series], np.intp)
    signals = np.zeros((series[0].shape[1], len(series), lengths.max()), np.float32)
    for number, row in enumerate(series):
        signals[:, number, : len(row)] = row.T
    return signals, lengths


def _shifted(signals: Singles, dilation: int) -> list[Singles]:
    """Return what each tap sees: views of (channels, n_rows, length)."""
    length = signals.shape[2]
    margin = TAPS // 2 * dilation
    padded = np.pad(signals, ((0, 0), (0, 0), (margin, margin)))
    return [padded[:, :, tap * dilation : tap * dilation + length] for tap in range(TAPS)]


def _output(shifted: list[Singles], total: Singles, convolution: _Convolution) -> Singles:
    """Return (n_rows, length): three times the three heavy taps, less all taps."""
    output = np.zeros(total.shape[1:], np.float32)
    for channel in convolution.channels:
        for tap in convolution.taps:
            output += shifted[tap][channel]
    output *= 3
    for channel in convolution.channels:
        output -= total[channel]
    return output


def _counted(lengths: NDArray[np.intp], dilation: int, is_padded: bool) -> NDArray[np.bool_]:
    """Return (n_rows, length), which positions count: all, or those with all taps in the series.

    A series that is too short for those counts all.
    """
    margin = TAPS // 2 * dilation
    margins = np.where((lengths > 2 * margin) & (not is_padded), margin, 0)[:, np.newaxis]
    at = np.arange(lengths.max())
    return np.asarray((at >= margins) & (at < lengths[:, np.newaxis] - margins))
