"""The classical models: on mixed tables, on arrays, on images, and what they say to bad input."""

import importlib
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_digits, load_iris
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

import bench
import bench_sklearn

SPECS = {spec.name: spec for spec in bench_sklearn.bench_models()}
TARGETS = {
    "classification": bench.Target("multiclass", classes=("a", "b", "c")),
    "regression": bench.Target("continuous"),
    "clustering": bench.Target("multiclass", classes=("a", "b", "c")),
}
TABULAR = [
    (spec.name, task)
    for spec in SPECS.values()
    for task, modality in spec.does
    if modality == "tabular"
]
IMAGE = [
    (spec.name, task)
    for spec in SPECS.values()
    for task, modality in spec.does
    if modality == "image"
]
MIXED = (
    bench.Column("age", "number"),
    bench.Column("job", "category"),
    bench.Column("income", "number"),
    bench.Column("member", "boolean"),
    bench.Column("since", "date"),
)


QUICK = {
    "random-forest": {"n_estimators": 5},
    "extra-trees": {"n_estimators": 5},
    "bagging": {"n_estimators": 5},
    "ada-boost": {"n_estimators": 5},
    "gradient-boosting": {"n_estimators": 5},
    "gaussian-process": {"optimizer": "none"},
    "hist-gradient-boosting": {"max_iter": 5},
}


def context(task="classification", **changes):
    given = {
        "task": task,
        "modality": "tabular",
        "n_train": 60,
        "n_train_max": 60,
        "target": TARGETS[task],
        "seed": 2**60 + 1,
    }
    return bench.ModelContext(**{**given, **changes})


def make(name, given, **params):
    spec = SPECS[name]
    module, function = spec.factory.split(":")
    factory = getattr(importlib.import_module(module), function)
    return factory(given, **{**spec.params, **params})


def mixed_table(jobs, n=60):
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "age": rng.normal(40, 10, n),
            "job": pd.Categorical(rng.choice(jobs, n)),
            "income": rng.normal(3e4, 1e4, n),
            "member": rng.integers(0, 2, n).astype(float),
            "since": rng.integers(10_000, 20_000, n).astype(float),
        }
    )
    table.loc[::7, "age"] = np.nan
    table.loc[::9, "job"] = None
    return table


def target(task, n=60):
    rng = np.random.default_rng(1)
    return rng.integers(0, 3, n) if task == "classification" else rng.normal(size=n)


def fit(estimator, task, X):
    return estimator.fit(X) if task == "clustering" else estimator.fit(X, target(task, len(X)))


@pytest.mark.parametrize(("name", "task"), TABULAR)
def test_mixed_table(name, task):
    """Every model takes a mixed table, and test rows with new gaps and categories."""
    estimator = make(name, context(task, columns=MIXED), **QUICK.get(name, {}))
    fit(estimator, task, mixed_table(["nurse", "baker", "smith"]))
    later = mixed_table(["astronaut", "baker"])
    later.loc[::5, "income"] = np.nan

    predicted = estimator.predict(later)

    assert predicted.shape == (60,)
    assert np.isfinite(predicted).all()


@pytest.mark.parametrize(("name", "task"), TABULAR)
def test_array_with_gaps_in_test_rows_only(name, task):
    """Every model takes gaps that no training row had."""
    X = np.random.default_rng(0).normal(size=(60, 4))
    columns = tuple(bench.Column(f"x{j}") for j in range(4))
    estimator = fit(make(name, context(task, columns=columns), **QUICK.get(name, {})), task, X)
    X[::3, 1] = np.nan

    assert np.isfinite(estimator.predict(X)).all()


@pytest.mark.parametrize(("name", "task"), IMAGE)
def test_images(name, task):
    """Every model takes images of (height, width, channels) as raw pixels, and is clonable."""
    X = np.random.default_rng(0).random((60, 2, 3, 2), dtype=np.float32)
    estimator = clone(make(name, context(task, modality="image"), **QUICK.get(name, {})))

    assert fit(estimator, task, X).predict(X).shape == (60,)


def test_naive_bayes_on_single_precision_images():
    """Probabilities of float32 digits add up to 1, where the bare learner's are off by 1."""
    X, y = load_digits(return_X_y=True)
    X = (X / 16).astype(np.float32)
    rest, test, rest_y, _ = train_test_split(X, y, train_size=0.9, random_state=1, stratify=y)
    train, _, train_y, _ = train_test_split(
        rest, rest_y, train_size=0.9, random_state=0, stratify=rest_y
    )
    train, train_y = train[:64], train_y[:64]
    estimator = make("gaussian-nb", context(modality="image"))
    estimator.fit(train.reshape(-1, 8, 8, 1), train_y)

    ours = estimator.predict_proba(test.reshape(-1, 8, 8, 1)).sum(axis=1)
    bare = GaussianNB().fit(train, train_y).predict_proba(test).sum(axis=1)

    assert np.abs(ours - 1).max() < 1e-6
    assert np.abs(bare - 1).max() > 0.5


@pytest.mark.parametrize("task", ["classification", "regression", "clustering"])
def test_dummy_takes_any_modality(task):
    """The baseline never looks at X, be it texts or series of unequal length."""
    for modality, X in (("text", ["a", "b", "c"] * 20), ("series", [np.zeros((3, 1))] * 60)):
        estimator = fit(make("dummy", context(task, modality=modality)), task, X)

        assert len(estimator.predict(X)) == 60


def test_dummy_clustering_is_the_zero_of_adjusted_rand():
    """One cluster for all rows has an adjusted Rand index of exactly 0 (Hubert and Arabie)."""
    from sklearn.metrics import adjusted_rand_score

    X, y = load_iris(return_X_y=True)
    labels = make("dummy", context("clustering")).fit(X).predict(X)

    assert adjusted_rand_score(y, labels) == 0.0


@pytest.mark.parametrize(
    ("name", "learner"),
    [
        ("gaussian-nb", GaussianNB()),
        ("k-nearest-neighbors", KNeighborsClassifier()),
        ("decision-tree", DecisionTreeClassifier(random_state=42)),
    ],
)
def test_unscaled_models_equal_the_bare_learner(name, learner):
    """Without scaling, and without gaps in the data, the answer is the learner's to the bit."""
    X, y = load_breast_cancer(return_X_y=True)
    columns = tuple(bench.Column(f"x{j}") for j in range(X.shape[1]))
    params = {"random_state": 42} if name == "decision-tree" else {}
    estimator = make(name, context(columns=columns, n_train=256), scale=False, **params)

    ours = estimator.fit(X[:256], y[:256]).predict_proba(X)

    assert (ours == learner.fit(X[:256], y[:256]).predict_proba(X)).all()


def test_lcdb_gaussian_nb():
    """GaussianNB on breast cancer, 64 rows, 5 x 5 splits: test error 0.0765 as LCDB 1.1 prints."""
    X, y = load_breast_cancer(return_X_y=True)
    y = 1 - y
    errors = []
    for outer in range(5):
        rest_X, test_X, rest_y, test_y = train_test_split(
            X, y, train_size=0.9, random_state=outer, stratify=y
        )
        for inner in range(5):
            train_X, _, train_y, _ = train_test_split(
                rest_X, rest_y, train_size=0.9, random_state=inner, stratify=rest_y
            )
            estimator = make("gaussian-nb", context(), scale=False)
            estimator.fit(train_X[:64], train_y[:64])
            errors.append(np.mean(estimator.predict(test_X) != test_y))

    assert round(float(np.mean(errors)), 4) == 0.0765


def test_learner_alone_where_nothing_else_is_needed():
    """A tree on numbers is the learner itself: no step costs time for nothing."""
    columns = (bench.Column("a"), bench.Column("b", "boolean"))

    assert isinstance(make("decision-tree", context(columns=columns)), DecisionTreeClassifier)


@pytest.mark.parametrize("name", dict(TABULAR))
def test_unknown_parameter(name):
    """A misspelt parameter is named, with the model and the nearest that exists."""
    task = SPECS[name].does[0][0]
    with pytest.raises(bench.ParameterError, match=f"'{name}'.*'scalee'.*Did you mean 'scale'"):
        make(name, context(task), scalee=True)


def test_nearest_learner_parameter():
    """The nearest parameter is looked for among the learner's own."""
    with pytest.raises(bench.ParameterError, match="Did you mean 'var_smoothing'"):
        make("gaussian-nb", context(), var_smooting=1e-8)


def test_scale_must_be_true_or_false():
    """A word for `scale` is refused, not taken as true."""
    with pytest.raises(bench.ParameterError, match="'standard'; allowed: true, false"):
        make("ridge", context("regression"), scale="standard")


def test_parameters_reach_the_learner():
    """A suite's parameter wins over the spec's, "none" is None, and the suite's seed over ours."""
    estimator = make("logistic-regression", context(), max_iter=7, random_state=3, C=0.5)
    learner = estimator[-1]

    assert (learner.max_iter, learner.random_state, learner.C) == (7, 3, 0.5)
    assert make("random-forest", context(), max_features="none").max_features is None


def test_seed_and_cores_come_from_the_context():
    """The model seed, cut to 32 bits, and the trial's cores are the learner's."""
    one = make("random-forest", context())
    two = make("random-forest", context(n_threads=2))

    assert one.random_state == (2**60 + 1) % 2**32
    assert (one.n_jobs, two.n_jobs) == (None, 2)


def test_class_weight_by_label():
    """Weights are given by class label and reach the learner by class code."""
    learner = make("decision-tree", context(), class_weight={"b": 5.0, "a": 1.0, "c": 1.0})

    assert learner.class_weight == {0: 1.0, 1: 5.0, 2: 1.0}
    with pytest.raises(bench.ParameterError, match="class 'B'; the target has: a, b, c"):
        make("decision-tree", context(), class_weight={"B": 5.0})


@pytest.mark.parametrize(
    ("name", "task", "n_train"),
    [("k-nearest-neighbors", "classification", 4), ("k-means", "clustering", 2)],
)
def test_too_few_rows_is_a_skip(name, task, n_train):
    """Fewer rows than neighbours or clusters is said beforehand."""
    with pytest.raises(bench.Skip, match=f"only {n_train} training rows"):
        make(name, context(task, n_train=n_train))
    with pytest.raises(bench.ParameterError):
        make(name, context(task, n_train=n_train), unknown=1)


@pytest.mark.parametrize(
    "name",
    [
        "logistic-regression",
        "sgd",
        "linear-svm",
        "gradient-boosting",
        "lda",
        "qda",
        "svm-rbf",
        "gaussian-process",
    ],
)
def test_one_class_is_a_skip(name):
    """A learner that needs two classes says so when the training rows have one."""
    X = np.random.default_rng(0).normal(size=(20, 3))

    with pytest.raises(bench.Skip, match="all of one class"):
        make(name, context(n_train=20)).fit(X, np.zeros(20, dtype=int))


@pytest.mark.parametrize("name", ["gaussian-nb", "hist-gradient-boosting"])
def test_several_outputs_are_a_skip(name):
    """A learner of one output says so beforehand."""
    with pytest.raises(bench.Skip, match="multilabel"):
        make(name, context(target=bench.Target("multilabel", n_outputs=2)))


def test_k_means_counts_the_classes():
    """As many clusters as the target has classes; eight where there is no target."""
    assert make("k-means", context("clustering"))[-1].n_clusters == 3
    assert make("k-means", context("clustering", target=None))[-1].n_clusters == 8


@pytest.mark.parametrize(
    ("name", "task"),
    [(name, task) for name, task in TABULAR if "sample_weight" in SPECS[name].fit_params],
)
def test_sample_weight_reaches_the_learner(name, task):
    """A model that says it takes weights takes them, behind whatever steps."""
    X = np.random.default_rng(0).normal(size=(60, 3))
    arguments = (X,) if task == "clustering" else (X, target(task))

    estimator = make(name, context(task), **QUICK.get(name, {})).fit(
        *arguments, sample_weight=np.ones(60)
    )

    assert len(estimator.predict(X)) == 60


def test_logistic_regression_converges_on_bundled_data():
    """No convergence warning (warnings are errors here) on breast cancer, scaled."""
    X, y = load_breast_cancer(return_X_y=True)
    X, y = X[::-1], y[::-1]  # the first nineteen rows are all malignant
    for n in (16, 64, 512):
        model = make("logistic-regression", context(n_train=n))

        assert model.fit(X[:n], y[:n]).n_iter_[0] < 2000


def test_plugin_imports_no_numerical_library():
    """Listing the models imports neither scikit-learn, NumPy nor pandas."""
    code = (
        "import sys, bench_sklearn; list(bench_sklearn.bench_models()); "
        "sys.exit(bool({'sklearn', 'numpy', 'pandas'} & set(sys.modules)))"
    )

    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_preload_is_complete():
    """After a model's preload, making, fitting and predicting import nothing of scikit-learn."""
    code = """
import importlib, sys
import numpy as np, pandas as pd
import bench, bench_sklearn
name = sys.argv[1]
spec = next(s for s in bench_sklearn.bench_models() if s.name == name)
for module in spec.preload:
    importlib.import_module(module)
before = set(sys.modules)
module, function = spec.factory.split(":")
factory = getattr(sys.modules[module], function)
rng = np.random.default_rng(0)
table = pd.DataFrame({"a": rng.normal(size=60), "b": pd.Categorical(list("xyz") * 20)})
columns = (bench.Column("a"), bench.Column("b", "category"))
for task, modality in spec.does:
    if modality not in ("tabular", "image"):
        continue
    X = table if modality == "tabular" else rng.random((60, 4, 4, 1))
    context = bench.ModelContext(
        task=task, modality=modality, n_train=60, n_train_max=60, columns=columns
    )
    estimator = factory(context, **spec.params)
    if task == "clustering":
        estimator.fit(X)
    else:
        estimator.fit(X, np.arange(60) % 3)
    estimator.predict(X)
    if hasattr(estimator, "predict_proba"):
        estimator.predict_proba(X)
new = sorted(m for m in set(sys.modules) - before if m.startswith(("sklearn", "bench_sklearn")))
sys.exit(f"{name} imported {new}" if new else 0)
"""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code, name],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        for name in ("gaussian-process", "hist-gradient-boosting")
    ]
    for process in running:
        _, errors = process.communicate()

        assert process.returncode == 0, errors
