"""Series in which patterns occur one after the other, and their order is the class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bench import Dataset, Target
from bench_datasets import making
from bench_datasets.making import check, check_whole, interval


def make_motifs(
    *,
    n_samples: int = 1000,
    seed: int = 0,
    n_classes: int = 4,
    length: int | Sequence[int] = 96,
    channels: int = 1,
    motif: int = 24,
    noise: float = 0.3,
    drift: float = 0.5,
    warp: float = 0.15,
    flip_y: float = 0.0,
) -> Dataset:
    """Return series in each of which two patterns occur; which ones, and in which order, is known.

    A pattern is a smooth random curve in every channel. Classes 2 k and 2 k + 1 hold the same two
    patterns in opposite order, at random places that do not overlap, stretched and scaled at
    random, on a drifting ground with noise; so a pair differs neither in values nor in spectra.
    With little noise the best possible accuracy is ``1 - flip_y``.

    Parameters
    ----------
    n_samples, seed
        Series; the seed makes patterns and series.
    n_classes
        All equally frequent; 2 k and 2 k + 1 differ in order alone.
    length
        Steps of a series, or the least and the most of them, evenly drawn.
    channels
        Values at each step.
    motif
        Steps of a pattern before it is stretched; two of them must fit into the shortest series.
    noise
        Standard deviation of normal noise; patterns have 1.
    drift
        Standard deviation of a random walk at the end of the longest series.
    warp
        By which share patterns are stretched and scaled, up and down.
    flip_y
        Share of series labelled with another class.

    Returns
    -------
    Dataset
        X list of float32 arrays (length, channels); classes 0 to `n_classes` - 1.

    Raises
    ------
    DatasetError
        A parameter is out of its range.
    """
    name = "make-motifs"
    check_whole(name, "n_samples", n_samples, 1)
    check_whole(name, "n_classes", n_classes, 2, 1000)
    check_whole(name, "channels", channels, 1, 1000)
    check_whole(name, "motif", motif, 4, 100_000)
    check(name, "warp", warp, 0, 0.9)
    check(name, "noise", noise, 0, 100)
    check(name, "drift", drift, 0, 100)
    check(name, "flip_y", flip_y, 0, 1)
    longest = int(np.ceil(motif * (1 + warp)))
    shortest, most = interval(name, "length", length, 2 * longest, 1_000_000)
    truth, labels, shapes, places, walks, grain, luck = making.streams(seed, 7)
    n_pairs = -(-n_classes // 2)
    patterns = _patterns(truth, 2 * n_pairs, motif, channels)
    classes = making.classes_of(labels, n_samples, n_classes)
    lengths = shapes.integers(shortest, most, n_samples, endpoint=True)
    forms = 1 + warp * (2 * places.random((n_samples, 2, 2)) - 1)
    gaps = np.sort(places.spawn(1)[0].random((n_samples, 2)), axis=1)
    X = []
    for row, steps in enumerate(lengths):
        walk = walks.standard_normal((most, channels), dtype=np.float32)
        ground = np.cumsum(walk[:steps], axis=0) * np.float32(drift / most**0.5)
        ground += noise * grain.standard_normal((most, channels), dtype=np.float32)[:steps]
        pair, is_reversed = divmod(int(classes[row]), 2)
        order = (2 * pair + 1, 2 * pair) if is_reversed else (2 * pair, 2 * pair + 1)
        widths = np.maximum(2, np.rint(motif * forms[row, :, 0]).astype(int))
        starts = (gaps[row] * (steps - widths.sum())).astype(int)
        starts[1] += widths[0]
        heights = forms[row, :, 1]
        for which, start, width, height in zip(order, starts, widths, heights, strict=True):
            ground[start : start + width] += height * _stretched(patterns[which], width)
        X.append(ground)
    y = making.turned(luck, classes, n_classes, flip_y)
    return Dataset(X, y, target=Target.of_classes(range(n_classes)))


def _patterns(rng: np.random.Generator, n: int, steps: int, channels: int) -> NDArray[np.float32]:
    """Return smooth curves (n, steps, channels) of mean 0 and deviation 1, fading at both ends."""
    waves = np.arange(1, 5)
    time = (np.arange(steps) + 0.5) / steps
    strengths = rng.standard_normal((n, channels, 4)) / waves**0.5
    phases = rng.uniform(0, 2 * np.pi, (n, channels, 4, 1))
    curves = (strengths[..., None] * np.sin(2 * np.pi * waves[:, None] * time + phases)).sum(axis=2)
    curves *= np.sin(np.pi * time) ** 0.5
    curves -= curves.mean(axis=-1, keepdims=True)
    curves /= curves.std(axis=-1, keepdims=True)
    return np.asarray(curves.transpose(0, 2, 1), dtype=np.float32)


def _stretched(pattern: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    """Return a pattern (steps, channels) at another number of steps, by straight lines."""
    at = np.linspace(0, len(pattern) - 1, width, dtype=np.float32)
    below = np.minimum(at.astype(int), len(pattern) - 2)
    share = (at - below)[:, None].astype(np.float32)
    return np.asarray((1 - share) * pattern[below] + share * pattern[below + 1])
