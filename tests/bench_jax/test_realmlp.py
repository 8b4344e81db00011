"""RealMLP: its activations, its start, and what it learns from tables of all kinds."""

import jax
import jax.numpy as jnp
import linear_engine
import numpy as np
import pandas as pd
import pytest
from flax import nnx
from scipy.special import log1p
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

import bench
from bench_jax import engine
from bench_jax.preprocessing import Layout
from bench_jax.realmlp import (
    RealMlpClassifier,
    RealMlpNetwork,
    RealMlpRegressor,
    TangentDense,
    make_realmlp,
    mish,
    selu,
)

LAYOUT = Layout(n_numbers=3, flagged=(1,), levels=(4, 12))
NETWORK = RealMlpNetwork(LAYOUT, (32, 16), "selu", 2)
SMALL = {"hidden": (16,), "max_epochs": 20, "n_periods": 4}
WEIGHTS = "check_sample_weight_equivalence_on_dense_data"


@parametrize_with_checks(
    [RealMlpClassifier(), RealMlpRegressor()],
    expected_failed_checks=lambda _: {WEIGHTS: "a row of weight 2 is in one batch only"},
)
def test_scikit_learn_finds_a_proper_estimator(estimator, check, monkeypatch):
    """Every check of scikit-learn passes, but for one, with least squares in place of training."""
    monkeypatch.setattr(engine, "train", linear_engine.train)
    monkeypatch.setattr(engine, "predict", linear_engine.predict)
    check(estimator)


def inputs(n_rows, seed=0):
    """Rows in the layout: three numbers and a flag, and codes of two columns."""
    rng = np.random.default_rng(seed)
    values = rng.normal(2, 3, size=(n_rows, LAYOUT.n_inputs)).astype(np.float32)
    codes = np.stack([rng.integers(0, n, n_rows) for n in LAYOUT.levels], axis=1)
    return values, codes.astype(np.int32)


def mixed_table(n_rows, seed=0):
    """A table whose first column says the class and whose second shifts the target."""
    rng = np.random.default_rng(seed)
    color = rng.choice(["red", "green", "blue"], n_rows)
    X = pd.DataFrame({"color": color, "size": rng.normal(size=n_rows)})
    X.loc[::7, "size"] = np.nan
    return X, (color == "red").astype(int)


def test_activations_are_what_their_papers_say():
    """Selu and Mish equal their definitions in double precision, on either side of 0."""
    x = np.linspace(-30, 30, 601)
    expected = 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x))
    np.testing.assert_allclose(selu(x.astype(np.float32)), expected, atol=1e-6)
    softplus = np.maximum(x, 0) + log1p(np.exp(-np.abs(x)))
    expected = x * np.tanh(softplus)
    np.testing.assert_allclose(mish(x.astype(np.float32)), expected, atol=1e-5)


def test_slopes_of_activations_stay_finite():
    """Very large and very small inputs have the slopes that their lines have."""
    x = jnp.asarray([-1e4, 1e4], jnp.float32)
    for activation, expected in ((selu, [0, 1.0507]), (mish, [0, 1])):
        slopes = jax.grad(lambda x, f=activation: f(x).sum())(x)
        np.testing.assert_allclose(slopes, expected, atol=1e-4)


def test_layers_divide_by_the_root_of_their_inputs():
    """Four inputs of 1 through weights of 1 give 4 / sqrt(4)."""
    layer = TangentDense(4, 2)
    layer.weight.set_value(np.ones((4, 2), np.float32))
    np.testing.assert_array_equal(layer(np.ones((1, 4), np.float32)), [[2, 2]])


def test_rates_are_those_of_the_paper():
    """Scales learn 6 times as fast, biases and activations a tenth, without decay of biases."""
    module = nnx.eval_shape(NETWORK.build)
    assert module.scale.get_metadata()["rate"] == 6
    assert module.numbers.weight.get_metadata()["rate"] == 0.1
    assert module.slopes[0].get_metadata()["rate"] == 0.1
    bias = module.blocks[0].bias.get_metadata()
    assert (bias["rate"], bias["decay"]) == (0.1, 0)
    weight = module.blocks[0].weight.get_metadata()
    assert (weight["rate"], weight["decay"]) == (1, 1)


@pytest.fixture(scope="module")
def started():
    """The network with the values that it starts from, and the rows that they hang on."""
    X = inputs(400)
    arrays = NETWORK.start(X, np.random.default_rng(1))
    module = nnx.eval_shape(NETWORK.build)
    for path, variable in nnx.iter_graph(module):
        if isinstance(variable, nnx.Param):
            variable.set_value(arrays[".".join(map(str, path))])
    return module, X


def test_units_start_with_a_spread_of_one(started):
    """On the training rows every unit's sum varies by 1 before the bias, in every layer."""
    module, X = started
    h = module.features(*X)
    for i, block in enumerate(module.blocks):
        z = block(h)
        np.testing.assert_allclose(z.std(0), 1, rtol=1e-3)
        h = module.activate(i, z + block.bias[...]) if i < 2 else None


def test_biases_start_within_what_the_units_show(started):
    """Minus a bias is a mixture of values that its unit has on training rows."""
    module, X = started
    z = module.blocks[0](module.features(*X))
    bias = module.blocks[0].bias[...]
    assert (z.min(0) <= -bias).all()
    assert (-bias <= z.max(0)).all()
    assert bias.std() > 0.1


def test_host_and_device_compute_the_same(started):
    """What NumPy saw at the start is what the compiled network gives."""
    module, X = started
    h = module.features(*X)
    for i, block in enumerate(module.blocks):
        h = block(h) + block.bias[...]
        h = module.activate(i, h) if i < 2 else h
    graph, state = nnx.split(module)
    forward = jax.jit(lambda state, x: nnx.merge(graph, state)(x, None))
    np.testing.assert_allclose(forward(state, X), h, atol=1e-4)


def test_a_constant_table_starts_finite():
    """Units that never vary keep their weights."""
    X = (np.zeros((10, LAYOUT.n_inputs), np.float32), np.zeros((10, 2), np.int32))
    arrays = NETWORK.start(X, np.random.default_rng(0))
    assert all(np.isfinite(array).all() for array in arrays.values())


def test_a_table_of_mixed_columns_is_learned():
    """Categories and gaps go in as they are; probabilities add up to one, and twice is the same."""
    X, y = mixed_table(120)
    model = RealMlpClassifier(**SMALL, random_state=0).fit(X, y)
    assert model.score(X, y) == 1.0
    np.testing.assert_allclose(model.predict_proba(X).sum(1), 1)
    assert model.stop_reason_ == "max_epochs"
    assert model.n_iter_ == len(model.loss_curve_) == len(model.validation_curve_) == 20
    again = clone(model).fit(X, y)
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))


def test_several_numbers_are_predicted_within_their_range():
    """Two targets are learned at once, and no prediction lies outside what training showed."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 2))
    y = np.stack([X[:, 0], 5 - 2 * X[:, 1]], axis=1)
    model = RealMlpRegressor(**SMALL, random_state=0).fit(X, y)
    assert model.score(X, y) > 0.9
    far = model.predict(100 * X)
    assert (far >= y.min(0)).all()
    assert (far <= y.max(0)).all()


def test_a_trial_gets_its_kind_and_parameters():
    """Regression leaves label smoothing aside, and a parameter that neither has is named."""
    context = bench.ModelContext(
        task="regression", modality="tabular", n_train=40, n_train_max=80,
        target=bench.Target("continuous"), seed=3,
    )  # fmt: skip
    model = make_realmlp(context, hidden=[8], label_smoothing=0.1)
    assert isinstance(model, RealMlpRegressor)
    assert (model.hidden, model.n_rows_max, model.random_state) == ([8], 80, 3)
    with pytest.raises(bench.ParameterError, match=r"hiden.*hidden"):
        make_realmlp(context, hiden=[8])


def test_an_unknown_activation_is_refused():
    """The message names what was given and what is allowed."""
    X, y = mixed_table(20)
    with pytest.raises(ValueError, match=r"activation is 'sleu'; allowed: selu, mish, relu"):
        RealMlpClassifier(activation="sleu").fit(X, y)
