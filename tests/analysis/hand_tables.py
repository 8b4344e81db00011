"""Result tables made by hand: the few columns that matter in a test, the others filled in."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from bench import Metric
from bench.results.schema import SCHEMAS

ACCURACY = Metric(
    name="accuracy", direction="higher", ideal=1.0, needs="labels", function="none:none"
)
RMSE = Metric(name="rmse", direction="lower", ideal=0.0, needs="labels", function="none:none")
METRICS = {metric.name: metric for metric in (ACCURACY, RMSE)}
PRIMARY = {"classification": "accuracy", "regression": "rmse"}
FAMILY = {"dummy": "baseline", "mlp": "deep", "cnn": "deep", "realmlp": "deep"}


@dataclass
class Tables:
    """What `bench.load` returns, as far as the leaderboard looks at it."""

    trials: pa.Table
    scores: pa.Table
    measures: pa.Table
    environments: pa.Table
    metrics: pa.Table


class Run:
    """Collects trials row by row."""

    def __init__(self, run_id: str = "run-1", environment: str = "env-1") -> None:
        self.run_id = run_id
        self.environment = environment
        self.trials: list[dict[str, Any]] = []
        self.scores: list[dict[str, Any]] = []
        self.measures: list[dict[str, Any]] = []
        self.metrics = {**METRICS}
        """What the table of metrics says."""

    def add(
        self,
        model: str,
        dataset: str,
        value: float | None,
        *,
        task: str = "classification",
        outer: int = 0,
        inner: int = 0,
        repeat: int = 0,
        n: int = 16,
        status: str = "ok",
        fit: float | None = 1.0,
        **more: Any,
    ) -> str:
        """Add a trial; return its id."""
        trial_id = f"{model}-{dataset}-{task}-{outer}-{inner}-{repeat}-{n}" + "".join(
            f"-{key}={more[key]}"
            for key in ("params", "cores", "conditions", "control")
            if key in more
        )
        row = {
            "run_id": self.run_id,
            "trial_id": trial_id,
            "suite": "by-hand",
            "environment_id": self.environment,
            "dataset": dataset,
            "dataset_label": dataset,
            "dataset_version": "1",
            "dataset_params": "{}",
            "dataset_fingerprint": "f" * 64,
            "task": task,
            "modality": "tabular",
            "model": model,
            "label": model,
            "family": (family := FAMILY.get(model, "classical")),
            "model_version": "1",
            "params": "{}",
            "plugin": "by-hand",
            "plugin_version": "1",
            "tuning": "default",
            "search": "{}",
            "conditions": "{}",
            "device": "cpu",
            "cores": 1,
            "protocol": "holdout(test=0.1, validation=0.1)",
            "outer_seed": outer,
            "inner_seed": inner,
            "model_seed": 0,
            "repeat": repeat,
            "n_train": n,
            "status": status,
            "reason": "",
            "limit_seconds": 60.0,
            "limit_bytes": 1 << 30,
            "init_seconds": 0.5,
            "warm_up_seconds": 0.25,
            "fit_seconds": fit if status == "ok" else None,
            "predict_seconds": 0.01,
            "latency_1_seconds": 0.001,
            "task_version": "1",
            "primary_metric": PRIMARY.get(task, ""),
            "size_unit": "rows",
            "role": "baseline" if family == "baseline" else "contender",
            "pretrained": False,
            "imported_from": "",
            "control": "",
        }
        row |= more
        self.trials.append(row)
        if status == "ok" and value is not None:
            metric = row["primary_metric"]
            for part, slice_, name, score in (
                ("test", "", metric, value),
                ("train", "", metric, 0.123),
                ("test", "class=1", metric, 0.456),
                ("test", "", "other", 0.789),
            ):
                self.scores.append(
                    {
                        "run_id": self.run_id,
                        "trial_id": trial_id,
                        "part": part,
                        "slice": slice_,
                        "metric": name,
                        "value": score,
                        "n": 10,
                        "reason": "",
                    }
                )
        return trial_id

    def measure(self, trial_id: str, probe: str, name: str, value: float) -> None:
        """Add a measure in seconds."""
        self.measures.append(
            {
                "run_id": self.run_id,
                "trial_id": trial_id,
                "phase": "fit",
                "probe": probe,
                "name": name,
                "value": value,
                "unit": "s",
            }
        )


def metrics_table(*metrics: Metric) -> pa.Table:
    """Return the table of metrics, each once."""
    rows = [
        {
            "name": metric.name,
            "version": metric.version,
            "direction": metric.direction,
            "ideal": metric.ideal,
            "unit": metric.unit,
            "region": None if metric.region is None else str(metric.region),
        }
        for metric in dict.fromkeys(metrics)
    ]
    return pa.Table.from_pylist(rows, SCHEMAS["metrics"])


def tables(*runs: Run, shuffle: int | None = None) -> Tables:
    """Return the tables of the runs, their rows in another order where `shuffle` is a seed."""

    def table(name: str) -> pa.Table:
        rows = [row for run in runs for row in getattr(run, name)]
        if shuffle is not None:
            random.Random(shuffle).shuffle(rows)
        return pa.Table.from_pylist(rows, schema=SCHEMAS[name])

    machines = [
        {
            "environment_id": run.environment,
            "cpu_model": "AMD EPYC 9R14" if run.environment == "env-1" else "Apple M3",
            "n_cores": 2,
        }
        for run in runs
    ]
    return Tables(
        trials=table("trials"),
        scores=table("scores"),
        measures=table("measures"),
        environments=pa.Table.from_pylist(machines, schema=SCHEMAS["environments"]),
        metrics=metrics_table(*(one for run in runs for one in run.metrics.values())),
    )


def realistic(*, failures: bool = True, seed: int = 0) -> Run:
    """Return a run with the look of the quick suite: two tasks, nine models, five outer seeds."""
    rng = random.Random(seed)
    run = Run("quick-20260101-120000-ab12")
    # Learning curves by hand: skill at infinity, how fast it is reached, seconds at 16 rows.
    contenders = {
        "logistic-regression": (0.90, 14, 0.004),
        "random-forest": (0.92, 22, 0.12),
        "hist-gradient-boosting": (0.93, 60, 0.21),
        "svm-rbf": (0.93, 20, 0.003),
        "mlp": (0.95, 45, 0.35),
        "cnn": (0.96, 60, 1.9),
        "realmlp": (0.96, 35, 2.4),
    }
    grids = {
        ("classification", "iris"): ([16, 32, 64, 108], 1 / 3, 1.0),
        ("classification", "wine"): ([16, 32, 64, 128], 0.33, 1.02),
        ("classification", "breast-cancer"): ([16, 32, 64, 128, 256, 460], 0.5, 0.97),
        ("classification", "digits"): ([16, 32, 64, 128, 256, 512, 1024, 1455], 0.1, 1.0),
        ("classification", "digits-image"): ([16, 32, 64, 128, 256, 512, 1024, 1455], 0.1, 1.0),
        ("regression", "diabetes"): ([16, 32, 64, 128, 256, 358], 76.0, 0.34),
        ("regression", "make-regression"): ([16, 32, 64, 128, 256, 512, 1024], 190.0, 0.98),
    }
    for (task, dataset), (sizes, base, ease) in grids.items():
        for outer in range(5):
            shift = rng.gauss(0, 0.02)
            for n in sizes:
                floor = base * (1 + rng.gauss(0, 0.01))
                run.add("dummy", dataset, floor, task=task, outer=outer, n=n, fit=0.0004)
                for model, (top, pace, seconds) in contenders.items():
                    if (model == "cnn") != (dataset == "digits-image") and model != "mlp":
                        continue
                    skill = top * ease * (1 - math.exp(-((n / pace) ** 0.6)))
                    skill = min(1.0, skill + shift + rng.gauss(0, 0.015))
                    ideal = METRICS[PRIMARY[task]].ideal
                    status, value = "ok", floor + skill * (ideal - floor)
                    if failures and model == "realmlp" and dataset == "digits" and n > 1000:
                        status = "timeout" if outer != 1 else "out_of_memory"
                    if failures and model == "svm-rbf" and dataset == "wine" and outer == 3:
                        status = "error"
                    trial_id = run.add(
                        model,
                        dataset,
                        value,
                        task=task,
                        outer=outer,
                        n=n,
                        status=status,
                        fit=seconds * (n / 16) ** 0.7 * math.exp(rng.gauss(0, 0.05)),
                        init_seconds=0.21 if FAMILY.get(model) == "deep" else 0.0,
                        warm_up_seconds=1.3 if FAMILY.get(model) == "deep" else 0.002,
                    )
                    if status == "ok" and rng.random() < 0.05:
                        fit = run.trials[-1]["fit_seconds"]
                        again = fit * math.exp(rng.gauss(0, 0.05))
                        run.measure(trial_id, "sentinel", "fit_seconds", again)
    for slot, value in enumerate((0.101, 0.104)):
        run.measure("", "calibration", f"slot-{slot}", value)
    return run
