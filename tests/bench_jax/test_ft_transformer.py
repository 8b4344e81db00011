"""FT-Transformers: what the network computes, that it learns, its conventions."""

import jax
import jax.numpy as jnp
import linear_engine
import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax
from sklearn.utils.estimator_checks import parametrize_with_checks

from bench_jax import engine, step
from bench_jax.ft_transformer import (
    FtTransformerClassifier,
    FtTransformerNetwork,
    FtTransformerRegressor,
)
from bench_jax.preprocessing import Layout

WEIGHTS = "check_sample_weight_equivalence_on_dense_data"


@parametrize_with_checks(
    [FtTransformerClassifier(), FtTransformerRegressor()],
    expected_failed_checks=lambda _: {WEIGHTS: "a row of weight 2 is in one batch only"},
)
def test_scikit_learn_finds_a_proper_transformer(estimator, check, monkeypatch):
    """Every check of scikit-learn passes, but for one, with least squares in place of training."""
    monkeypatch.setattr(engine, "train", linear_engine.train)
    monkeypatch.setattr(engine, "predict", linear_engine.predict)
    check(estimator)


def _normed(x):
    centered = x - x.mean(-1, keepdims=True)
    return centered / np.sqrt(np.square(centered).mean(-1, keepdims=True) + 1e-5)


def test_the_network_is_the_one_worked_out_by_hand():
    """Tokens; attention of each head; a gated rectifier; and the answer's token alone at the end.

    Two numbers, the second with a flag, and a category of three codes; two blocks of two heads.
    """
    network = FtTransformerNetwork(Layout(2, (1,), (3,)), 2, 4, 2, 5, 0.0, 0.0, 0.0, 2)
    shape = step.structure(network)
    rng = np.random.default_rng(0)
    arrays = {
        path: rng.normal(size=leaf.shape).astype(np.float32)
        for path, leaf in zip(shape.paths, jax.tree.leaves(shape.parameters), strict=True)
    }
    values = np.array([[0.5, 0.0, 1.0], [-1.0, 2.0, 0.0]], np.float32)
    codes = np.array([[2], [0]], np.int32)

    def dense(name, x):
        return x @ arrays[f"{name}.kernel"] + arrays[f"{name}.bias"]

    def norm(name, x):
        return _normed(x) * arrays[f"{name}.scale"] + arrays[f"{name}.bias"]

    expected = []
    for row, (code,) in zip(values, codes, strict=True):
        number, column = arrays["tokens.number"], arrays["tokens.column"]
        h = np.stack(
            [
                arrays["tokens.answer"],
                row[0] * number[0] + column[0],
                row[1] * number[1] + row[2] * arrays["tokens.flag"][0] + column[1],
                arrays["tokens.level"][code] + column[2],
            ]
        )
        for i in range(2):
            block = f"blocks.{i}"
            seen = h if i == 0 else norm(f"{block}.attention_norm", h)
            query = dense(f"{block}.query", seen)
            key, value = np.split(dense(f"{block}.key_value", seen), 2, axis=1)
            heads = [
                softmax(query[:, part] @ key[:, part].T / np.sqrt(2), axis=1) @ value[:, part]
                for part in (slice(0, 2), slice(2, 4))
            ]
            h = h + dense(f"{block}.mixed", np.hstack(heads))
            inner, gate = np.split(dense(f"{block}.inner", norm(f"{block}.hidden_norm", h)), 2, 1)
            h = h + dense(f"{block}.outer", inner * np.maximum(gate, 0))
        expected.append(dense("out", np.maximum(norm("norm", h[0]), 0)))
    module = shape.module(tuple(arrays.values()), ())
    found = module((jnp.array(values), jnp.array(codes)), None)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_a_table_of_mixed_columns_is_learned_and_kept(tmp_path):
    """A number that hangs on a category and another one is learned, and survives a file."""
    rng = np.random.default_rng(0)
    color, x = rng.choice(["a", "b"], 160), rng.normal(size=160)
    X = pd.DataFrame({"color": color, "x": x})
    y = np.where(color == "a", x, -x)
    model = FtTransformerRegressor(
        n_blocks=1, width=8, n_heads=2, attention_dropout=0.0, dropout=0.0, learning_rate=1e-2,
        max_epochs=40, batch_size=32, random_state=0,
    )  # fmt: skip
    assert model.fit(X, y).score(X, y) > 0.9
    model.save(tmp_path / "model")
    again = FtTransformerRegressor.load(tmp_path / "model")
    np.testing.assert_array_equal(model.predict(X), again.predict(X))


def test_heads_that_do_not_divide_the_width_are_refused():
    """The message says both numbers."""
    with pytest.raises(ValueError, match="width is 10 and n_heads is 4"):
        FtTransformerClassifier(width=10, n_heads=4).fit(np.zeros((20, 2)), np.arange(20) % 2)
