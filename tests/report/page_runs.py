"""Runs for tests of the page, with names that try to get out of the text."""

from __future__ import annotations

import random
from pathlib import Path

from analysis.hand_tables import Run, tables
from bench.results.run_tables import write_table
from bench.results.runs import create_run

NASTY = "</script><img src=x onerror=document.title='owned'><!--"
RIVALS = {"svm": 0.80, "lda": 0.70, "mlp": 0.85, "cnn": 0.75, NASTY: 0.60}
SIZES = (16, 32, 64)


def nasty_run() -> Run:
    """Return a run of two tasks, five seeds and three sizes with a failure, all names nasty."""
    rng = random.Random(1)
    run = Run("run-1")
    for dataset in ("iris", NASTY):
        for outer in range(5):
            for n in SIZES:
                run.add("dummy", dataset, 0.5, outer=outer, n=n, fit=0.001)
                for at, (model, best) in enumerate(RIVALS.items()):
                    value = best - 2 / n + rng.gauss(0, 0.01)
                    run.add(model, dataset, value, outer=outer, n=n, fit=0.1 * 3**at)
        run.add("svm", dataset, None, status="crashed", n=128, reason=f"signal 9 {NASTY}")
    run.add("dummy", "diabetes", 70.0, task="regression")
    run.add("lda", "diabetes", 50.0, task="regression")
    for row in run.trials:
        row["dataset_label"] = row["dataset"]
    return run


def written(folder: Path, *runs: Run) -> Path:
    """Write the tables of runs as a folder."""
    create_run(folder, "by-hand", '[suite]\nname = "by-hand"\n', ["bench", "run", NASTY])
    made = tables(*runs)
    for name in ("trials", "scores", "measures", "environments", "metrics"):
        write_table(folder, name, getattr(made, name))
    return folder
