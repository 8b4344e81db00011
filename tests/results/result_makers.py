"""Small trials, outcomes and runs for the tests of results."""

import hashlib
from pathlib import Path

import numpy as np

from bench.results import store
from bench.results.journal import Journal
from bench.spec.outcome import CurvePoint, Facts, Measure, Outcome, Score, Trial


def make_trial(name: str = "a", **changes) -> Trial:
    given = {
        "trial_id": hashlib.sha256(name.encode()).hexdigest(),
        "suite": "quick",
        "dataset": "iris",
        "dataset_label": "iris",
        "dataset_version": "1",
        "dataset_params": "{}",
        "dataset_fingerprint": "ab",
        "task": "classification",
        "modality": "tabular",
        "model": "acme-forest",
        "label": "acme-forest",
        "family": "classical",
        "model_version": "1",
        "params": '{"n_trees":300}',
        "plugin": "acme",
        "plugin_version": "2.1",
        "tuning": "default",
        "search": "{}",
        "conditions": "{}",
        "device": "cpu",
        "cores": 1,
        "protocol": "holdout(test=0.1, validation=0.1)",
        "outer_seed": 3,
        "inner_seed": 0,
        "model_seed": 2**40,
        "repeat": 0,
        "n_train": 16,
        "limit_seconds": 5.0,
        "limit_bytes": 2**30,
    }
    return Trial(**(given | changes))


def make_outcome(trial: Trial, status: str = "ok", **changes) -> Outcome:
    given = {
        "trial_id": trial.trial_id,
        "status": status,
        "facts": Facts(n_test=2, started_at=1.5e9, fit_seconds=0.25),
        "scores": (
            Score("test", "", "accuracy", 0.5, 2),
            Score("test", "", "log-loss", None, 2, "one class"),
        ),
        "curves": (CurvePoint(1, "train", "loss", 0.9), CurvePoint(2, "train", "loss", 0.4)),
        "measures": (Measure("fit", "clock", "wall", 0.25, "s"),),
        "predicted_rows": np.array([7, 4]),
        "predictions": np.array([[0.25, 0.75], [1.0, 0.0]]),
        "output": "hello\n",
    }
    return Outcome(**(given | changes))


def failed(trial: Trial, status: str, reason: str = "") -> Outcome:
    return Outcome(trial_id=trial.trial_id, status=status, reason=reason, traceback="Traceback: x")


def new_run(folder: Path) -> store.RunInfo:
    info = store.create_run(folder, "quick", "[suite]\nname = 'quick'\n", ["bench", "run", "quick"])
    store.write_environment(folder, {"cpu_model": "Z80", "n_cores": 1, "load": 0.5})
    return info


def session(info: store.RunInfo, *pairs: tuple[Trial, Outcome], environment_id: str = "e") -> Path:
    """Write pairs to a new journal, as one session of a run does."""
    with Journal.open(info.folder, info.run_id, environment_id) as journal:
        for trial, outcome in pairs:
            journal.append(trial, outcome)
    return journal.path


def tables_of(folder: Path) -> dict[str, list[dict]]:
    """Return all rows of a run, in an order that does not depend on how they are stored."""
    results = store.load(folder)
    names = ("trials", "scores", "predictions", "curves", "measures", "logs")
    return {
        name: sorted(
            getattr(results, name).to_pylist(), key=lambda row: (row["trial_id"], str(row))
        )
        for name in names
    }
