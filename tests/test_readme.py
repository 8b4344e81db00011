"""README.md, done word for word: its suite, its plugin, its programs and its command lines."""

import os
import re
import subprocess
import sys
import tomllib

import pytest

from code_blocks import (
    ROOT,
    blocks_of,
    check_bench,
    check_make,
    command_lines,
    commands_in_prose,
)
from reader_files import write_churn

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = blocks_of(TEXT)
SMALL = ("--sizes", "32", "--seeds", "2")
N_TRIALS = 4 * 1 * 2
"""Of the suite's four models at that one size with those two seeds."""


def block(first_line):
    """The one code block that begins with this line."""
    (found,) = (block.text for block in BLOCKS if block.text.startswith(first_line + "\n"))
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the README's suite, its plugin beside it, and a table of the reader's own."""
    path = tmp_path_factory.mktemp("reader")
    (path / "churn.toml").write_text(block("# churn.toml"))
    write_churn(path)
    return path


@pytest.fixture(scope="module")
def plugin(tmp_path_factory):
    """The README's plugin as pip would install it: its module, and what its pyproject says."""
    site = tmp_path_factory.mktemp("site")
    project = tomllib.loads(block("# pyproject.toml"))["project"]
    (site / "bench_nearest.py").write_text(block("# bench_nearest.py"))
    info = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    entries = project["entry-points"]["bench"].items()
    lines = [f"{name} = {module}\n" for name, module in entries]
    (info / "entry_points.txt").write_text("[bench]\n" + "".join(lines))
    return {"PYTHONPATH": str(site)}


@pytest.fixture(scope="module")
def run(folder, command):
    """The README's suite, measured at one size with two seeds."""
    ended = command("run", "churn.toml", *SMALL, cwd=folder)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_the_first_suite_runs_on_the_readers_table(run, folder, command):
    """Its four models are measured and ranked, and the leaderboard can be read again."""
    assert f"{N_TRIALS} ok" in run
    for text in (run, command("leaderboard", "churn", cwd=folder).stdout):
        for model in ("dummy", "logistic-regression", "hist-gradient-boosting", "mlp"):
            assert model in text


def test_a_suite_that_is_measured_has_nothing_left(run, folder, command):
    """The dry run of a suite that is done says so."""
    said = command("run", "churn.toml", *SMALL, "--dry-run", cwd=folder).stdout
    assert f"{N_TRIALS} of them done already; nothing is left to be measured." in said


def test_the_first_plugin_is_measured_beside_the_others(run, folder, plugin, command):
    """The model is listed, runs with both values of its parameter, and nothing is run twice."""
    assert "one-nearest" in command("list", "models", cwd=folder, env=plugin).stdout
    (folder / "more.toml").write_text(block("# churn.toml") + block("# more of churn.toml"))
    ended = command("run", "more.toml", *SMALL, cwd=folder, env=plugin)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"{N_TRIALS} more are done already" in ended.stdout
    assert "Trials: 4 ok." in ended.stdout
    assert "one-nearest-p1" in ended.stdout


def test_the_first_plugin_keeps_its_promises(folder, plugin, command):
    """What the README gives as an example passes every check of `bench check`."""
    ended = command("check", "nearest", cwd=folder, env=plugin)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "All checks passed" in ended.stdout


def test_a_tuned_model_stands_beside_itself(run, folder, command):
    """The table that asks for tuning adds a contender of its own, and what it chose can be read."""
    tuned = block("# churn.toml") + block("# still more of churn.toml")
    (folder / "tuned.toml").write_text(tuned)
    ended = command("run", "tuned.toml", *SMALL, cwd=folder)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"{N_TRIALS} more are done already" in ended.stdout
    assert "hist-gradient-boosting (tuned)" in ended.stdout


@pytest.mark.parametrize("program", [block.text for block in BLOCKS if block.language == "python"])
def test_its_programs_run(program, run, folder, plugin):
    """Every Python block runs as it stands in the folder of the results."""
    if "duckdb" in program:
        pytest.importorskip("duckdb")
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env=os.environ | plugin,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    if "results" in program:
        assert "hist-gradient-boosting" in done.stdout


@pytest.mark.parametrize("line", command_lines(TEXT))
def test_every_command_is_one(line):
    """Each line of a shell block parses: the command has the options, `make` has the target."""
    if line.startswith("bench "):
        check_bench(line)
    elif line.startswith("make "):
        check_make(line)
    else:
        assert line.startswith("pip install ")


@pytest.mark.parametrize("line", commands_in_prose(TEXT))
def test_every_command_of_a_sentence_is_one(line):
    """Each command that a sentence names is there, and takes what is said with it."""
    check_bench(line, is_prose=True)


def test_what_it_points_to_is_there():
    """Each link leads to a file of the repository."""
    links = re.findall(r"\]\(([^)#]+)\)", TEXT)
    assert len(links) >= 4
    assert [link for link in links if not (ROOT / link).is_file()] == []
