"""The search spaces: that there is one for every model, and that all of it can be fitted."""

import importlib
import math
import random
import warnings

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import ConvergenceWarning

import bench
import bench_sklearn

SPECS = {spec.name: spec for spec in bench_sklearn.bench_models() if spec.family == "classical"}
TASKS = [
    (spec.name, task)
    for spec in SPECS.values()
    for task, modality in spec.does
    if modality == "tabular"
]
CHEAP = {
    "gaussian-process": {"optimizer": "none"},
    "hist-gradient-boosting": {"max_iter": 5},
    "random-forest": {"n_estimators": 5},
    "extra-trees": {"n_estimators": 5},
    "bagging": {"n_estimators": 5},
}
"""Parameters outside of the spaces, for time alone."""

MOST = {"ada-boost": {"n_estimators": 60}, "gradient-boosting": {"n_estimators": 20}}
"""Up to where a number of a space is fitted; beyond, the estimator is made and its number read."""


def draw(choice, at):
    """The value of a choice or a range at a place from 0, its beginning, to 1, its end."""
    if isinstance(choice, list):
        return choice[min(int(at * len(choice)), len(choice) - 1)]
    low, high = choice["low"], choice["high"]
    if choice["log"]:
        # The power of a logarithm may lie beyond the end by a rounding.
        value = min(max(math.exp(math.log(low) + at * (math.log(high) - math.log(low))), low), high)
    else:
        value = low + at * (high - low)
    return round(value) if choice["int"] else value


def candidates(space):
    chance = random.Random(0)
    yield {name: draw(choice, 0.0) for name, choice in space.items()}
    yield {name: draw(choice, 1.0) for name, choice in space.items()}
    for _ in range(2):
        yield {name: draw(choice, chance.random()) for name, choice in space.items()}


@pytest.mark.parametrize("name", SPECS)
def test_form(name):
    """Every model has a space of choices and ranges, and a range has a beginning and an end."""
    assert SPECS[name].search_space
    assert not set(SPECS[name].search_space) & set(CHEAP.get(name, {}))
    for choice in SPECS[name].search_space.values():
        if isinstance(choice, list):
            assert choice
        else:
            assert set(choice) == {"low", "high", "log", "int"}
            assert choice["low"] < choice["high"]
            assert choice["low"] > 0 or not choice["log"]


@pytest.mark.parametrize(("name", "task"), TASKS)
def test_ends_and_draws_can_be_fitted(name, task):
    """Both ends of a space and draws from it are accepted in every task, fitted with few trees."""
    X, y = (load_diabetes if task == "regression" else load_iris)(return_X_y=True)
    rows = np.random.default_rng(0).permutation(len(X))[:120]
    X, y = X[rows], y[rows]
    context = bench.ModelContext(
        task=task,
        modality="tabular",
        n_train=120,
        n_train_max=120,
        columns=tuple(bench.Column(f"x{j}") for j in range(X.shape[1])),
        target=bench.Target("continuous")
        if task == "regression"
        else bench.Target("multiclass", classes=("a", "b", "c")),
    )
    spec = SPECS[name]
    module, function = spec.factory.split(":")
    factory = getattr(importlib.import_module(module), function)
    for chosen in candidates(spec.search_space):
        params = {**spec.params, **chosen, **CHEAP.get(name, {})}
        estimator = factory(context, **params)
        for parameter, most in MOST.get(name, {}).items():
            made = estimator.get_params()
            assert made.get(parameter, made.get(f"learner__{parameter}")) == chosen[parameter]
            params[parameter] = min(chosen[parameter], most)
            estimator = factory(context, **params)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            estimator = estimator.fit(X) if task == "clustering" else estimator.fit(X, y)

        assert np.isfinite(estimator.predict(X)).all()
