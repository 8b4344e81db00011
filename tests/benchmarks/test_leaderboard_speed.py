"""A leaderboard of many scores, beside what DuckDB takes to group the same files."""

import hashlib
from itertools import product

import duckdb
import numpy as np
import pyarrow as pa
from ratios import ratio_of
from test_planning import peak_bytes

import bench
from bench.analysis import distinctions, elo, ranking
from bench.report.contents import read_contents
from bench.results import store
from bench.results.run_tables import write_table
from bench.results.schema import SCHEMAS

SIZES = [64, 256, 1024, 4096]
N_SEEDS = 5
METRICS = ["balanced-accuracy", "accuracy", "precision", "recall", "f1", "log-loss", "roc-auc"]
KINDS = [*product(["train", "validation", "test"], METRICS), ("test", "calibration-error")]

QUERY = """
select dataset, model, outer_seed, n_train, metric, avg(value)
from '{0}/scores.parquet' join '{0}/trials.parquet' using (run_id, trial_id)
where part = 'test' group by all
"""


def make_run(folder, n_models, n_datasets):
    """Write a run of 20 trials for each model and dataset, with 22 scores each."""
    info = store.create_run(folder, "many", "", ["run", "many"])
    rng = np.random.default_rng(0)
    grid = [range(n_models), range(n_datasets), range(N_SEEDS), range(len(SIZES))]
    model, dataset, seed, size = rng.permutation(np.array([*product(*grid)])).T
    n = len(model)
    ids = np.array([hashlib.sha256(str(at).encode()).hexdigest() for at in range(n)])
    names = np.array(["dummy", *(f"model-{at:02d}" for at in range(1, n_models))])
    families = np.array(["baseline", *(("deep", "classical")[at % 2] for at in range(1, n_models))])
    datasets = np.array([f"set-{at:03d}" for at in range(n_datasets)])
    fixed = {
        "run_id": info.run_id,
        "task": "classification",
        "task_version": "1",
        "primary_metric": "balanced-accuracy",
        "size_unit": "rows",
        "pretrained": False,
        "control": "",
        "modality": "tabular",
        "params": '{"depth": 3, "rate": 0.1}',
        "dataset_params": "{}",
        "search": "{}",
        "tuning": "default",
        "conditions": "{}",
        "protocol": "holdout(test=0.1, validation=0.1)",
        "environment_id": "e" * 16,
        "status": "ok",
        "cores": 1,
        "inner_seed": 0,
        "repeat": 0,
    }
    varied = {
        "trial_id": ids,
        "model": names[model],
        "label": names[model],
        "family": families[model],
        "dataset": datasets[dataset],
        "dataset_label": datasets[dataset],
        "outer_seed": seed,
        "n_train": np.array(SIZES)[size],
        "fit_seconds": rng.lognormal(size=n),
    }
    write(folder, "trials", n, fixed | varied)
    level = rng.uniform(0.4, 0.8, n_models)[model] + rng.normal(0, 0.05, n)
    level[model == 0] = 0.3
    n_kinds = len(KINDS)
    scores = {
        "run_id": info.run_id,
        "trial_id": np.repeat(ids, n_kinds),
        "part": np.tile([part for part, _ in KINDS], n),
        "slice": "",
        "metric": np.tile([metric for _, metric in KINDS], n),
        "value": np.repeat(level, n_kinds) + rng.normal(0, 0.01, n * n_kinds),
        "n": 100,
    }
    write(folder, "scores", n * n_kinds, scores)


def write(folder, name, n, columns):
    schema = SCHEMAS[name]
    arrays = []
    for field in schema:
        values = columns.get(field.name)
        if isinstance(values, np.ndarray):
            arrays.append(pa.array(values, field.type))
        else:
            arrays.append(pa.repeat(pa.scalar(values, field.type), n))
    write_table(folder, name, pa.Table.from_arrays(arrays, schema=schema))


def leaderboard(folder):
    (board,) = read_contents(bench.load(folder)).boards
    assert all(line.place for line in board.standings if line.family != "baseline")
    return board


def test_leaderboard(benchmark, tmp_path, monkeypatch):
    """It takes at most 2.5 times DuckDB's group-by, resampling apart, and little memory."""
    folder = tmp_path / "many"
    this = f"import pathlib, test_leaderboard_speed as t; folder = pathlib.Path({str(folder)!r})"
    # In a program of its own: a program's peak is never less than that of the one it is started by.
    peak_bytes(f"{this}; t.make_run(folder, 20, 100)")
    peak = peak_bytes(f"{this}; t.leaderboard(folder)")
    monkeypatch.setattr(ranking, "intervals", lambda *_: None)
    monkeypatch.setattr(elo, "_resampled", lambda results, _: results.sum(axis=0)[None])
    monkeypatch.setattr(distinctions, "signed_rank", lambda pairs: [None] * len(pairs))

    def baseline():
        assert len(duckdb.sql(QUERY.format(folder)).fetchnumpy()["model"]) == 20 * 100 * 20 * 8

    ratio = ratio_of(benchmark, lambda: leaderboard(folder), baseline, rounds=5, peak_bytes=peak)
    assert ratio <= 2.5
    assert peak <= 600e6
