"""Tasks without rows go through the whole of `bench run`: the mechanism knows nothing of rows."""

import json
import re
from pathlib import Path

import pytest

import bench
from bench.report import formats, picture
from bench.report.contents import read_contents

TESTS = Path(__file__).parents[1]

SUITE = """
[suite]
name = "toys"
[protocol]
sizes = [8, "all"]
outer_seeds = 2
[[models]]
name = "toy-last-value"
[[models]]
name = "toy-drift"
[[models]]
name = "toy-drift"
tune = { trials = 3 }
[[models]]
name = "toy-walk"
[[models]]
name = "toy-signs"
[[datasets]]
name = "toy-line"
[[datasets]]
name = "toy-corridor"
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory, command):
    """The results of a suite of a forecasting and a control task, from a plugin."""
    folder = tmp_path_factory.mktemp("toys")
    information = folder / "site" / "toy-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[bench]\ntoy = toy_tasks\n")
    (folder / "toys.toml").write_text(SUITE)
    path = f"{information.parent}:{TESTS}"
    ended = command("run", "./toys.toml", cwd=folder, env={"PYTHONPATH": path})
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "toy-forecasting" in ended.stdout
    assert "toy-control" in ended.stdout
    return bench.load(folder / "results" / "toys")


def test_every_trial_of_both_tasks_is_scored(results):
    """Each model ran on the dataset of its task alone, and each trial is `ok`."""
    rows = results.trials.to_pylist()
    assert {row["status"] for row in rows} == {"ok"}
    assert {(row["dataset"], row["model"]) for row in rows} == {
        ("toy-line", "toy-last-value"),
        ("toy-line", "toy-drift"),
        ("toy-corridor", "toy-walk"),
        ("toy-corridor", "toy-signs"),
    }


def test_the_better_model_wins(results):
    """On a straight line, drift forecasts without error; following the signs reaches the goal."""
    trials = [row for row in results.trials.to_pylist() if row["n_train"] > 8]
    model = {row["trial_id"]: row["model"] for row in trials}
    test = {
        model[row["trial_id"]]: row["value"]
        for row in results.scores.to_pylist()
        if row["part"] == "test" and row["trial_id"] in model
    }
    assert test["toy-drift"] == pytest.approx(0, abs=1e-9)
    assert test["toy-last-value"] > 0.5
    assert test["toy-signs"] > test["toy-walk"]


def test_reports_need_no_plugin_and_call_nothing_rows(results, tmp_path):
    """The plugin was there in the run's process alone; what its sizes count, its tables say."""
    contents = read_contents(results, with_verdicts=True)
    by_dataset = read_contents(results, by="dataset")
    assert [board.size_unit for board in contents.boards] == ["environment steps", "history"]
    page = results.report(tmp_path / "page.html").read_text()
    data = re.search(r'id="data">(.*?)</script>', page, re.DOTALL).group(1)
    # What the page shows, its script and its style apart, and what these draw.
    page = re.sub(r"<(script|style).*?</\1>", "", page, flags=re.DOTALL)
    told = [
        *(repr(results.leaderboard()), repr(results.verdicts()), results._repr_html_()),
        *(repr(results.learning_curves()), json.dumps(results.learning_curves().spec)),
        *(formats.to_markdown(contents), formats.to_markdown(by_dataset)),
        *(formats.to_json(contents), picture.to_svg(contents), picture.to_svg(by_dataset)),
        *(page, data),
    ]
    for text in told:
        assert not re.findall(r".{0,40}\brows\b.{0,40}", text)
    assert "256 environment steps" in told[0]
    assert "toy-drift" in told[0]
