"""Models that misbehave: each is one row with the right status, and harms nobody else."""

import json
import subprocess
from pathlib import Path

import pytest

import bench

PLUGIN = Path(__file__).parent / "misbehaving"

SUITE = """
[suite]
name = "bad"
[protocol]
sizes = [64]
outer_seeds = 1
[limits]
seconds = 4
memory = "700 MB"
[[models]]
name = "bad-*"
[[models]]
name = "good"
[[models]]
name = "gaussian-nb"
[[datasets]]
name = "iris"
"""

EXPECTED = {
    "good": ("ok", ""),
    "gaussian-nb": ("ok", ""),
    "bad-segfault": ("crashed", "killed by SIGSEGV, in fit"),
    "bad-exit-silently": ("crashed", "exited with code 0 without a result, in fit"),
    "bad-exit-loudly": ("error", "SystemExit: enough"),
    "bad-loop-in-c": ("timeout", "over its limit of 4 s, in fit"),
    "bad-ignore-sigterm": ("timeout", "over its limit of 4 s, in fit"),
    "bad-leave-children": ("ok", ""),
    "bad-allocate": ("out_of_memory", "over its limit of 668 MiB of memory, in fit"),
    "bad-long-message": ("error", "ValueError: xxx"),
    "bad-gigabyte": ("ok", ""),
    "bad-wander": ("ok", ""),
    "bad-unserialisable": ("ok", ""),
    "bad-raise-unprintable": ("error", "UnprintableError: (its message cannot be shown)"),
    "bad-nan": ("invalid", ""),
    "bad-wrong-shape": ("invalid", ""),
    "bad-unseen-class": ("invalid", ""),
    "bad-objects": ("invalid", ""),
    "bad-factory": ("error", "RuntimeError: the factory is closed"),
    "bad-skip": ("skipped", "I do not work on Sundays"),
    "bad-nothing": ("error", "AttributeError"),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory, command, cache):
    """The folder of one run of all the models, and how the command ended."""
    folder = tmp_path_factory.mktemp("misbehaving")
    (folder / "bad.toml").write_text(SUITE)
    ended = command(
        "run", "./bad.toml", "--jobs", "auto", cwd=folder, env={"PYTHONPATH": str(PLUGIN)}
    )
    return folder / "results" / "bad", ended


@pytest.fixture(scope="module")
def rows(run):
    """The rows of the table of trials, by model."""
    trials = bench.load(run[0]).trials.to_pylist()
    assert len(trials) == len(EXPECTED)
    return {row["model"]: row for row in trials}


def test_the_command_says_that_trials_failed(run):
    """A run with failed trials ends with code 1 and still prints a leaderboard."""
    _, ended = run
    assert ended.returncode == 1, ended.stderr
    assert "gaussian-nb" in ended.stdout
    assert "trials failed" in ended.stdout


@pytest.mark.parametrize("model", EXPECTED)
def test_each_model_has_one_row_with_its_status(rows, model):
    """Whatever a model does, its trial is exactly one row, with status and reason."""
    status, reason = EXPECTED[model]
    assert rows[model]["status"] == status, rows[model]["reason"]
    assert (rows[model]["reason"] or "").startswith(reason)


def test_a_long_message_is_kept_at_both_ends(run):
    """Of ten megabytes of message, the beginning and the end are kept."""
    results = bench.load(run[0])
    row = _of(results, "bad-long-message", results.logs)
    assert len(row["traceback"]) < 70_000
    assert "characters left out" in row["traceback"]


def test_a_gigabyte_of_output_is_kept_at_both_ends(run):
    """Of a gigabyte on standard output, 32 KiB are kept of each end."""
    results = bench.load(run[0])
    row = _of(results, "bad-gigabyte", results.logs)
    assert row["output"].startswith("yyy")
    assert "1,073,676,288 bytes left out" in row["output"]  # 2**30 less two times 32 KiB
    assert len(row["output"]) < 70_000


def test_a_crash_says_where(run):
    """The Python stack at a segmentation fault is in the log."""
    results = bench.load(run[0])
    row = _of(results, "bad-segfault", results.logs)
    assert "Segmentation fault" in row["output"]
    assert "bench_misbehaving.py" in row["output"]


def test_what_cannot_be_serialised_is_left_out_and_said(run):
    """A loss curve of objects costs the curve, not the trial."""
    results = bench.load(run[0])
    assert (
        "loss_curve_ is not a sequence of numbers"
        in _of(results, "bad-unserialisable", results.logs)["output"]
    )
    assert _of(results, "bad-unserialisable", results.scores)["value"] is not None


def test_no_process_is_left_behind(run):
    """Children that a model leaves, in its session or in one of their own, are ended."""
    found = subprocess.run(["pgrep", "-f", "^sleep 3599$"], capture_output=True, text=True)
    assert found.stdout == ""
    assert run[0].exists()


def test_running_again_measures_nothing(run, command):
    """What failed is done, too: the same command finds nothing to do."""
    folder = run[0].parents[1]
    again = command(
        "run",
        "./bad.toml",
        "--json",
        cwd=folder,
        env={"PYTHONPATH": str(PLUGIN)},
    )
    assert again.returncode == 1
    assert "0 trials" in again.stderr
    assert json.loads(again.stdout)["failed"] == sum(
        status not in ("ok", "skipped") for status, _ in EXPECTED.values()
    )


def test_a_higher_limit_runs_a_timeout_again(run, command):
    """A timeout counts as done only for limits at least as large as now asked."""
    folder = run[0].parents[1]
    planned = command(
        "run",
        "./bad.toml",
        "--timeout",
        "5",
        "--dry-run",
        "--json",
        cwd=folder,
        env={"PYTHONPATH": str(PLUGIN)},
    )
    todo = {row["model"] for row in json.loads(planned.stdout)["trials"] if not row["done"]}
    assert todo == {"bad-loop-in-c", "bad-ignore-sigterm"}


def _of(results, model, table):
    """The first row of a table that belongs to a model's trial."""
    ids = {row["trial_id"] for row in results.trials.to_pylist() if row["model"] == model}
    return next(row for row in table.to_pylist() if row["trial_id"] in ids)
