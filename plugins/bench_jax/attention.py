"""Attention: the product over all pairs of tokens, and the encoder's block around it.

Derivatives are written out where the automatic ones are slow on a CPU: they would keep what is
cheap to compute again, and lay out arrays so that products have to copy them first.
"""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx
from jax import lax

from bench_jax import layers
from bench_jax.network import Normal, ones, parameter

Drop = layers.Drop


class Embedding(nnx.Module):
    """A learned vector for every code.

    Parameters
    ----------
    n_codes, width
        How many codes there are, and numbers of a vector.
    spread
        Spread of the normal distribution that vectors start from.
    """

    def __init__(self, n_codes: int, width: int, *, spread: float = 1.0) -> None:
        self.vectors = parameter((n_codes, width), Normal(spread))

    def __call__(self, codes: jax.Array) -> jax.Array:
        """Return (..., width) from codes (...); one out of range counts as the nearest in range."""
        return jnp.take(self.vectors[...], codes, axis=0, mode="clip")


class LayerNorm(nnx.Module):
    """Each row's features with mean 0 and variance 1, times and plus what is learned.

    Ba et al., 2016.
    """

    def __init__(self, width: int) -> None:
        self.scale = parameter((width,), ones, decay=0.0)
        self.bias = parameter((width,), decay=0.0)

    def __call__(self, x: jax.Array) -> jax.Array:
        """Return an array of the shape of x, (..., width)."""
        return normalized(x) * self.scale[...] + self.bias[...]


class SelfAttention(nnx.Module):
    """Multi-head self-attention (Vaswani et al., 2017).

    Parameters
    ----------
    width
        Numbers of a token.
    n_heads
        Heads; they divide the width.

    Raises
    ------
    ValueError
        The heads do not divide the width.
    """

    def __init__(self, width: int, n_heads: int) -> None:
        if width % n_heads:
            raise ValueError(
                f"SelfAttention: width is {width} and n_heads {n_heads}; heads must divide it."
            )
        self.n_heads = n_heads
        # PyTorch's start: the three products as one matrix (Glorot & Bengio, 2010).
        self.split = layers.Dense(width, 3 * width, gain=0.5)
        self.merge = layers.Dense(width, width, gain=_ROOT_OF_SIXTH)

    def __call__(
        self, x: jax.Array, mask: jax.Array | None = None, kept: jax.Array | None = None
    ) -> jax.Array:
        """Return what tokens learn from each other.

        Parameters
        ----------
        x
            (n, n_tokens, width).
        mask
            (n, n_tokens), False for tokens that no one looks at; None: all are seen.
        kept
            (n, n_heads, n_tokens, n_tokens) factors of the shares of attention; see `attend`.

        Returns
        -------
        array
            (n, n_tokens, width).
        """
        n, n_tokens, width = x.shape
        split = self.split(x.reshape(n * n_tokens, width))
        heads = split.reshape(n, n_tokens, 3, self.n_heads, -1).transpose(2, 0, 3, 1, 4)
        merged = attend(heads[0], heads[1], heads[2], mask, kept).transpose(0, 2, 1, 3)
        return self.merge(merged.reshape(n * n_tokens, width)).reshape(x.shape)


class EncoderBlock(nnx.Module):
    """Self-attention, then a feed-forward part with a gelu, each added to what it saw.

    Vaswani et al. (2017), with the norm in front of each part (Xiong et al., 2020). Dropout stands
    behind both parts and within the second.

    Parameters
    ----------
    width, n_heads
        As in `SelfAttention`.
    hidden_width
        Width within the feed-forward part.
    """

    n_drops = 3
    """Layers of dropout in a block."""

    def __init__(self, width: int, n_heads: int, hidden_width: int) -> None:
        self.attention_norm = LayerNorm(width)
        self.attention = SelfAttention(width, n_heads)
        self.hidden_norm = LayerNorm(width)
        self.inner = layers.Dense(width, hidden_width, gain=_ROOT_OF_SIXTH)
        self.outer = layers.Dense(hidden_width, width, gain=_ROOT_OF_SIXTH)

    def __call__(
        self,
        x: jax.Array,
        drop: Drop | None = None,
        layer: int = 0,
        mask: jax.Array | None = None,
    ) -> jax.Array:
        """Return tokens (n, n_tokens, width) from tokens.

        Parameters
        ----------
        x
            (n, n_tokens, width).
        drop
            Dropout, or None.
        layer
            Number of the block's first layer of dropout.
        mask
            (n, n_tokens), False for tokens that no one looks at; None: all are seen.
        """
        x = x + layers.drop(self.attention(self.attention_norm(x), mask), drop, layer)
        # As rows: the gradient of a product with more axes copies both sides first.
        hidden = gelu(self.inner(self.hidden_norm(x).reshape(-1, x.shape[-1])))
        outer = self.outer(layers.drop(hidden, drop, layer + 1))
        return x + layers.drop(outer.reshape(x.shape), drop, layer + 2)


def attend(
    query: jax.Array,
    key: jax.Array,
    value: jax.Array,
    mask: jax.Array | None = None,
    kept: jax.Array | None = None,
) -> jax.Array:
    """Return the mean of values, weighed by how well their keys answer the queries.

    Scaled dot-product attention: softmax(q k^T / sqrt(width)) v (Vaswani et al., 2017).

    Parameters
    ----------
    query
        (n, n_heads, n_queries, width).
    key, value
        (n, n_heads, n_keys, width).
    mask
        (n, n_keys), False for keys that no query sees; None: all are seen. Where a row sees none,
        it sees all of them alike.
    kept
        (n, n_heads, n_queries, n_keys) factors of the weights: dropout's; None: none.

    Returns
    -------
    array
        (n, n_heads, n_queries, width).
    """
    return _attended(query * float(query.shape[-1]) ** -0.5, key, value, mask, kept)


@jax.custom_vjp
def _attended(query: Any, key: Any, value: Any, mask: Any, kept: Any) -> jax.Array:
    return _attend(query, key, value, mask, kept)[0]


def _attend(query: Any, key: Any, value: Any, mask: Any, kept: Any) -> tuple[jax.Array, Any]:
    # In float32 whatever the products are in: small weights and their sum do not fit into less.
    scores = jnp.einsum("bhqd,bhkd->bhqk", query, key, preferred_element_type=jnp.float32)
    if mask is not None:
        scores = jnp.where(mask[:, None, None, :], scores, _UNSEEN)
    weights = jax.nn.softmax(scores).astype(query.dtype)
    used = weights if kept is None else weights * kept
    attended = jnp.einsum("bhqk,bhkd->bhqd", used, value)
    return attended, (query, key, value, weights, kept, attended)


def _attend_back(residuals: Any, gradient: Any) -> tuple[Any, ...]:
    query, key, value, weights, kept, attended = residuals
    of_weights = jnp.einsum("bhqd,bhkd->bhqk", gradient, value)
    used = weights
    if kept is not None:
        of_weights, used = of_weights * kept, weights * kept
    # The softmax's mean of gradients, without its pass over all pairs (Dao et al., 2022).
    mean = (gradient * attended).sum(-1, keepdims=True)
    of_scores = weights * (of_weights - mean)
    return (
        jnp.einsum("bhqk,bhkd->bhqd", of_scores, key),
        jnp.einsum("bhqk,bhqd->bhkd", of_scores, query),
        jnp.einsum("bhqk,bhqd->bhkd", used, gradient),
        None,
        None,
    )


_attended.defvjp(_attend, _attend_back)


@jax.custom_vjp
def normalized(x: jax.Array) -> jax.Array:
    """Return rows (..., width) with mean 0 and variance 1."""
    return _normalize(x)[0]


def _normalize(x: jax.Array) -> tuple[jax.Array, Any]:
    wide = x.astype(jnp.float32)
    centered = wide - wide.mean(-1, keepdims=True)
    factor = lax.rsqrt(jnp.square(centered).mean(-1, keepdims=True) + 1e-5)
    y = (centered * factor).astype(x.dtype)
    return y, (y, factor.astype(x.dtype))


def _normalize_back(residuals: Any, gradient: jax.Array) -> tuple[jax.Array]:
    y, factor = residuals
    along = (gradient * y).mean(-1, keepdims=True)
    return (factor * (gradient - gradient.mean(-1, keepdims=True) - y * along),)


normalized.defvjp(_normalize, _normalize_back)


@jax.custom_vjp
def gelu(x: jax.Array) -> jax.Array:
    """Return x times the normal distribution's share below x (Hendrycks & Gimpel, 2016).

    By way of erf, which XLA computes three times as fast as the erfc of `jax.nn.gelu`.
    """
    return x * _share_below(x)


def _gelu_back(x: jax.Array, gradient: jax.Array) -> tuple[jax.Array]:
    density = math.sqrt(1 / (2 * math.pi)) * jnp.exp(-0.5 * x * x)
    return (gradient * (_share_below(x) + x * density),)


gelu.defvjp(lambda x: (gelu(x), x), _gelu_back)


def _share_below(x: jax.Array) -> jax.Array:
    return 0.5 * lax.erf(x * math.sqrt(0.5)) + 0.5


_ROOT_OF_SIXTH = 6**-0.5
"""Gain of a matrix that starts within one over the root of its inputs."""

_UNSEEN = -1e30
"""Score of a key that is not seen: finite, so that a row without keys stays a number."""
