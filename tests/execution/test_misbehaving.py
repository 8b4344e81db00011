"""Models that misbehave: each is one row with the right status, and harms nobody else."""

import json
import subprocess
import uuid
from pathlib import Path

import pytest

import bench

PLUGIN = Path(__file__).parent / "misbehaving"

MARK = f"3{uuid.uuid4().int % 10**9:09d}"
"""A number of seconds that nobody else sleeps for."""

SUITE = """
[suite]
name = "{name}"
[protocol]
sizes = [64]
outer_seeds = 1
[limits]
seconds = {seconds}
memory = "700 MB"
{models}
[[datasets]]
name = "iris"
"""

EXPECTED = {
    "good": ("ok", ""),
    "gaussian-nb": ("ok", ""),
    "bad-segfault": ("crashed", "killed by SIGSEGV, in fit"),
    "bad-exit-silently": ("crashed", "exited with code 0 without a result, in fit"),
    "bad-exit-loudly": ("error", "SystemExit: enough"),
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


ENDLESS = ("bad-loop-in-c", "bad-ignore-sigterm")
"""Over any limit, however busy the machine is; all the others end by themselves."""


@pytest.fixture(scope="module")
def bench_in(tmp_path_factory, command):
    """Run a command in one folder, where a suite of models that end lies, and one of the others."""
    folder = tmp_path_factory.mktemp("misbehaving")
    for name, seconds, models in (("bad", 600, EXPECTED), ("endless", 2, ENDLESS)):
        tables = "".join(f'[[models]]\nname = "{model}"\n' for model in models)
        text = SUITE.format(name=name, seconds=seconds, models=tables)
        (folder / f"{name}.toml").write_text(text)
    variables = {"PYTHONPATH": str(PLUGIN), "BENCH_TEST_MARK": MARK}

    def run(*words):
        return command(*words, cwd=folder, env=variables)

    run.folder = folder
    return run


@pytest.fixture(scope="module")
def run(bench_in):
    """The folder of one run of all the models that end, and how the command ended."""
    ended = bench_in("run", "./bad.toml", "--jobs", "auto")
    return bench_in.folder / "results" / "bad", ended


@pytest.fixture(scope="module")
def endless(bench_in):
    """The folder of a run of the models that do not end."""
    ended = bench_in("run", "./endless.toml", "--jobs", "auto")
    assert ended.returncode == 1, ended.stderr
    return bench_in.folder / "results" / "endless"


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
    (row,) = (one for one in results.trials.to_pylist() if one["model"] == "bad-unserialisable")
    scores = [one for one in results.scores.to_pylist() if one["trial_id"] == row["trial_id"]]
    assert any(one["value"] is not None for one in scores)


def test_what_does_not_end_is_ended(endless):
    """A loop in C that no signal handler interrupts, and a fit that ignores SIGTERM."""
    rows = bench.load(endless).trials.to_pylist()
    assert sorted(row["model"] for row in rows) == sorted(ENDLESS)
    for row in rows:
        assert row["status"] == "timeout"
        assert row["reason"].startswith("over its limit of 2 s, in ")


def test_no_process_is_left_behind(run):
    """Children that a model leaves, in its session or in one of their own, are ended."""
    found = subprocess.run(["pgrep", "-f", f"^sleep {MARK}$"], capture_output=True, text=True)
    assert found.stdout == ""
    assert run[0].exists()


def test_running_again_measures_nothing(run, bench_in):
    """What failed is done, too: the same command finds nothing to do."""
    again = bench_in("run", "./bad.toml", "--json")
    assert again.returncode == 1
    assert "0 trials" in again.stderr
    assert json.loads(again.stdout)["failed"] == sum(
        status not in ("ok", "skipped") for status, _ in EXPECTED.values()
    )


@pytest.mark.parametrize(("seconds", "n_left"), [("1", 0), ("2", 0), ("5", 2)])
def test_a_higher_limit_runs_a_timeout_again(endless, bench_in, seconds, n_left):
    """A timeout counts as done only for limits at least as large as now asked."""
    planned = bench_in("run", "./endless.toml", "--timeout", seconds, "--dry-run", "--json")
    todo = {row["model"] for row in json.loads(planned.stdout)["trials"] if not row["done"]}
    assert len(todo) == n_left


def _of(results, model, table):
    """The first row of a table that belongs to a model's trial."""
    ids = {row["trial_id"] for row in results.trials.to_pylist() if row["model"] == model}
    return next(row for row in table.to_pylist() if row["trial_id"] in ids)
