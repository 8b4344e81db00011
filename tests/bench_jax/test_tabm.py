"""TabM: members that share kernels, their start, and what they learn together."""

import jax
import linear_engine
import numpy as np
import pandas as pd
import pytest
from flax import nnx
from sklearn.utils.estimator_checks import parametrize_with_checks

import bench
from bench_jax import engine
from bench_jax.preprocessing import Layout
from bench_jax.tabm import (
    Adapters,
    Alike,
    EnsembleDense,
    TabMClassifier,
    TabMNetwork,
    TabMRegressor,
    make_tabm,
)

LAYOUT = Layout(n_numbers=2, flagged=(0,), levels=(4, 12))
SMALL = {"hidden": (16,), "n_members": 4, "learning_rate": 1e-2, "max_epochs": 30}
WEIGHTS = "check_sample_weight_equivalence_on_dense_data"


@parametrize_with_checks(
    [TabMClassifier(), TabMRegressor()],
    expected_failed_checks=lambda _: {WEIGHTS: "a row of weight 2 is in one batch only"},
)
def test_scikit_learn_finds_a_proper_estimator(estimator, check, monkeypatch):
    """Every check of scikit-learn passes, but for one, with least squares in place of training."""
    monkeypatch.setattr(engine, "train", linear_engine.train)
    monkeypatch.setattr(engine, "predict", linear_engine.predict)
    check(estimator)


def network(**changes):
    """A small network in the layout above."""
    fields = {
        "n_members": 3, "hidden": (8, 8), "width": 2, "n_bins": 0, "number_width": 4,
        "max_one_hot": 8, "category_width": 5,
    }  # fmt: skip
    return TabMNetwork(LAYOUT, **{**fields, **changes})


def test_members_scale_what_goes_in_and_out():
    """With one input, x = 3, r = (1, 2), w = 5, s = (1, 10) and b = (0, 1): 15 and 301."""
    layer = EnsembleDense(2, 1, 1, has_adapter=True)
    layer.kernel.set_value(np.full((1, 1), 5, np.float32))
    layer.scale_in.set_value(np.array([[1], [2]], np.float32))
    layer.scale_out.set_value(np.array([[1], [10]], np.float32))
    layer.bias.set_value(np.array([[0], [1]], np.float32))
    x = np.full((1, 2, 1), 3, np.float32)
    np.testing.assert_array_equal(layer(x), [[[15], [301]]])


def test_members_start_with_the_same_biases():
    """One draw serves all members, within its bound."""
    drawn = Alike(0.5)(np.random.default_rng(0), (3, 100))
    np.testing.assert_array_equal(drawn, drawn[:1].repeat(3, axis=0))
    assert 0.4 < np.abs(drawn).max() <= 0.5


def test_members_start_with_one_sign_per_column():
    """What one column became has the same sign for a member; members differ."""
    drawn = Adapters((1, 3), is_normal=False)(np.random.default_rng(0), (50, 4))
    assert set(np.unique(drawn)) == {-1, 1}
    np.testing.assert_array_equal(drawn[:, 1:], drawn[:, 1:2].repeat(3, axis=1))
    assert len(np.unique(drawn, axis=0)) == 4


def test_embedded_numbers_are_seen_through_normal_scales():
    """Where numbers are embedded, members start with normally distributed numbers."""
    module = nnx.eval_shape(network(n_bins=3).build)
    assert module.adapter.get_metadata()["draw"].is_normal
    assert not nnx.eval_shape(network().build).adapter.get_metadata()["draw"].is_normal


def test_columns_keep_their_own_scales():
    """Numbers, flags, indicators and embeddings have widths that add up to the inputs."""
    module = nnx.eval_shape(network(n_bins=3).build)
    draw = module.adapter.get_metadata()["draw"]
    assert draw.widths == (4, 4, 1, 1, 5)
    assert module.adapter.shape == (3, 15)


def test_only_bins_hang_on_the_training_rows():
    """Without bins there is nothing to give; with them, the array that the module needs."""
    X = (np.arange(30, dtype=np.float32).reshape(10, 3), np.zeros((10, 2), np.int32))
    rng = np.random.default_rng(0)
    assert network().start(X, rng) == {}
    found = network(n_bins=3).start(X, rng)
    assert found["numbers.bins"].shape == nnx.eval_shape(network(n_bins=3).build).numbers.bins.shape


def test_every_member_answers_by_itself():
    """The output has an axis of members, and members with different scales differ."""
    module = network(n_bins=2).build()
    rng = np.random.default_rng(0)
    for _, variable in nnx.iter_graph(module):
        if isinstance(variable, nnx.Param):
            variable.set_value(variable.get_metadata()["draw"](rng, variable.shape))
    x = (np.ones((5, 3), np.float32), np.ones((5, 2), np.int32))
    graph, state = nnx.split(module)
    output = jax.jit(lambda state, x: nnx.merge(graph, state)(x, None))(state, x)
    assert output.shape == (5, 3, 2)
    assert not np.allclose(output[:, 0], output[:, 1])


def mixed_table(n_rows):
    """A table whose first column says the class."""
    rng = np.random.default_rng(0)
    color = rng.choice(["red", "green", "blue"], n_rows)
    X = pd.DataFrame({"color": color, "size": rng.normal(size=n_rows)})
    X.loc[::7, "size"] = np.nan
    return X, (color == "red").astype(int)


def test_a_table_of_mixed_columns_is_learned():
    """Categories and gaps go in as they are, and the members' mean probability decides."""
    X, y = mixed_table(120)
    model = TabMClassifier(**SMALL, random_state=0).fit(X, y)
    assert model.score(X, y) == 1.0
    np.testing.assert_allclose(model.predict_proba(X).sum(1), 1)


def test_several_labels_and_numbers_with_bins():
    """Two labels, and two numbers through piecewise-linear embeddings, are learned at once."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 2))
    labels = TabMClassifier(**SMALL, n_bins=4, random_state=0).fit(X, (X > 0).astype(int))
    assert (labels.predict(X) == (X > 0)).mean() > 0.95
    numbers = TabMRegressor(**SMALL, n_bins=4, random_state=0).fit(X, np.abs(X))
    assert numbers.score(X, np.abs(X)) > 0.8


def test_a_trial_gets_its_kind_and_parameters():
    """A classification's width is that of all its classes."""
    context = bench.ModelContext(
        task="classification", modality="tabular", n_train=40, n_train_max=80,
        target=bench.Target("multiclass", classes=("a", "b", "c")), seed=3,
    )  # fmt: skip
    model = make_tabm(context, n_members=4)
    assert isinstance(model, TabMClassifier)
    assert (model.n_members, model.n_classes, model.n_rows_max) == (4, 3, 80)
    with pytest.raises(bench.ParameterError, match=r"members.*n_members"):
        make_tabm(context, members=4)
