"""`bench run` with models that are tuned: side by side with themselves, resumed, in two slots."""

import json
import re
import shutil

import pytest
from click.testing import CliRunner

import bench
from bench.cli import main

SUITE = """
[suite]
name = "tuned"
[protocol]
sizes = [48]
outer_seeds = 2
[[models]]
name = "decision-tree"
[[models]]
name = "decision-tree"
tune = { trials = 3 }
[[models]]
name = "acme-moody"
tune = { trials = 2, seconds = 300 }
label = "moody"
[[models]]
name = "dummy"
[[datasets]]
name = "iris"
"""
N_TRIALS = 4 * 2

PLUGIN = """
import bench

@bench.hookimpl
def bench_models():
    yield bench.ModelSpec(
        name="acme-moody",
        family="deep",
        does=(("classification", "tabular"),),
        factory="acme_moody:make",
        params={"mood": "bad"},
        search_space={"mood": ["good"]},
    )

def make(context, mood):
    from sklearn.naive_bayes import GaussianNB

    class Moody(GaussianNB):
        def predict_proba(self, X):
            proba = super().predict_proba(X)
            return proba if mood == "good" else proba[:, ::-1]

    return Moody()
"""


@pytest.fixture(scope="module")
def plugin(tmp_path_factory):
    """What to put into the environment for the plugin to be installed."""
    site = tmp_path_factory.mktemp("site")
    information = site / "acme_moody-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-moody\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[bench]\nmoody = acme_moody\n")
    (site / "acme_moody.py").write_text(PLUGIN)
    return {"PYTHONPATH": str(site)}


@pytest.fixture(scope="module")
def finished(tmp_path_factory, command, plugin):
    """A folder in which the suite has run, and what was said."""
    folder = tmp_path_factory.mktemp("tuned")
    (folder / "tuned.toml").write_text(SUITE)
    # Wide enough for every column, however many digits the times have.
    ended = command("run", "./tuned.toml", cwd=folder, env=plugin | {"COLUMNS": "200"})
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return folder, ended


def rows_of(folder, label):
    trials = bench.load(folder / "results" / "tuned").trials.to_pylist()
    return [row for row in trials if row["label"] == label]


def scores_of(folder):
    """All scores of the run in a folder, sorted, to the last bit."""
    rows = bench.load(folder / "results" / "tuned").scores.to_pylist()
    return sorted((row["trial_id"], row["part"], row["metric"], repr(row["value"])) for row in rows)


def test_tuned_and_untuned_are_two_lines_of_the_leaderboard(finished):
    """Each has its own line, and how many sets of parameters were tried is said."""
    text = finished[1].stdout
    lines = re.findall(r"^ \d  \W (.+?)  +(?:classical|deep) ", text, re.MULTILINE)
    assert sorted(lines) == ["decision-tree", "decision-tree (tuned)", "moody"]
    assert "decision-tree (tuned) up to 3" in text
    assert "moody up to 2" in text


def test_a_tuned_trial_keeps_what_was_searched_and_chosen(finished):
    """Its row has the search and the choice, the curves have a value for each candidate."""
    results = bench.load(finished[0] / "results" / "tuned")
    for row in rows_of(finished[0], "moody"):
        assert (row["status"], row["tuning"]) == ("ok", "tuned")
        assert json.loads(row["search"]) == {
            "trials": 2, "seconds": 300.0, "space": {"mood": ["good"]},
        }  # fmt: skip
        assert json.loads(row["params"]) == {"mood": "bad"}
        assert json.loads(row["chosen_params"]) == {"mood": "good"}
        points = [
            (point["step"], point["name"])
            for point in results.curves.to_pylist()
            if point["trial_id"] == row["trial_id"] and point["part"] == "tuning"
        ]
        assert points == [(1, "log-loss"), (2, "log-loss")]
    for row in rows_of(finished[0], "decision-tree"):
        assert (row["tuning"], row["search"], row["chosen_params"]) == ("default", "{}", None)


def test_a_trial_shows_its_tuning(finished, command):
    """`bench show` has the chosen parameters and each candidate."""
    row = rows_of(finished[0], "moody")[0]
    ended = command("show", row["trial_id"][:12], cwd=finished[0])
    assert ended.returncode == 0, ended.stderr
    assert '{"mood": "good"}' in ended.stdout
    assert "candidate 1, as given: log-loss" in ended.stdout


def test_the_chosen_parameters_given_outright_score_the_same(finished, tmp_path, command, plugin):
    """What tuning leaves is a model fitted on all training rows, as if told what it has chosen."""
    tuned = {row["outer_seed"]: row for row in rows_of(finished[0], "decision-tree (tuned)")}
    chosen = json.loads(tuned[0]["chosen_params"])
    given = ", ".join(f"{name} = {json.dumps(value)}" for name, value in chosen.items())
    text = SUITE.replace("tune = { trials = 3 }", f'params = {{ {given} }}\nlabel = "given"')
    (tmp_path / "tuned.toml").write_text(text)
    options = ("--models", "given", "--seeds", "1")
    ended = command("run", "./tuned.toml", *options, cwd=tmp_path, env=plugin)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    (same,) = rows_of(tmp_path, "given")

    def scores(folder, row):
        return [score[1:] for score in scores_of(folder) if score[0] == row["trial_id"]]

    assert scores(tmp_path, same) == scores(finished[0], tuned[0])


def test_two_slots_tune_to_the_same_scores(finished, tmp_path, command, plugin):
    """With two trials at once, every score is the same to the last bit."""
    (tmp_path / "tuned.toml").write_text(SUITE)
    ended = command("run", "./tuned.toml", "--jobs", "2", cwd=tmp_path, env=plugin)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert scores_of(tmp_path) == scores_of(finished[0])


def test_a_run_with_tuned_models_goes_on(finished, tmp_path, command, plugin):
    """A third seed is all that is measured; another number of candidates makes other trials."""
    folder = tmp_path / "copy"
    shutil.copytree(finished[0], folder)
    ended = command("run", "./tuned.toml", "--seeds", "3", "--json", cwd=folder, env=plugin)
    assert ended.returncode == 0, ended.stderr
    assert f"tuned: 4 trials of 4 models on 1 dataset; {N_TRIALS} more" in ended.stderr
    (folder / "tuned.toml").write_text(SUITE.replace("trials = 3", "trials = 4"))
    ended = command("run", "./tuned.toml", "--dry-run", "--json", cwd=folder, env=plugin)
    plan = json.loads(ended.stdout)
    assert {trial["label"] for trial in plan["trials"] if not trial["done"]} == {
        "decision-tree (tuned)"
    }
    assert (plan["forecast"]["n_known"], plan["forecast"]["n_unknown"]) == (2, 0)


def test_clustering_is_not_tuned(tmp_path, cache, monkeypatch):
    """Exit code 2, with the reason, before anything is run."""
    monkeypatch.setenv("BENCH_CACHE", str(cache))
    monkeypatch.chdir(tmp_path)
    text = SUITE.replace('"decision-tree"\ntune', '"k-means"\ntune', 1)
    text = text.replace('"iris"', '"iris"\ntask = "clustering"')
    (tmp_path / "tuned.toml").write_text(text)
    ended = CliRunner().invoke(main, ["run", "./tuned.toml", "--models", "k-means"])
    assert ended.exit_code == 2
    assert "model 'k-means' cannot be tuned for clustering" in ended.stderr
    assert not (tmp_path / "results").exists()


def test_a_model_that_cannot_be_tuned_is_refused(tmp_path, cache, monkeypatch):
    """The dummy has nothing to be searched: exit code 2, and nothing is run."""
    monkeypatch.setenv("BENCH_CACHE", str(cache))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tuned.toml").write_text(SUITE.replace('"dummy"', '"dummy"\ntune = { trials = 3 }'))
    ended = CliRunner().invoke(main, ["run", "./tuned.toml", "--models", "dummy"])
    assert ended.exit_code == 2
    assert "model 'dummy' has no search space, so it cannot be tuned" in ended.stderr
    assert not (tmp_path / "results").exists()
