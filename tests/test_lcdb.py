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
from bench.tasks.class_metrics import accuracy
from bench.tasks.classification import CLASSIFICATION
from bench.tasks.normalise import normalise
from lcdb_figures import HALF_A_DIGIT, PUBLISHED

LEARNERS = {
    "KNN": KNeighborsClassifier,
    "Decision Tree": lambda: DecisionTreeClassifier(random_state=42),
    "GaussianNB": GaussianNB,
    "DummyClassifier": DummyClassifier,
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
            answer = CLASSIFICATION.ask(estimator, part)
            output = CLASSIFICATION.read(answer, part, parts, estimator)
            row.append(1 - accuracy(part, output.offers["labels"]))
        errors.append(row)
    return np.mean(errors, axis=0)


@pytest.mark.parametrize(("name", "learner", "n_train"), PUBLISHED)
def test_curves_equal_the_published_ones(datasets, name, learner, n_train):
    """Mean error on training, validation and test rows is LCDB's to its four digits."""
    ours = mean_errors(datasets[name], LEARNERS[learner], n_train)
    published = np.array(PUBLISHED[name, learner, n_train])
    assert (np.abs(ours - published) <= HALF_A_DIGIT).all(), (ours, published)
