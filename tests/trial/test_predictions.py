"""What is kept of an answer: numbers, ragged numbers and texts, one a unit."""

import numpy as np
import pytest

import bench
from bench.spec.outcome import Outcome
from bench.trial.predictions import to_be_kept


def kept(values, rows=range(5, 8)):
    return to_be_kept(bench.Part(None, None, rows), bench.Output(values, len(rows)))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([1, 2, 3]), [[1.0], [2.0], [3.0]]),
        (np.ones((3, 2, 2)), [[1.0] * 4] * 3),
        ([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]),
    ],
)
def test_numbers_become_one_row_each(values, expected):
    """Whatever shape a unit's answer has."""
    rows, predictions = kept(values)
    assert rows.tolist() == [5, 6, 7]
    assert predictions.tolist() == expected


@pytest.mark.parametrize(
    "values", [["a", "", "ü"], np.array(["a", "", "ü"]), np.array(["a", "", "ü"], object)]
)
def test_texts_stay(values):
    """And cross from a trial's process to the run."""
    rows, predictions = kept(values)
    assert predictions == ["a", "", "ü"]
    outcome = Outcome(trial_id="t", status="ok", predicted_rows=rows, predictions=predictions)
    assert list(Outcome.from_bytes(outcome.to_bytes()).predictions) == ["a", "", "ü"]


def test_boxes_of_any_number_are_one_array_each():
    """Row after row; an image without any has an empty one."""
    rows, predictions = kept([np.ones((2, 5)), np.empty((0, 5)), np.ones((1, 5))])
    assert [len(one) for one in predictions] == [10, 0, 5]
    outcome = Outcome(trial_id="t", status="ok", predicted_rows=rows, predictions=predictions)
    crossed = Outcome.from_bytes(outcome.to_bytes()).predictions
    assert [one.tolist() for one in crossed] == [[1.0] * 10, [], [1.0] * 5]


@pytest.mark.parametrize(
    "values", [None, np.zeros(2), [{}, {}, {}], ["a", 1, None], np.float64(3), {"a": 1}]
)
def test_nothing_else_is_kept(values):
    """Of another length, or of no such form."""
    assert kept(values) is None
