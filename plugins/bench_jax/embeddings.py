"""Embeddings of numbers and categories, in front of networks for tables.

Their code runs on NumPy's arrays as on JAX's, so that a start which hangs on the training rows can
look through them on the host without compiling anything.
"""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp
import numpy as np
from flax import nnx
from numpy.typing import NDArray

from bench_jax.network import Normal, Uniform, given, parameter

_N_SPECIAL = 2
"""Codes that are no level: missing and other."""


def cosine(turns: Any) -> Any:
    """Return cos(2 pi turns) to 1e-6, as ``1 - 2 sin(pi r)^2`` and the sine's Taylor series.

    XLA computes the cosine on a CPU one number at a time; this is four times as fast.
    """
    r = turns - turns.__array_namespace__().round(turns)
    square = r * r
    series: Any = 0.0
    for order in range(11, 0, -2):
        sign = -1 if order % 4 == 3 else 1
        series = series * square + sign * math.pi**order / math.factorial(order)
    sine = r * series
    return 1 - 2 * sine * sine


class PeriodicEmbeddings(nnx.Module):
    """Each number x as itself and ``linear(cos(2 pi w x + b))``: "PBLD" of RealMLP.

    Holzmüller et al., 2024, section 3; after Gorishniy et al., 2022, "On embeddings for numerical
    features".

    Parameters
    ----------
    n_numbers
        Numbers in a row.
    n_periods
        Cosines of each number.
    width
        Numbers that each number becomes, itself included.
    frequency
        Spread of the cosines' frequencies at the start.
    rate
        Factor of the learning rate.
    """

    def __init__(
        self, n_numbers: int, n_periods: int, width: int, frequency: float, rate: float
    ) -> None:
        bound = 1 / math.sqrt(n_periods)
        shape = (n_numbers, n_periods)
        self.weight = parameter(shape, Normal(frequency), rate=rate)
        self.phase = parameter(shape, Uniform(math.pi), rate=rate)
        self.linear = parameter((*shape, width - 1), Uniform(bound), rate=rate)
        self.bias = parameter((n_numbers, width - 1), Uniform(bound), rate=rate)

    def __call__(self, x: Any) -> Any:
        """Return (n, n_numbers, width) from (n, n_numbers)."""
        waves = cosine(x[..., None] * self.weight[...] + self.phase[...] / (2 * math.pi))
        mixed = per_number(waves, self.linear[...]) + self.bias[...]
        return x.__array_namespace__().concatenate([mixed, x[..., None]], axis=-1)


_LARGEST_BLOCK = 2048
"""Rows of a block-diagonal matrix up to which it beats many small products on a CPU."""


def per_number(x: Any, kernels: Any) -> Any:
    """Return (n, d, b) from (n, d, a), each of the d by its own matrix of (d, a, b)."""
    d, a, b = kernels.shape
    if d * a > _LARGEST_BLOCK:
        return x.__array_namespace__().einsum("nda,dab->ndb", x, kernels)
    same = np.eye(d, dtype=kernels.dtype)
    blocks = kernels[:, :, None, :] * same[:, None, :, None]
    return (x.reshape(-1, d * a) @ blocks.reshape(d * a, d * b)).reshape(-1, d, b)


class PiecewiseLinearEmbeddings(nnx.Module):
    """Each number's place among quantiles of the training rows, made linear features of.

    The encoding of Gorishniy et al., 2022 ("On embeddings for numerical features"), with the
    start of TabM's ("version B"): a plain linear embedding, to which bins add nothing yet.

    Parameters
    ----------
    n_numbers
        Numbers in a row.
    n_bins
        Bins of each number; a number with fewer different quantiles leaves some unused.
    width
        Features that each number becomes.
    """

    def __init__(self, n_numbers: int, n_bins: int, width: int) -> None:
        bound = 1 / math.sqrt(width)
        self.bins = given((4, n_numbers, n_bins))
        self.linear = parameter((n_numbers, width), Uniform(bound), decay=0.0)
        self.bias = parameter((n_numbers, width), Uniform(bound), decay=0.0)
        self.kernel = parameter((n_numbers, n_bins, width))

    def __call__(self, x: Any) -> Any:
        """Return (n, n_numbers, width) from (n, n_numbers)."""
        start, factor, low, high = self.bins[...]
        places = jnp.clip((x[..., None] - start) * factor, low, high)
        linear = x[..., None] * self.linear[...] + self.bias[...]
        return linear + per_number(places, self.kernel[...])


def quantile_bins(X: NDArray[np.float32], n_bins: int) -> NDArray[np.float32]:
    """Return what `PiecewiseLinearEmbeddings` needs to know of training rows (n, d).

    (4, d, n_bins): where each bin starts, one over its width, and between which values a place in
    it is clipped: 0 and 1, but the first bin is open below, and the last above. Bins of no width
    are left out, and those that remain unused are 0 throughout.
    """
    bins = np.zeros((4, X.shape[1], n_bins), np.float32)
    places = np.linspace(0, 1, n_bins + 1)
    for column, quantiles in enumerate(np.quantile(X, places, axis=0).T):
        edges = np.unique(quantiles.astype(np.float32))
        n = len(edges) - 1
        if n < 1:
            continue
        bins[0, column, :n] = edges[:-1]
        bins[1, column, :n] = 1 / np.maximum(np.diff(edges), np.finfo(np.float32).tiny)
        bins[3, column, :n] = 1
        bins[2, column, 0] = -np.inf
        bins[3, column, n - 1] = np.inf
    return bins


class Categories(nnx.Module):
    """Columns of codes as indicators where levels are few, as learned vectors where they are many.

    Codes 0 and 1, missing and other, are zeros among indicators; of two levels one is 1, the other
    -1 (Holzmüller et al., 2024, section 3).

    Parameters
    ----------
    levels
        Number of codes of each column, 0 and 1 included.
    max_one_hot
        Levels, without 0 and 1, up to which a column is shown by indicators.
    width
        Of learned vectors.
    """

    def __init__(self, levels: tuple[int, ...], max_one_hot: int, width: int) -> None:
        shown = [(i, n) for i, n in enumerate(levels) if n - _N_SPECIAL <= max_one_hot]
        learned = [(i, n) for i, n in enumerate(levels) if n - _N_SPECIAL > max_one_hot]
        self.pairs = tuple(i for i, n in shown if n == _N_SPECIAL + 2)
        self.indicators = tuple(
            (i, code) for i, n in shown if i not in self.pairs for code in range(_N_SPECIAL, n)
        )
        self.learned = tuple(i for i, _ in learned)
        counts = np.array([n for _, n in learned], np.int32)
        self.offsets = tuple(int(n) for n in np.cumsum(counts) - counts)
        self.widths = (
            (1,) * len(self.pairs)
            + tuple(n - _N_SPECIAL for i, n in shown if i not in self.pairs)
            + (width,) * len(self.learned)
        )
        self.width = sum(self.widths)
        if self.learned:
            self.table = parameter((int(counts.sum()), width), Normal())

    def __call__(self, codes: Any) -> Any:
        """Return (n, width) from codes (n, n_columns)."""
        xp = codes.__array_namespace__()
        blocks = [xp.zeros((len(codes), 0), xp.float32)]
        if self.pairs:
            pair = codes[:, np.array(self.pairs)]
            first, second = pair == _N_SPECIAL, pair == _N_SPECIAL + 1
            blocks.append(first.astype(xp.float32) - second.astype(xp.float32))
        if self.indicators:
            columns, shown = np.array(self.indicators, np.int32).T
            blocks.append((codes[:, columns] == shown).astype(xp.float32))
        if self.learned:
            places = codes[:, np.array(self.learned)] + np.array(self.offsets, np.int32)
            blocks.append(self.table[...][places].reshape(len(codes), -1))
        return xp.concatenate(blocks, axis=1)
