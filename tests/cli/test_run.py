"""`bench run` as a user sees it: its options, what it prints, its exit codes, its folder."""

import json
import os
import shutil

import pytest
from click.testing import CliRunner

import bench
from bench.cli import main

SUITE = """
[suite]
name = "mine"
[protocol]
sizes = [16, 32]
outer_seeds = 2
[[models]]
name = "gaussian-nb"
label = "naive"
[[models]]
name = "decision-tree"
[[models]]
name = "dummy"
[[datasets]]
name = "iris"
[[datasets]]
name = "wine"
sizes = [20]
"""
# iris: 3 models, 2 sizes, 2 seeds; wine: 3 models, 1 size, 2 seeds.
N_TRIALS = 12 + 6

PLUGIN = """
import time
import bench

@bench.hookimpl
def bench_models():
    does = (("classification", "tabular"),)
    for name in ("bad", "slow"):
        factory = f"acme_run:make_{name}"
        yield bench.ModelSpec(name=f"acme-{name}", family="classical", does=does, factory=factory)

class Bad:
    def fit(self, X, y):
        raise ValueError("out of luck")

class Slow:
    def fit(self, X, y):
        time.sleep(600)

def make_bad(context):
    return Bad()

def make_slow(context):
    return Slow()
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory, command):
    """A folder in which the suite has run, and what was said."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "mine.toml").write_text(SUITE)
    ended = command("run", "./mine.toml", cwd=folder)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return folder, ended


@pytest.fixture
def copy(finished, tmp_path):
    """A copy of the finished run that a test may change."""
    shutil.copytree(finished[0], tmp_path / "copy")
    return tmp_path / "copy"


@pytest.fixture
def fresh(tmp_path):
    """A folder with the suite in it and no run."""
    (tmp_path / "mine.toml").write_text(SUITE)
    return tmp_path


@pytest.fixture
def planned(cache, monkeypatch):
    """Ask, in this process, what would be run; return what is said for machines."""
    monkeypatch.setenv("BENCH_CACHE", str(cache))

    def plan(folder, *options):
        monkeypatch.chdir(folder)
        before = sorted(folder.rglob("*"))
        ended = CliRunner().invoke(main, ["run", "./mine.toml", *options, "--dry-run", "--json"])
        assert ended.exit_code == 0, ended.output
        assert sorted(folder.rglob("*")) == before
        return json.loads(ended.stdout)

    return plan


def test_a_run_says_what_it_does_and_where_the_results_are(finished):
    """The plan at first, then progress, then the leaderboard, and the path at last."""
    folder, ended = finished
    lines = ended.stdout.splitlines()
    assert lines[0] == f"mine: {N_TRIALS} trials of 3 models on 2 datasets."
    assert f"Trials: {N_TRIALS} ok." in lines
    assert "naive" in ended.stdout
    assert lines[-1] == "Results: results/mine"
    assert bench.load(folder / "results" / "mine").trials.num_rows == N_TRIALS


def test_progress_is_plain_lines_in_a_pipe(finished):
    """Where nobody watches, there are lines, the last trial's among them, and no control codes."""
    ended = finished[1]
    assert f"{N_TRIALS}/{N_TRIALS}  ok" in ended.stdout
    assert "\x1b" not in ended.stdout + ended.stderr


def test_the_suite_and_the_command_are_kept(finished):
    """The folder says by itself what was run."""
    folder = finished[0] / "results" / "mine"
    about = json.loads((folder / "run.json").read_text())
    assert about["suite"] == "mine"
    assert about["argv"] == ["bench", "run", "./mine.toml"]
    assert (folder / "suite.toml").read_text() == SUITE


def test_running_again_does_nothing(copy, command):
    """The same command finds all trials done, and changes no table of trials."""
    table = copy / "results" / "mine" / "trials.parquet"
    before = table.read_bytes()
    ended = command("run", "./mine.toml", cwd=copy)
    assert ended.returncode == 0, ended.stderr
    first = ended.stdout.splitlines()[0]
    assert first == f"mine: 0 trials of 3 models on 2 datasets; {N_TRIALS} more are done already."
    assert "naive" in ended.stdout
    assert table.read_bytes() == before


def test_more_seeds_measure_only_what_is_missing(copy, command):
    """With a third seed, half as many trials again are run, and none twice."""
    ended = command("run", "./mine.toml", "--seeds", "3", "--json", cwd=copy)
    assert ended.returncode == 0, ended.stderr
    assert f"mine: {N_TRIALS // 2} trials" in ended.stderr
    assert f"{N_TRIALS} more are done already" in ended.stderr
    ids = bench.load(copy / "results" / "mine").trials["trial_id"].to_pylist()
    assert len(ids) == len(set(ids)) == N_TRIALS * 3 // 2


def test_json_is_all_that_goes_to_standard_output(copy, command):
    """A machine reads one object; what a person reads goes to standard error."""
    ended = command("run", "./mine.toml", "--json", cwd=copy)
    assert json.loads(ended.stdout) == {
        "run": "results/mine",
        "trials": {"ok": N_TRIALS},
        "failed": 0,
    }
    assert "Results: results/mine" in ended.stderr


def test_fresh_begins_beside_an_earlier_run(copy, command):
    """`--fresh` leaves the earlier run alone and begins `mine-2`."""
    before = (copy / "results" / "mine" / "trials.parquet").read_bytes()
    options = ("--fresh", "--models", "dummy", "--datasets", "wine", "--json")
    ended = command("run", "./mine.toml", *options, cwd=copy)
    assert json.loads(ended.stdout)["run"] == "results/mine-2", ended.stderr
    assert bench.load(copy / "results" / "mine-2").trials.num_rows == 2
    assert (copy / "results" / "mine" / "trials.parquet").read_bytes() == before


def test_a_dry_run_shows_the_plan_to_a_person(fresh, command):
    """Datasets with their facts, trials by model and size, what is left out, and the time."""
    ended = command("run", "./mine.toml", "--sizes", "16,1000", "--dry-run", cwd=fresh)
    assert ended.returncode == 0, ended.stderr
    text = ended.stdout
    assert "iris: classification, 150 rows" in text
    assert "3 classes" in text
    assert "naive (classical)" in text
    assert "n=16" in text
    assert "left out: iris, size 1000: beyond the data: at most 121 rows" in text
    assert "12 trials, 0 of them done already" in text
    assert "at most 2 h 0 min by the limits" in text  # 12 trials of 600 s
    assert not (fresh / "results").exists()


def test_a_dry_run_of_a_finished_run_knows_what_is_done(finished, planned):
    """Each trial says whether it is done, and nothing is left to forecast."""
    plan = planned(finished[0])
    assert len(plan["trials"]) == N_TRIALS
    assert all(trial["done"] for trial in plan["trials"])
    assert plan["left_out"] == []
    assert plan["forecast"]["seconds"] == 0


def test_a_dry_run_forecasts_from_trials_like_these(finished, planned):
    """Another seed is like those measured before: its time is known."""
    forecast = planned(finished[0], "--seeds", "3")["forecast"]
    assert (forecast["n_known"], forecast["n_unknown"]) == (N_TRIALS // 2, 0)
    assert 0 < forecast["seconds"] < forecast["at_most_seconds"]


def of(plan, *names):
    return {tuple(trial[name] for name in names) for trial in plan["trials"]}


@pytest.mark.parametrize(
    ("options", "names", "expected"),
    [
        (("--models", "naive"), ("model",), {("gaussian-nb",), ("dummy",)}),
        (("--models", "decision-*, gaussian-nb"), ("label",),
         {("decision-tree",), ("naive",), ("dummy",)}),
        (("--models", "dummy", "--datasets", "w*"), ("dataset", "model"), {("wine", "dummy")}),
        (("--sizes", "24,all"), ("dataset", "n_train"),
         {("iris", 24), ("iris", 121), ("wine", 24), ("wine", 144)}),
        (("--seeds", "3"), ("outer_seed",), {(0,), (1,), (2,)}),
        (("--seeds", "0,1,2"), ("outer_seed",), {(0,), (1,), (2,)}),
        (("--timeout", "2.5"), ("limit_seconds",), {(2.5,)}),
        (("--memory", "2 GiB"), ("limit_bytes",), {(2**31,)}),
        (("--memory", "750MB"), ("limit_bytes",), {(750_000_000,)}),
        (("--cores", "1"), ("cores",), {(1,)}),
        (("--device", "gpu"), ("device",), {("cpu",)}),
    ],
)  # fmt: skip
def test_options_change_the_plan(finished, planned, options, names, expected):
    """Each option selects or sets what it names, and nothing is measured to find out."""
    assert of(planned(finished[0], *options), *names) == expected


def test_limits_make_no_new_trials_and_cores_do(finished, planned):
    """With other limits all trials are done already; with more cores, none is."""
    limited = planned(finished[0], "--timeout", "5", "--memory", "1 GiB")
    assert all(trial["done"] for trial in limited["trials"])
    if len(os.sched_getaffinity(0)) > 1:
        wider = planned(finished[0], "--cores", "2")
        assert not any(trial["done"] for trial in wider["trials"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--cores", "0"), "--cores"),
        (("--jobs", "none"), "neither a number above zero nor 'auto'"),
        (("--seeds", "some"), "protocol.outer_seeds"),
        (("--timeout", "-1"), "limits.seconds"),
        (("--datasets", "irsi"), "Did you mean 'iris'?"),
        (("--device", "abacus"), "abacus"),
        (("--frsh",), "--fresh"),
    ],
)
def test_wrong_options_end_with_code_2(fresh, monkeypatch, options, said):
    """The option is named, nothing is measured, and there is no traceback."""
    monkeypatch.chdir(fresh)
    ended = CliRunner().invoke(main, ["run", "./mine.toml", *options])
    assert ended.exit_code == 2
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (fresh / "results").exists()


@pytest.fixture
def plugin(tmp_path):
    """A function that installs a plugin in some version and returns the environment for it."""

    def install(version):
        site = tmp_path / f"site-{version}"
        information = site / f"acme_run-{version}.dist-info"
        information.mkdir(parents=True)
        text = f"Metadata-Version: 2.1\nName: acme-run\nVersion: {version}\n"
        (information / "METADATA").write_text(text)
        (information / "entry_points.txt").write_text("[bench]\nacme = acme_run\n")
        (site / "acme_run.py").write_text(PLUGIN)
        return {"PYTHONPATH": str(site)}

    return install


def test_failed_trials_end_with_code_1_and_are_said(fresh, command, plugin):
    """The leaderboard comes, then how many failed, how to find out why, and where all of it is.

    `--output` names the folder itself.
    """
    (fresh / "mine.toml").write_text(SUITE.replace('"decision-tree"', '"acme-bad"'))
    options = ("--datasets", "wine", "--seeds", "3", "--output", "else/where")
    ended = command("run", "./mine.toml", *options, cwd=fresh, env=plugin("1.0"))
    assert ended.returncode == 1, ended.stderr
    assert "Trials: 3 error, 6 ok." in ended.stdout
    assert "ValueError: out of luck" in ended.stdout
    assert "3 trials failed" in ended.stdout
    assert "bench show else/where" in ended.stdout
    assert "Results: else/where" in ended.stdout.splitlines()
    assert "Traceback" not in ended.stdout + ended.stderr
    assert bench.load(fresh / "else" / "where").trials.num_rows == 9
    assert not (fresh / "results").exists()


def test_a_trial_is_ended_at_the_time_that_is_asked_for(fresh, command, plugin):
    """`--timeout` ends a fit that sleeps for ten minutes, and the row says why."""
    (fresh / "mine.toml").write_text(SUITE.replace('"decision-tree"', '"acme-slow"'))
    options = ("--datasets", "wine", "--seeds", "2", "--models", "acme-slow", "--timeout", "0.5")
    ended = command("run", "./mine.toml", *options, cwd=fresh, env=plugin("1.0"))
    assert ended.returncode == 1, ended.stderr
    rows = bench.load(fresh / "results" / "mine").trials.to_pylist()
    slow = [row for row in rows if row["model"] == "acme-slow"]  # the baseline is there as well
    assert [row["status"] for row in slow] == ["timeout"] * 2
    assert "over its limit of 0.5 s" in ended.stdout


def test_a_run_that_goes_on_with_another_version_warns(copy, command, plugin):
    """The plugin, its old and its new version are named; earlier rows stay, new ones are added."""
    wine = ("run", "./mine.toml", "--datasets", "wine", "--seeds")
    first = command(*wine, "3", cwd=copy, env=plugin("1.0"))
    assert "Warning" not in first.stdout
    again = command(*wine, "0,1,2,3", cwd=copy, env=plugin("1.1"))
    assert again.returncode == 0, again.stderr
    (warning,) = (line for line in again.stdout.splitlines() if line.startswith("Warning"))
    assert "acme-run changed from 1.0 to 1.1" in warning
    results = bench.load(copy / "results" / "mine")
    assert results.trials.num_rows == N_TRIALS + 2 * 3  # two more seeds of three models on wine
    assert results.environments.num_rows == 1  # the machine is the same


COLOURFUL = {"TERM": "xterm-256color", "FORCE_COLOR": "1"}


def test_no_color_is_obeyed(finished, command):
    """With NO_COLOR there is no colour, even where a terminal is claimed."""
    ended = command("run", "./mine.toml", cwd=finished[0], env={**COLOURFUL, "NO_COLOR": "1"})
    assert ended.returncode == 0
    assert "\x1b[3" not in ended.stdout  # colours of the text
    assert "\x1b[9" not in ended.stdout
    assert "\x1b[38" not in ended.stdout


def test_a_suite_is_found_by_name_from_anywhere(tmp_path, cache, finished, monkeypatch):
    """An installed suite needs no path."""
    monkeypatch.setenv("BENCH_CACHE", str(cache))
    monkeypatch.chdir(tmp_path)
    options = ["--datasets", "iris", "--dry-run", "--json"]
    ended = CliRunner().invoke(main, ["run", "smoke", *options])
    assert ended.exit_code == 0, ended.output
    assert {trial["suite"] for trial in json.loads(ended.stdout)["trials"]} == {"smoke"}
