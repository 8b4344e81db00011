"""Layers: written for speed, equal to what they stand for."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from bench_jax import augmentation, convolution, layers


def _numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize(
    ("convolve", "shape", "size"),
    [
        (convolution.by_products, (6, 5, 1), (3, 3)),
        (convolution.by_products, (6, 5, 3), (5, 5)),
        (convolution.by_products, (7, 5, 3), (4, 3)),
        (convolution.by_patches, (9, 1, 3), (8, 1)),
    ],
)
def test_gradients_are_those_of_the_convolution(convolve, shape, size):
    """Images and both gradients are those that JAX derives from its own convolution."""
    x, kernel = _numbers(2, *shape), _numbers(*size, shape[-1], 4, seed=1)
    expected, backward = jax.vjp(convolution.native, x, kernel)
    found, other_backward = jax.vjp(convolve, x, kernel)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    towards = _numbers(2, *shape[:2], 4, seed=2)
    for mine, theirs in zip(other_backward(towards), backward(towards), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-4)


def test_zeros_stand_beyond_the_edges_of_an_even_kernel():
    """Of four steps, one lies before a place and two behind it: 1 + 2 + 4 of 1, 2, 4 at the first.

    At the second all three and one zero, at the last 2 + 4 and two zeros.
    """
    x, kernel = jnp.array([1.0, 2, 4]).reshape(1, 3, 1, 1), jnp.ones((4, 1, 1, 1))
    assert convolution.native(x, kernel).ravel().tolist() == [7, 7, 6]


def test_a_convolution_is_a_sum_over_neighbours():
    """With a kernel of ones, each place is the sum of itself and its neighbours plus the bias."""
    layer = layers.Convolution(1, 1, is_native=False)
    layer.kernel[...] = jnp.ones((3, 3, 1, 1))
    layer.bias[...] = jnp.full(1, 10.0)
    x = np.arange(6, dtype=np.float32).reshape(1, 2, 3, 1)
    # 0 1 2 / 3 4 5: the corner 0 sees 0, 1, 3 and 4, the middle of the first row sees all.
    found = np.asarray(layer(jnp.asarray(x)))[0, :, :, 0]
    np.testing.assert_allclose(found, [[18, 25, 22], [18, 25, 22]], rtol=1e-6)


def test_a_pool_takes_the_largest_of_four():
    """Height and width are halved; an odd last row and column are left out."""
    x = np.arange(15, dtype=np.float32).reshape(1, 3, 5, 1)
    assert np.asarray(layers.max_pool(x))[0, :, :, 0].tolist() == [[6.0, 8.0]]


def test_a_pool_passes_its_gradient_to_the_largest():
    """The other three, and what is left out, get none."""
    x = np.arange(15, dtype=np.float32).reshape(1, 3, 5, 1)
    gradient = jax.grad(lambda x: (layers.max_pool(x) * jnp.array([[2.0], [3.0]])).sum())(x)
    expected = np.zeros(15)
    expected[[6, 8]] = 2, 3
    assert np.asarray(gradient).ravel().tolist() == expected.tolist()


def test_dropout_keeps_the_mean():
    """What is kept is scaled by the share that is kept; layers and keys differ."""
    x = jnp.ones((200, 200))
    drop = layers.Drop(jnp.float32(0.25), jnp.uint32(3))
    dropped = np.asarray(layers.drop(x, drop, 0))
    assert set(np.round(np.unique(dropped), 4)) == {0.0, np.float32(1.3333)}
    assert abs((dropped == 0).mean() - 0.25) < 0.01
    assert (np.asarray(layers.drop(x, drop, 1)) != dropped).any()
    assert (np.asarray(layers.drop(x, drop._replace(key=jnp.uint32(4)), 0)) != dropped).any()
    np.testing.assert_array_equal(layers.drop(x, None, 0), x)


def test_a_dense_layer_is_a_product_and_a_sum():
    """It works on the last axis."""
    layer = layers.Dense(3, 2)
    layer.kernel[...] = jnp.arange(6.0).reshape(3, 2)
    layer.bias[...] = jnp.array([10.0, 20.0])
    assert np.asarray(layer(jnp.ones((4, 5, 3))))[0, 0].tolist() == [16.0, 29.0]


def test_first_kernels_are_within_the_bounds_of_he():
    """Kernels are uniform within sqrt(6 / inputs), the last layer's within a tenth of it."""
    for layer, bound in ((layers.Dense(6, 1000), 1.0), (layers.last(6, 1000), 0.1)):
        variable = nnx.state(layer)["kernel"]
        kernel = variable.draw(np.random.default_rng(0), variable.shape)
        assert np.abs(kernel).max() == pytest.approx(bound, rel=1e-2)


IMAGES = _numbers(400, 8, 16, 2)


def _changed(name):
    return np.asarray(augmentation.AUGMENTATIONS[name](jnp.asarray(IMAGES), jnp.uint32(1)))


def test_half_of_the_images_are_flipped():
    """Each image is itself or its mirror image, about as often."""
    flipped = _changed("flip")
    pairs = list(zip(flipped, IMAGES, strict=True))
    is_flipped = [np.array_equal(new, old[:, ::-1]) for new, old in pairs]
    is_itself = [np.array_equal(new, old) for new, old in pairs]
    assert all(np.logical_or(is_flipped, is_itself))
    assert 150 < sum(is_flipped) < 250


def test_images_are_shifted_by_up_to_an_eighth():
    """Images of 8 x 16 move by one row and two columns at most, as often each way."""
    padded = np.pad(IMAGES, ((0, 0), (1, 1), (2, 2), (0, 0)))
    seen = []
    for new, old in zip(_changed("shift"), padded, strict=True):
        fits = [
            (down, right)
            for down in range(3)
            for right in range(5)
            if np.array_equal(new, old[down : down + 8, right : right + 16])
        ]
        assert len(fits) == 1
        seen += fits
    assert len(set(seen)) == 15


def test_jitter_has_a_spread_of_a_tenth():
    """Its mean is 0."""
    change = _changed("jitter") - IMAGES
    assert change.std() == pytest.approx(0.1, rel=0.02)
    assert abs(change.mean()) < 2e-3
