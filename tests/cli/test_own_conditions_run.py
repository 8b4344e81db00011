"""Conditions of a plugin, as its user meets them: listed, in a suite, measured, refused."""

import json
import math
from pathlib import Path

import pytest

import bench

TESTS = Path(__file__).parents[1]

SUITE = """
[suite]
name = "own"
primary_metric = "accuracy"
[protocol]
sizes = [32]
outer_seeds = 1
[[models]]
name = "dummy"
[[models]]
name = "gaussian-nb"
[[models]]
name = "toy-*"
[[datasets]]
name = "wine"
[[datasets]]
name = "digits-image"
[[datasets]]
name = "toy-line"
[[conditions]]
drop = { columns = 3 }
missing = 0.1
[[conditions]]
blur = 1
[[conditions]]
wander = 0.5
"""
SHOWN = {
    "wine": {},
    "digits-image": {},
    "toy-line": {},
    "wine (missing 0.1, columns dropped 3)": {
        "drop": {"columns": 3},
        "missing": 0.1,
        "versions": {"drop.columns": "2"},
    },
    "digits-image (blur 1)": {"blur": 1},
    "toy-line (wandering 0.5)": {"wander": 0.5},
}


@pytest.fixture(scope="module")
def ask(tmp_path_factory, command):
    """Return a function that runs `bench` where the plugin is installed, in one folder."""
    folder = tmp_path_factory.mktemp("own")
    for name, module in (("own", "own_conditions"), ("toy", "toy_tasks")):
        information = folder / "site" / f"{name}-1.0.dist-info"
        information.mkdir(parents=True)
        (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0")
        (information / "entry_points.txt").write_text(f"[bench]\n{name} = {module}\n")
    (folder / "own.toml").write_text(SUITE)

    def asked(*arguments):
        env = {"PYTHONPATH": f"{folder / 'site'}:{TESTS}"}
        return command(*arguments, cwd=folder, env=env)

    asked.folder = folder
    return asked


@pytest.fixture(scope="module")
def results(ask):
    ended = ask("run", "./own.toml")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return bench.load(ask.folder / "results" / "own")


def test_each_condition_is_measured_where_it_means_something(results):
    """A table loses columns, images are blurred, and a task without rows has its own change."""
    rows = results.trials.to_pylist()
    assert {row["status"] for row in rows} <= {"ok", "skipped"}
    assert {row["dataset_label"]: json.loads(row["conditions"]) for row in rows} == SHOWN


def test_what_leads_is_recorded(results):
    """The suite names accuracy: classification has it, forecasting goes on with its own."""
    found = {row["task"]: row["primary_metric"] for row in results.trials.to_pylist()}
    assert found == {"classification": "accuracy", "toy-forecasting": "toy-error"}


def test_what_is_done_makes_a_difference(results):
    """A line that wanders is not forecast without error any more; its clean copy still is."""
    label = {row["trial_id"]: row["dataset_label"] for row in results.trials.to_pylist()}
    drift = {row["trial_id"] for row in results.trials.to_pylist() if row["model"] == "toy-drift"}
    error = {
        label[row["trial_id"]]: row["value"]
        for row in results.scores.to_pylist()
        if (row["part"], row["metric"]) == ("test", "toy-error") and row["trial_id"] in drift
    }
    assert math.isclose(error["toy-line"], 0, abs_tol=1e-9)
    assert error["toy-line (wandering 0.5)"] > 0.1


def test_it_is_left_out_with_its_own_objection(ask):
    """The plugin says why a table cannot be blurred, and the plan passes it on."""
    ended = ask("run", "./own.toml", "--dry-run")
    assert "left out: wine (blur 1): blur is for images; these are tabular" in ended.stdout


def test_it_is_listed(ask):
    """`bench list conditions` and `bench list plugins` show it with its plugin."""
    listed = json.loads(ask("list", "conditions", "--json").stdout)
    assert [entry["key"] for entry in listed][:4] == [
        "noise.labels",
        "noise.features",
        "missing",
        "imbalance",
    ]
    found = {entry["key"]: entry for entry in listed}
    assert found["blur"]["plugin"] == "own"
    assert found["missing"]["plugin"] == "core"
    plain = ask("list", "conditions").stdout
    assert "from 0, to 3" in plain
    assert "3 conditions" in ask("list", "plugins").stdout


def test_editors_are_told_of_it(ask):
    """The JSON schema of suites has the plugin's keys with their bounds."""
    tables = json.loads(ask("list", "suites", "--schema").stdout)["$defs"]
    keys = tables["ConditionTable"]["properties"]
    assert list(keys) == ["noise", "missing", "imbalance", "blur", "drop", "wander"]
    assert (keys["blur"]["type"], keys["blur"]["minimum"], keys["blur"]["maximum"]) == (
        "integer",
        0,
        3,
    )
    assert set(tables["DropTable"]["properties"]) == {"columns"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("blurr = 1", "conditions[0].blurr: no such key; allowed: noise, missing, imbalance, blur"),
        ("blurr = 1", "Did you mean 'blur'?"),
        ("blur = 1.5", "conditions[0].blur: Input should be a valid integer"),
        ("blur = 9", "conditions[0].blur: Input should be less than or equal to 3 (given: 9)"),
        ("drop = 2", "conditions[0].drop: 2 does not say of what; write { columns = 2 }"),
        ("drop = { rows = 2 }", "conditions[0].drop.rows: no such key; allowed: columns."),
        ("wander = 1", "conditions[0].wander: applies to none of the datasets: only a history"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(ask, line, said):
    """Misspelt keys, amounts that are not allowed, and what applies nowhere: exit code 2."""
    text = (
        '[suite]\nname = "bad"\n[[models]]\nname = "dummy"\n[[datasets]]\nname = "wine"\n'
        f"[[conditions]]\n{line}\n"
    )
    (ask.folder / "bad.toml").write_text(text)
    ended = ask("run", "./bad.toml", "--dry-run")
    assert ended.returncode == 2
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_condition_of_a_plugin_that_is_not_installed_is_refused(command, ask):
    """Without the plugin, its key is none; what there is is named."""
    ended = command("run", "./own.toml", "--dry-run", cwd=ask.folder)
    assert ended.returncode == 2
    assert "conditions[0].drop: no such key; allowed: noise, missing, imbalance." in ended.stderr
