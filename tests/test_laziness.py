"""What a command does not need, it does not import: listing and reading stay instant."""

import json
import os
import subprocess
import sys

import pytest

PROGRAM = """
import contextlib, io, json, sys
from bench.cli import main
names = ("sklearn", "jax", "flax", "optax", "numpy", "scipy", "pandas", "pyarrow", "duckdb")
found = {}
for command in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            main(command)
        except SystemExit as end:
            assert not end.code, (command, end.code)
    found[" ".join(command)] = [name for name in names if name in sys.modules]
print(json.dumps(found))
"""

SUITE = """
[suite]
name = "mine"
[protocol]
sizes = [16]
outer_seeds = 1
[[models]]
name = "gaussian-nb"
[[models]]
name = "dummy"
[[datasets]]
name = "iris"
"""


def imported(commands, cwd, cache):
    """The numerical libraries that are imported after each of some commands in one process."""
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(commands)],
        cwd=cwd,
        env={**os.environ, "BENCH_CACHE": str(cache)},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return json.loads(ended.stdout)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, command):
    """A folder with one finished run."""
    folder = tmp_path_factory.mktemp("lazy")
    (folder / "mine.toml").write_text(SUITE)
    ended = command("run", "./mine.toml", cwd=folder)
    assert ended.returncode == 0, ended.stderr
    return folder


KINDS = ("models", "datasets", "tasks", "metrics", "suites", "plugins")


def test_help_and_lists_import_no_numerical_library(tmp_path, cache):
    """Neither scikit-learn, nor JAX, nor even NumPy is imported to say what there is."""
    commands = [["--help"], ["--version"], ["run", "--help"], *(["list", kind] for kind in KINDS)]
    found = imported([*commands, ["list", "models", "--json"]], tmp_path, cache)
    assert found == {command: [] for command in found}
    assert len(found) == 10


def test_reading_results_imports_no_learner(folder, cache):
    """Tables are read, drawn and written without scikit-learn and without JAX."""
    commands = [
        ["list", "runs"],
        ["show", "mine"],
        ["leaderboard", "mine"],
        ["export", "mine", "--to", "csv", "-o", "csv"],
    ]
    for command, names in imported(commands, folder, cache).items():
        assert not {"sklearn", "jax", "flax", "optax"} & set(names), command


def test_loading_results_in_python_imports_no_learner(folder):
    """`bench.load` imports neither scikit-learn nor JAX."""
    code = (
        "import sys, bench; r = bench.load('mine'); r.trials, r.scores, r._repr_html_()\n"
        "print(*({'sklearn', 'jax', 'flax', 'optax'} & set(sys.modules)))"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True
    )
    assert said.stdout.split() == []


def test_importing_bench_imports_no_numerical_library():
    """A plugin that imports `bench` costs nothing more."""
    code = "import sys, bench; print(*({'sklearn', 'jax', 'numpy', 'pyarrow'} & set(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.split() == []
