"""The perceptrons: scikit-learn's conventions, accuracy, and what they say of their training."""

import pickle

import linear_engine
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import bench
from bench_jax import engine, programs
from bench_jax.mlp import MlpClassifier, MlpRegressor, make_mlp

SMALL = {"hidden": (16,), "learning_rate": 1e-2, "max_epochs": 40}


def _not_kept(estimator):
    """Batches of rows are no sums over rows: scikit-learn's own perceptrons fail this one too."""
    return {
        "check_sample_weight_equivalence_on_dense_data": "a row of weight 2 is in one batch only"
    }


@parametrize_with_checks([MlpRegressor(**SMALL)], expected_failed_checks=_not_kept)
def test_scikit_learn_finds_a_proper_regressor(estimator, check):
    """Every check of scikit-learn passes, but for one."""
    check(estimator)


@parametrize_with_checks([MlpClassifier()], expected_failed_checks=_not_kept)
def test_scikit_learn_finds_a_proper_classifier(estimator, check, monkeypatch):
    """Every check of scikit-learn passes, but for one, with least squares in place of training."""
    monkeypatch.setattr(engine, "train", linear_engine.train)
    monkeypatch.setattr(engine, "predict", linear_engine.predict)
    check(estimator)


@pytest.fixture
def context(tmp_path, monkeypatch):
    """A function that makes contexts of trials with a cache of their own."""
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path))

    def make(n_train_max, classes, **fields):
        target = bench.Target("multiclass", classes=tuple(range(classes)))
        return bench.ModelContext(
            **{
                "task": "classification",
                "modality": "tabular",
                "n_train": n_train_max,
                "n_train_max": n_train_max,
                "target": target,
            }
            | fields
        )

    yield make
    programs.share(None)


def test_digits_are_told_apart():
    """At full size at least 96 of 100 digits are right (97.2 on average over splits)."""
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0, stratify=y)
    model = MlpClassifier(random_state=0).fit(X_train, y_train)
    assert model.score(X_test, y_test) > 0.96
    assert model.stop_reason_ == "early_stopping"
    assert model.n_parameters_ == 64 * 256 + 256 + 256 * 256 + 256 + 256 * 10 + 10


def test_diabetes_is_predicted_about_as_well_as_by_ridge():
    """The squared error's root is at most a tenth above that of ridge regression."""
    X, y = load_diabetes(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)

    def error(model):
        return np.sqrt(np.mean((model.fit(X_train, y_train).predict(X_test) - y_test) ** 2))

    ridge = error(make_pipeline(StandardScaler(), Ridge(10.0)))
    assert error(MlpRegressor(random_state=0)) < 1.1 * ridge


def test_a_table_of_mixed_columns_is_learned(context):
    """Categories, missing values and numbers go in as they are, in a pipeline or alone."""
    rng = np.random.default_rng(0)
    color = rng.choice(["red", "green", "blue"], 120)
    X = pd.DataFrame({"color": color, "noise": rng.normal(size=120)})
    X.loc[::7, "noise"] = np.nan
    y = (color == "red").astype(int)
    columns = (bench.Column("color", "category"), bench.Column("noise"))
    model = make_mlp(context(120, 2, columns=columns), hidden=[16], learning_rate=1e-2)
    assert clone(model).fit(X, y).score(X, y) == 1.0
    assert make_pipeline("passthrough", MlpClassifier((16,), random_state=0)).fit(X, y)


def test_a_grid_is_searched():
    """`GridSearchCV` finds that no training at all is worse than some."""
    X, y = load_breast_cancer(return_X_y=True)
    grid = {"learning_rate": [1e-7, 1e-2]}
    search = GridSearchCV(MlpClassifier((16,), max_epochs=3, random_state=0), grid, cv=2)
    assert search.fit(X, y).best_params_ == {"learning_rate": 1e-2}


def test_classes_that_a_small_set_misses_keep_the_width(context):
    """Codes may have gaps; probabilities are of the classes seen, and add up to one."""
    rng = np.random.default_rng(0)
    y = np.array([0, 4, 7] * 8)
    X = rng.normal(size=(24, 3)) + y[:, None]
    model = make_mlp(context(100, 10), hidden=[16]).fit(X, y)
    assert model.classes_.tolist() == [0, 4, 7]
    assert model.design_.network.n_outputs == 10
    probabilities = model.predict_proba(X)
    assert probabilities.shape == (24, 3)
    np.testing.assert_allclose(probabilities.sum(1), 1)


def test_few_rows_are_all_learned_from():
    """Fewer rows to stop by than classes are none at all: twice the patience is trained."""
    rng = np.random.default_rng(0)
    y = np.arange(16) % 4
    model = MlpClassifier((16,), patience=3, random_state=0).fit(rng.normal(size=(16, 2)), y)
    assert model.n_iter_ == len(model.loss_curve_) == 6
    assert model.validation_curve_ == []
    assert model.stop_reason_ == "max_epochs"


def test_a_time_limit_is_kept_and_said(context):
    """A fit without time left gives a usable model and its reason."""
    X, y = np.random.default_rng(0).normal(size=(40, 2)), np.arange(40) % 2
    model = make_mlp(context(40, 2, max_seconds=1e-9), hidden=[16]).fit(X, y)
    assert model.stop_reason_ == "max_seconds"
    assert np.isfinite(model.predict_proba(X)).all()


def test_a_fitted_model_survives_a_journey():
    """An unpickled model predicts the same bits."""
    X, y = np.random.default_rng(0).normal(size=(40, 2)), np.arange(40) % 2
    model = MlpClassifier((16,), max_epochs=2, random_state=0).fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(model.predict_proba(X), again.predict_proba(X))


def test_images_are_flattened(context):
    """The model takes images too, pixel by pixel, and weights with them."""
    images = np.random.default_rng(0).normal(size=(40, 4, 4))
    model = make_mlp(context(40, 2, modality="image"), hidden=[16], max_epochs=2)
    model.fit(images, np.arange(40) % 2, sample_weight=np.ones(40))
    assert model.predict(images).shape == (40,)


@pytest.mark.parametrize(
    ("name", "value"),
    [("dropout", 1.0), ("learning_rate", 0), ("batch_size", 0), ("activation", "rleu")],
)
def test_a_parameter_out_of_range_is_named(name, value):
    """The message says the parameter, what was given and what is allowed."""
    X, y = np.zeros((20, 2)), np.arange(20) % 2
    with pytest.raises(ValueError, match=rf"MlpClassifier: {name} is .*allowed: "):
        MlpClassifier(**{name: value}).fit(X, y)


def test_a_parameter_that_it_does_not_have_is_named(context):
    """The message has those that there are, and the nearest one."""
    with pytest.raises(bench.ParameterError, match=r"'hiden'; allowed: hidden, .* Did you mean"):
        make_mlp(context(40, 2), hiden=[16])


def test_a_regression_leaves_aside_what_only_classes_have(context):
    """Label smoothing, given to both by one suite, is no parameter of a regressor."""
    regression = context(40, 2, task="regression", target=bench.Target("continuous"))
    model = make_mlp(regression, label_smoothing=0.1, clip_norm="none")
    assert isinstance(model, MlpRegressor)
    assert model.clip_norm is None
