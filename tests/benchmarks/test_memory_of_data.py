"""What a trial's data take of memory: the training part and little else, whatever their form."""

import os
import sys

import numpy as np
import pandas as pd
import pytest

import bench
from bench.execution.process import memory
from bench.planning.loading import load
from bench.planning.source import Source
from bench.registry.lookup import Entry, discover
from bench.spec.outcome import Trial
from bench.trial.job import Job
from bench.trial.life import run

N_COLUMNS = 50
MEGABYTES = 400
N_ROWS = MEGABYTES * 10**6 // 8 // N_COLUMNS
PROTOCOL = bench.SplitProtocol(outer_seeds=(0,))


def load_numbers(form):
    """A table of 400 MB of numbers: an array, a table of one type, or a table of two."""
    X = np.random.default_rng(0).normal(size=(N_ROWS, N_COLUMNS))
    y = (X[:, 0] > 0).astype(int)
    if form == "array":
        return bench.Dataset(X, y)
    table = pd.DataFrame(X, columns=[f"x{j}" for j in range(N_COLUMNS)])
    if form == "two types":
        table = table.astype({f"x{j}": "int64" for j in range(0, N_COLUMNS, 5)})
    return bench.Dataset(table, y)


def in_child(do):
    """Do something in a fork of this process, and return the number that it comes to."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.write(writing, str(do()).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading) as answer:
        text = answer.read()
    _, status = os.waitpid(pid, 0)
    assert status == 0
    return float(text)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("form", ["array", "one type", "two types"])
def test_a_trial_holds_its_training_part_and_little_else(form, tmp_path, monkeypatch):
    """Anonymous bytes above the parent's, before `fit`: at most 1.2 times the training part."""
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path / "cache"))
    spec = bench.DatasetSpec(
        name="numbers",
        tasks=("classification",),
        modality="tabular",
        loader=f"{__name__}:load_numbers",
    )
    source = Source(spec, "1.0", {"form": form})
    fingerprints = tmp_path / "fingerprint"

    def describe():
        fingerprints.write_text(load(source).fingerprint)
        return 0

    in_child(describe)
    registry = discover()
    registry.datasets["numbers"] = Entry(spec, "mine", "mine", "1.0")
    n_train = int(0.81 * N_ROWS)
    trial = Trial(
        trial_id="t", suite="s", dataset="numbers", dataset_label="numbers", dataset_version="1",
        dataset_params=f'{{"form": "{form}"}}', dataset_fingerprint=fingerprints.read_text(),
        task="classification", modality="tabular", model="gaussian-nb", label="gaussian-nb",
        family="classical", model_version="1", params="{}", plugin="p", plugin_version="1",
        tuning="default", search="{}", conditions="{}", device="cpu", cores=1,
        protocol=PROTOCOL.name, outer_seed=0, inner_seed=0, model_seed=5, repeat=0,
        n_train=n_train, limit_seconds=600.0, limit_bytes=2**33,
    )  # fmt: skip
    job = Job(
        trial=trial, dataset="numbers", path=None, protocol=PROTOCOL, n_train_max=n_train,
        has_missing=False, primary_metric="accuracy", metrics=("accuracy",), keep_predictions=False,
    )  # fmt: skip
    for module in ("sklearn.naive_bayes", "sklearn.pipeline", "scipy.stats", "pyarrow.feather"):
        __import__(module)
    _, before = memory([os.getpid()])

    def measure():
        seen = {}

        def announce(phase, _):
            seen[phase] = memory([os.getpid()])[1]

        outcome = run(job, registry, announce, tmp_path)
        assert outcome.status == "ok", outcome.reason + outcome.traceback
        return seen["fit"] - before

    held = in_child(measure)
    part = 8 * N_COLUMNS * n_train
    print(f"\n{form}: {held / part:.3f} times the training part of {part / 1e6:.0f} MB")
    assert held <= 1.2 * part
