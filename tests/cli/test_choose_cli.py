"""`bench choose` as a user sees it: a table in, a model out, and all of it a run like any other."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import bench

CANDIDATES = """
[suite]
name = "mine"
[limits]
seconds = 600
[[models]]
name = "dummy"
[[models]]
name = "lda"
[[models]]
name = "gaussian-nb"
[[datasets]]
name = "iris"
"""
NETWORK = '[[models]]\nname = "mlp"\nparams = { hidden = [8] }\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A table of 120 rows with an identifier, and candidates that are quickly measured."""
    folder = tmp_path_factory.mktemp("choose")
    chance = np.random.default_rng(0)
    bought = chance.integers(0, 2, 120)
    visits = chance.normal(bought, 1.0).round(3)
    lines = ["customer,visits,age,bought"]
    for i, (visit, answer) in enumerate(zip(visits, bought, strict=True)):
        lines.append(f"{1000 + i},{visit},{chance.integers(18, 90)},{'yes' if answer else 'no'}")
    (folder / "customers.csv").write_text("\n".join(lines) + "\n")
    (folder / "mine.toml").write_text(CANDIDATES)
    (folder / "both.toml").write_text(CANDIDATES + NETWORK)
    return folder


@pytest.fixture(scope="module")
def finished(folder, command):
    """The command has run, and what was said."""
    ended = command(
        "choose", "customers.csv", "--target", "bought", "--candidates", "./mine.toml",
        "--minutes", "20", cwd=folder,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_it_says_what_the_table_is(finished):
    """Task, classes, rows, and columns by kind."""
    assert "customers: classification of 2 classes (no and yes), 120 rows, 3 columns" in finished


def test_an_identifier_is_warned_of_and_stays(finished, folder):
    """It is named with the option that leaves it out, and is still among the columns."""
    assert "warning: column 'customer' looks like an identifier" in finished
    assert "--drop 'customer'" in finished
    trials = bench.load(folder / "results" / "choose-customers").trials
    assert set(trials["n_features"].drop_null().to_pylist()) == {3}


def test_it_names_one_model_with_its_score(finished):
    """Chosen on validation rows, reported on test rows."""
    line = next(line for line in finished.splitlines() if line.startswith("Take "))
    assert line in ("Take lda (classical).", "Take gaussian-nb (classical).")
    assert "on test rows; chosen on validation rows" in finished
    assert "Verdict: " in finished


def test_it_leaves_a_run_like_any_other(finished, folder, command):
    """With a suite that reads as one, a page, and a leaderboard."""
    run = folder / "results" / "choose-customers"
    results = bench.load(run)
    assert set(results.trials["status"].to_pylist()) == {"ok"}
    assert (run / "report.html").stat().st_size > 0
    ended = command("leaderboard", str(run), cwd=folder)
    assert ended.returncode == 0
    assert "lda" in ended.stdout


def test_running_it_again_measures_nothing_twice(finished, folder, command):
    """What an earlier session measured counts, and the answer is one that a machine can read."""
    copy = folder / "copy"
    shutil.copytree(folder / "results" / "choose-customers", copy)
    before = bench.load(copy).trials["trial_id"].to_pylist()
    ended = command(
        "choose", "customers.csv", "--target", "bought", "--candidates", "./mine.toml",
        "--minutes", "20", "--output", "copy", "--json", cwd=folder,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    answer = json.loads(ended.stdout)
    assert answer["choice"]["model"] in ("lda", "gaussian-nb")
    assert [f["kind"] for f in answer["findings"]] == ["few-rows", "identifier"]
    assert answer["run"] == "copy"
    after = bench.load(copy).trials["trial_id"].to_pylist()
    assert set(before) <= set(after)
    assert len(after) == len(set(after))


def test_a_folder_of_another_question_is_refused(finished, folder, command):
    """Another target in the same folder would make one leaderboard of two tables."""
    ended = command(
        "choose", "customers.csv", "--target", "age", "--candidates", "./mine.toml",
        "--task", "classification", "--output", "results/choose-customers", cwd=folder,
    )  # fmt: skip
    assert ended.returncode == 2
    assert "another table, target" in ended.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("customers.csv", "--target", "bougth"), "Did you mean 'bought'?"),
        (("customer.csv", "--target", "bought"), "Did you mean 'customers.csv'?"),
        (("customers.csv",), "Missing option '--target'"),
        (("customers.csv", "--target", "bought", "--metric", "acuracy"), "Did you mean 'accuracy'"),
        (("customers.csv", "--target", "bought", "--candidates", "mien"), "No suite is called"),
        (("customers.csv", "--target", "bought", "--minutes", "0"), "--minutes is 0"),
        (("customers.csv", "--target", "bought", "--minutes", "nan"), "--minutes is nan"),
    ],
)
def test_wrong_input_is_one_clear_message(options, said, folder, refused):
    """Exit code 2, with the nearest name, and nothing is left behind."""
    assert said in refused("choose", *options, "--output", "nothing", cwd=folder).stderr
    assert not (folder / "nothing").exists()


def test_an_interruption_keeps_what_is_known(folder, cache):
    """Ctrl-C in the midst: exit code 130, the rows are there, and so is an answer."""
    bench_ = Path(sys.executable).with_name("bench")
    process = subprocess.Popen(
        [bench_, "choose", "customers.csv", "--target", "bought", "--candidates", "./mine.toml",
         "--seed", "1", "--output", "cut"],
        cwd=folder, env={**os.environ, "BENCH_CACHE": str(cache)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    for line in process.stdout:
        if "trial" in line and "left" in line:
            process.send_signal(signal.SIGINT)
            break
    said, wrong = process.communicate()
    assert process.returncode == 130, said + wrong
    assert "Interrupted. The same command goes on where this ended." in said
    assert "Results: cut" in said
    assert bench.load(folder / "cut").trials.num_rows >= 1


@pytest.mark.slow
def test_both_families_are_compared(folder, command):
    """With a network among the candidates, the verdict speaks of both."""
    ended = command(
        "choose", "customers.csv", "--target", "bought", "--candidates", "./both.toml",
        "--drop", "customer", "--minutes", "20", "--output", "both", "--json", cwd=folder,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    answer = json.loads(ended.stdout)
    assert answer["verdict"]["candidates"] == {"classical": 2, "deep": 1}
    families = set(bench.load(folder / "both").trials["family"].to_pylist())
    assert families == {"baseline", "classical", "deep"}
