"""Embeddings of numbers and categories: what they compute, in NumPy as in JAX."""

import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from bench_jax.embeddings import (
    Categories,
    PeriodicEmbeddings,
    PiecewiseLinearEmbeddings,
    cosine,
    per_number,
    quantile_bins,
)


def test_the_cosine_is_the_cosine():
    """It differs from NumPy's by at most 1e-6, far from 0 too, and so does its slope by 2e-5."""
    turns = np.linspace(-20, 20, 10_001, dtype=np.float32)
    angles = 2 * np.pi * turns.astype(np.float64)
    np.testing.assert_allclose(cosine(turns), np.cos(angles), atol=1e-6)
    slopes = nnx.grad(lambda t: cosine(t).sum())(jnp.asarray(turns))
    np.testing.assert_allclose(slopes, -2 * np.pi * np.sin(angles), atol=2e-5)


def test_many_small_products_are_one_large_one():
    """Both forms of the products, block by block and all at once, give each number its own."""
    rng = np.random.default_rng(0)
    for d, a in ((3, 4), (300, 8)):
        x = rng.normal(size=(5, d, a)).astype(np.float32)
        kernels = rng.normal(size=(d, a, 2)).astype(np.float32)
        one_by_one = np.stack([x[:, j] @ kernels[j] for j in range(d)], axis=1)
        np.testing.assert_allclose(per_number(x, kernels), one_by_one, atol=1e-5)
        np.testing.assert_allclose(
            per_number(jnp.asarray(x), jnp.asarray(kernels)), one_by_one, atol=1e-5
        )


def test_a_number_becomes_waves_and_itself():
    """With one period, ``w = 0.25`` and phase 0: x = 1 is a quarter turn, whose cosine is 0."""
    module = PeriodicEmbeddings(n_numbers=1, n_periods=1, width=2, frequency=0.1, rate=0.1)
    module.weight.set_value(np.full((1, 1), 0.25, np.float32))
    module.phase.set_value(np.zeros((1, 1), np.float32))
    module.linear.set_value(np.full((1, 1, 1), 3, np.float32))
    module.bias.set_value(np.full((1, 1), 5, np.float32))
    x = np.array([[1.0], [0.0], [2.0]], np.float32)
    expected = [[[5, 1]], [[8, 0]], [[2, 2]]]
    np.testing.assert_allclose(module(x), expected, atol=1e-6)
    np.testing.assert_allclose(module(jnp.asarray(x)), expected, atol=1e-6)


def test_bins_are_quantiles():
    """Two bins of 0, 1, 2, 3, 10 meet at their median 2; the outer ends are open."""
    bins = quantile_bins(np.array([[0.0], [1], [2], [3], [10]], np.float32), 2)
    start, factor, low, high = bins[:, 0]
    np.testing.assert_allclose(start, [0, 2])
    np.testing.assert_allclose(factor, [1 / 2, 1 / 8])
    np.testing.assert_array_equal(low, [-np.inf, 0])
    np.testing.assert_array_equal(high, [1, np.inf])


def test_bins_that_nothing_fills_stay_unused():
    """A constant has no bins, and one of two values a single bin."""
    X = np.array([[7.0, 0], [7, 0], [7, 0], [7, 1]], np.float32)
    bins = quantile_bins(X, 3)
    np.testing.assert_array_equal(bins[:, 0], 0)
    np.testing.assert_array_equal(bins[1, 1], [1, 0, 0])
    np.testing.assert_array_equal(bins[3, 1], [np.inf, 0, 0])


def test_places_among_bins_are_piecewise_linear():
    """Between 0, 2 and 10, the number 6 fills the first bin and half the second."""
    module = PiecewiseLinearEmbeddings(n_numbers=1, n_bins=2, width=2)
    X = np.array([[0.0], [1], [2], [3], [10]], np.float32)
    module.bins.set_value(jnp.asarray(quantile_bins(X, 2)))
    module.linear.set_value(jnp.asarray([[1.0, 0]]))
    module.kernel.set_value(jnp.asarray([[[0.0, 1], [0, 10]]]))
    x = jnp.asarray([[6.0], [18], [-2]])
    np.testing.assert_allclose(module(x)[:, 0], [[6, 6], [18, 21], [-2, -1]], atol=1e-5)


@pytest.fixture
def categories():
    """A pair of levels, three levels, and ten, of which up to eight are shown by indicators."""
    module = Categories((4, 5, 12), max_one_hot=8, width=2)
    module.table.set_value(np.arange(24, dtype=np.float32).reshape(12, 2))
    return module


def test_few_levels_are_indicators_and_many_are_learned(categories):
    """A pair is 1 or -1, three levels are three indicators, and ten a row of the table."""
    codes = np.array([[2, 2, 3], [3, 4, 11]], np.int32)
    expected = [[1, 1, 0, 0, 6, 7], [-1, 0, 0, 1, 22, 23]]
    assert categories.width == 6
    assert categories.widths == (1, 3, 2)
    np.testing.assert_array_equal(categories(codes), expected)


def test_missing_and_other_levels_are_zeros_or_learned(categories):
    """Codes 0 and 1 are zeros among indicators, and have rows of their own in the table."""
    codes = jnp.asarray([[0, 0, 0], [1, 1, 1]], jnp.int32)
    expected = [[0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 2, 3]]
    np.testing.assert_array_equal(categories(codes), expected)


def test_a_table_without_categories_has_none():
    """No columns give no features."""
    assert Categories((), max_one_hot=8, width=2)(np.zeros((3, 0), np.int32)).shape == (3, 0)
