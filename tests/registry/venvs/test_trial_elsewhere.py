"""A whole trial with its estimator in another environment, watched from this process."""

import json
from dataclasses import replace

import numpy as np
import pytest

import bench
from bench.planning import loading
from bench.planning.source import Source
from bench.registry.lookup import Entry, Registry, discover
from bench.registry.venvs import codec, remote
from bench.spec import SplitProtocol
from bench.spec.errors import PluginError
from bench.spec.outcome import Trial
from bench.trial.checking import check_params
from bench.trial.fitting import worker_for
from bench.trial.job import Job
from bench.trial.life import run

PROTOCOL = SplitProtocol(outer_seeds=(0,), inner_seeds=(0,))
RANDOM = np.random.RandomState(0)
X = RANDOM.normal(size=(200, 2))
# Each label is a number of its own, so that it can be found again among all bytes that were sent.
Y = RANDOM.normal(size=200)
WEIGHTS = RANDOM.uniform(1, 2, size=200)


def load(n_columns=2):
    wide = np.hstack([X, np.ones((200, n_columns - 2))])
    return bench.Dataset(wide, Y, sample_weight=WEIGHTS)


def entry(record, python=None):
    return Entry(record, "mine", "acme-bench", "1.0", python)


@pytest.fixture
def registry(python):
    """The tasks and metrics of bench, one dataset, and one model that lives elsewhere."""
    installed = discover()
    model = bench.ModelSpec(
        name="teller",
        family="classical",
        does=(("regression", "tabular"),),
        factory="acme_elsewhere_models:make_teller",
        fit_params=("sample_weight",),
    )
    dataset = bench.DatasetSpec(
        name="data", tasks=("regression",), modality="tabular", loader=f"{__name__}:load"
    )
    return Registry(
        models={"teller": entry(model, python)},
        datasets={"data": entry(dataset)},
        tasks=installed.tasks,
        metrics=installed.metrics,
    )


@pytest.fixture
def job(registry, tmp_path, monkeypatch):
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path / "cache"))
    source = Source(registry.dataset("data").record, "1.0", {})
    trial = {
        "trial_id": "t", "suite": "mine", "dataset": "data", "dataset_label": "data",
        "dataset_version": "1", "dataset_params": "{}",
        "dataset_fingerprint": loading.load(source).fingerprint,
        "task": "regression", "modality": "tabular", "model": "teller", "label": "teller",
        "family": "classical", "model_version": "1", "params": "{}", "plugin": "acme",
        "plugin_version": "1.0", "tuning": "default", "search": "{}", "conditions": "{}",
        "device": "cpu", "cores": 1, "protocol": PROTOCOL.name, "outer_seed": 0, "inner_seed": 0,
        "model_seed": 5, "repeat": 0, "n_train": 128, "limit_seconds": 3600.0, "limit_bytes": 2**30,
    }  # fmt: skip
    return Job(
        trial=Trial(**trial),
        dataset="data",
        path=None,
        protocol=PROTOCOL,
        n_train_max=162,
        has_missing=False,
        primary_metric="rmse",
        metrics=("rmse",),
        keep_predictions=True,
    )


@pytest.fixture
def sent(monkeypatch):
    """All bytes that this process sends to a worker."""
    everything = bytearray()
    send = codec.send

    def listen(connection, header, buffers):
        everything.extend(json.dumps(header).encode())
        for buffer in buffers:
            everything.extend(bytes(buffer))
        send(connection, header, buffers)

    monkeypatch.setattr(codec, "send", listen)
    return everything


def test_no_label_crosses_but_those_of_training(job, registry, worker, sent, tmp_path, monkeypatch):
    """Of 128 training rows labels and weights are sent, of validation and test rows only X."""
    monkeypatch.setattr(remote, "_attached", worker)
    phases = []
    outcome = run(job, registry, lambda phase, _: phases.append(phase), tmp_path)
    assert outcome.status == "ok", outcome.traceback
    # A tensor of two columns holds its rows one after the other.
    crossed = {
        name: {row for row in range(200) if values[row].tobytes() in sent}
        for name, values in (("X", X), ("y", Y), ("weight", WEIGHTS))
    }
    test_rows = set(outcome.predicted_rows.tolist())
    assert len(test_rows) == 20
    assert len(crossed["y"]) == 128
    assert crossed["weight"] == crossed["y"]
    assert not crossed["y"] & test_rows
    assert crossed["X"] >= crossed["y"] | test_rows
    assert not any(repr(float(Y[row])).encode() in sent for row in test_rows)


def test_a_trial_elsewhere_is_measured_as_one_here(job, registry, worker, tmp_path, monkeypatch):
    """Phases and measures are the same; besides, each phase says what its transport took."""
    monkeypatch.setattr(remote, "_attached", worker)
    phases = []
    outcome = run(job, registry, lambda phase, _: phases.append(phase), tmp_path)
    # The fit is announced again when the training rows have arrived.
    expected = ["load", "split", "init", "warm-up", "fit", "fit", "predict", "score"]
    assert phases == expected
    clocks = [m.phase for m in outcome.measures if (m.probe, m.name) == ("clock", "seconds")]
    moved = [m.phase for m in outcome.measures if (m.probe, m.name) == ("transport", "seconds")]
    assert clocks == moved == list(dict.fromkeys(expected))
    assert outcome.facts.fit_seconds > 0


def test_rows_that_arrive_are_no_memory_of_the_fit(job, registry, worker, tmp_path, monkeypatch):
    """A fit that keeps 128 rows of 80 kB and computes nothing takes next to no memory."""
    monkeypatch.setattr(remote, "_attached", worker)
    in_use = []

    def announce(phase, anonymous):
        if phase == "fit":
            in_use.append(anonymous)

    source = Source(registry.dataset("data").record, "1.0", {"n_columns": 10_000})
    planned = loading.load(source).fingerprint
    about = {"dataset_params": '{"n_columns": 10000}', "dataset_fingerprint": planned}
    wide = replace(job, trial=replace(job.trial, **about))
    outcome = run(wide, registry, announce, tmp_path)
    assert outcome.status == "ok", outcome.traceback
    before, delivered = in_use
    assert delivered - before >= 128 * 80_000
    assert outcome.facts.peak_anon_bytes < 64 * 80_000


def test_without_a_worker_there_is_a_clear_answer(job, registry, tmp_path):
    """A model of another environment is not looked for in this one."""
    outcome = run(job, registry, lambda phase, _: None, tmp_path)
    assert outcome.status == "error"
    assert "lives in an environment of its own" in outcome.reason
    with pytest.raises(PluginError, match="model 'teller'"):
        worker_for(registry.model("teller"))


def test_parameters_are_checked_in_the_environment(registry, worker, tmp_path):
    """A parameter that a factory does not take is found beforehand, with those that it takes."""
    model = replace(registry.model("teller").record, factory="acme_elsewhere_models:make_bayes")
    context = bench.ModelContext(task="regression", modality="tabular", n_train=1, n_train_max=1)
    assert check_params(model, context, {"smoothing": 0.5}, worker) is None
    with pytest.raises(bench.ParameterError, match="it takes: smoothing"):
        check_params(model, context, {"smothing": 0.5}, worker)
