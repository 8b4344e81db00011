"""A suite with conditions, run as a user runs it: clean and corrupted data side by side."""

import json

import numpy as np
import pytest

import bench
from bench.analysis.cells import read_cells

SUITE = """
[suite]
name = "dirty"
[protocol]
sizes = [32, "all"]
outer_seeds = 2
[[models]]
name = "dummy"
[[models]]
name = "gaussian-nb"
[[models]]
name = "mlp"
params = { hidden = [8], max_epochs = 3 }
[[datasets]]
name = "wine"
[[datasets]]
name = "digits-image"
sizes = [32]
[[conditions]]
noise = { labels = 0.3 }
[[conditions]]
missing = 0.2
[[conditions]]
noise = { features = 0.5 }
imbalance = 0.2
"""
SHOWN = {
    "wine": {},
    "wine (label noise 0.3)": {"noise": {"labels": 0.3}},
    "wine (missing 0.2)": {"missing": 0.2},
    "wine (feature noise 0.5, imbalance 0.2)": {"noise": {"features": 0.5}, "imbalance": 0.2},
}


@pytest.fixture(scope="module")
def run(tmp_path_factory, command):
    """A finished run: its folder, and what the command said."""
    folder = tmp_path_factory.mktemp("dirty")
    (folder / "dirty.toml").write_text(SUITE)
    ended = command("run", "./dirty.toml", cwd=folder)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return folder, ended.stdout


@pytest.fixture(scope="module")
def results(run):
    folder, _ = run
    return bench.load(folder / "results" / "dirty")


def test_every_trial_under_every_condition_is_scored(results):
    """Clean or not, each model has one row for every split and size, and its condition as JSON."""
    rows = [row for row in results.trials.to_pylist() if row["dataset"] == "wine"]
    assert {row["status"] for row in rows} == {"ok"}
    assert {row["dataset_label"]: json.loads(row["conditions"]) for row in rows} == SHOWN
    for label in SHOWN:
        cells = {
            (row["model"], row["n_train"], row["outer_seed"])
            for row in rows
            if row["dataset_label"] == label
        }
        assert len(cells) == 3 * 2 * 2


def test_what_does_not_apply_is_left_out(command, run):
    """Images have no missing values; `--dry-run` says so."""
    folder, _ = run
    ended = command("run", "./dirty.toml", "--dry-run", cwd=folder)
    assert "left out: digits-image (missing 0.2): values can be missing in tabular" in ended.stdout
    labels = {row for row in ended.stdout.split("\n") if row.startswith("digits-image (missing")}
    assert not labels


def test_the_run_is_complete(command, run):
    """Running the same suite again finds every trial done."""
    folder, _ = run
    ended = command("run", "./dirty.toml", "--dry-run", "--json", cwd=folder)
    assert all(trial["done"] for trial in json.loads(ended.stdout)["trials"])


def test_the_rows_that_are_kept_are_recorded(results):
    """Under imbalance, two of wine's three classes keep a fifth; the size counts all."""
    trials = {row["trial_id"]: row for row in results.trials.to_pylist()}
    kept = {
        row["trial_id"]: row["value"]
        for row in results.measures.to_pylist()
        if row["name"] == "n_train_kept"
    }
    assert {json.loads(trials[id_]["conditions"])["imbalance"] for id_ in kept} == {0.2}
    whole = {id_: n for id_, n in kept.items() if trials[id_]["n_train"] > 32}
    for id_, n in whole.items():
        # 40 % of wine is of the most frequent class, the rest keeps a fifth: about a half.
        assert 0.45 < n / trials[id_]["n_train"] < 0.6


def test_boards_keep_conditions_apart(results):
    """Each condition is a dataset of its own, whose skill is measured from its own baseline."""
    cells = read_cells(results.trials, results.scores, results.metrics)
    problems = cells.problems[cells.problems["dataset"] == "wine"]
    assert set(problems["name"]) == set(SHOWN)
    assert set(problems["yardstick"]) == {"dummy"}
    assert cells.frame["skill"].notna().all()


def test_noise_costs_accuracy(results):
    """Naive Bayes tells wines apart well, and worse once a third of its labels is wrong."""
    scores = {
        row["trial_id"]: row["value"]
        for row in results.scores.to_pylist()
        if (row["part"], row["metric"]) == ("train", "balanced-accuracy")
    }
    found = {label: [] for label in SHOWN}
    for row in results.trials.to_pylist():
        if row["model"] == "gaussian-nb" and row["dataset"] == "wine":
            found[row["dataset_label"]].append(scores[row["trial_id"]])
    assert np.mean(found["wine"]) > 0.95
    assert np.mean(found["wine (label noise 0.3)"]) < 0.85


def test_the_leaderboard_names_conditions(command, run):
    """The boards of datasets are headed by the dataset with its condition."""
    folder, said = run
    ended = command("leaderboard", "results/dirty", "--by", "dataset", cwd=folder)
    shown = said + ended.stdout
    assert "wine (missing 0.2)" in shown
    assert "wine (label noise 0.3)" in shown


@pytest.mark.parametrize(
    ("conditions", "said"),
    [
        ("missing = 2", "conditions[0].missing"),
        ("drift = 0.1", "conditions[0].drift: no such key; allowed: noise, missing, imbalance"),
        ("imbalance = 0.1", "conditions[0].imbalance: applies to none of the datasets"),
    ],
)
def test_bad_conditions_are_refused_with_their_place(command, tmp_path, conditions, said):
    """A share above 1, an unknown key, and imbalance for regression: exit code 2, one message."""
    suite = f"""
[suite]
name = "bad"
[[models]]
name = "ridge"
[[datasets]]
name = "diabetes"
[[conditions]]
{conditions}
"""
    (tmp_path / "bad.toml").write_text(suite)
    ended = command("run", "./bad.toml", cwd=tmp_path)
    assert ended.returncode == 2
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
