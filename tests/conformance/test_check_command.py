"""`bench check`: what it is given, what it prints, and how it ends."""

import json
import shutil
from pathlib import Path

import planted_site
import pytest

from bench.conformance.catalogue import PROMISES

HERE = Path(__file__).parent
PLANTED = HERE / "planted"
SAMPLE = HERE.parent / "sample_plugin"


@pytest.fixture
def check(command, tmp_path):
    """Run `bench check` where some planted plugins are installed."""
    env = planted_site.variables(
        tmp_path, "good", "no-license", "offline", "asks-more", "suite-key", "does-not-import"
    )

    def run(*arguments):
        return command("check", *arguments, cwd=tmp_path, env=env)

    return run


def test_a_folder_need_not_be_installed(command, tmp_path):
    """The sample plugin is checked where it lies, and keeps everything."""
    shutil.copytree(SAMPLE, tmp_path / "sample")
    done = command("check", "sample", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "model sample-centroid: " in done.stdout
    assert "All checks passed: " in done.stdout
    assert "FAILED" not in done.stdout


def test_a_failure_is_told_in_full(check):
    """What failed, what was promised, why it matters and how to mend it are told; it ends in 1."""
    done = check("planted_no_license", "--checks", "has-a-*")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0] == "dataset planted-no-license: 2 passed, 1 FAILED"
    assert lines[1].strip() == "has-a-license"
    assert lines[2].split() == ["what", "failed:", "license", "is", "empty"]
    assert [line.split(":")[0].strip() for line in lines[3:6]] == ["promised", "why", "mend"]
    assert lines[-1] == "1 of 3 checks failed (0 skipped), 1 subject."


def test_what_says_nothing_is_no_success(check):
    """Where every check was skipped nothing was checked, and it ends in 1."""
    done = check("planted-offline", "--checks", "fingerprint*")
    assert done.returncode == 1
    assert "Nothing was checked: all 1 checks were skipped" in done.stdout


@pytest.mark.parametrize(
    ("plugin", "reason"),
    [
        ("planted-offline", "its server is out of reach: connect once to fetch it"),
        ("planted-asks-more", "it loads nothing unless a suite says more: number is None"),
    ],
)
def test_a_dataset_that_cannot_be_loaded_here(check, plugin, reason):
    """Data behind a network, or that need a parameter, are no fault; the reason is told."""
    done = check(plugin, "--datasets", "*", "-v")
    assert done.returncode == 0, done.stdout
    assert f"loads: skipped: {reason}" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["planted_god"], "is called 'planted_god'. Did you mean 'planted_good'?"),
        (["planted_good", "--models", "x*"], "no model of these plugins matches 'x*'."),
        (
            ["planted_good", "--checks", "keep-the-order"],
            "no check matches 'keep-the-order'. Did you mean 'keeps-the-order'?",
        ),
        (["planted_good", "--jobs", "many"], "'many' is neither a number from 1 nor 'auto'."),
        ([], "Name a plugin"),
        (["."], "The folder has no pyproject.toml"),
    ],
)
def test_wrong_input(check, arguments, message):
    """A name, a pattern or a number that cannot be meant is refused with one message, and 2."""
    done = check(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_plugin_that_is_switched_off(command, tmp_path):
    """A plugin that the user has switched off is not imported to be checked: it is said so."""
    (tmp_path / "config.toml").write_text("[plugins.planted-good]\ndisabled = true\n")
    env = planted_site.variables(tmp_path, "good")
    env["BENCH_CONFIG"] = str(tmp_path / "config.toml")
    done = command("check", "planted-good", cwd=tmp_path, env=env)
    assert done.returncode == 2
    assert "is switched off" in done.stderr


def test_a_folder_without_a_plugin(command, tmp_path):
    """A pyproject.toml that declares no plugin is refused, with what to write."""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "acme"\n')
    done = command("check", ".", cwd=tmp_path)
    assert done.returncode == 2
    assert "write a table [project.entry-points.bench]" in done.stderr


def test_the_checks_are_listed(check):
    """`--list` names the checks of all plugins, or of one, and runs none."""
    done = check("--list")
    assert done.returncode == 0
    assert "keeps-the-order" in done.stdout
    promises = json.loads(check("planted_suite_key", "--list", "--json").stdout)
    assert {promise["kind"] for promise in promises} == {"plugin", "suite"}
    assert all(promise["why"] and promise["mend"] for promise in promises)


def test_machines_can_read_it(check):
    """`--json` says each finding; a plugin that does not import is a finding with its error."""
    done = check("planted-does-not-import", "--json")
    assert done.returncode == 1
    (subject,) = json.loads(done.stdout)
    assert (subject["kind"], subject["name"]) == ("plugin", "planted-does-not-import")
    finding = subject["checks"][0]
    assert (finding["promise"], finding["outcome"]) == ("imports", "failed")
    assert "No module named 'a_framework_that_is_missing'" in finding["seen"]


def test_a_task_of_each_base_keeps_its_promises(command, tmp_path):
    """Tasks on streams and environments, and models of them, are tried on the plugin's own data."""
    facts = tmp_path / "site" / "toy-1.0.dist-info"
    facts.mkdir(parents=True)
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[bench]\ntoy = toy_tasks\n")
    env = {"PYTHONPATH": f"{facts.parent}:{HERE.parent}"}
    done = command("check", "toy", "--json", cwd=tmp_path, env=env)
    subjects = json.loads(done.stdout)
    failed = {
        (subject["name"], finding["promise"])
        for subject in subjects
        for finding in subject["checks"]
        if finding["outcome"] == "failed"
    }
    # A plugin of the tests: it imports NumPy, and its data have neither licence nor source.
    assert {promise for _, promise in failed} <= {
        "imports-lazily", "has-a-license", "has-a-source",
    }  # fmt: skip
    outcomes = {
        (subject["kind"], subject["name"]): {
            finding["promise"]: finding["outcome"] for finding in subject["checks"]
        }
        for subject in subjects
    }
    for task in ("toy-forecasting", "toy-control"):
        found = outcomes["task", task]
        assert [name for name, outcome in found.items() if outcome == "skipped"] == [
            "slices-have-one-label-a-unit",
            *(["budget-is-enforced"] if task == "toy-forecasting" else []),
        ]
    drift = outcomes["model", "toy-drift"]
    assert drift["fits-and-answers"] == drift["same-seed-same-result"] == "passed"
    assert drift["can-be-checked"] == "passed"
    assert drift["takes-other-forms"] == "skipped"


def test_a_size_may_count_some_of_what_is_learned_from(command, tmp_path):
    """A task on rows of which few have labels keeps every promise: its size counts labels."""
    facts = tmp_path / "site" / "toy-1.0.dist-info"
    facts.mkdir(parents=True)
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[bench]\ntoy = labelled_tasks\n")
    env = {"PYTHONPATH": f"{facts.parent}:{HERE.parent}"}
    of_tasks = [one.name for one in PROMISES if one.kind == "task"]
    options = [word for name in of_tasks for word in ("--checks", name)]
    done = command("check", "toy", *options, "--json", cwd=tmp_path, env=env)
    (task,) = (one for one in json.loads(done.stdout) if one["kind"] == "task")
    assert [one for one in task["checks"] if one["outcome"] == "failed"] == []
    skipped = {one["promise"] for one in task["checks"] if one["outcome"] == "skipped"}
    assert skipped == {"budget-is-enforced"}


SUITE = """
[suite]
name = "others"
summary = "A model beside broken plugins."

[protocol]
sizes = [32]
outer_seeds = 1

[[models]]
name = "planted-good"

[[datasets]]
name = "iris"
"""


def test_broken_plugins_disturb_nobody(command, tmp_path):
    """Beside plugins that fail or exit at import, flood, or take names, all commands work."""
    env = {"PYTHONPATH": str(PLANTED)}
    (tmp_path / "others.toml").write_text(SUITE)
    listed = command("list", "models", cwd=tmp_path, env=env)
    assert listed.returncode == 0
    assert "planted-good" in listed.stdout
    assert "loading 0" not in listed.stdout + listed.stderr
    states = command("list", "plugins", "--json", cwd=tmp_path, env=env)
    found = {plugin["name"]: plugin["state"] for plugin in json.loads(states.stdout)}
    assert found["planted-does-not-import"] == found["planted-exits-at-import"] == "broken"
    assert found["planted-taken-name-one"] == "partly"
    assert found["planted-loud-import"] == found["planted-good"] == "ok"
    run = command("run", "others.toml", cwd=tmp_path, env=env)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "loading 0" not in run.stdout + run.stderr
    checked = command("check", "planted_good", "--checks", "imports*", cwd=tmp_path, env=env)
    assert checked.returncode == 0, checked.stdout
