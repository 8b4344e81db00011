"""Layers: written for speed, equal to what they stand for."""

import jax
import jax.numpy as jnp
import numpy as np

from bench_jax import layers


def test_patches_times_a_matrix_are_the_convolution():
    """Both ways of writing a convolution give the same images."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 5, 4, 3)).astype(np.float32)
    kernel = rng.normal(size=(3, 3, 3, 6)).astype(np.float32)
    bias = rng.normal(size=6).astype(np.float32)
    images = []
    for is_native in (True, False):
        layer = layers.Convolution(3, 6, is_native=is_native)
        layer.kernel[...] = jnp.asarray(kernel)
        layer.bias[...] = jnp.asarray(bias)
        images.append(np.asarray(layer(jnp.asarray(x))))
    np.testing.assert_allclose(images[0], images[1], rtol=1e-4, atol=1e-5)


def test_a_pool_takes_the_largest_of_four():
    """Height and width are halved; an odd last row and column are left out."""
    x = np.arange(15, dtype=np.float32).reshape(1, 3, 5, 1)
    assert np.asarray(layers.max_pool(x))[0, :, :, 0].tolist() == [[6.0, 8.0]]


def test_dropout_keeps_the_mean():
    """What is kept is scaled by the share that is kept."""
    x = jnp.ones((200, 200))
    rate = jnp.float32(0.25)
    dropped = np.asarray(layers.drop(x, (rate, jax.random.key(0)), 0))
    assert set(np.round(np.unique(dropped), 4)) == {0.0, np.float32(1.3333)}
    assert abs((dropped == 0).mean() - 0.25) < 0.01
    np.testing.assert_array_equal(layers.drop(x, None, 0), x)
