"""The models of images, texts, sounds and series: what each takes, and refuses."""

import importlib

import numpy as np
import pytest
from sklearn.base import clone

import bench
import bench_sklearn
from bench_sklearn.raw_specs import RAW

SPECS = {spec.name: spec for spec in RAW}
DOES = [(spec.name, task, modality) for spec in RAW for task, modality in spec.does]
QUICK = {
    "hog-forest": {"n_estimators": 5},
    "mel-forest": {"n_estimators": 5},
    "summary-forest": {"n_estimators": 5},
    "random-kernels": {"n_features": 168},
}
N = 24
RATE = 1000


def context(task, modality, **changes):
    given = {
        "task": task,
        "modality": modality,
        "n_train": N,
        "n_train_max": N,
        "target": bench.Target("continuous")
        if task == "regression"
        else bench.Target("multiclass", classes=("a", "b", "c")),
        "extra": {"sampling_rate": RATE} if modality == "audio" else {},
        "seed": 2**60 + 1,
    }
    return bench.ModelContext(**{**given, **changes})


def make(name, given, **params):
    spec = SPECS[name]
    module, function = spec.factory.split(":")
    factory = getattr(importlib.import_module(module), function)
    return factory(given, **{**spec.params, **QUICK.get(name, {}), **params})


def raw(modality, classes):
    """Rows whose class shows: in the direction of bars, a word, a pitch, or the speed of a wave."""
    rng = np.random.default_rng(0)
    if modality == "image":
        bar = np.arange(12) // 3 % 2
        kinds = [bar[:, None] * np.ones(12), np.ones(12)[:, None] * bar, np.zeros((12, 12))]
        images = np.stack([kinds[k] for k in classes]) * 200 + rng.integers(0, 30, (N, 12, 12))
        return images.astype(np.uint8)
    if modality == "text":
        words = ("sun rises!", "rain falls", "wind blows")
        return [f"today the {words[k]} number {rng.integers(9)}" for k in classes]
    if modality == "audio":
        seconds = [np.arange(int(rng.integers(300, 600))) / RATE for _ in classes]
        return [
            np.sin(2 * np.pi * (60 + 120 * k) * t).astype(np.float32)
            for k, t in zip(classes, seconds, strict=True)
        ]
    lengths = rng.integers(20, 30, N)
    return [
        np.column_stack([np.sin((k + 1) * np.arange(n) / 3), rng.normal(size=n)])
        for k, n in zip(classes, lengths, strict=True)
    ]


@pytest.mark.parametrize(("name", "task", "modality"), DOES)
def test_learns_what_shows(name, task, modality):
    """Every model takes raw rows, of unequal length where there is one, and learns them."""
    classes = np.arange(N) % 3
    X = raw(modality, classes)
    y = classes if task == "classification" else 10.0 * classes
    estimator = clone(make(name, context(task, modality))).fit(X, y)

    off = np.abs(estimator.predict(X) - y)

    assert np.mean(off < (0.5 if task == "classification" else 3)) > 0.8


@pytest.mark.parametrize(("name", "task", "modality"), DOES)
def test_takes_the_few_rows_of_a_warm_up(name, task, modality):
    """Six rows of two classes, fewer than a trial has, are fitted and asked about."""
    X = raw(modality, np.arange(N) % 3)[:6]
    y = np.array([0, 1, 0, 1, 0, 1])
    estimator = make(name, context(task, modality)).fit(X, y)

    assert estimator.predict(X[:1]).shape == (1,)


@pytest.mark.parametrize("name", SPECS)
def test_weights_reach_the_learner(name):
    """A model that says it takes weights takes them, behind whatever features."""
    task, modality = SPECS[name].does[0]
    X = raw(modality, np.arange(N) % 3)
    fit_params = {one: np.ones(N) for one in SPECS[name].fit_params}

    fitted = make(name, context(task, modality)).fit(X, np.arange(N) % 3, **fit_params)

    assert len(fitted.predict(X)) == N


@pytest.mark.parametrize("name", SPECS)
def test_unknown_parameter(name):
    """A parameter that no part of a model takes is named, with the model."""
    with pytest.raises(bench.ParameterError, match=f"'{name}' takes no parameter 'colour'"):
        make(name, context(*SPECS[name].does[0]), colour=1)


@pytest.mark.parametrize("name", SPECS)
def test_ends_of_the_search_space_are_accepted(name):
    """Both ends of every choice and range of a search space make an estimator."""
    given = context(*SPECS[name].does[0], n_train=100)
    for end, bound in ((0, "low"), (-1, "high")):
        chosen = {
            parameter: choice[end] if isinstance(choice, list) else choice[bound]
            for parameter, choice in SPECS[name].search_space.items()
        }

        assert hasattr(make(name, given, **chosen), "fit")


@pytest.mark.parametrize(
    ("name", "params", "message"),
    [
        ("hog-svm", {"cell": 0}, "cell is 0; allowed: a whole number from 1 on"),
        ("hog-svm", {"variance": 2}, "variance is 2; allowed: a number from 0.01 to 1"),
        ("tfidf-linear-svm", {"weights": "count"}, "weights is 'count'.*Did you mean 'counts'"),
        ("tfidf-linear-svm", {"words": 0, "characters": 0}, "one of them must be more than 0"),
        ("tfidf-linear-svm", {"characters": 2}, "characters 0 or from 3 on"),
        ("nb-svm", {"beta": 1.5}, "beta is 1.5; allowed: a number from 0 to 1"),
        ("mfcc-svm", {"n_coefficients": 41}, "n_coefficients is 41; .* from 1 to 40"),
        ("mel-svm", {"hop_seconds": 0}, "hop_seconds is 0; allowed"),
        ("nn-dtw", {"window": True}, "window is True; allowed: a number from 0 to 1"),
        ("nn-dtw", {"scale": "yes"}, "scale is 'yes'; allowed: true, false"),
        ("random-kernels", {"n_features": 50}, "n_features is 50; .* from 84 on"),
        ("summary-forest", {"depth": 2.5}, "depth is 2.5; allowed: a whole number"),
    ],
)
def test_a_value_that_is_not_allowed(name, params, message):
    """A bad value is named, with what is allowed."""
    with pytest.raises(bench.ParameterError, match=message):
        make(name, context(*SPECS[name].does[0]), **params)


@pytest.mark.parametrize("name", ["hog-k-nn", "nn-euclidean", "nn-dtw"])
def test_too_few_rows_is_a_skip(name):
    """Fewer rows than neighbours is said beforehand."""
    given = context(*SPECS[name].does[0], n_train=4)

    with pytest.raises(bench.Skip, match="only 4 training rows"):
        make(name, given, n_neighbors=7)


@pytest.mark.parametrize("name", ["hog-svm", "tfidf-linear-svm", "nb-svm", "random-kernels"])
def test_one_class_is_a_skip(name):
    """A learner that needs two classes says so when the training rows have one."""
    task, modality = SPECS[name].does[0]
    X = raw(modality, np.arange(N) % 3)

    with pytest.raises(bench.Skip, match="all of one class"):
        make(name, context(task, modality)).fit(X, np.zeros(N, np.int64))


def test_without_a_sampling_rate():
    """A sound model without a sampling rate can be made, to check it, but not fitted."""
    X = raw("audio", np.arange(N) % 3)
    estimator = make("mel-svm", context("classification", "audio", extra={}))

    with pytest.raises(ValueError, match="sampling rate is not known"):
        estimator.fit(X, np.arange(N) % 3)
    given = context("classification", "audio", extra={})
    assert make("mel-svm", given, sampling_rate=RATE).fit(X, np.arange(N) % 3)


def test_every_name_that_was_promised():
    """The names of the classical models of raw data are the documented ones."""
    assert {spec.name for spec in bench_sklearn.bench_models()} >= {
        *("hog-svm", "hog-k-nn", "hog-forest"),
        *("tfidf-naive-bayes", "tfidf-logistic-regression", "tfidf-linear-svm", "nb-svm"),
        *("mel-svm", "mel-forest", "mfcc-svm"),
        *("nn-euclidean", "nn-dtw", "random-kernels", "summary-forest"),
    }


def test_records_say_what_kind_of_features_a_model_learns_from():
    """Histograms, TF-IDF, bands and kernels are engineered; neighbours see raw series."""
    kinds = {record.name: record.features for record in RAW}
    assert {name for name, kind in kinds.items() if kind != "engineered"} == {
        "nn-euclidean",
        "nn-dtw",
    }
