"""Models of another environment in a run: one row each, under the same limits, in the same tables.

`tests/execution/misbehaving` is the plugin that `test_misbehaving.py` measures beside bench; here
it lives elsewhere, and every trial is to end the same way.
"""

import json
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import bench

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks")

HERE = Path(__file__).parent
MISBEHAVING = HERE.parents[1] / "execution" / "misbehaving"
PLACES = (HERE / "elsewhere", MISBEHAVING, sysconfig.get_path("purelib"), HERE.parents[2])

SUITE = """
[suite]
name = "elsewhere"
[protocol]
sizes = [64]
outer_seeds = 1
[limits]
seconds = 600
memory = "900 MB"
{models}
[[models]]
name = "else-bayes"
label = "tuned"
tune = {{ trials = 3 }}
[[datasets]]
name = "iris"
"""

EXPECTED = {
    "else-bayes": ("ok", ""),
    "else-teller": ("ok", ""),
    "else-threaded": ("ok", ""),
    "else-leaves-children": ("ok", ""),
    "gaussian-nb": ("ok", ""),
    "bad-segfault": ("crashed", "killed by SIGSEGV, in fit"),
    "bad-exit-silently": ("crashed", "exited with code 0 without a result, in fit"),
    "bad-exit-loudly": ("error", "SystemExit: enough"),
    "bad-allocate": ("out_of_memory", "over its limit of 858 MiB of memory, in fit"),
    "bad-wander": ("ok", ""),
    "bad-unserialisable": ("ok", ""),
    "bad-raise-unprintable": ("error", "UnprintableError: (its message cannot be shown)"),
    "bad-nan": ("invalid", ""),
    "bad-objects": ("invalid", ""),
    "bad-factory": ("error", "RuntimeError: the factory is closed"),
    "bad-skip": ("skipped", "I do not work on Sundays"),
    "bad-nothing": ("error", "AttributeError"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory, make_environment):
    """A folder with the suite, the configuration and the environment."""
    folder = tmp_path_factory.mktemp("elsewhere")
    python = make_environment(folder / "venv", *PLACES)
    (folder / "config.toml").write_text(
        "".join(f'[plugins.{name}]\npython = "{python}"\n' for name in ("elsewhere", "misbehaving"))
    )
    models = "".join(f'[[models]]\nname = "{name}"\n' for name in EXPECTED)
    (folder / "suite.toml").write_text(SUITE.format(models=models))
    return folder


@pytest.fixture(scope="module")
def bench_in(folder, command):
    """Run `bench` in that folder, with its configuration."""

    def run(*arguments):
        return command(*arguments, cwd=folder, env={"BENCH_CONFIG": str(folder / "config.toml")})

    return run


@pytest.fixture(scope="module")
def results(folder, bench_in):
    """What one run of all the models says."""
    ended = bench_in("run", "./suite.toml", "--output", "run")
    assert ended.returncode == 1, ended.stderr
    return bench.load(folder / "run")


@pytest.fixture(scope="module")
def rows(results):
    """The rows of the table of trials, by label."""
    trials = results.trials.to_pylist()
    assert len(trials) == len(EXPECTED) + 1
    return {row["label"]: row for row in trials}


@pytest.mark.parametrize("model", EXPECTED)
def test_each_model_elsewhere_ends_as_one_here(rows, model):
    """Whatever it does in its own environment, its trial is one row with status and reason."""
    status, reason = EXPECTED[model]
    assert rows[model]["status"] == status, rows[model]["reason"]
    assert (rows[model]["reason"] or "").startswith(reason)


def test_a_row_says_whose_it_is(rows):
    """Distribution and version are those of the environment."""
    assert (rows["else-bayes"]["plugin"], rows["else-bayes"]["plugin_version"]) == (
        "acme-elsewhere",
        "2.1",
    )


def test_every_figure_is_there(rows):
    """A trial elsewhere fills the columns that one here fills."""
    here, there = rows["gaussian-nb"], rows["else-bayes"]
    assert {name for name, value in here.items() if value is None} == {
        name for name, value in there.items() if value is None
    }


def test_it_can_be_tuned(rows):
    """Tuning searches the space of a model elsewhere, and keeps what it chose."""
    assert rows["tuned"]["status"] == "ok"
    assert json.loads(rows["tuned"]["chosen_params"])["smoothing"] in (1e-9, 1e-6, 1e-3)


def test_where_it_crashed_is_in_the_log(results, rows):
    """What is printed in the environment, the stack at a crash too, is the trial's output."""
    logs = {row["trial_id"]: row for row in results.logs.to_pylist()}
    output = logs[rows["bad-segfault"]["trial_id"]]["output"]
    assert "Segmentation fault" in output
    assert "bench_misbehaving.py" in output
    assert "[bench]" not in output


def test_transport_has_its_own_measure(results, rows):
    """What crossing cost is kept for each phase of a trial elsewhere, and for no other."""
    by_trial = {}
    for row in results.measures.to_pylist():
        if row["probe"] == "transport":
            by_trial.setdefault(row["trial_id"], []).append(row["phase"])
    assert set(by_trial[rows["else-bayes"]["trial_id"]]) >= {"init", "fit", "predict", "score"}
    assert rows["gaussian-nb"]["trial_id"] not in by_trial


def test_its_libraries_are_in_the_table_of_environments(results):
    """Which versions a model ran with elsewhere is part of what is recorded of the machine."""
    (row,) = results.environments.to_pylist()
    versions = json.loads(row["distributions"])
    assert versions["acme-elsewhere"] == "2.1"
    assert versions["acme-elsewhere: python"] == row["python"]
    assert "acme-elsewhere: scikit-learn" in versions


def test_nothing_is_left_running(results, folder):
    """Neither workers nor servers nor what models have started outlive the run."""
    for pattern in (str(folder / "venv"), "^sleep 359[89]"):
        found = subprocess.run(["pgrep", "-f", pattern], capture_output=True, text=True)
        assert found.stdout == ""
    assert results.trials.num_rows


def test_a_limit_of_time_holds_there(folder, bench_in):
    """A fit elsewhere that refuses to end is ended, and counted as over its time."""
    suite = SUITE.replace("seconds = 600", "seconds = 3").format(models="")
    suite = suite[: suite.index("[[models]]")] + suite[suite.index("[[datasets]]") :]
    (folder / "late.toml").write_text(suite + '[[models]]\nname = "bad-ignore-sigterm"\n')
    bench_in("run", "./late.toml", "--output", "late")
    (row,) = bench.load(folder / "late").trials.to_pylist()
    assert row["status"] == "timeout"
    assert row["reason"].startswith("over its limit of 3 s, in ")


def test_a_wrong_parameter_is_found_before_anything_is_run(folder, bench_in):
    """The factory elsewhere is asked what it takes, and the message says it."""
    text = (folder / "suite.toml").read_text()
    (folder / "wrong.toml").write_text(
        text.replace('label = "tuned"\ntune = { trials = 3 }', "params = { smothing = 1 }")
    )
    ended = bench_in("run", "./wrong.toml", "--models", "else-bayes", "--output", "wrong")
    assert ended.returncode == 2
    assert "'smothing'" in ended.stderr
    assert "it takes: smoothing" in ended.stderr
    assert not (folder / "wrong").exists()
