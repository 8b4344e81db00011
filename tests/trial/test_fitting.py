"""Estimators: made and fitted from one seed, and asked about their own training."""

import random
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import bench
from bench.spec import Part
from bench.spec.outcome import MAX_SECONDS
from bench.tasks.regression import REGRESSION
from bench.trial.fitting import Fitting, account, fit_params


class Drawer:
    """A learner that draws from the global generators, when it is made and when it is fitted."""

    def __init__(self, context, stop):
        self.context, self.stop_reason_ = context, stop
        self.drawn = [random.random(), np.random.random()]

    def fit(self, X, y):
        self.drawn += [random.random(), np.random.random()]
        return self


def make_drawer(context, stop=None):
    return Drawer(context, stop)


MODEL = bench.ModelSpec(
    name="drawer",
    family="classical",
    does=(("regression", "tabular"),),
    factory=f"{__name__}:make_drawer",
    fit_params=("sample_weight", "groups"),
)
CONTEXT = bench.ModelContext(
    task="regression", modality="tabular", n_train=9, n_train_max=20, seed=4, max_seconds=60.0
)
PARTS = bench.Parts(Part(np.zeros((3, 1)), np.zeros(3), np.arange(3)), None, None)


def test_what_came_before_changes_no_fit():
    """Whatever was drawn in between, an estimator draws the same when it is made and fitted."""
    fitting = Fitting(REGRESSION, MODEL, CONTEXT)
    first, _ = fitting({}, PARTS, None)
    random.random(), np.random.random(5)
    again, _ = fitting({}, PARTS, None)
    assert first.drawn == again.drawn
    assert len(first.drawn) == 4


def test_an_estimator_is_told_its_share_of_the_time():
    """All else in the context is the trial's."""
    estimator, _ = Fitting(REGRESSION, MODEL, CONTEXT)({}, PARTS, 1.5)
    told = estimator.context
    assert (told.n_train, told.n_train_max, told.max_seconds, told.seed) == (9, 20, 1.5, 4)


@pytest.mark.parametrize(
    ("stop", "expected"), [(MAX_SECONDS, True), ("other", False), (None, False)]
)
def test_a_fit_that_time_has_ended_is_told_apart(stop, expected):
    """It is the estimator that says so."""
    _, is_cut = Fitting(REGRESSION, MODEL, CONTEXT)({"stop": stop}, PARTS, None)
    assert is_cut is expected


def test_a_model_gets_what_it_asks_for_as_far_as_it_is_there():
    """Weights that there are, no groups where there are none, and no time that nobody asked for."""
    part = Part(None, None, np.arange(2), time=np.arange(2), sample_weight=np.ones(2))
    assert list(fit_params(MODEL, part)) == ["sample_weight"]


def test_an_account_is_found_inside_a_pipeline():
    """What the last step says of its training is what the pipeline says."""
    learner = SimpleNamespace(fit=None, loss_curve_=[2, np.float32(0.5)], n_parameters_=np.int64(7))
    told = account(make_pipeline(StandardScaler(), learner))
    assert [(p.step, p.part, p.name, p.value) for p in told.curves] == [
        (1, "train", "loss", 2.0),
        (2, "train", "loss", 0.5),
    ]
    assert (told.n_parameters, told.stop_reason, told.notes) == (7, None, ())


def test_what_is_of_no_use_in_an_account_is_said():
    """A curve that holds no numbers and a number that is none are left out, each with a note."""
    told = account(SimpleNamespace(validation_curve_=["a"], n_parameters_="many", stop_reason_=3))
    assert (told.curves, told.n_parameters, told.stop_reason) == ((), None, "3")
    assert told.notes == (
        "n_parameters_ is not a number: left out",
        "validation_curve_ is not a sequence of numbers: left out",
    )


def test_a_threshold_that_decides_is_told():
    """One that was tuned, one that was given, one of another library; in a pipeline as well."""
    X, y = np.arange(40.0)[:, None], np.arange(40) > 25
    tuned = TunedThresholdClassifierCV(LogisticRegression(), cv=2).fit(X, y)
    fixed = FixedThresholdClassifier(LogisticRegression(), threshold=0.25).fit(X, y)
    assert account(tuned).threshold == tuned.best_threshold_
    assert account(fixed).threshold == 0.25
    assert account(make_pipeline(StandardScaler(), SimpleNamespace(threshold_=2))).threshold == 2.0


def test_an_estimator_without_a_threshold_has_none():
    """Nor has one whose threshold is a word, a parameter of something else, or many numbers."""
    assert account(SimpleNamespace()).threshold is None
    assert account(FixedThresholdClassifier(LogisticRegression())).threshold is None
    assert account(SimpleNamespace(threshold=0.5)).threshold is None
    assert account(SimpleNamespace(threshold_=np.zeros(3))).threshold is None
