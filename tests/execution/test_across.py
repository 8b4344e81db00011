"""What a task makes of several trials is checked: whatever it does, no trial is lost."""

from types import SimpleNamespace

import pyarrow as pa
import pytest

import bench
import labelled_tasks
from bench.execution.across import compute, is_needed

TRIAL = {
    "trial_id": "t", "label": "a", "model": "a", "family": "classical", "role": "contender",
    "control": "", "params": "{}", "outer_seed": 0, "inner_seed": 0, "repeat": 0, "n_train": 4,
    "dataset_label": "moons", "task": "toy-labelled", "task_version": "1", "status": "ok",
    "conditions": "{}", "dataset_fingerprint": "f", "protocol": "halves",
}  # fmt: skip
SCORES = [
    {"trial_id": "t", "part": "test", "slice": "", "metric": "toy-right", "value": 0.75},
    {"trial_id": "t", "part": "across", "slice": "", "metric": "toy-gain", "value": 9.0},
]
KEPT = [
    {"trial_id": "t", "row": 3, "output": None, "text": "drei"},
    {"trial_id": "t", "row": 5, "output": [0.5], "text": None},
]


def plan_of(across):
    says = {"across": across, "protocol": lambda self, shares: shares}
    task = type("Asked", (labelled_tasks.Labelled,), says)()
    subject = SimpleNamespace(task=task, facts=SimpleNamespace(fingerprint="f"))
    return SimpleNamespace(
        subjects={"moons": subject}, protocol="halves", metrics_of=lambda subject: task.metrics
    )


def results_of(*trials):
    tables = {"scores": pa.Table.from_pylist(SCORES), "predictions": pa.Table.from_pylist(KEPT)}
    return SimpleNamespace(
        trials=pa.Table.from_pylist([TRIAL | changes for changes in trials or ({},)]),
        stream=lambda name: iter([tables[name]]),
    )


def test_a_task_sees_what_ended_well_and_nothing_of_earlier_figures():
    """Scores by part, slice and metric; predictions when they are asked for."""
    seen = []

    def across(self, rows):
        seen.extend(rows)
        yield bench.Figure("t", "toy-gain", 0.5, 3)

    found = compute(plan_of(across), results_of({}, {"trial_id": "u", "status": "error"}))
    assert [tuple(score) for _, score in found.scores] == [("across", "", "toy-gain", 0.5, 3, "")]
    assert (found.trial_ids, found.faults) == ({"t", "u"}, ())
    (row,) = seen
    assert (row.score("toy-right"), row.score("toy-gain", "across")) == (0.75, None)
    assert row.predictions() == ([3, 5], ["drei", [0.5]])


@pytest.mark.parametrize(
    "other", [{"task_version": "0"}, {"dataset_fingerprint": "e"}, {"protocol": "thirds"}]
)
def test_trials_of_another_measurement_are_left_out(other):
    """Those of before the task, the data or the splits were changed stay in the folder."""
    seen = []

    def across(self, rows):
        seen.extend(row.trial_id for row in rows)
        return ()

    compute(plan_of(across), results_of({}, {"trial_id": "u"} | other))
    assert seen == ["t"]


def test_trials_under_conditions_are_told_apart():
    """Of two twins, one under noise, only the one on the same data is compared with."""
    seen = {}

    def across(self, rows):
        seen.update({row.trial_id: row.conditions for row in rows})
        return ()

    noisy = {"trial_id": "u", "conditions": '{"noise": {"labels": 0.1}}'}
    compute(plan_of(across), results_of({}, noisy))
    assert seen == {"t": {}, "u": {"noise": {"labels": 0.1}}}


@pytest.mark.parametrize(
    ("figure", "fault"),
    [
        (bench.Figure("other", "toy-gain", 1.0), "a figure is of no trial that it was given"),
        (bench.Figure("t", "toy-other", 1.0), "'toy-other' is none of its metrics"),
        (None, "AttributeError"),
    ],
)
def test_figures_that_cannot_be_are_a_fault_of_the_task(figure, fault):
    """It is told, and what stood there before stays."""
    found = compute(plan_of(lambda self, rows: [figure]), results_of())
    assert (found.scores, found.trial_ids) == ((), frozenset())
    assert fault in found.faults[0]
    assert "toy-labelled" in found.faults[0]


def test_a_figure_that_is_no_number_has_a_reason():
    """As scores have."""
    found = compute(
        plan_of(lambda self, rows: [bench.Figure("t", "toy-gain", float("nan"))]), results_of()
    )
    assert found.scores[0][1].reason == "the metric's value is nan"


def test_nothing_is_read_where_no_task_has_figures():
    """The built-in ones have none."""
    assert is_needed(plan_of(lambda self, rows: ()))
    assert not is_needed(plan_of(bench.Task.across))
