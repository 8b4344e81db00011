"""What a command does not need, it does not import: listing and reading stay instant."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import sys
from bench.cli import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    assert not end.code, end.code
names = ("sklearn", "jax", "flax", "optax", "numpy", "scipy", "pandas", "pyarrow", "duckdb")
print("IMPORTED", *(name for name in names if name in sys.modules))
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


def imported(*arguments, cwd, cache):
    """The numerical libraries that a command imports."""
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=cwd,
        env={**os.environ, "BENCH_CACHE": str(cache)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return set(ended.stdout.splitlines()[-1].split()[1:])


@pytest.fixture(scope="module")
def folder(tmp_path_factory, command):
    """A folder with one finished run."""
    folder = tmp_path_factory.mktemp("lazy")
    (folder / "mine.toml").write_text(SUITE)
    ended = command("run", "./mine.toml", cwd=folder)
    assert ended.returncode == 0, ended.stderr
    return folder


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["run", "--help"],
        *(
            ["list", kind]
            for kind in ("models", "datasets", "tasks", "metrics", "suites", "plugins")
        ),
        ["list", "models", "--json"],
    ],
    ids=" ".join,
)
def test_help_and_lists_import_no_numerical_library(tmp_path, cache, arguments):
    """Neither scikit-learn, nor JAX, nor even NumPy is imported to say what there is."""
    assert imported(*arguments, cwd=tmp_path, cache=cache) == set()


@pytest.mark.parametrize(
    "arguments",
    [
        ["leaderboard", "mine"],
        ["show", "mine"],
        ["list", "runs"],
        ["export", "mine", "--to", "csv", "-o", "csv"],
    ],
    ids=" ".join,
)
def test_reading_results_imports_no_learner(folder, cache, arguments):
    """Tables are read and drawn without scikit-learn and without JAX."""
    found = imported(*arguments, cwd=folder, cache=cache)
    assert not found & {"sklearn", "jax", "flax", "optax"}


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
