"""Histogram gradient boosting: which rows its early stopping holds out, and what it learns from."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

import bench
import bench_sklearn
from bench_sklearn import boosting
from bench_sklearn.boosting import HistBoostingClassifier, HistBoostingRegressor, held_out
from bench_sklearn.trees import hist_gradient_boosting

ONE = np.zeros(100, int)
SMALL = {"early_stopping": True, "max_leaf_nodes": 4, "random_state": 0}
needs_held_rows = pytest.mark.skipif(
    not boosting.TAKES_HELD_ROWS, reason="scikit-learn 1.6 takes no rows to stop by"
)


def test_whole_groups_are_held_out():
    """Of twenty groups of five rows, two are a tenth; the seed says which."""
    groups = np.repeat([f"patient {i}" for i in range(20)], 5)

    held = held_out(ONE, 0.1, groups, None, 0)

    assert len(held) == 10
    assert not set(groups[held]) & set(np.delete(groups, held))
    assert held.tolist() == held_out(ONE, 0.1, groups, None, 0).tolist()
    assert any(held.tolist() != held_out(ONE, 0.1, groups, None, s).tolist() for s in range(1, 4))


def test_the_last_moments_are_held_out():
    """The last tenth in time, wherever its rows are, and as many rows as are asked for."""
    time = np.random.default_rng(0).permutation(100).astype("datetime64[D]")

    assert sorted(time[held_out(ONE, 0.1, None, time, 0)].astype(int)) == list(range(90, 100))
    assert sorted(time[held_out(ONE, 3, None, time, 0)].astype(int)) == [97, 98, 99]


def test_moments_stay_whole():
    """Of eight days, the last, an eighth of the rows, is nearest to a tenth of them."""
    time = np.arange(96) // 12

    assert held_out(ONE[:96], 0.1, None, time, 0).tolist() == list(range(84, 96))


def test_groups_in_time():
    """Of the last moments, rows of a group that is learned from are not held out."""
    groups, time = np.arange(100) // 3, np.arange(100)

    # The last ten rows begin with row 90, the first of group 30: it is whole.
    assert held_out(ONE, 10, groups, time, 0).tolist() == list(range(90, 100))
    # The last eleven begin with row 89, of group 29, whose other rows are learned from.
    assert held_out(ONE, 11, groups, time, 0).tolist() == list(range(90, 100))


def test_a_late_class_is_learned():
    """A class of the last moments alone takes them back."""
    classes = ONE.copy()
    classes[[95, 97]] = 1

    held = held_out(classes, 0.1, None, np.arange(100), 0)

    assert held.tolist() == [90, 91, 92, 93, 94, 96, 98, 99]


@pytest.mark.parametrize(
    ("groups", "time"),
    [
        (ONE, None),
        (None, ONE),
        (np.arange(100) % 3, None),
        (None, np.arange(100) // 34),
        (np.arange(100) % 10, np.arange(100)),
    ],
    ids=["one group", "one moment", "three groups", "three moments", "all groups at all times"],
)
def test_no_rows_are_held_out(groups, time):
    """Where no choice is within a factor of two of the share asked for, all rows teach."""
    assert len(held_out(ONE, 0.1, groups, time, 0)) == 0


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(["groups", "time", "groups within moments"]),
    n_units=st.integers(1, 40),
    n_classes=st.integers(1, 20),
    seed=st.integers(0, 1000),
)
def test_sides_share_no_unit_and_every_class_is_taught(kind, n_units, n_classes, seed):
    """Whatever the data, both sides are apart, and what stops the fit has been learned."""
    rng = np.random.default_rng(seed)
    classes, units = rng.integers(0, n_classes, 100), rng.integers(0, n_units, 100)
    groups = None if kind == "time" else units
    time = {"groups": None, "time": units, "groups within moments": units // 2}[kind]

    held = held_out(classes, 0.1, groups, time, seed)

    taught = np.setdiff1d(np.arange(100), held)
    assert set(classes[held]) <= set(classes[taught])
    assert not set(units[held]) & set(units[taught])
    assert not len(held) or 5 <= len(held) <= 20


@needs_held_rows
def test_groups_end_what_random_rows_would_not():
    """What is learned of a group by heart counts nothing where its rows are not on both sides."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(50), 10)
    X, y = rng.permutation(50)[groups].reshape(-1, 1), rng.normal(size=50)[groups]
    model = HistBoostingRegressor(**SMALL, min_samples_leaf=5, max_iter=40)

    assert model.fit(X, y).n_iter_ == 40
    assert model.fit(X, y, groups=groups).n_iter_ < 30


@needs_held_rows
@pytest.mark.parametrize("weight", [None, np.arange(1.0, 201.0)])
def test_numbers_are_stopped_by_the_last(weight):
    """The fit is scikit-learn's, given the last tenth and its weights to stop by."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(200, 2)), columns=["a", "b"])
    y = X["a"] + rng.normal(size=200)

    ours = HistBoostingRegressor(**SMALL).fit(X, y, sample_weight=weight, time=np.arange(200))

    theirs = HistGradientBoostingRegressor(**SMALL).fit(
        X[:180],
        y[:180],
        sample_weight=None if weight is None else weight[:180],
        X_val=X[180:],
        y_val=y[180:],
        sample_weight_val=None if weight is None else weight[180:],
    )
    assert ours.validation_score_.tolist() == theirs.validation_score_.tolist()
    assert ours.predict(X).tolist() == theirs.predict(X).tolist()


@needs_held_rows
def test_classes_are_stopped_by_the_last():
    """Class weights count among the rows held out as they do among those learned from."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 2))
    y = (X[:, 0] + rng.normal(size=200) > 0).astype(int)
    balance = {0: 1.0, 1: 3.0}

    ours = HistBoostingClassifier(**SMALL, class_weight=balance).fit(X, y, time=np.arange(200))

    theirs = HistGradientBoostingClassifier(**SMALL, class_weight=balance).fit(
        X[:180], y[:180], X_val=X[180:], y_val=y[180:], sample_weight_val=1.0 + 2.0 * y[180:]
    )
    assert ours.validation_score_ == pytest.approx(theirs.validation_score_)
    assert ours.predict(X).tolist() == theirs.predict(X).tolist()


@pytest.mark.parametrize("is_old", [True, False])
def test_without_rows_to_stop_by(monkeypatch, is_old):
    """In scikit-learn 1.6, or with one single group, all rows teach until the steps add up to 10.

    The estimator's own parameters stay as they were.
    """
    if is_old:
        monkeypatch.setattr(boosting, "TAKES_HELD_ROWS", False)
    X = np.random.default_rng(0).normal(size=(100, 2))
    groups = np.arange(100) // 5 if is_old else ONE
    for learner, y in ((HistBoostingRegressor, X[:, 0]), (HistBoostingClassifier, X[:, 0] > 0)):
        model = learner(**SMALL, learning_rate=0.3, max_iter=1000)
        asked = model.get_params()
        plain = learner(**{**SMALL, "early_stopping": False}, learning_rate=0.3, max_iter=34)

        model.fit(X, y, groups=groups)

        assert model.n_iter_ == 34
        assert model.predict(X).tolist() == plain.fit(X, y).predict(X).tolist()
        assert model.get_params() == asked
        assert learner(**SMALL, max_iter=7).fit(X, y, groups=ONE).n_iter_ == 7


@pytest.mark.parametrize(
    "params",
    [{"early_stopping": False}, {"early_stopping": "auto"}, {"validation_fraction": None}],
    ids=["never", "not below 10,000 rows", "by the training loss"],
)
def test_nothing_to_hold_out(params):
    """Groups change nothing where scikit-learn would hold no row out."""
    X = np.random.default_rng(0).normal(size=(100, 2))
    model = HistBoostingRegressor(**{**SMALL, **params}, max_iter=12)

    plain = model.fit(X, X[:, 0]).predict(X)

    assert model.fit(X, X[:, 0], groups=np.arange(100) // 5).predict(X).tolist() == plain.tolist()


def test_the_core_hands_groups_and_time_over():
    """The model's record asks for what its early stopping minds."""
    (spec,) = (s for s in bench_sklearn.bench_models() if s.name == "hist-gradient-boosting")

    assert spec.fit_params == ("sample_weight", "groups", "time")


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_groups_reach_the_learner_behind_the_steps_of_a_table(task):
    """With categories, from 500 rows on, groups stop the fit, and one single group cannot."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=500), "b": pd.Categorical(rng.choice(list("xyz"), 500))})
    y = (X["a"] > 0).to_numpy().astype(int)
    context = bench.ModelContext(
        task=task,
        modality="tabular",
        n_train=500,
        n_train_max=500,
        columns=(bench.Column("a"), bench.Column("b", "category")),
        target=bench.Target("binary", classes=("no", "yes"))
        if task == "classification"
        else bench.Target("continuous"),
    )
    given = {"sample_weight": np.ones(500), "time": np.zeros(500)}

    model = hist_gradient_boosting(context, learning_rate=1.0)
    if boosting.TAKES_HELD_ROWS:
        stopped = model.fit(X, y, groups=np.arange(500) // 5)[-1]
        assert len(stopped.validation_score_) == stopped.n_iter_ + 1

    unstopped = model.fit(X, y, groups=np.zeros(500), **given)[-1]
    assert len(unstopped.validation_score_) == 0
    assert unstopped.n_iter_ == 10


def test_one_class_is_certain():
    """Fitted on rows of one class, it answers one column of ones, and that class."""
    model = HistBoostingClassifier(max_iter=2).fit(np.arange(8.0)[:, None], np.full(8, 3))

    assert model.classes_.tolist() == [3]
    assert model.predict_proba(np.zeros((2, 1))).tolist() == [[1.0], [1.0]]
    assert model.predict(np.zeros((2, 1))).tolist() == [3, 3]
