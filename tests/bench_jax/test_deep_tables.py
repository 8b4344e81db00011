"""The shell of every deep model for tables: targets, weights, held-out rows, members, streams."""

import importlib
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from flax import nnx

import bench
import bench_jax
from bench_jax import fitting, programs
from bench_jax.mlp import MlpClassifier, MlpRegressor
from bench_jax.network import Network, given, parameter
from bench_jax.preprocessing import Layout
from bench_jax.resnet_tabular import ResNetClassifier
from bench_jax.tables import DeepTableClassifier, DeepTableRegressor

RNG = np.random.default_rng(0)
X = RNG.normal(size=(160, 2))


@dataclass(frozen=True)
class TwoNetwork(Network):
    """Two members that learn nothing: the one says `values`, the other zeros."""

    layout: Layout
    values: tuple[float, ...]

    @property
    def inputs(self):
        return self.layout.inputs

    @property
    def n_outputs(self):
        return len(self.values)

    def build(self):
        return Two(self)

    def start(self, X, rng):
        return {"said": np.array([self.values, [0.0] * len(self.values)], np.float32)}


class Two(nnx.Module):
    """The module of a `TwoNetwork`."""

    def __init__(self, network):
        self.said = given((2, network.n_outputs))
        self.idle = parameter((1,))

    def __call__(self, x, drop):
        numbers, _ = x
        return (
            self.said[...]
            + 0 * (numbers.sum() + self.idle[...])[..., None]
            + 0 * numbers.sum(1).reshape(-1, 1, 1)
        )


class _Two:
    """Parameters of a model that says what it is told to say."""

    def __init__(
        self, values=(0.0,), columns=None, has_missing=None, max_categories=8, n_classes=None,
        n_rows_max=None, max_seconds=None, random_state=0,
    ):  # fmt: skip
        self.values = values
        self.columns = columns
        self.has_missing = has_missing
        self.max_categories = max_categories
        self.n_classes = n_classes
        self.n_rows_max = n_rows_max
        self.max_seconds = max_seconds
        self.random_state = random_state

    max_epochs, patience, validation_fraction = 1, 1, 0.1

    def _design(self):
        return {"batch_size": 64}

    def _network(self, layout, n_outputs):
        return TwoNetwork(layout, self.values)


class TwoClassifier(_Two, DeepTableClassifier):
    """A classifier of two members."""


class TwoRegressor(_Two, DeepTableRegressor):
    """A regressor of two members whose answers stay within what it has seen."""

    clips_to_targets = True


def test_probabilities_are_the_mean_of_the_members():
    """Odds of 3 to 1 and of 1 to 1 are probabilities of 3/4 and 1/2: 5/8 on average."""
    model = TwoClassifier((0.0, float(np.log(3)))).fit(X, np.arange(160) % 2)
    np.testing.assert_allclose(model.predict_proba(X[:3])[:, 1], 5 / 8, rtol=1e-6)
    assert model.predict(X[:3]).tolist() == [1, 1, 1]


def test_labels_are_the_mean_of_the_members_too():
    """Log odds of log 3, 0 and -log 3 in one member of two give 5/8, 1/2 and 3/8."""
    y = RNG.integers(0, 2, (160, 3))
    model = TwoClassifier((float(np.log(3)), 0.0, -float(np.log(3)))).fit(X, y)
    np.testing.assert_allclose(model.predict_proba(X[:1]), [[5 / 8, 1 / 2, 3 / 8]], rtol=1e-6)
    assert model.predict(X[:1]).tolist() == [[1, 0, 0]]
    assert model.classes_.tolist() == [0, 1, 2]


def test_numbers_are_the_mean_of_the_members_on_the_targets_scale():
    """Of 2 and 0 the mean is 1: one spread above the targets' mean, in each output."""
    y = np.column_stack([np.arange(160.0), np.tile([10.0, 30.0], 80)])
    model = TwoRegressor((2.0, 2.0)).fit(X, y)
    expected = [y[:, 0].mean() + y[:, 0].std(), 20 + 10]
    np.testing.assert_allclose(model.predict(X[:1]), [expected], rtol=1e-6)


def test_numbers_stay_within_the_range_of_the_targets():
    """A hundred spreads above the mean is more than any target: the largest is predicted."""
    model = TwoRegressor((100.0,)).fit(X, np.arange(160.0))
    assert model.predict(X[:2]).tolist() == [159.0, 159.0]


@pytest.fixture
def fitted(monkeypatch):
    """What `fitting.fit` was called with, in place of training."""
    calls = []

    def fit(estimator, network, loss, encode, y, **options):
        calls.append((network, loss, encode, y, options))

    monkeypatch.setattr(fitting, "fit", fit)
    return calls


def test_what_fit_is_given_reaches_training(fitted):
    """Weights, groups and times go on, row by row, and rows of weight 0 are left out."""
    weight = np.ones(160)
    weight[:100] = 0
    weight[100] = 3
    MlpClassifier((4,)).fit(
        X, np.arange(160) % 2, sample_weight=weight, groups=np.arange(160) // 2, time=np.arange(160)
    )
    _, _, encode, y, options = fitted[0]
    assert len(y) == 60
    assert encode(np.arange(60)).shape[0] == 60
    assert options["sample_weight"].tolist() == [3] + [1] * 59
    assert options["groups"].tolist() == (np.arange(100, 160) // 2).tolist()
    assert options["time"].tolist() == list(range(100, 160))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sample_weight": np.zeros(160)}, "at least one non-zero"),
        ({"sample_weight": -np.ones(160)}, "[Nn]egative"),
        ({"groups": np.zeros(7)}, "inconsistent numbers of samples"),
    ],
)
def test_values_per_row_that_cannot_be_are_refused(options, message, fitted):
    """All weights 0, one below 0, or another number of rows."""
    with pytest.raises(ValueError, match=message):
        MlpClassifier((4,)).fit(X, np.arange(160) % 2, **options)
    assert not fitted


@pytest.mark.parametrize(
    ("model", "y", "loss", "codes"),
    [
        (MlpClassifier(), ["b", "a"] * 80, "cross-entropy", [1, 0]),
        (MlpClassifier(), [[1, 0], [1, 1]] * 80, "binary-cross-entropy", [[1, 0], [1, 1]]),
        (MlpRegressor(), [3.0, 5.0] * 80, "squared-error", [[-1], [1]]),
    ],
)
def test_targets_reach_training_in_the_form_of_their_loss(fitted, model, y, loss, codes):
    """Codes of sorted classes, zeros and ones, and standardised numbers."""
    model.fit(X, y)
    assert fitted[0][1] == loss
    assert fitted[0][3][:2].tolist() == codes


def test_several_classes_in_several_columns_are_refused(fitted):
    """Two columns of three classes are neither classes nor labels."""
    with pytest.raises(ValueError, match=r"shape \(160, 2\) and other values than 0 and 1"):
        MlpClassifier().fit(X, RNG.integers(0, 3, (160, 2)))


def test_targets_of_a_spread_of_zero_are_predicted():
    """A constant target is its own mean."""
    model = MlpRegressor((4,), max_epochs=1, random_state=0).fit(X, np.full(160, 7.0))
    np.testing.assert_allclose(model.predict(X), 7.0, atol=0.5)


def test_several_labels_are_learned():
    """Two labels that hang on one column each, the second with missing values, are learned."""
    gaps = X.copy()
    gaps[::9, 1] = np.nan
    y = np.column_stack([X[:, 0] > 0, X[:, 1] > 0]).astype(int)
    model = MlpClassifier((16,), learning_rate=1e-2, max_epochs=40, random_state=0).fit(gaps, y)
    assert model.predict_proba(gaps).shape == (160, 2)
    assert (model.predict(gaps) == y)[~np.isnan(gaps[:, 1])].mean() > 0.9


def test_columns_in_another_order_are_refused(fitted):
    """A table whose columns are not those of `fit` gets scikit-learn's message."""
    table = pd.DataFrame(X, columns=["a", "b"])
    model = MlpClassifier((4,)).fit(table, np.arange(160) % 2)
    model.trained_ = None
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(table[["b", "a"]])


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (MlpClassifier(max_categories=2), "max_categories is 2; allowed: 3 or more"),
        (MlpClassifier(scaling="ranks"), "scaling is 'ranks'; allowed: robust, "),
        (ResNetClassifier(residual_dropout=1.0), r"residual_dropout is 1.0; allowed: in \[0, 1\)"),
    ],
)
def test_what_a_table_cannot_become_is_refused(fitted, model, message):
    """Parameters of encoding and of dropout are checked as others are."""
    with pytest.raises(ValueError, match=message):
        model.fit(X, np.arange(160) % 2)


def test_no_rows_are_refused(fitted):
    """A table without rows says so."""
    with pytest.raises(ValueError, match="0 sample"):
        MlpClassifier((4,)).fit(pd.DataFrame({"a": []}), [])


TABLE_MODELS = [
    model for model in bench_jax.bench_models() if ("regression", "tabular") in model.does
]


@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize("model", TABLE_MODELS, ids=lambda model: model.name)
def test_every_search_space_is_of_parameters_that_the_model_takes(
    model, task, tmp_path, monkeypatch
):
    """The factory makes an estimator of any first choice, and tells the trial's facts to it."""
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path))
    context = bench.ModelContext(
        task=task, modality="tabular", n_train=10, n_train_max=300, has_missing=False
    )
    params = {
        name: choices[0] if isinstance(choices, list) else choices["low"]
        for name, choices in model.search_space.items()
    }
    module, name = model.factory.split(":")
    estimator = getattr(importlib.import_module(module), name)(context, **params)
    programs.share(None)
    told = estimator.get_params()
    given = params | {"n_rows_max": 300, "has_missing": False}
    if task == "regression":
        given.pop("label_smoothing", None)
    assert {name: told[name] for name in given} == given


class _Source:
    """Rows that are given out some at a time, and never as a whole."""

    fingerprint = "0"

    def __init__(self, values):
        self.values = values
        self.most = 0

    def __len__(self):
        return len(self.values)

    def take(self, rows):
        self.most = max(self.most, len(rows))
        return self.values[rows]

    def batches(self, rows, n):
        for first in range(0, len(rows), n):
            yield self.take(rows[first : first + n])


def test_rows_that_are_not_in_memory_are_learned_window_by_window():
    """A view of rows is a table for `fit`, weights included, and is learned about as well."""
    source = _Source(X)
    y = (X[:, 0] > 0).astype(int)
    weight = np.where(np.arange(160) < 20, 0.0, 1.0)
    model = MlpClassifier((16,), learning_rate=1e-2, max_epochs=40, random_state=0)
    model.fit(bench.RowsView(source, np.arange(160)), y, sample_weight=weight)
    assert model.n_features_in_ == 2
    assert model.score(X, y) > 0.9
