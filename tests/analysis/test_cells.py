"""Trials on the scale of skill."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.hand_tables import RMSE, Run, realistic, tables
from bench.analysis.cells import read_cells, skills
from bench.analysis.keys import numbered

REAL = st.floats(-1e6, 1e6)


@given(REAL, REAL, st.sampled_from([0.0, 1.0, -3.0]))
def test_skills_are_those_of_the_metric(value, baseline, ideal):
    """Whole columns give what `Metric.skill` gives for one value."""
    found = skills(np.array([value]), np.array([baseline]), np.array([ideal]))
    assert found[0] == replace(RMSE, ideal=ideal).skill(value, baseline)


def test_only_the_whole_test_part_of_the_primary_metric_counts():
    """Train parts, slices and other metrics do not reach the value."""
    run = Run()
    run.add("lda", "a", 0.9)
    made = tables(run)
    frame = read_cells(made.trials, made.scores, made.metrics).frame
    assert frame["value"].tolist() == [0.9]


def test_cold_is_start_warm_up_and_fit():
    """Cold seconds add up what a first fit costs; a phase that was not reached costs nothing."""
    run = Run()
    run.add("lda", "a", 0.9, fit=1.0)  # 0.5 + 0.25 + 1
    run.add("svm", "a", 0.9, fit=1.0, init_seconds=None)
    made = tables(run)
    frame = read_cells(made.trials, made.scores, made.metrics).frame
    assert frame["cold_seconds"].tolist() == [1.75, 1.25]


def test_a_baseline_on_other_cores_fills_gaps():
    """The dummy's score is the same on one core and on two, so either gives the zero."""
    run = Run()
    run.add("dummy", "a", 0.5, outer=0, cores=1)
    run.add("dummy", "a", 0.6, outer=1, cores=2)
    run.add("lda", "a", 0.75, outer=0, cores=2)
    run.add("lda", "a", 0.8, outer=1, cores=2)
    made = tables(run)
    cells = read_cells(made.trials, made.scores, made.metrics)
    lda = cells.contenders["name"].tolist().index("lda")
    found = cells.frame.loc[cells.frame["contender"] == lda, "skill"].tolist()
    assert found == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize(("first", "second", "expected"), [(1.0, 2.0, 4.0), (2.0, 1.0, 0.75)])
def test_the_latest_trials_say_which_metric_leads(first, second, expected):
    """Trials that were measured under another one have its score as well."""
    run = Run()
    run.add("lda", "a", 0.75, outer=0, started_at=first)
    other = run.add("lda", "a", 4.0, outer=1, started_at=second, primary_metric="rmse")
    run.scores.append({**run.scores[0], "metric": "rmse", "value": 4.0})
    run.scores.append({**run.scores[0], "trial_id": other, "value": 0.75})
    made = tables(run)
    cells = read_cells(made.trials, made.scores, made.metrics)
    assert cells.frame["value"].tolist() == [expected, expected]
    assert cells.problems["metric"].tolist() == ["rmse" if expected == 4.0 else "accuracy"]


def search(trials, space="{}"):
    return {"tuning": "tuned", "search": f'{{"seconds":null,"space":{space},"trials":{trials}}}'}


def test_tuned_and_untuned_are_two_contenders():
    """A model that is tuned stands beside itself, with the number of sets that it may try."""
    run = Run()
    run.add("mlp", "a", 0.8)
    run.add("mlp", "a", 0.9, repeat=1, label="mlp (tuned)", **search(20))
    made = tables(run)
    found = read_cells(made.trials, made.scores, made.metrics).contenders
    assert found[["name", "model", "family", "tuning", "n_candidates"]].values.tolist() == [
        ["mlp", "mlp", "deep", "default", 1],
        ["mlp (tuned)", "mlp", "deep", "tuned", 20],
    ]


def test_contenders_that_look_alike_are_told_apart_by_their_tuning():
    """Runs that are merged may show different searches by one label."""
    run = Run()
    run.add("mlp", "a", 0.8)
    run.add("mlp", "a", 0.9, repeat=1, **search(20))
    made = tables(run)
    found = read_cells(made.trials, made.scores, made.metrics).contenders
    assert found["name"].tolist() == ["mlp (default)", "mlp (tuned)"]
    run.add("mlp", "a", 0.9, repeat=2, **search(5))
    made = tables(run)
    found = read_cells(made.trials, made.scores, made.metrics).contenders
    assert found["name"].tolist() == [
        "mlp (default)",
        "mlp (tuned, trials=20)",
        "mlp (tuned, trials=5)",
    ]


def test_scores_may_come_in_parts():
    """Scores read a part at a time give the same cells, whichever part a score is in."""
    run = realistic()
    made = tables(run, shuffle=1)
    whole = read_cells(made.trials, made.scores, made.metrics)
    parts = (made.scores.slice(at, 999) for at in range(0, made.scores.num_rows, 999))
    found = read_cells(made.trials, parts, made.metrics)
    assert found.frame.equals(whole.frame)
    assert whole.frame["value"].notna().sum() == sum(row["status"] == "ok" for row in run.trials)


def test_one_trial_id_in_two_runs_is_two_trials():
    """A score belongs to the trial of its own run."""
    first, second = Run("run-1"), Run("run-2")
    first.add("lda", "a", 0.9)
    second.add("lda", "a", 0.8)
    made = tables(second, first)
    frame = read_cells(made.trials, made.scores, made.metrics).frame
    assert frame[["run_id", "value"]].values.tolist() == [["run-1", 0.9], ["run-2", 0.8]]


def test_distinct_rows_are_numbered():
    """Rows get one number where they are equal, missing values included."""
    frame = pd.DataFrame({"a": pd.Categorical(["x", "y", "x", None, None]), "b": [1, 1, 1, 2, 2]})
    number, first = numbered(frame, ["a", "b"])
    assert number.tolist() == [0, 1, 0, 2, 2]
    assert first.tolist() == [0, 1, 3]
