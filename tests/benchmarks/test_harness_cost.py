"""What isolation costs: 100 trials of the command against a loop in one process."""

import itertools
import os
import sys
from pathlib import Path

from ratios import ratio_of, run_program

BENCH = str(Path(sys.executable).with_name("bench"))

SUITE = """
[suite]
name = "hundred"
[protocol]
sizes = [64]
outer_seeds = 10
inner_seeds = 10
[[models]]
name = "gaussian-nb"
[[datasets]]
name = "iris"
"""

LOOP = """
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB

for outer in range(10):
    for inner in range(10):
        X, y = load_iris(return_X_y=True)
        X, X_test, y, y_test = train_test_split(X, y, test_size=0.1, random_state=outer, stratify=y)
        X, X_val, y, y_val = train_test_split(X, y, test_size=0.1, random_state=inner, stratify=y)
        model = GaussianNB().fit(X[:64], y[:64])
        for part in ((X_test, y_test), (X_val, y_val), (X[:64], y[:64])):
            model.score(*part)
"""


def test_a_hundred_trials(benchmark, tmp_path):
    """A process, a row on disk and all measures for each trial: within five plain loops' time."""
    (tmp_path / "hundred.toml").write_text(SUITE)
    environment = {
        **os.environ,
        "BENCH_CACHE": str(tmp_path / "cache"),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    numbers = itertools.count()

    def ours():
        folder = str(tmp_path / f"run-{next(numbers)}")
        command = (BENCH, "run", "./hundred.toml", "--output", folder)
        run_program(*command, cwd=tmp_path, env=environment)()

    ours()  # the dataset is cached from here on
    baseline = run_program(sys.executable, "-c", LOOP, cwd=tmp_path, env=environment)
    assert ratio_of(benchmark, ours, baseline, rounds=3) <= 5
