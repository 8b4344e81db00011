"""The whole command against the published curves of the Learning Curve Database 1.1."""

from collections import defaultdict

import pytest

import bench
from lcdb_figures import HALF_A_DIGIT, PUBLISHED

MODELS = {
    "KNN": ("k-nearest-neighbors", ""),
    "Decision Tree": ("decision-tree", ", random_state = 42"),
    "GaussianNB": ("gaussian-nb", ""),
    "DummyClassifier": ("dummy", ""),
}

SUITE = """
[suite]
name = "lcdb"
primary_metric = "accuracy"
predictions = false
[protocol]
sizes = [16, 64, 256]
outer_seeds = 5
inner_seeds = 5
[[datasets]]
name = "iris"
[[datasets]]
name = "breast-cancer"
""" + "".join(
    f'[[models]]\nname = "{name}"\nparams = {{ scale = false{more} }}\n'
    for name, more in MODELS.values()
)


@pytest.fixture(scope="module")
def errors(tmp_path_factory, command):
    """The error of every trial, by dataset, model, size and part."""
    folder = tmp_path_factory.mktemp("lcdb")
    (folder / "lcdb.toml").write_text(SUITE)
    ended = command("run", "./lcdb.toml", "--jobs", "auto", cwd=folder)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    results = bench.load(folder / "results" / "lcdb")
    trials = {row["trial_id"]: row for row in results.trials.to_pylist()}
    found = defaultdict(list)
    for row in results.scores.to_pylist():
        if row["metric"] == "accuracy":
            trial = trials[row["trial_id"]]
            place = (trial["dataset"], trial["model"], trial["n_train"], row["part"])
            found[place].append(1 - row["value"])
    return found


@pytest.mark.parametrize(("dataset", "learner", "n_train"), PUBLISHED)
def test_what_bench_run_measures_is_what_was_published(errors, dataset, learner, n_train):
    """Mean error over 5 x 5 splits on all three parts is LCDB's to its four digits."""
    published = PUBLISHED[dataset, learner, n_train]
    for part, figure in zip(("train", "validation", "test"), published, strict=True):
        ours = errors[dataset, MODELS[learner][0], n_train, part]
        assert len(ours) == 25
        assert abs(sum(ours) / 25 - figure) <= HALF_A_DIGIT, part
