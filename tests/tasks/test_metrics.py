"""Metrics: by hand, against scikit-learn, and the reasons where there is no value."""

import importlib
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

import bench
from bench.registry.lookup import resolve
from bench.spec.metrics import equal_within
from bench.tasks import class_metrics, number_metrics
from bench.tasks.metrics import METRICS
from bench.tasks.scoring import score

BY_NAME = {metric.name: metric for metric in METRICS}


def part_of(y, X=None):
    n = len(y) if y is not None else len(X)
    return bench.Part(X, None if y is None else np.asarray(y), np.arange(n))


def output_of(n, **offers):
    given = {name: np.asarray(values) for name, values in offers.items()}
    return bench.Output(np.zeros(n), n, given)


def score_one(name, part, output):
    metric = BY_NAME[name]
    function = resolve(metric.function)
    return score([(metric, function)], "test", part, output)[0]


# --- by hand --------------------------------------------------------------------------------------

TRUTH = [0, 0, 0, 1, 1, 2]
LABELS = [0, 0, 1, 1, 0, 2]
# Recalls: 2/3, 1/2, 1. Precisions: 2/3, 1/2, 1. Four of six are right.


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("balanced-accuracy", (2 / 3 + 1 / 2 + 1) / 3),
        ("accuracy", 4 / 6),
        ("precision", (2 / 3 + 1 / 2 + 1) / 3),
        ("recall", (2 / 3 + 1 / 2 + 1) / 3),
        ("f1", (2 / 3 + 1 / 2 + 1) / 3),
    ],
)
def test_labels_by_hand(name, value):
    """Six rows of three classes give the figures worked out above."""
    found = score_one(name, part_of(TRUTH), output_of(6, labels=LABELS))
    assert found == ("test", "", name, pytest.approx(value), 6, "")


def test_recall_counts_a_class_that_is_only_given():
    """Truth 0, 0 and labels 0, 1: recall over both classes is 1/4, balanced accuracy 1/2."""
    part, output = part_of([0, 0]), output_of(2, labels=[0, 1])
    assert score_one("recall", part, output).value == pytest.approx(0.25)
    assert score_one("balanced-accuracy", part, output).value == pytest.approx(0.5)


def test_log_loss_by_hand():
    """Minus the mean of ln 0.5 and ln 0.25 is 1.5 ln 2."""
    given = [[0.5, 0.5], [0.75, 0.25]]
    found = score_one("log-loss", part_of([0, 1]), output_of(2, probabilities=given))
    assert found.value == pytest.approx(1.5 * math.log(2))


def test_calibration_error_by_hand():
    """Two rows at confidence 0.9, one right, and two at 0.6, both right: (0.4 + 0.4) / 2."""
    given = [[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.4, 0.6]]
    found = score_one("calibration-error", part_of([0, 1, 0, 1]), output_of(4, probabilities=given))
    assert found.value == pytest.approx(0.4)


def test_calibration_bins_are_open_on_the_left():
    """Confidence 10/15 falls into the bin that ends there, with 9.5/15, not with 10.5/15."""
    top = np.array([9.5, 10, 10.5]) / 15
    given = np.column_stack([top, 1 - top])
    # The first bin holds one right and one wrong answer at 9.75/15 on average, the other one right.
    value = 2 / 3 * abs(1 / 2 - 9.75 / 15) + 1 / 3 * (1 - 10.5 / 15)
    found = score_one("calibration-error", part_of([0, 1, 0]), output_of(3, probabilities=given))
    assert found.value == pytest.approx(value)


def test_roc_auc_by_hand():
    """Of four pairs one is tied and one is wrong: (2 + 1/2) / 4."""
    high = np.array([0.1, 0.6, 0.6, 0.4])
    given = np.column_stack([1 - high, high])
    found = score_one("roc-auc", part_of([0, 0, 1, 1]), output_of(4, scores=given))
    assert found.value == pytest.approx(2.5 / 4)


def test_roc_auc_leaves_out_absent_classes():
    """A class that the part lacks has no area; the mean is over the others."""
    given = np.array([[0.7, 0.2, 0.1], [0.2, 0.7, 0.1], [0.6, 0.3, 0.1]])
    found = score_one("roc-auc", part_of([0, 1, 0]), output_of(3, scores=given))
    assert found.value == pytest.approx(1.0)


def test_regression_by_hand():
    """Errors of 1, -1, 2 and 0 on 1, 2, 3, 4: MSE 6/4, MAE 1, R2 1 - 6/5."""
    part = part_of([1.0, 2, 3, 4])
    output = output_of(4, predictions=[0.0, 3, 1, 4])
    assert score_one("mse", part, output).value == pytest.approx(1.5)
    assert score_one("rmse", part, output).value == pytest.approx(math.sqrt(1.5))
    assert score_one("mae", part, output).value == pytest.approx(1.0)
    assert score_one("r2", part, output).value == pytest.approx(1 - 6 / 5)


def test_clusters_are_compared_whatever_their_numbers():
    """The same partition under other names is perfect."""
    part, output = part_of([0, 0, 1, 1, 2]), output_of(5, clusters=[7, 7, -1, -1, 3])
    assert score_one("adjusted-rand", part, output).value == pytest.approx(1.0)
    assert score_one("nmi", part, output).value == pytest.approx(1.0)


def test_silhouette_by_hand():
    """Pairs at 0, 1 and 10, 11: outer points (10.5 - 1) / 10.5, inner ones (9.5 - 1) / 9.5."""
    part = part_of([0, 0, 1, 1], X=np.array([[0.0], [1], [10], [11]]))
    found = score_one("silhouette", part, output_of(4, clusters=[0, 0, 1, 1]))
    assert found.value == pytest.approx((9.5 / 10.5 + 8.5 / 9.5) / 2)


# --- against scikit-learn -------------------------------------------------------------------------


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 3), st.lists(st.integers(1, 20), min_size=4, max_size=4)),
        min_size=2,
        max_size=40,
    )
)
@settings(max_examples=60, deadline=None)
@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
@pytest.mark.filterwarnings("ignore:A single label was found")
def test_classification_equals_scikit_learn(rows):
    """On any truth and any probabilities, ties and absent classes included."""
    truth = np.array([row[0] for row in rows])
    p = np.array([row[1] for row in rows], dtype=float)
    p /= p.sum(axis=1, keepdims=True)
    labels = p.argmax(axis=1)
    part = part_of(truth)
    macro = {"average": "macro", "zero_division": 0}
    assert class_metrics.balanced_accuracy(part, labels) == pytest.approx(
        reference.balanced_accuracy_score(truth, labels)
    )
    assert class_metrics.accuracy(part, labels) == pytest.approx(
        reference.accuracy_score(truth, labels)
    )
    for ours, theirs in (
        (class_metrics.precision, reference.precision_score),
        (class_metrics.recall, reference.recall_score),
        (class_metrics.f1, reference.f1_score),
    ):
        assert ours(part, labels) == pytest.approx(theirs(truth, labels, **macro))
    assert class_metrics.log_loss(part, p) == pytest.approx(
        reference.log_loss(truth, p, labels=[0, 1, 2, 3])
    )
    if len(set(truth.tolist())) == 4:
        assert class_metrics.roc_auc(part, p) == pytest.approx(
            reference.roc_auc_score(truth, p, multi_class="ovr")
        )


@given(
    data=st.lists(
        st.tuples(
            st.lists(st.integers(0, 1), min_size=3, max_size=3),
            st.lists(st.integers(0, 10), min_size=3, max_size=3),
        ),
        min_size=2,
        max_size=30,
    )
)
@settings(max_examples=40, deadline=None)
def test_several_labels_equal_scikit_learn(data):
    """Several labels a row: accuracy of whole rows, the others averaged over labels."""
    truth = np.array([row[0] for row in data])
    p = np.array([row[1] for row in data]) / 10
    labels = (p > 0.5).astype(int)
    part = part_of(truth)
    assert class_metrics.accuracy(part, labels) == pytest.approx(
        reference.accuracy_score(truth, labels)
    )
    assert class_metrics.f1(part, labels) == pytest.approx(
        reference.f1_score(truth, labels, average="macro", zero_division=0)
    )
    assert class_metrics.log_loss(part, p) == pytest.approx(
        np.mean([reference.log_loss(truth[:, k], p[:, k], labels=[0, 1]) for k in range(3)])
    )
    if (truth.min(axis=0) < truth.max(axis=0)).all():
        assert class_metrics.roc_auc(part, p) == pytest.approx(reference.roc_auc_score(truth, p))
        assert class_metrics.balanced_accuracy(part, labels) == pytest.approx(
            np.mean(
                [reference.balanced_accuracy_score(truth[:, k], labels[:, k]) for k in range(3)]
            )
        )


def test_regression_equals_scikit_learn():
    """One output and several."""
    random = np.random.default_rng(0)
    for shape in ((20,), (20, 3)):
        truth, predicted = random.normal(size=shape), random.normal(size=shape)
        part = part_of(truth)
        for ours, theirs in (
            (number_metrics.rmse, reference.root_mean_squared_error),
            (number_metrics.mse, reference.mean_squared_error),
            (number_metrics.mae, reference.mean_absolute_error),
            (number_metrics.r2, reference.r2_score),
        ):
            assert ours(part, predicted) == pytest.approx(theirs(truth, predicted))


# --- reasons --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "part", "output", "reason"),
    [
        ("log-loss", part_of([0, 1]), output_of(2, labels=[0, 1]), "needs probabilities"),
        (
            "roc-auc",
            part_of([1, 1]),
            output_of(2, scores=[[0.5, 0.5], [0.1, 0.9]]),
            "only one class in this part",
        ),
        (
            "r2",
            part_of([2.0, 2]),
            output_of(2, predictions=[1.0, 2]),
            "the target is constant in this part",
        ),
        ("r2", part_of([2.0]), output_of(1, predictions=[1.0]), "fewer than two rows in this part"),
        (
            "adjusted-rand",
            part_of(None, X=np.zeros((2, 1))),
            output_of(2, clusters=[0, 1]),
            "the dataset has no true answers",
        ),
        (
            "nmi",
            part_of([0.5, 0.7]),
            output_of(2, clusters=[0, 1]),
            "the target is not one of classes",
        ),
        (
            "silhouette",
            part_of([0, 1, 1], X=np.zeros((3, 1))),
            output_of(3, clusters=[0, 0, 0]),
            "1 cluster(s) over 3 rows in this part",
        ),
        (
            "silhouette",
            part_of([0, 1, 1], X=pd.DataFrame({"a": ["u", "v", "w"]})),
            output_of(3, clusters=[0, 1, 1]),
            "X is not a table of numbers",
        ),
        ("mse", part_of([0.0]), output_of(1, predictions=[math.inf]), "the metric's value is inf"),
    ],
)
def test_no_value_has_a_reason(name, part, output, reason):
    """A metric that cannot be computed is a row without a value that says why."""
    assert score_one(name, part, output) == ("test", "", name, None, len(part), reason)


def test_a_broken_metric_costs_only_itself():
    """An error in a plugin's metric is the reason of its own row; the next metric is computed."""

    def broken(part, given):
        return {}["key"]

    entries = [(BY_NAME["accuracy"], broken), (BY_NAME["f1"], class_metrics.f1)]
    first, second = score(entries, "train", part_of([0, 1]), output_of(2, labels=[0, 1]))
    assert (first.value, first.reason) == (None, "KeyError: 'key'")
    assert second.value == 1.0


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_every_metric_names_a_function(metric):
    """The string in the record leads to a documented function."""
    module, _, name = metric.function.partition(":")
    assert getattr(importlib.import_module(module), name).__doc__


# --- what is practically equal --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("region", "better", "ideal", "expected"),
    [
        (0.01, 0.9, 1.0, 0.01),
        ("0.01", 0.9, 1.0, 0.01),  # as a table holds it
        ("2% of value", 50.0, 0.0, 1.0),
        ("2% of value", -50.0, None, 1.0),
        ("0.005, 10% of gap", 0.8, 1.0, 0.005),
        ("0.005, 10% of gap", 0.98, 1.0, 0.002),
        ("10% of gap", 0.98, None, None),
        (None, 0.5, 1.0, None),
        ("", 0.5, 1.0, None),
        (1e-05, 0.5, 1.0, 1e-05),
        (1e16, 0.5, None, 1e16),
    ],
)
def test_differences_that_are_none_in_practice(region, better, ideal, expected):
    """A number, a share of the better value, a share of what it lacks; of several the least."""
    found = equal_within(region, better, ideal)
    assert found == expected if expected is None else found == pytest.approx(expected)


@pytest.mark.parametrize("region", ["two", "2%", "-1", "2% of all", "0.01,"])
def test_a_region_of_another_form_is_refused(region):
    """With what is allowed."""
    with pytest.raises(bench.RecordError, match=r"'mine': region is .*'2% of value'"):
        bench.Metric(
            name="mine", direction="higher", ideal=1.0, needs="labels", function="a:b",
            region=region,
        )  # fmt: skip


def test_every_metric_says_what_is_equal():
    """Accuracies .01, AUC the lesser of .005 and a tenth of the gap, losses and errors 2 %."""
    regions = {metric.name: metric.region for metric in METRICS}
    assert regions["accuracy"] == regions["balanced-accuracy"] == 0.01
    assert regions["roc-auc"] == "0.005, 10% of gap"
    assert {regions[name] for name in ("log-loss", "rmse", "mse", "mae")} == {"2% of value"}
    assert None not in regions.values()


def test_without_an_ideal_there_is_no_skill():
    """Of a log-likelihood, say."""
    metric = bench.Metric(
        name="mine", direction="higher", ideal=None, needs="labels", function="a:b"
    )
    assert math.isnan(metric.skill(3.0, 2.0))
