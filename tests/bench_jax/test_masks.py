"""What is behind the end of a sequence is never seen."""

import jax
import jax.numpy as jnp
import numpy as np

from bench_jax import grids, masks

X = jnp.array([[[1.0], [3.0], [9.0]], [[-2.0], [9.0], [9.0]]])
MASK = masks.inside(jnp.array([2, 1]), 3)


def test_means_and_maxima_are_of_what_is_inside():
    """Of 1 and 3, and of -2 alone: means 2 and -2, maxima 3 and -2."""
    assert masks.mean(X, MASK).ravel().tolist() == [2, -2]
    assert masks.largest(X, MASK).ravel().tolist() == [3, -2]
    assert masks.zeroed(X, MASK)[..., 0].tolist() == [[1, 3, 0], [-2, 0, 0]]


def test_of_no_step_both_are_zero():
    """Rows that fill up a batch are as empty as that, and must stay numbers."""
    nothing = masks.inside(jnp.array([0, 0]), 3)
    assert masks.mean(X, nothing).ravel().tolist() == [0, 0]
    assert masks.largest(X, nothing).ravel().tolist() == [0, 0]


def test_without_a_mask_all_counts():
    """Of 1, 3 and 9 the mean is 13/3."""
    np.testing.assert_allclose(masks.mean(X, None)[0], 13 / 3, rtol=1e-6)
    assert masks.largest(X, None)[1].tolist() == [9]


def test_no_gradient_reaches_what_is_outside():
    """The mean's is one over the length inside, the maximum's 1 at its place."""
    of_mean = jax.grad(lambda x: masks.mean(x, MASK).sum())(X)
    assert of_mean[..., 0].tolist() == [[0.5, 0.5, 0], [1, 0, 0]]
    of_largest = jax.grad(lambda x: masks.largest(x, MASK).sum())(X)
    assert of_largest[..., 0].tolist() == [[0, 1, 0], [1, 0, 0]]


def test_a_sequence_keeps_its_odd_last_step_when_halved():
    """Three steps of four become two: of the last pair only the first counts."""
    x = jnp.array([1.0, 5, 3, 0]).reshape(1, 4, 1, 1)
    found = grids.halved(grids.Grid(x, jnp.array([3])), "largest")
    assert found.x.ravel().tolist() == [5, 3]
    assert found.lengths.tolist() == [2]


def test_images_are_halved_by_means():
    """The mean of four neighbours; an odd last row is left out."""
    x = jnp.arange(6.0).reshape(1, 3, 2, 1)
    assert grids.halved(grids.Grid(x), "mean").x.ravel().tolist() == [1.5]


def test_a_group_is_normed_over_what_is_inside():
    """Of 0 and 4 the mean is 2 and the spread 2; what is behind is no part of it."""
    x = jnp.array([0.0, 4, 100]).reshape(1, 3, 1, 1)
    layer = grids.NormedConvolution(1, 1, (1, 1), "group", is_native=False)
    layer.convolution.kernel[...] = jnp.ones((1, 1, 1, 1))
    layer.scale[...] = jnp.ones(1)
    found = layer(grids.Grid(x, jnp.array([2])))
    np.testing.assert_allclose(found.x.ravel(), [-1, 1, 0], atol=1e-4)
