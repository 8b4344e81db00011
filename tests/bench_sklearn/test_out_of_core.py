"""Stochastic gradient descent on rows that are not in memory."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import SGDClassifier, SGDRegressor
from sklearn.preprocessing import StandardScaler

import bench
from bench.tasks import views
from bench.tasks.views import HeldRows, RowsView
from bench_sklearn import out_of_core, steps
from bench_sklearn.out_of_core import OutOfCore

N = 1200
NUMBERS = ("number",) * 6


@pytest.fixture(autouse=True)
def small_windows(monkeypatch):
    """Ten windows of numbers."""
    monkeypatch.setattr(views, "WINDOW_BYTES", 120 * 6 * 8)
    monkeypatch.setattr(out_of_core, "WINDOW_BYTES", 120 * 6 * 8)


@pytest.fixture(scope="module")
def problem():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((N, 6)) * [1, 10, 100, 1, 1, 1] + [0, 5, -50, 0, 0, 0]
    z = X @ [1, 0.1, 0.02, -1, 0, 0] + 0.3 * rng.standard_normal(N)
    return X, z


def view_of(table):
    return RowsView(HeldRows(table, "held"), np.arange(len(table)))


def test_classes_are_learned(problem):
    """A linear border is found, and probabilities go with the classes."""
    X, z = problem
    y = (z > 0).astype(int)
    model = OutOfCore(SGDClassifier(loss="log_loss", random_state=0), kinds=NUMBERS)
    model.fit(view_of(X), y)
    assert (model.predict(X) == y).mean() > 0.9
    assert (model.predict_proba(X).argmax(1) == model.predict(X)).all()
    assert model.classes_.tolist() == [0, 1]
    assert model.stop_reason_ == "early_stopping"
    assert len(model.validation_curve_) == model.n_iter_


def test_numbers_are_predicted_in_their_own_unit(problem):
    """The target is scaled for learning and back for answers."""
    X, z = problem
    model = OutOfCore(SGDRegressor(random_state=0), kinds=NUMBERS).fit(view_of(X), 1e4 + 500 * z)
    error = model.predict(X) - (1e4 + 500 * z)
    assert error.std() < 0.35 * 500
    assert not hasattr(model, "predict_proba")


def test_it_is_partial_fit_over_scaled_windows(problem):
    """Without shuffling or held-out rows: scikit-learn's own steps on scaled rows, in order."""
    X, z = problem
    y = (z > 0).astype(int)
    expected = SGDClassifier(
        loss="log_loss",
        learning_rate="constant",  # the first steps of "optimal" make much of rounding errors
        eta0=1e-3,
        shuffle=False,
        validation_fraction=1e-9,
        max_iter=2,
        random_state=0,
    )
    model = OutOfCore(expected, kinds=NUMBERS).fit(view_of(X), y)
    scaled = StandardScaler().fit_transform(X)
    for _ in range(2):
        expected.partial_fit(scaled, y, classes=[0, 1])
    np.testing.assert_allclose(model.learner_.coef_, expected.coef_, rtol=1e-9)
    assert model.stop_reason_ == "max_iter"
    assert not model.validation_curve_


def test_rows_of_no_weight_change_nothing(problem):
    """Weights reach the learner row by row, whatever window a row is in."""
    X, z = problem
    y = (z > 0).astype(int)
    wrong = np.arange(N) % 3 == 0
    answers = []
    for spoilt in (y, np.where(wrong, 1 - y, y)):
        learner = SGDClassifier(loss="log_loss", max_iter=3, random_state=0)
        model = OutOfCore(learner, kinds=NUMBERS)
        model.fit(view_of(X), spoilt, sample_weight=np.where(wrong, 0.0, 1.0))
        answers.append(model.predict_proba(X))
    np.testing.assert_array_equal(*answers)


def test_categories_gaps_and_texts_become_numbers(problem, monkeypatch):
    """Only numbers are scaled; what is missing becomes the median; a new category is no error."""
    monkeypatch.setattr(views, "WINDOW_BYTES", 2**20)  # the first look is at all rows
    X, z = problem
    pets = np.where(z > 0, "cat", "dog").astype(object)
    table = pd.DataFrame({"pet": pets, "a": X[:, 1], "note": ["some words"] * N})
    table.loc[::7, "a"] = np.nan
    table.loc[::5, "pet"] = None
    table["pet"] = table["pet"].astype("category")
    learner = SGDClassifier(loss="log_loss", validation_fraction=1e-9, max_iter=5, random_state=0)
    model = OutOfCore(learner, kinds=("category", "number", "text"))
    model.fit(view_of(table), (z > 0).astype(int))
    assert (model.predict(table) == (z > 0)).mean() > 0.85
    encoded = model._encoded(table)
    known = table["a"].notna().to_numpy()
    gap = (np.nanmedian(table["a"]) - model.scaler_.mean_[0]) / model.scaler_.scale_[0]
    assert abs(encoded[known, 0].std() - 1) < 0.2
    assert np.allclose(encoded[~known, 0], gap)
    assert set(np.unique(encoded[:, 1:4])) == {0.0, 1.0}
    model.predict(table.assign(pet="bird"))


def test_it_stops_when_time_is_over(problem):
    """At least one window is learned from, and the reason is told."""
    X, z = problem
    model = OutOfCore(SGDRegressor(random_state=0), kinds=NUMBERS, max_seconds=0.0)
    model.fit(view_of(X), z)
    assert (model.stop_reason_, model.n_iter_) == ("max_seconds", 1)
    assert model.predict(X).shape == (N,)


def test_a_rate_that_adapts_goes_down_before_it_ends(problem):
    """As in scikit-learn, "adaptive" is divided by five until it is below a millionth."""
    X, z = problem
    learner = SGDRegressor(
        learning_rate="adaptive", eta0=2e-5, n_iter_no_change=1, tol=10.0, random_state=0
    )
    model = OutOfCore(learner, kinds=NUMBERS).fit(view_of(X), z)
    # The first epoch is an improvement on nothing; the rate is then cut once an epoch: 2e-5 / 25.
    assert model.learner_.eta0 == pytest.approx(8e-7)
    assert model.n_iter_ == 4


def test_balanced_weights_count_all_rows(problem):
    """Classes weigh as scikit-learn's "balanced" has it over all training rows."""
    X, z = problem
    y = (z > np.quantile(z, 0.9)).astype(int)
    learner = SGDClassifier(
        class_weight="balanced", validation_fraction=1e-9, max_iter=1, random_state=0
    )
    model = OutOfCore(learner, kinds=NUMBERS).fit(view_of(X), y)
    assert model.learner_.class_weight == pytest.approx({0: N / 2 / 1080, 1: N / 2 / 120})


def test_equal_seeds_give_equal_models(problem):
    """The order of rows and windows comes from the learner's seed."""
    X, z = problem
    one, two, other = (
        OutOfCore(SGDRegressor(max_iter=2, random_state=seed), kinds=NUMBERS)
        .fit(view_of(X), z)
        .learner_.coef_.tolist()
        for seed in (3, 3, 4)
    )
    assert one == two != other


@pytest.mark.parametrize("y", [np.zeros(N, int), np.zeros((N, 2), int)])
def test_what_it_cannot_learn_is_skipped(problem, y):
    """One single class, and several targets, are reasons to skip a trial."""
    with pytest.raises(bench.Skip):
        OutOfCore(SGDClassifier(random_state=0), kinds=NUMBERS).fit(view_of(problem[0]), y)


def test_a_warm_up_on_one_class_says_nothing_of_the_trial():
    """Fewer rows than the trial has are a fault of the warm-up and no reason to skip."""
    model = OutOfCore(SGDClassifier(random_state=0), n_train=1000)
    with pytest.raises(ValueError, match="one class"):
        model.fit(view_of(np.zeros((32, 2))), np.zeros(32, int))


class Counted(HeldRows):
    """Remembers how many rows were asked for at a time."""

    def take(self, rows):
        self.__dict__.setdefault("sizes", []).append(len(rows))
        return super().take(rows)


@pytest.fixture
def pets():
    return pd.DataFrame({"a": np.arange(600.0), "pet": pd.Categorical(np.arange(600) % 20)})


def test_windows_are_as_large_as_what_rows_become(pets, monkeypatch):
    """A number and twenty categories are 21 columns: so many rows of them as the bytes hold."""
    monkeypatch.setattr(views, "WINDOW_BYTES", 2**20)
    monkeypatch.setattr(out_of_core, "WINDOW_BYTES", 50 * 21 * 8)
    monkeypatch.setattr(out_of_core, "FIRST_LOOK_ROWS", 300)
    source = Counted(pets, "counted")
    learner = SGDRegressor(max_iter=1, validation_fraction=0.5, random_state=0)
    model = OutOfCore(learner, kinds=("number", "category"))
    model.fit(RowsView(source, np.arange(600)), np.arange(600) / 7)
    assert model.encoder_.transform(pets).shape == (600, 21)
    # How large is a row; the first look; 600 - 4 * 50 rows to learn from, for scales and an epoch.
    assert source.sizes == [1, 600] + 2 * 8 * [50]


def test_scales_are_found_without_encoding_categories(pets, monkeypatch):
    """Only numbers are scaled: labels are made for the first look, and once for each epoch."""
    monkeypatch.setattr(out_of_core, "FIRST_LOOK_ROWS", 100)
    labelled = []
    original = steps._labels
    monkeypatch.setattr(
        steps, "_labels", lambda X, places: labelled.append(len(X)) or original(X, places)
    )
    learner = SGDRegressor(max_iter=2, validation_fraction=1e-9, random_state=0)
    model = OutOfCore(learner, kinds=("number", "category"))
    model.fit(view_of(pets), np.arange(600) / 7)
    assert sum(labelled) == 100 + 1 + 2 * 600
    assert (model.scaler_.mean_, model.scaler_.scale_) == (
        pytest.approx([299.5]),
        pytest.approx([np.std(np.arange(600))]),
    )


def test_little_is_read_at_a_time(problem, monkeypatch):
    """After the first look no more rows are asked for than one window holds."""
    X, z = problem
    monkeypatch.setattr(out_of_core, "FIRST_LOOK_ROWS", 50)
    view = RowsView(Counted(X, "counted"), np.arange(N))
    OutOfCore(SGDRegressor(max_iter=2, random_state=0), kinds=NUMBERS).fit(view, z)
    sizes = view.source.sizes
    assert sizes[0] == 1  # how large is a row?
    assert max(sizes) <= 120
    assert sum(sizes) > 3 * (N - 50)
