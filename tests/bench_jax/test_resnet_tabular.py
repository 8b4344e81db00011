"""Residual networks for tables: what the network computes, that it learns, its conventions."""

import jax
import linear_engine
import numpy as np
import pandas as pd
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

import bench
from bench_jax import engine, step
from bench_jax.preprocessing import Layout
from bench_jax.resnet_tabular import ResNetClassifier, ResNetNetwork, ResNetRegressor, make_resnet

WEIGHTS = "check_sample_weight_equivalence_on_dense_data"


@parametrize_with_checks(
    [ResNetClassifier(), ResNetRegressor()],
    expected_failed_checks=lambda _: {WEIGHTS: "a row of weight 2 is in one batch only"},
)
def test_scikit_learn_finds_a_proper_residual_network(estimator, check, monkeypatch):
    """Every check of scikit-learn passes, but for one, with least squares in place of training."""
    monkeypatch.setattr(engine, "train", linear_engine.train)
    monkeypatch.setattr(engine, "predict", linear_engine.predict)
    check(estimator)


def _normed(x):
    centered = x - x.mean(-1, keepdims=True)
    return centered / np.sqrt(np.square(centered).mean(-1, keepdims=True) + 1e-5)


def test_the_network_is_the_one_worked_out_by_hand():
    """A linear layer, norm - linear - rectifier - linear added to it, norm - rectifier - linear."""
    network = ResNetNetwork(Layout(2, (), ()), 1, 3, 4, 0, 0.0, 0.0, 2)
    shape = step.structure(network)
    rng = np.random.default_rng(0)
    arrays = {
        path: rng.normal(size=leaf.shape).astype(np.float32)
        for path, leaf in zip(shape.paths, jax.tree.leaves(shape.parameters), strict=True)
    }
    x = rng.normal(size=(5, 2)).astype(np.float32)

    def dense(name, values):
        return values @ arrays[f"{name}.kernel"] + arrays[f"{name}.bias"]

    def norm(name, values):
        return _normed(values) * arrays[f"{name}.scale"] + arrays[f"{name}.bias"]

    h = dense("first", x)
    h = h + dense(
        "blocks.0.outer", np.maximum(dense("blocks.0.inner", norm("blocks.0.norm", h)), 0)
    )
    expected = dense("out", np.maximum(norm("norm", h), 0))
    module = shape.module(tuple(arrays.values()), ())
    found = module((x, np.zeros((5, 0), np.int32)), None)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("category_width", "n_features"), [(0, 1 + 3), (5, 1 + 5)])
def test_categories_are_learned_vectors_or_indicators(category_width, n_features):
    """A number, and three levels as indicators or as a vector of five."""
    network = ResNetNetwork(Layout(1, (), (5,)), 1, 3, 4, category_width, 0.0, 0.0, 2)
    assert network.build().first.kernel.shape == (n_features, 3)


@pytest.fixture(scope="module")
def table():
    """Classes that hang on a category and a number, which is missing at times, and numbers."""
    rng = np.random.default_rng(0)
    color, x = rng.choice(["a", "b", "c"], 200), rng.normal(size=200)
    X = pd.DataFrame({"color": color, "x": np.where(rng.random(200) < 0.1, np.nan, x)})
    return X, (color == "a") ^ (x > 0)


def test_a_table_of_mixed_columns_is_learned_and_kept(table, tmp_path, monkeypatch):
    """What is learned, by a model made as a trial makes it, survives a file bit by bit."""
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path))
    X, y = table
    context = bench.ModelContext(
        task="classification", modality="tabular", n_train=200, n_train_max=200
    )
    small = {"n_blocks": 1, "width": 16, "learning_rate": 1e-2, "max_epochs": 30}
    model = make_resnet(context, **small).fit(X, y)
    assert model.score(X[X.x.notna()], y[X.x.notna()]) > 0.9
    model.save(tmp_path / "model")
    again = ResNetClassifier.load(tmp_path / "model")
    np.testing.assert_array_equal(model.predict_proba(X), again.predict_proba(X))


def test_rates_of_dropout_are_shares_of_the_largest():
    """Of 0.1 and 0.4 the engine gets 0.4, and the network 1/4 and 1."""
    model = ResNetClassifier(dropout=0.1, residual_dropout=0.4)
    network = model._network(Layout(1, (), ()), 2)
    assert model._recipe()["dropout"] == 0.4
    assert model._design()["has_dropout"]
    assert (network.hidden_share, network.residual_share) == (pytest.approx(0.25), 1.0)
