"""Attention: derivatives written by hand, equal to those of the plain formulas."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from scipy.special import ndtr

from bench_jax import attention
from bench_jax.layers import Drop

N, HEADS, QUERIES, KEYS, WIDTH = 2, 3, 4, 5, 2


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def plain(query, key, value, mask, kept):
    scores = jnp.einsum("bhqd,bhkd->bhqk", query, key) / np.sqrt(WIDTH)
    if mask is not None:
        scores = jnp.where(mask[:, None, None, :], scores, -jnp.inf)
    powers = jnp.exp(scores)
    weights = powers / powers.sum(-1, keepdims=True)
    return jnp.einsum("bhqk,bhkd->bhqd", weights if kept is None else weights * kept, value)


def filled(module):
    """Give every array of a module random numbers; return the module."""
    rng = np.random.default_rng(3)
    state = nnx.state(module, nnx.Param)
    nnx.update(
        module,
        jax.tree.map(lambda a: jnp.asarray(rng.normal(size=a.shape) * 0.5, jnp.float32), state),
    )
    return module


@pytest.mark.parametrize("has_extras", [False, True])
def test_attention_and_its_gradient_follow_the_formula(has_extras):
    """Values and gradients are those of softmax(q k / sqrt(d)) v, masked and thinned out."""
    query = normal(N, HEADS, QUERIES, WIDTH)
    key, value = normal(2, N, HEADS, KEYS, WIDTH, seed=1)
    mask = kept = None
    if has_extras:
        mask = np.array([[True] * 5, [True, False, True, True, False]])
        kept = 1.25 * (np.random.default_rng(2).random((N, HEADS, QUERIES, KEYS)) < 0.8)
        kept = kept.astype(np.float32)
    factors = normal(N, HEADS, QUERIES, WIDTH, seed=4)

    def gradient(function):
        def total(*inputs):
            attended = function(*inputs, mask, kept)
            return (attended * factors).sum(), attended

        return jax.jit(jax.grad(total, (0, 1, 2), has_aux=True))(query, key, value)

    (ours, attended), (theirs, expected) = gradient(attention.attend), gradient(plain)
    np.testing.assert_allclose(attended, expected, rtol=1e-5, atol=1e-5)
    for mine, yours in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, yours, rtol=1e-4, atol=1e-5)


def test_a_row_that_sees_nothing_stays_a_number():
    """Where every key is masked, all of them weigh alike."""
    query, key, value = normal(3, 1, 1, 2, WIDTH)
    attended = attention.attend(query, key, value, np.zeros((1, 2), bool))
    expected = np.broadcast_to(value.mean(2, keepdims=True), attended.shape)
    np.testing.assert_allclose(attended, expected, rtol=1e-5, atol=1e-6)


def test_masked_tokens_are_not_seen():
    """What stands at masked places changes nothing at the others."""
    layer = filled(attention.SelfAttention(4, 2))
    x = normal(1, 3, 4)
    mask = np.array([[True, False, True]])
    changed = x.copy()
    changed[0, 1] += 10
    places = np.array([0, 2])
    np.testing.assert_allclose(
        layer(x, mask)[:, places], layer(changed, mask)[:, places], rtol=1e-5, atol=1e-6
    )
    assert np.abs(layer(x)[:, places] - layer(changed)[:, places]).max() > 0.1


def test_self_attention_is_the_textbooks():
    """Each head attends by its own third of the columns, and the heads are merged in order."""
    layer = filled(attention.SelfAttention(4, 2))
    x = normal(2, 3, 4)
    parts = np.split(x @ layer.split.kernel[...] + layer.split.bias[...], 3, axis=-1)
    query, key, value = (part.reshape(2, 3, 2, 2).transpose(0, 2, 1, 3) for part in parts)
    heads = plain(query, key, value, None, None)
    merged = np.concatenate([heads[:, 0], heads[:, 1]], axis=-1)
    expected = merged @ layer.merge.kernel[...] + layer.merge.bias[...]
    np.testing.assert_allclose(layer(x), expected, rtol=1e-4, atol=1e-5)


def test_norm_has_mean_0_and_variance_1_and_the_right_gradient():
    """Rows are standardised, and the gradient is that of the formula."""
    x, factors = normal(3, 8), normal(3, 8, seed=1)

    def formula(x):
        centered = x - x.mean(-1, keepdims=True)
        return centered / jnp.sqrt((centered**2).mean(-1, keepdims=True) + 1e-5)

    y = np.asarray(attention.normalized(x))
    np.testing.assert_allclose(y.mean(-1), 0, atol=1e-6)
    np.testing.assert_allclose(y.var(-1), 1, atol=1e-4)
    ours = jax.grad(lambda x: (attention.normalized(x) * factors).sum())(x)
    theirs = jax.grad(lambda x: (formula(x) * factors).sum())(x)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_gelu_is_x_times_the_normal_distribution():
    """Values are x Phi(x) as SciPy has Phi, and the gradient is that of JAX's own gelu."""
    x = np.linspace(-6, 6, 49, dtype=np.float32)
    np.testing.assert_allclose(attention.gelu(x), x * ndtr(x.astype(float)), atol=1e-6)
    ours = jax.grad(lambda x: attention.gelu(x).sum())(x)
    theirs = jax.grad(lambda x: jax.nn.gelu(x, approximate=False).sum())(x)
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_an_embedding_gathers_its_gradient():
    """A code that comes twice gets both gradients, one that does not come gets none."""
    layer = filled(attention.Embedding(4, 3))
    codes = np.array([[2, 0], [2, 9]], np.int32)
    vectors = np.asarray(layer.vectors[...])
    np.testing.assert_array_equal(layer(codes), vectors[[[2, 0], [2, 3]]])
    factors = normal(2, 2, 3)
    gradient = nnx.grad(lambda layer: (layer(codes) * factors).sum())(layer)
    expected = np.zeros((4, 3))
    for code, factor in zip([2, 0, 2, 3], factors.reshape(-1, 3), strict=True):
        expected[code] += factor
    np.testing.assert_allclose(gradient["vectors"][...], expected, rtol=1e-5, atol=1e-6)


def test_a_block_adds_to_what_it_saw():
    """A block is x + attention(norm(x)), and to that its feed-forward part."""
    block = filled(attention.EncoderBlock(4, 2, 6))
    x = normal(2, 3, 4)
    y = x + block.attention(block.attention_norm(x))
    hidden = np.asarray(block.hidden_norm(y) @ block.inner.kernel[...] + block.inner.bias[...])
    hidden = hidden * ndtr(hidden.astype(float))
    expected = y + hidden @ block.outer.kernel[...] + block.outer.bias[...]
    np.testing.assert_allclose(block(x), expected, rtol=1e-4, atol=1e-4)


def test_dropout_changes_a_block_in_training_only():
    """Another key gives other outputs, the same key the same, a rate of 0 those of prediction."""
    block = filled(attention.EncoderBlock(4, 2, 6))
    x = normal(1, 3, 4)
    first, again, other = (block(x, Drop(0.5, np.uint32(key))) for key in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.01
    np.testing.assert_allclose(block(x, Drop(0.0, np.uint32(1))), block(x), rtol=1e-5, atol=1e-6)


def test_heads_must_divide_the_width():
    """The message names both numbers."""
    with pytest.raises(ValueError, match="width is 6 and n_heads 4"):
        attention.SelfAttention(6, 4)
