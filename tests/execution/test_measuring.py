"""The turns of a session: which trial goes into which slot, told by an engine that runs nothing."""

from types import SimpleNamespace

import pytest

from bench.execution import measuring
from bench.execution.engine import Report, Slot
from bench.execution.feed import InOrder
from bench.execution.measuring import run_trials
from bench.spec.outcome import Facts, Outcome, Trial

FIELDS = {
    "suite": "s", "dataset": "d", "dataset_label": "d", "dataset_version": "1",
    "dataset_params": "{}", "dataset_fingerprint": "f", "task": "t", "modality": "tabular",
    "label": "m", "family": "deep", "model_version": "1", "params": "{}", "plugin": "p",
    "plugin_version": "1", "tuning": "default", "search": "{}", "conditions": "{}", "cores": 1,
    "protocol": "p", "outer_seed": 0, "inner_seed": 0, "model_seed": 0, "repeat": 0, "n_train": 16,
    "limit_seconds": 1.0, "limit_bytes": 1,
}  # fmt: skip


def trial(name, device="cpu"):
    return Trial(trial_id=name, model=name, device=device, **FIELDS)


class InstantEngine:
    """Every call is answered at once; what was submitted where is kept."""

    def __init__(self, *slots):
        self.slots = dict(enumerate(slots))
        self.running = {}
        self.submitted = []

    @property
    def idle(self):
        return [slot for slot in self.slots if slot not in self.running]

    def submit(self, slot, call):
        assert self.slots[slot].has(call.device)
        self.running[slot] = call
        self.submitted.append((slot, call.id))

    def wait(self, timeout=None):
        ended, self.running = self.running, {}
        outcome = Outcome(trial_id="", status="ok", facts=Facts(fit_seconds=0.5)).to_bytes()
        return [Report(slot=slot, id=call.id, answer=outcome) for slot, call in ended.items()]


@pytest.fixture
def run(monkeypatch):
    """Run trials on an engine; return the ids of the rows that were written."""
    job = SimpleNamespace(to_json=dict)
    monkeypatch.setattr(measuring, "job_of", lambda plan, trial: job)
    plan = SimpleNamespace(suite=SimpleNamespace(suite=SimpleNamespace(seed=0)))
    observer = SimpleNamespace(started=lambda *_: None, ended=lambda *_: None)
    nodes = SimpleNamespace(
        first_call=lambda slot: None,
        take=lambda report: False,
        environment_of=lambda slot: "e",
        part=lambda: None,
    )

    def run(engine, trials):
        rows = []
        journal = SimpleNamespace(
            append=lambda trial, outcome, environment_id: rows.append(trial.trial_id),
            append_measures=lambda *_: None,
        )
        progress = run_trials(plan, InOrder(trials), engine, journal, observer, nodes)
        assert not progress.interrupted
        return rows

    return run


CPU = Slot(node="here", cores=(0,))
GPU = Slot(node="here", cores=(1,), devices=("gpu:0",))


def test_trials_on_a_device_run_where_one_is_owned(run):
    """The slot without one goes on with trials on the CPU; sentinels obey, too."""
    engine = InstantEngine(CPU, GPU)
    trials = [trial(f"gpu-{i}", "gpu") for i in range(50)] + [trial(f"cpu-{i}") for i in range(50)]
    assert sorted(run(engine, trials)) == sorted(one.trial_id for one in trials)
    first = [name for slot, name in engine.submitted if slot == 0][:3]
    assert first == ["cpu-0", "cpu-1", "cpu-2"]
    assert any(name.startswith("sentinel") for _, name in engine.submitted)


def test_what_waits_for_a_device_is_bounded(run, monkeypatch):
    """A slot without one waits, too, rather than look through a million trials."""
    monkeypatch.setattr(measuring, "MOST_HELD", 3)
    engine = InstantEngine(CPU, GPU)
    trials = [trial(f"gpu-{i}", "gpu") for i in range(20)] + [trial("cpu")]
    assert len(run(engine, trials)) == 21
    names = [name for _, name in engine.submitted]
    assert names.index("cpu") > names.index("gpu-15")
