"""What is of several versions is never pooled."""

from dataclasses import replace

import pytest

from analysis.hand_tables import ACCURACY, RMSE, Run, tables
from bench.analysis.cells import read_cells
from bench.analysis.compare import compare
from bench.analysis.pairs import Side
from bench.report.compared import notes_of
from bench.report.contents import Selection, read_contents
from bench.spec.errors import ResultsError


def a_run(run_id, accuracy=ACCURACY, **more):
    run = Run(run_id)
    run.metrics = {"accuracy": accuracy, "rmse": RMSE}
    for outer in range(5):
        run.add("dummy", "a", 0.5, outer=outer, **more)
        run.add("lda", "a", 0.8, outer=outer, **more)
        run.add("lda", "r", 3.0, outer=outer, task="regression")
    return run


def side(run):
    made = tables(run)
    return Side(made.trials, made.scores, made.measures, made.environments, made.metrics)


def test_a_task_of_two_versions_is_two_tasks():
    """Each has a board, with the datasets of its own trials; a selection by name takes both."""
    made = tables(a_run("one"), a_run("two", task_version="2"))
    contents = read_contents(made, with_verdicts=True)
    versions = ["classification (version 1)", "classification (version 2)"]
    assert [board.task for board in contents.boards] == [*versions, "regression"]
    assert [board.datasets for board in contents.boards] == [("a",), ("a",), ("r",)]
    assert all(verdict.scope != "suite" and verdict.exploratory for verdict in contents.verdicts)
    selected = read_contents(made, selection=Selection(tasks=["classification"]))
    assert [board.task for board in selected.boards] == versions
    one = read_contents(made, selection=Selection(tasks=versions[1:]))
    assert [board.task for board in one.boards] == versions[1:]


def test_a_metric_that_leads_in_two_versions_is_refused():
    """The message names it, and both."""
    made = tables(a_run("one"), a_run("two", replace(ACCURACY, version="2")))
    with pytest.raises(ResultsError, match=r"'accuracy' leads .*versions 1 and 2"):
        read_cells(made.trials, made.scores, made.metrics)


def test_a_metric_that_leads_nowhere_is_left_out_and_named():
    """Another metric of several versions does not keep the results from being read."""
    first, second = a_run("one"), a_run("two")
    for run, version in ((first, "1"), (second, "2")):
        run.metrics["f1"] = replace(ACCURACY, name="f1", version=version)
    contents = read_contents(tables(first, second))
    assert contents.unpooled_metrics == ("f1",)
    assert any("several versions" in note and "f1" in note for note in contents.unread)


def test_comparing_leaves_out_what_is_of_another_version_and_says_so():
    """The rest is compared as before."""
    found = compare(side(a_run("one")), side(a_run("two", task_version="2")))
    assert {change.task for change in found.changes} == {"regression"}
    assert found.changed_tasks == ("classification (1 → 2)",)
    assert found.has_missing
    assert any("classification (1 → 2)" in note for note in notes_of(found))
    found = compare(side(a_run("one")), side(a_run("two", replace(ACCURACY, version="2"))))
    assert {change.task for change in found.changes} == {"regression"}
    assert found.changed_metrics == ("accuracy (1 → 2)",)


def test_a_changed_metric_is_told_from_base_to_head_and_only_where_it_leads():
    """Going back to an older version is said so; what leads nowhere keeps nothing from pairing."""
    newer = replace(ACCURACY, version="2")
    found = compare(side(a_run("one", newer)), side(a_run("two")))
    assert found.changed_metrics == ("accuracy (2 → 1)",)
    first, second = a_run("one"), a_run("two")
    first.metrics["f1"] = replace(ACCURACY, name="f1")
    second.metrics["f1"] = replace(newer, name="f1")
    found = compare(side(first), side(second))
    assert found.changed_metrics == ()
    assert not found.has_missing


def test_nothing_but_other_versions_is_nothing_to_compare():
    """The message says what changed."""

    def only(run):
        run.trials = [row for row in run.trials if row["task"] == "classification"]
        return side(run)

    with pytest.raises(ResultsError, match=r"task classification \(1 → 2\)"):
        compare(only(a_run("one")), only(a_run("two", task_version="2")))


def test_what_is_tuned_for_two_metrics_is_two_contenders():
    """Their parameters were chosen by different figures."""
    run = Run()
    run.add("lda", "a", 0.8, tuning="tuned", search='{"trials": 3}')
    other = {"tuning": "tuned", "search": '{"trials": 3}', "primary_metric": "rmse", "outer": 1}
    run.add("lda", "a", 0.8, **other)
    made = tables(run)
    names = read_cells(made.trials, made.scores, made.metrics).contenders["name"].tolist()
    assert names == ["lda (for accuracy)", "lda (for rmse)"]
