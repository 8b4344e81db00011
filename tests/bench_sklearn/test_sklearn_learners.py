"""What is promised of single learners: the target's unit, several outputs, limits and defaults."""

import importlib

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import SGDRegressor
from sklearn.preprocessing import StandardScaler

import bench
import bench_sklearn

SPECS = {spec.name: spec for spec in bench_sklearn.bench_models()}
QUICK = {
    "random-forest": {"n_estimators": 20},
    "extra-trees": {"n_estimators": 20},
    "bagging": {"n_estimators": 20},
    "ada-boost": {"n_estimators": 20},
    "gradient-boosting": {"n_estimators": 20},
    "gaussian-process": {"optimizer": "none"},
    "hist-gradient-boosting": {"max_iter": 20, "min_samples_leaf": 5},
}
NUMBERS = bench.Target("continuous")
THREE = bench.Target("multiclass", classes=("a", "b", "c"))


def context(task, n_columns=4, **changes):
    given = {
        "task": task,
        "modality": "tabular",
        "n_train": 100,
        "n_train_max": 100,
        "has_missing": False,
        "columns": tuple(bench.Column(f"x{j}") for j in range(n_columns)),
        "target": NUMBERS if task == "regression" else THREE,
    }
    return bench.ModelContext(**{**given, **changes})


def make(name, given, **params):
    spec = SPECS[name]
    module, function = spec.factory.split(":")
    factory = getattr(importlib.import_module(module), function)
    return factory(given, **{**spec.params, **QUICK.get(name, {}), **params})


def doing(task):
    return [
        spec.name
        for spec in SPECS.values()
        if (task, "tabular") in spec.does and spec.family == "classical"
    ]


@pytest.fixture(scope="module")
def line():
    """A hundred rows on a plane, with little noise."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 4))
    return X, 3 * X[:, 0] - 2 * X[:, 1] + 0.1 * rng.normal(size=100)


@pytest.mark.parametrize("name", doing("classification"))
def test_every_classifier_learns_iris(name):
    """Three classes of iris: at least 0.7 of the rows are right, where a guess has a third."""
    X, y = load_iris(return_X_y=True)
    X, y = X[::2], y[::2]

    assert (make(name, context("classification")).fit(X, y).predict(X) == y).mean() > 0.7


@pytest.mark.parametrize("name", doing("classification"))
def test_every_classifier_takes_two_classes(name):
    """Of two classes, which column is larger, more than 0.6 of the rows are right."""
    X = np.random.default_rng(0).normal(size=(100, 4))
    y = (X[:, 0] > X[:, 1]).astype(int)
    given = context("classification", target=bench.Target("binary", classes=("no", "yes")))

    assert (make(name, given).fit(X, y).predict(X) == y).mean() > 0.6


@pytest.mark.parametrize("name", doing("regression"))
def test_every_regressor_learns_a_plane(name, line):
    """Less than half of the target's deviation remains."""
    X, y = line

    off = make(name, context("regression")).fit(X, y).predict(X) - y

    assert off.std() < 0.5 * y.std()


@pytest.mark.parametrize(
    "name",
    [
        "linear-regression",
        "ridge",
        "lasso",
        "elastic-net",
        "sgd",
        "linear-svm",
        "svm-rbf",
        "svr",
        "kernel-ridge",
        "gaussian-process",
    ],
)
def test_units_of_the_target_do_not_matter(name, line):
    """A target in other units, 1000 y + 5000, gets the same predictions in those units."""
    X, y = line

    once = make(name, context("regression")).fit(X, y).predict(X)
    other = make(name, context("regression")).fit(X, 1000 * y + 5000).predict(X)

    assert np.abs((other - 5000) / 1000 - once).max() < 1e-2 * y.std()


def test_several_numbers():
    """Exactly the learners that can do it predict two numbers a row; the others say so."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4))
    y = X[:, :2] + 100
    several = set()
    for name in doing("regression"):
        try:
            given = context("regression", target=bench.Target("multioutput", n_outputs=2))
            predicted = make(name, given).fit(X, y).predict(X)
        except bench.Skip:
            continue
        assert predicted.shape == (60, 2)
        assert np.abs(predicted.mean(axis=0) - 100).max() < 1
        several.add(name)

    assert several == {
        "linear-regression",
        "ridge",
        "lasso",
        "elastic-net",
        "decision-tree",
        "random-forest",
        "extra-trees",
        "k-nearest-neighbors",
        "kernel-ridge",
        "gaussian-process",
    }


def test_several_labels():
    """Exactly the learners that can do it predict two labels a row; the others say so."""
    X = np.random.default_rng(0).normal(size=(60, 4))
    y = (X[:, :2] > 0).astype(int)
    several = set()
    for name in doing("classification"):
        try:
            given = context("classification", target=bench.Target("multilabel", n_outputs=2))
            estimator = make(name, given).fit(X, y)
        except bench.Skip:
            continue
        assert estimator.predict(X).shape == (60, 2)
        several.add(name)

    assert several == {"decision-tree", "random-forest", "extra-trees", "k-nearest-neighbors"}


@pytest.mark.parametrize("name", ["sgd", "bagging", "ada-boost", "extra-trees"])
def test_seed_decides(name, line):
    """The same model seed gives the same answer to the bit, another one another answer."""
    X, y = line
    one, again, two = (
        make(name, context("regression", seed=seed)).fit(X, y).predict(X + 0.1)
        for seed in (7, 7, 8)
    )

    assert (one == again).all()
    assert (one != two).any()


def test_kernel_ridge_on_a_linear_kernel_is_ridge(line):
    """Ridge regression in dual variables (Saunders et al. 1998): the same predictions."""
    X, y = line
    dual = make("kernel-ridge", context("regression"), kernel="linear", alpha=2.0)
    primal = make("ridge", context("regression"), alpha=2.0)

    assert np.allclose(dual.fit(X, y).predict(X), primal.fit(X, y).predict(X))


def test_elastic_net_with_l1_alone_is_lasso(line):
    """All weight on the L1 penalty: the same predictions."""
    X, y = line
    one = make("elastic-net", context("regression"), l1_ratio=1.0, alpha=0.1).fit(X, y)
    two = make("lasso", context("regression"), alpha=0.1).fit(X, y)

    assert np.allclose(one.predict(X), two.predict(X))


def test_svm_rbf_in_regression_is_svr(line):
    """The two names of one learner give one answer."""
    X, y = line
    one, two = (make(name, context("regression")).fit(X, y) for name in ("svm-rbf", "svr"))

    assert (one.predict(X) == two.predict(X)).all()


def test_multinomial_naive_bayes_by_hand():
    """Words 2:1 and 0:3 with one added to each: 3/5 against 1/5 for the first, so 3/4."""
    estimator = make("multinomial-nb", context("classification", n_columns=2), scale=False)
    estimator.fit(np.array([[2.0, 1.0], [0.0, 3.0]]), np.array([0, 1]))

    assert estimator.predict_proba(np.array([[1.0, 0.0]]))[0] == pytest.approx([0.75, 0.25])


def test_multinomial_naive_bayes_takes_negative_numbers():
    """Numbers are brought to 0 to 1, and a later row below the range counts as its end."""
    X = np.array([[-5.0, 1.0], [-1.0, 0.0], [-4.0, 1.0], [-2.0, 0.0]])
    estimator = make("multinomial-nb", context("classification", n_columns=2))
    estimator.fit(X, np.array([0, 1, 0, 1]))

    below, end = estimator.predict_proba(np.array([[-99.0, 0.5], [-5.0, 0.5]]))

    assert (below == end).all()


def test_qda_needs_as_many_rows_of_a_class_as_features():
    """A class of three rows has no covariance of four features, and the reason is said."""
    X = np.random.default_rng(0).normal(size=(20, 4))
    y = np.array([0] * 17 + [2] * 3)

    with pytest.raises(bench.Skip, match=r"class 2 has 3 training rows.*needs 4 for 4 features"):
        make("qda", context("classification", n_train=20)).fit(X, y)


@pytest.mark.parametrize("name", ["qda", "logistic-regression"])
def test_a_warm_up_of_one_class_does_not_skip_the_trial(name):
    """Of fewer rows than the trial's, too few classes are an error, which ends a warm-up alone."""
    X = np.random.default_rng(0).normal(size=(20, 4))

    with pytest.raises(ValueError, match="one class"):
        make(name, context("classification", n_train=21)).fit(X, np.zeros(20))


def test_qda_takes_categories():
    """Columns of zeros and ones that add up to one have a covariance, regularised."""
    import pandas as pd

    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": rng.normal(size=60), "b": list("xyz") * 20})
    columns = (bench.Column("a"), bench.Column("b", "category"))
    y = (table["a"].to_numpy() > 0).astype(int)

    estimator = make("qda", context("classification", columns=columns)).fit(table, y)

    assert (estimator.predict(table) == y).mean() > 0.8


@pytest.mark.parametrize(
    ("name", "task", "n_train", "changes"),
    [
        ("kernel-ridge", "regression", 10_001, {}),
        ("gaussian-process", "regression", 1001, {}),
        # Ten classes are ten fits: 1000 over the cube root of 10 is 464.2.
        (
            "gaussian-process",
            "classification",
            465,
            {"target": bench.Target("multiclass", classes=tuple(range(10)))},
        ),
    ],
)
def test_too_many_rows_is_a_skip(name, task, n_train, changes):
    """A matrix of all pairs is refused beforehand, unless the suite raises the limit."""
    with pytest.raises(bench.Skip, match=f"{n_train} training rows.*a suite may raise max_rows"):
        make(name, context(task, n_train=n_train, **changes))

    assert make(name, context(task, n_train=n_train - 1, **changes))
    assert make(name, context(task, n_train=n_train, **changes), max_rows=20_000)


def test_max_rows_must_be_a_number_of_rows():
    """A word is refused, with what is allowed."""
    with pytest.raises(bench.ParameterError, match="'many'; a whole number from 1"):
        make("kernel-ridge", context("regression"), max_rows="many")


def test_sgd_does_not_diverge_on_many_columns():
    """On 1000 columns that go together, where scikit-learn's first step is too long."""
    rng = np.random.default_rng(0)
    factors = rng.normal(size=(200, 5))
    X = factors @ rng.normal(size=(5, 1000)) + 0.1 * rng.normal(size=(200, 1000))
    y = factors[:, 0]
    scaled = StandardScaler().fit_transform(X)
    bare = SGDRegressor(random_state=0).fit(scaled, y)

    ours = make("sgd", context("regression", n_columns=1000)).fit(X, y)

    assert np.corrcoef(ours.predict(X), y)[0, 1] > 0.99
    assert np.abs(bare.predict(scaled)).max() > 1e6


def test_sgd_takes_rows_that_are_streamed():
    """The learner with its parameters, in what reads rows in parts; one output, as in memory."""
    from bench_sklearn.out_of_core import OutOfCore

    estimator = make("sgd", context("regression", streamed=True, max_seconds=9.0), alpha=0.5)

    assert isinstance(estimator, OutOfCore)
    assert (estimator.learner.alpha, estimator.max_seconds) == (0.5, 9.0)
    assert estimator.n_train == context("regression").n_train > 0
    assert estimator.kinds == ("number",) * 4
    several = bench.Target("multioutput", n_outputs=2)
    with pytest.raises(bench.Skip, match="one output"):
        make("sgd", context("regression", streamed=True, target=several))


def test_sgd_offers_probabilities_unless_its_loss_has_none():
    """Logistic loss by default; the hinge gives labels alone."""
    X, y = load_iris(return_X_y=True)

    assert make("sgd", context("classification")).fit(X, y).predict_proba(X).shape == (150, 3)
    hinge = make("sgd", context("classification"), loss="hinge").fit(X, y)
    assert not hasattr(hinge, "predict_proba")


@pytest.mark.parametrize("name", ["bagging", "ada-boost"])
def test_parameters_of_the_trees_inside(name):
    """An ensemble's trees take their parameters as scikit-learn writes them."""
    estimator = make(
        name,
        context("classification"),
        estimator__max_depth=3,
        estimator__class_weight={"a": 1.0, "b": 2.0, "c": 1.0},
    )

    assert estimator.estimator.max_depth == 3
    assert estimator.estimator.class_weight == {0: 1.0, 1: 2.0, 2: 1.0}
    with pytest.raises(bench.ParameterError, match="Did you mean 'estimator__max_depth'"):
        make(name, context("classification"), estimator__max_dept=3)
    with pytest.raises(bench.ParameterError, match="no parameter 'estimator'"):
        make(name, context("classification"), estimator="tree")


def test_ada_boost_grows_scikit_learns_trees():
    """Stumps for classes, depth 3 for numbers."""
    assert make("ada-boost", context("classification")).estimator.max_depth == 1
    assert make("ada-boost", context("regression")).estimator.max_depth == 3


def test_gaussian_process_fits_its_kernel():
    """A sine with noise of 0.1: the fitted noise's variance is near 0.01, the curve nearer."""
    rng = np.random.default_rng(0)
    X = np.linspace(0, 6, 60)[:, None]
    y = np.sin(X[:, 0]) + 0.1 * rng.normal(size=60)
    spec = SPECS["gaussian-process"]
    estimator = make(
        "gaussian-process", context("regression", 1), **spec.params, optimizer="fmin_l_bfgs_b"
    )
    estimator.fit(X, y)
    noise = estimator.regressor_[-1].kernel_.k2.noise_level * y.var()

    assert noise == pytest.approx(0.01, rel=0.5)
    assert np.abs(estimator.predict(X) - np.sin(X[:, 0])).mean() < 0.1


def test_gaussian_process_kernels_have_names():
    """A kernel is given by name; what is no name is refused, with the nearest."""
    estimator = make("gaussian-process", context("classification"), kernel="matern-5/2")

    assert "Matern" in str(estimator[-1].kernel)
    assert "nu=2.5" in str(estimator[-1].kernel)
    with pytest.raises(bench.ParameterError, match=r"'matern5'.*Did you mean 'matern-5/2'"):
        make("gaussian-process", context("classification"), kernel="matern5")


def test_boosting_stops_early_from_500_rows():
    """Below 500 rows, and where a tenth cannot hold every class, no row is held out."""
    many = bench.Target("multiclass", classes=tuple(range(60)))
    name = "hist-gradient-boosting"

    assert make(name, context("regression", n_train=500)).early_stopping is True
    assert make(name, context("regression", n_train=499)).early_stopping is False
    assert make(name, context("classification", n_train=500, target=many)).early_stopping is False
    assert (
        make(name, context("regression", n_train=900), early_stopping=False).early_stopping is False
    )


@pytest.mark.parametrize("weight", [None, np.ones(500)])
def test_boosting_stops_early_with_a_class_of_one_row(weight):
    """A class of one row, which a stratified hold-out refuses, is learned."""
    X = np.random.default_rng(0).normal(size=(500, 2))
    y = (X[:, 0] > 0).astype(int)
    y[3] = 2
    estimator = make("hist-gradient-boosting", context("classification", 2, n_train=500))
    estimator.fit(X, y, sample_weight=weight)

    assert estimator.classes_.tolist() == [0, 1, 2]
    assert len(estimator.validation_score_) > 1
    assert (estimator.predict(X) == y).mean() > 0.9
