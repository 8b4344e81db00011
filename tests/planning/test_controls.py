"""Rows that a task adds: twins, random and copy controls, and the yardstick."""

import dataclasses

import pytest

import bench
import labelled_tasks
import toy_tasks
from bench.planning.describing import DatasetFacts
from bench.planning.plan import make_plan
from bench.planning.suite import parse
from bench.registry.lookup import Entry, Registry
from bench.spec.errors import SuiteError

SUITE = """
[suite]
name = "mine"
[protocol]
sizes = [4]
outer_seeds = 2
[[models]]
name = "toy-nearest"
{models}
[[datasets]]
name = "toy-moons"
task = "toy-labelled"
"""


def registry_of(*plugins):
    """A registry of what toy plugins offer."""

    def named(hook):
        records = [record for plugin in plugins for record in getattr(plugin, hook)()]
        return {record.name: Entry(record, "toy", "toy", "1.0") for record in records}

    return Registry(
        models=named("bench_models"), datasets=named("bench_datasets"),
        tasks=named("bench_tasks"), metrics=named("bench_metrics"),
    )  # fmt: skip


def plan_of(models="", suite=SUITE, registry=None):
    registry = registry or registry_of(labelled_tasks, toy_tasks)
    splits = (bench.Split(0, 0, 90, "a"), bench.Split(1, 0, 90, "b"))

    def facts_of(source, tasks):
        return DatasetFacts(
            fingerprint="f", n_rows=120, n_features=2, columns=(), has_missing=False,
            target=bench.Target("binary", 1, (0, 1)), task=tasks[0].name, splits=splits,
        )  # fmt: skip

    return make_plan(parse(suite.replace("{models}", models), "mine"), registry, facts_of)


def rows_of(plan):
    return {(t.label, t.role, t.control, t.tuning) for t in plan.trials}


def test_a_task_adds_its_controls():
    """A random answer, a copy and a twin for the contender, each on every split."""
    plan = plan_of()
    assert rows_of(plan) == {
        ("toy-nearest", "contender", "", "default"),
        ("toy-chance", "control", "", "default"),
        ("toy-copy", "control", "", "default"),
        ("toy-nearest, labelled only", "control", "labelled-only", "default"),
    }
    assert len(plan.trials) == len(set(plan.trials.ids())) == 8
    assert dict(plan.contenders["toy-copy"].params) == {"k": 1}


def test_a_twin_is_another_trial_than_its_contender():
    """They are alike in everything but the data that they are given."""
    plan = plan_of()
    one, twin = (
        next(t for t in plan.trials if t.outer_seed == 0 and t.label == label)
        for label in ("toy-nearest", "toy-nearest, labelled only")
    )
    assert one.trial_id != twin.trial_id
    changed = {"trial_id", "label", "role", "control"}
    assert {
        name for name, value in dataclasses.asdict(one).items() if value != getattr(twin, name)
    } == changed


def test_a_twin_is_tuned_as_its_contender_is():
    """Two contenders, as given and tuned, have a twin each."""
    rows = rows_of(plan_of('[[models]]\nname = "toy-nearest"\ntune = { trials = 2 }\n'))
    assert {row for row in rows if row[2]} == {
        ("toy-nearest, labelled only", "control", "labelled-only", "default"),
        ("toy-nearest, labelled only (tuned)", "control", "labelled-only", "tuned"),
    }


def test_a_figure_across_trials_cannot_lead():
    """No trial has it when it is tuned or ranked by it."""
    suite = SUITE.replace("[suite]", '[suite]\nprimary_metric = "toy-gain"')
    with pytest.raises(SuiteError, match="'toy-gain' needs several trials"):
        plan_of(suite=suite)


def test_a_control_that_is_in_the_suite_is_measured_once():
    """It stays what it is there: its baseline."""
    rows = rows_of(plan_of('[[models]]\nname = "toy-guess"\n'))
    assert ("toy-guess", "baseline", "", "default") in rows
    assert not any(label == "toy-chance" for label, *_ in rows)


def test_a_control_that_nobody_offers_is_left_out_with_the_reason():
    """The contenders are measured all the same."""
    registry = registry_of(labelled_tasks)
    del registry.models["toy-guess"]
    plan = plan_of(registry=registry)
    assert "toy-chance" not in {label for label, *_ in rows_of(plan)}
    assert any(entry.what == "toy-chance on toy-moons" for entry in plan.left_out)


def test_what_a_contender_is_not_for_gives_it_no_twin():
    """One that a record excludes by its kind of target has no trial, and neither has its twin."""
    registry = registry_of(labelled_tasks)
    entry = registry.models["toy-nearest"]
    narrow = dataclasses.replace(entry.record, targets=("continuous",))
    registry.models["toy-nearest"] = dataclasses.replace(entry, record=narrow)
    with pytest.raises(
        SuiteError, match="makes no trial: toy-nearest on toy-moons: is for targets"
    ):
        plan_of(registry=registry)


LINE = """
[suite]
name = "mine"
[protocol]
sizes = [4]
outer_seeds = 2
[[models]]
name = "toy-drift"
{models}
[[datasets]]
name = "toy-line"
"""


@pytest.mark.parametrize("models", ["", '[[models]]\nname = "toy-last-value"'])
def test_the_yardstick_is_there_and_is_called_so(models):
    """Named in the suite or not; on this task it is the no-change control, too."""
    rows = rows_of(plan_of(models, LINE))
    assert rows == {
        ("toy-drift", "contender", "", "default"),
        ("toy-last-value", "yardstick", "", "default"),
    }


def test_tuning_for_a_task_that_cannot_be_divided_is_a_fault():
    """It was measured as given, and was labelled tuned."""

    class Whole(toy_tasks.ToyForecasting):
        divide = bench.Task.divide

    registry = registry_of(toy_tasks)
    registry.tasks["toy-forecasting"] = Entry(Whole(), "toy", "toy", "1.0")
    tuned = LINE.replace('name = "toy-drift"', 'name = "toy-drift"\ntune = { trials = 2 }')
    with pytest.raises(
        SuiteError, match=r"'toy-drift' cannot be tuned for toy-forecasting: the ta"
    ):
        plan_of(suite=tuned, registry=registry)
    assert ("toy-drift (tuned)", "contender", "", "tuned") in rows_of(plan_of(suite=tuned))
