"""Scores of a part and of its slices, whatever a unit is."""

import dataclasses

import numpy as np
import pytest

import bench
from bench.tasks.class_metrics import accuracy
from bench.tasks.number_metrics import mae
from bench.tasks.regression import REGRESSION
from bench.tasks.scoring import score, score_slices

ACCURACY = bench.Metric(
    name="accuracy", direction="higher", ideal=1.0, needs="labels", function="none:none"
)
LENGTH = bench.Metric(
    name="length", direction="higher", ideal=None, needs="texts", function="none:none"
)
TOPICS = bench.Metric(
    name="topics", direction="higher", ideal=None, needs="topics", function="none:none"
)


def part(y, **slices):
    return bench.Part(np.arange(len(y))[:, None], y, range(len(y)), slices=slices)


def test_each_label_of_a_slice_is_scored_on_its_own_units():
    """By hand: of the truth 0, 0, 1, 1 and the answer 0, 1, 1, 1, class 0 is half right."""
    truth, labels = np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1])
    output = bench.Output(labels, 4, {"labels": labels})
    asked = part(truth, of=["a", "a", "b", "b"], step=np.array([1, 2, 1, 2]))
    found = list(score_slices(REGRESSION, [(ACCURACY, accuracy)], "test", asked, output))
    assert [(one.slice, one.value, one.n) for one in found] == [
        ("of=a", 0.5, 2), ("of=b", 1.0, 2), ("step=1", 1.0, 2), ("step=2", 0.5, 2),
    ]  # fmt: skip
    assert {(one.part, one.metric) for one in found} == {("test", "accuracy")}


def test_units_whose_labels_look_alike_are_of_one_slice():
    """Where a label is missing, too; scores of a trial are told apart by these names."""
    truth = np.array([0, 0, 1, 1])
    output = bench.Output(truth, 4, {"labels": truth})
    asked = part(truth, age=[float("nan"), np.float64("nan"), 1.5, 1.5], tags=[[], [1], [], [1]])
    found = list(score_slices(REGRESSION, [(ACCURACY, accuracy)], "test", asked, output))
    assert [(one.slice, one.n) for one in found] == [
        ("age=nan", 2), ("age=1.5", 2), ("tags=[]", 2), ("tags=[1]", 2),
    ]  # fmt: skip


def test_a_subset_of_rows_has_their_x_and_a_subset_of_steps_keeps_it():
    """Rows are given to an estimator one by one; a horizon is one question, whatever is scored."""
    few = REGRESSION.subset(part(np.arange(4.0), of=list("abab")), [3, 1])
    assert few.X.tolist() == [[3], [1]]
    assert (few.y.tolist(), few.rows, few.slices) == ([3.0, 1.0], [3, 1], {"of": ["b", "b"]})
    ahead = bench.Part(4, np.arange(4.0), range(10, 14))
    one = bench.Task.subset(REGRESSION, ahead, [2])
    assert (one.X, one.y.tolist(), one.rows) == (4, [2.0], [12])


def test_texts_and_lists_are_scored_like_arrays():
    """Truth and answers may be lists of anything; what all units share stays whole."""
    output = bench.Output(
        ["ab", "c", ""], 3, {"texts": ["ab", "c", ""]}, shared={"topics": np.eye(2)}
    )
    asked = part(["x", "y", "z"], language=["de", "en", "de"])
    metrics = [
        (LENGTH, lambda part, texts: sum(map(len, texts))),
        (TOPICS, lambda part, topics: len(topics)),
    ]
    found = list(score_slices(REGRESSION, metrics, "test", asked, output))
    values = {(one.slice, one.metric): one.value for one in found}
    assert values == {
        ("language=de", "length"): 2.0, ("language=en", "length"): 1.0,
        ("language=de", "topics"): 2.0, ("language=en", "topics"): 2.0,
    }  # fmt: skip


def test_a_slice_for_which_a_metric_is_undefined_says_why():
    """As for a whole part."""
    output = bench.Output(np.zeros(2), 2, {})
    asked = dataclasses.replace(part(np.zeros(2)), slices={"of": [0, 1]})
    found = list(score_slices(REGRESSION, [(ACCURACY, mae)], "test", asked, output))
    assert [one.reason for one in found] == ["needs labels"] * 2
    assert score([(ACCURACY, mae)], "test", asked, output)[0].value is None


@pytest.mark.parametrize("n", [0, 3])
def test_an_output_is_taken_in_part(n):
    """Whatever form its values have."""
    places = list(range(n))
    for values in (
        np.arange(6).reshape(3, 2),
        ["a", "b", "c"],
        [np.ones(1), np.ones(3), np.ones(2)],
    ):
        some = bench.Output(values, 3, {"own": values}).subset(places)
        assert some.n == len(some.values) == len(some.offers["own"]) == n
