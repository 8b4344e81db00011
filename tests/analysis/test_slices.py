"""Scores that enter no mean, listed apart."""

import pytest
from click.testing import CliRunner

from analysis.hand_tables import Run, tables
from bench.analysis.cells import read_cells
from bench.analysis.slices import read_slices
from bench.cli import main
from bench.report.contents import Selection, read_contents
from bench.report.html.page import write_page
from report.page_runs import written


def sliced():
    """Return a run with a score of a class in each trial, and a figure across trials in one."""
    run = Run()
    for outer in range(2):
        for n in (16, 32):
            for model, value in (("dummy", 0.5), ("lda", 0.8)):
                run.add(model, "a", value, outer=outer, n=n)
                run.scores[-2]["value"] = 0.3 + outer / 10 + n / 320  # of the class
    run.scores.append({**run.scores[-1], "part": "across", "slice": "", "metric": "stability"})
    return run


def test_slices_are_means_over_seeds_at_the_largest_size():
    """0.4 and 0.5 by hand; other metrics of a slice stay in the table of scores."""
    made = tables(sliced())
    found = read_slices(read_cells(made.trials, made.scores, made.metrics), [made.scores])
    shown = {(one.model, one.part, one.slice, one.metric): one for one in found}
    assert set(shown) == {
        ("dummy", "test", "class=1", "accuracy"),
        ("lda", "test", "class=1", "accuracy"),
        ("lda", "across", "", "stability"),
    }
    one = shown["lda", "test", "class=1", "accuracy"]
    assert one.value == pytest.approx(0.45)
    assert (one.n_train, one.n_trials, one.size_unit) == (32, 2, "rows")
    assert shown["lda", "across", "", "stability"].n_trials == 1


def test_what_leaderboards_tell_apart_has_no_mean_in_common():
    """Conditions, parameters and versions of a task: each has its own figure."""
    run = Run()
    for more in (
        {},
        {"conditions": '{"missing": 0.1}'},
        {"params": '{"c": 2}'},
        {"task_version": "2", "outer": 1},
    ):
        run.add("lda", "a", 0.8, **more)
    found = read_contents(tables(run), with_verdicts=True).slices
    assert [one.n_trials for one in found] == [1, 1, 1, 1]
    shown = {(one.task, one.dataset, one.model) for one in found}
    assert len(shown) == 4
    assert {task for task, _, _ in shown} == {
        "classification (version 1)",
        "classification (version 2)",
    }


def test_a_selection_has_its_own():
    """Slices of models that are not looked at are left out; baselines stay."""
    selection = Selection(datasets=["a"], models=["dummy"])
    found = read_contents(tables(sliced()), selection=selection, with_verdicts=True).slices
    assert {one.model for one in found} == {"dummy"}


def test_the_page_and_the_command_list_them(tmp_path):
    """As means, with the size and how many trials are behind them."""
    write_page(tables(sliced()), tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "class=1" in page
    assert "across trials" in page
    folder = written(tmp_path / "run", sliced())
    shown = CliRunner().invoke(main, ["show", str(folder)]).stdout
    assert "class=1" in shown
    assert "0.45" in shown
    assert "stability" in shown


def test_a_run_without_slices_says_nothing_of_them(tmp_path):
    """No heading, no section."""
    run = Run()
    run.add("lda", "a", 0.8)
    run.scores = [row for row in run.scores if not row["slice"]]
    assert read_contents(tables(run), with_verdicts=True).slices == ()
    write_page(tables(run), tmp_path / "page.html")
    assert 'id="slices"' not in (tmp_path / "page.html").read_text()
