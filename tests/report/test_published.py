"""Runs of older schemas stay readable: those that are published, without a plugin being asked."""

from pathlib import Path

import pytest

import bench
from bench.analysis.compare import compare
from bench.analysis.pairs import Side
from bench.registry import lookup
from bench.report.contents import read_contents
from bench.report.html.page import write_page
from bench.results.run_tables import write_table
from bench.results.runs import create_run
from bench.spec.errors import ResultsError

PUBLISHED = Path(__file__).parents[2] / "results" / "published"
RUNS = sorted(path.parent.name for path in PUBLISHED.glob("*/run.json"))


@pytest.fixture(autouse=True)
def without_plugins(monkeypatch):
    """Nothing may look at what is installed."""

    def discover():
        raise AssertionError("a report asked for plugins")

    monkeypatch.setattr(lookup, "discover", discover)


@pytest.mark.parametrize("name", RUNS)
def test_a_published_run_is_ranked_and_judged(name):
    """Schema 2 says neither what leads nor what metrics are: that is what bench knew then."""
    contents = read_contents(bench.load(PUBLISHED / name), with_verdicts=True)
    assert not contents.unread
    assert all(board.by_skill and board.ranked_on for board in contents.boards)
    leading = {board.task: board.metrics for board in contents.boards}
    known = {"classification": ("balanced-accuracy",), "regression": ("rmse",)}
    assert leading.items() <= known.items()
    assert {board.size_unit for board in contents.boards} == {"rows"}
    assert contents.verdicts


def test_a_published_run_has_a_page(tmp_path):
    """Verdict, leaderboard and curves, as when it was published."""
    results = bench.load(PUBLISHED / "quick")
    facts = write_page(results, tmp_path / "page.html", runs=results.runs)
    assert (facts.n_datasets, facts.n_datasets_drawn) == (4, 4)
    assert facts.headline


def side(results):
    return Side(
        *(results.trials, results.scores, results.measures, results.environments, results.metrics)
    )


def test_runs_of_two_schemas_are_compared(tmp_path):
    """Written anew, the tables are of today's schema; every trial has its counterpart."""
    old = bench.load(PUBLISHED / "smoke")
    folder = tmp_path / "anew"
    create_run(folder, "smoke", "", ["bench"])
    for name in ("trials", "scores", "measures", "environments", "metrics"):
        write_table(folder, name, getattr(old, name))
    found = compare(side(old), side(bench.load(folder)))
    assert (found.n_pairs, found.endings, found.unknown_tasks) == (old.trials.num_rows, (), ())
    assert {change.decision for change in found.changes if change.measure == "score"} == {
        "identical"
    }


def test_the_same_task_of_another_version_is_not_compared():
    """A message says what changed."""
    old = side(bench.load(PUBLISHED / "image-small"))
    at = old.trials.schema.get_field_index("task_version")
    newer = old.trials.set_column(at, "task_version", [["2"] * len(old.trials)])
    head = Side(newer, old.scores, old.measures, old.environments, old.metrics)
    with pytest.raises(ResultsError, match=r"task classification \(1 → 2\)"):
        compare(old, head)
