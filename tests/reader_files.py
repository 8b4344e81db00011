"""Files that pages of the documentation take for granted: a table, runs, a place to install."""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np

PUBLISHED = Path(__file__).parents[1] / "results" / "published"


FEW = """\
[suite]
name = "few"
[[models]]
name = "dummy"
[[models]]
name = "logistic-regression"
[[models]]
name = "decision-tree"
[[datasets]]
name = "iris"
"""
"""Candidates that are measured in seconds."""


def write_churn(folder):
    """Write `churn.csv`: 200 customers, two columns, and whether they left; and `few.toml`."""
    (folder / "few.toml").write_text(FEW)
    rng = np.random.default_rng(0)
    months, calls = rng.integers(1, 60, 200), rng.normal(5, 2, 200)
    left = np.where(calls - months / 10 + rng.normal(0, 1, 200) > 2, "yes", "no")
    rows = [f"{m},{c:.3f},{answer}\n" for m, c, answer in zip(months, calls, left, strict=True)]
    (folder / "churn.csv").write_text("months,calls,left\n" + "".join(rows))


def copy_runs(folder):
    """Lay the published runs of `quick` and `smoke` where a reader's own would be."""
    for name in ("quick", "smoke"):
        shutil.copytree(PUBLISHED / name, folder / "results" / name)


def make_environment(folder):
    """Make a virtual environment over the libraries of the tests; return its folder.

    `pip install` there installs packages of the reader's own, and asks no index for anything.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (libraries,) = folder.glob("lib/python*/site-packages")
    theirs = sysconfig.get_paths()["purelib"]
    # A plain path would leave out what is installed there to be edited, bench itself among it.
    (libraries / "libraries.pth").write_text(f"import site; site.addsitedir({theirs!r})\n")
    for name, module in (("bench", "bench"), ("pip", "pip"), ("pytest", "pytest")):
        script = folder / "bin" / name
        script.write_text(f'#!/bin/sh\nexec "{folder}/bin/python" -P -m {module} "$@"\n')
        script.chmod(0o755)
    return folder
