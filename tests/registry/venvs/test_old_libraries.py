"""The purpose of it all: libraries that no one environment can hold, in one leaderboard.

NumPy 1.26 and scikit-learn 1.5 are installed from the package index into an environment of their
own, beside the NumPy 2 of ours. Without an index these tests are skipped, unless
``BENCH_REQUIRE_ENVIRONMENTS=1`` says that there must be one.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import bench

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
WANTED = ("numpy==1.26.4", "scikit-learn==1.5.2", "pyarrow<20", "pandas<3", "pluggy")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks"),
    pytest.mark.skipif(sys.version_info >= (3, 13), reason="NumPy 1.26 ends with Python 3.12"),
]

SUITE = """
[suite]
name = "old-and-new"
[protocol]
sizes = [64]
outer_seeds = 2
[[models]]
name = "old-bayes"
[[models]]
name = "old-table"
[[models]]
name = "gaussian-nb"
params = { scale = false }
[[models]]
name = "dummy"
[[datasets]]
name = "iris"
[[datasets]]
name = "make-mixed"
"""


@pytest.fixture(scope="module")
def old_python(make_environment, tmp_path_factory):
    """The interpreter of an environment with NumPy 1.26 and scikit-learn 1.5."""
    folder = tmp_path_factory.mktemp("old")
    python = make_environment(folder / "venv", HERE / "old_libraries", ROOT)
    command = ["-m", "pip", "--python", python, "install", "--quiet", "--no-compile"]
    installed = subprocess.run(
        [sys.executable, *command, "--only-binary=:all:", *WANTED], capture_output=True, text=True
    )
    if installed.returncode:
        why = f"{' '.join(WANTED)} cannot be installed: {installed.stderr.strip()[-500:]}"
        if os.environ.get("BENCH_REQUIRE_ENVIRONMENTS") == "1":
            pytest.fail(why)
        pytest.skip(why)
    return python


@pytest.fixture(scope="module")
def results(old_python, command, tmp_path_factory):
    """One run of models of both environments."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "config.toml").write_text(f'[plugins.old]\npython = "{old_python}"\n')
    (folder / "both.toml").write_text(SUITE)
    ended = command(
        "run", "./both.toml", "--output", "run", cwd=folder,
        env={"BENCH_CONFIG": str(folder / "config.toml")},
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return ended, bench.load(folder / "run")


def test_both_stand_in_one_leaderboard(results):
    """A model of NumPy 1 and one of NumPy 2 are measured on the same rows and ranked together."""
    ended, tables = results
    rows = tables.trials.to_pylist()
    assert {row["status"] for row in rows} == {"ok"}
    assert np.__version__.startswith("2.")
    board = ended.stdout[ended.stdout.index("log-loss") :]
    assert "old-bayes" in board
    assert "gaussian-nb" in board


def test_it_was_computed_with_the_old_libraries(results):
    """Which versions computed is in the table of environments, and the estimator says the same."""
    _, tables = results
    (row,) = tables.environments.to_pylist()
    versions = json.loads(row["distributions"])
    assert versions["acme-old: numpy"] == "1.26.4"
    assert versions["acme-old: scikit-learn"] == "1.5.2"
    assert json.loads(row["libraries"])["numpy"] == np.__version__
    reasons = {
        row["stop_reason"] for row in tables.trials.to_pylist() if row["model"] == "old-bayes"
    }
    assert reasons == {"numpy 1.26.4, scikit-learn 1.5.2"}


def test_old_and_new_agree_where_nothing_has_changed(results):
    """Naive Bayes gives the same probabilities in both versions: the same rows have arrived."""
    _, tables = results
    outputs = {}
    trials = {row["trial_id"]: row for row in tables.trials.to_pylist()}
    for row in tables.predictions.to_pylist():
        trial = trials[row["trial_id"]]
        if trial["dataset"] == "iris":
            key = (trial["outer_seed"], row["row"])
            outputs.setdefault(trial["model"], {})[key] = row["output"]
    old, new = outputs["old-bayes"], outputs["gaussian-nb"]
    assert set(old) == set(new)
    for key, probabilities in new.items():
        np.testing.assert_allclose(old[key], probabilities, rtol=1e-9, atol=1e-12)


def test_tables_arrive_in_an_old_pandas(results):
    """Categories, missing values and numbers are what the model elsewhere expects of a table."""
    _, tables = results
    kinds = {
        row["stop_reason"]
        for row in tables.trials.to_pylist()
        if (row["model"], row["dataset"]) == ("old-table", "make-mixed")
    }
    assert len(kinds) == 1
    (kind,) = kinds
    assert kind.startswith("pandas 2.")
    assert "category" in kind
    assert "float64" in kind
