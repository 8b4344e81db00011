"""Our splits and sizes against the published curves of the Learning Curve Database 1.1."""

import itertools

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.dummy import DummyClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

import bench
from bench.metrics import accuracy
from bench.tasks.classification import CLASSIFICATION
from bench.tasks.rows import normalise

LEARNERS = {
    "KNN": KNeighborsClassifier,
    "Decision Tree": lambda: DecisionTreeClassifier(random_state=42),
    "GaussianNB": GaussianNB,
    "DummyClassifier": DummyClassifier,
}

# Mean error rates over 5 outer and 5 inner seeds, features unscaled: (training, validation, test).
# Source: Learning Curve Database 1.1, its arrays "(learner, stat, anchor, train-val-test)" at stat
# "mean", for OpenML data sets 61 and 1510.
PUBLISHED = {
    ("iris", "KNN", 16): (0.0575, 0.0771, 0.0960),
    ("iris", "KNN", 64): (0.0231, 0.0429, 0.0400),
    ("iris", "Decision Tree", 16): (0.0000, 0.1200, 0.1013),
    ("iris", "Decision Tree", 64): (0.0000, 0.0686, 0.0773),
    ("iris", "GaussianNB", 16): (0.0250, 0.1286, 0.1333),
    ("iris", "GaussianNB", 64): (0.0412, 0.0571, 0.0533),
    ("iris", "DummyClassifier", 16): (0.5500, 0.6714, 0.6667),
    ("iris", "DummyClassifier", 64): (0.6188, 0.6857, 0.6667),
    ("breast-cancer", "KNN", 16): (0.0850, 0.1231, 0.1200),
    ("breast-cancer", "KNN", 64): (0.0562, 0.0808, 0.0891),
    ("breast-cancer", "KNN", 256): (0.0552, 0.0669, 0.0702),
    ("breast-cancer", "Decision Tree", 16): (0.0000, 0.1123, 0.1200),
    ("breast-cancer", "Decision Tree", 64): (0.0000, 0.0908, 0.1088),
    ("breast-cancer", "Decision Tree", 256): (0.0000, 0.0762, 0.1004),
    ("breast-cancer", "GaussianNB", 16): (0.0275, 0.0715, 0.0919),
    ("breast-cancer", "GaussianNB", 64): (0.0431, 0.0623, 0.0765),
    ("breast-cancer", "GaussianNB", 256): (0.0550, 0.0600, 0.0744),
    ("breast-cancer", "DummyClassifier", 16): (0.3375, 0.3654, 0.3684),
    ("breast-cancer", "DummyClassifier", 64): (0.3406, 0.3654, 0.3684),
    ("breast-cancer", "DummyClassifier", 256): (0.3680, 0.3654, 0.3684),
}


@pytest.fixture(scope="module")
def datasets():
    iris, cancer = load_iris(), load_breast_cancer()
    # OpenML's 1510 has the benign class first; scikit-learn's has the malignant one first.
    target = bench.Target("binary", 1, ("benign", "malignant"))
    labels = cancer.target_names[cancer.target]
    return {
        "iris": normalise(bench.Dataset(iris.data, iris.target), "iris", ("classification",)),
        "breast-cancer": normalise(
            bench.Dataset(cancer.data, labels, target=target), "breast-cancer"
        ),
    }


def mean_errors(dataset, make, n_train):
    protocol = bench.SplitProtocol()
    errors = []
    for outer_seed, inner_seed in itertools.product(range(5), range(5)):
        cell = bench.Cell(outer_seed, inner_seed, n_train)
        parts = CLASSIFICATION.prepare(dataset, protocol, cell)
        estimator = CLASSIFICATION.fit(make(), parts, {})
        row = []
        for part in (parts.train, parts.validation, parts.test):
            output = CLASSIFICATION.ask(estimator, part)
            assert CLASSIFICATION.check(output) is None
            row.append(1 - accuracy(part, output.offers["labels"]))
        errors.append(row)
    return np.mean(errors, axis=0)


@pytest.mark.parametrize(("name", "learner", "n_train"), PUBLISHED)
def test_curves_equal_the_published_ones(datasets, name, learner, n_train):
    """Mean error on training, validation and test rows is LCDB's to its four digits."""
    ours = mean_errors(datasets[name], LEARNERS[learner], n_train)
    published = np.array(PUBLISHED[name, learner, n_train])
    # Four printed digits stand for at most half a unit of the last one to either side.
    assert (np.abs(ours - published) <= 0.5e-4 + 1e-12).all(), (ours, published)
