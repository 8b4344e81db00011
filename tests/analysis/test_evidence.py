"""What verdicts rest on."""

import pytest

from analysis.hand_families import evidence, put, score
from analysis.hand_tables import Run, tables
from bench.analysis.cells import read_cells
from bench.analysis.evidence import read_evidence


def with_rmse(run, values):
    """Give each model an error on test rows besides."""
    for trial in run.trials:
        if trial["status"] == "ok":
            score(run, trial["trial_id"], "test", "rmse", values[trial["model"]])


def test_other_metrics_are_skills_too():
    """An error of 1 where the baseline's is 4 is a skill of 3/4."""
    run = Run()
    run.add("dummy", "a", 0.5)
    put(run, "lda", "a", 0.75, 0.8)
    with_rmse(run, {"dummy": 4.0, "lda": 1.0})
    made = evidence(run)
    assert made.points["figure"].tolist() == [0.5]
    assert made.others["rmse"].tolist() == [0.75]


def test_a_failure_counts_as_the_baseline_by_every_metric():
    """It has no score of its own by either metric."""
    run = Run()
    run.add("dummy", "a", 0.5)
    put(run, "lda", "a", None, status="crashed")
    with_rmse(run, {"dummy": 4.0})
    made = evidence(run)
    assert made.points[["figure", "failed"]].to_numpy().tolist() == [[0.0, 1.0]]
    assert made.others["rmse"].tolist() == [0.0]


def test_only_validation_rows_of_the_primary_metric_choose():
    """Train parts, slices and other metrics stay out of it; lower is better is turned round."""
    run = Run()
    trial_id = put(run, "ridge", "a", 3.0, 2.0, metric="rmse", task="regression")
    score(run, trial_id, "validation", "accuracy", 0.1)
    run.scores.append({**run.scores[-1], "metric": "rmse", "slice": "x=1", "value": 9.0})
    assert evidence(run).points["validation"].tolist() == [-2.0]


def test_the_same_trial_of_two_runs_stays_two():
    """Each run's trial keeps its own validation score; a point is their mean."""
    first, second = Run("run-1"), Run("run-2")
    put(first, "lda", "a", 0.7, 0.6)
    put(second, "lda", "a", 0.9, 1.0)
    made = tables(first, second)
    cells = read_cells(made.trials, made.scores, made.metrics)
    points = read_evidence(cells, made.trials, made.scores).points
    assert points["validation"].tolist() == pytest.approx([0.8])
    assert points["n_trials"].tolist() == [2]


def test_skipped_trials_and_baselines_are_no_candidates():
    """What a model does not do is no failure."""
    run = Run()
    run.add("dummy", "a", 0.5)
    put(run, "lda", "a", 0.7)
    put(run, "mlp", "a", None, status="skipped")
    made = evidence(run)
    assert made.points["family"].tolist() == ["classical"]


def test_the_overlap_is_that_of_the_protocol():
    """A tenth of the rows for testing is a ninth of the rest."""
    run = Run()
    put(run, "lda", "a", 0.7)
    put(run, "lda", "b", 0.7, protocol="by hand")
    assert evidence(run).problems["overlap"].tolist() == pytest.approx([1 / 9, 0.0])
