"""Planning and opening a run of 100,000 trials."""

import hashlib
import json
import os
import subprocess
import sys

import pytest
from ratios import ratio_of

import bench
from bench.planning.describing import DatasetFacts
from bench.planning.plan import make_plan
from bench.planning.suite import parse
from bench.registry.lookup import Entry, Registry
from bench.results import layout, manifest, store
from bench.results.journal import Journal
from bench.spec.outcome import Outcome
from bench.tasks import TASKS

N_TRIALS = 100_000  # 20 models, 10 datasets, 10 sizes, 10 x 5 seeds
SIZES = list(range(100, 200, 10))

SUITE = f"""
[suite]
name = "many"
[protocol]
sizes = {SIZES}
outer_seeds = 10
inner_seeds = 5
""" + "".join(
    [f'[[models]]\nname = "m-{i}"\n' for i in range(20)]
    + [f'[[datasets]]\nname = "d-{i}"\n' for i in range(10)]
)


def make_registry():
    def entry(record):
        return Entry(record, "acme", "acme-bench", "1.0")

    does = (("classification", "tabular"),)
    return Registry(
        models={
            f"m-{i}": entry(
                bench.ModelSpec(
                    name=f"m-{i}",
                    family="classical",
                    does=does,
                    factory="acme:make",
                    params={"depth": i, "rate": 0.1},
                )
            )
            for i in range(20)
        },
        datasets={
            f"d-{i}": entry(
                bench.DatasetSpec(
                    name=f"d-{i}", tasks=("classification",), modality="tabular", loader="acme:load"
                )
            )
            for i in range(10)
        },
        tasks={task.name: entry(task) for task in TASKS},
    )


def facts_of(n_seeds):
    splits = [bench.Split(o, i, 1000, f"{o}/{i}") for o in range(n_seeds) for i in range(5)]
    return DatasetFacts(
        fingerprint="f",
        n_rows=1200,
        n_features=5,
        has_missing=False,
        task="classification",
        columns=(),
        target=None,
        splits=tuple(splits),
    )


def plan_whole():
    """Plan, and say the identity of every trial."""
    made = plan()
    assert len(set(made.trials.ids())) == N_TRIALS


def plan(n_seeds=10):
    suite = SUITE.replace("outer_seeds = 10", f"outer_seeds = {n_seeds}")
    made = make_plan(parse(suite, "many.toml"), make_registry(), lambda *asked: facts_of(n_seeds))
    assert len(made.trials) == N_TRIALS * n_seeds // 10
    return made


def hash_dicts():
    """The least that identities cost: JSON and SHA-256 of as many dicts of as many keys."""
    for i in range(N_TRIALS):
        values = {f"a key of a trial {k}": i for k in range(17)}
        text = json.dumps(values, sort_keys=True, separators=(",", ":"))
        hashlib.sha256(text.encode()).hexdigest()


def peak_bytes(code):
    """The peak of resident memory of a program of its own."""
    program = f"{code}\nimport resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    folder = os.path.dirname(__file__)
    environment = {**os.environ, "PYTHONPATH": folder}
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment
    )
    return int(said.stdout) * (1024 if sys.platform == "linux" else 1)


def test_planning(benchmark):
    """It takes no more than four times what hashing takes, and no more than 500 MB."""
    planning = peak_bytes("import test_planning as t; kept = t.plan_whole()")
    ratio = ratio_of(benchmark, plan_whole, hash_dicts, rounds=3, peak_bytes=planning)
    assert ratio <= 4
    assert planning <= 500e6


@pytest.mark.slow
def test_a_million_trials():
    """Each trial is made when it is asked for: all of them in turn take no more than 500 MB."""
    code = "import test_planning as t; kept = t.plan(100); n = sum(1 for trial in kept.trials)"
    assert peak_bytes(f"{code}; assert n == 1_000_000; kept.trials.only(range(n))") <= 500e6


def test_opening_a_finished_run(benchmark, tmp_path):
    """Finding out that nothing is to be done costs less than reading the trials as JSON would."""
    trials = list(plan().trials)
    info = store.create_run(tmp_path / "many", "many", SUITE, ["run", "many"])
    with Journal.open(info.folder, info.run_id, "e") as journal:
        journal.append(trials[0], Outcome(trial_id=trials[0].trial_id, status="ok"))
    store.consolidate(info.folder)
    write_many(info.folder, trials)
    (info.folder / manifest.NAME).unlink()  # what was written behind it is sealed anew
    manifest.write(info.folder, layout.adopt(info.folder))
    lines = [json.dumps({"trial_id": t.trial_id, "status": "ok", "limit_seconds": 600.0,
                         "limit_bytes": 4, "reason": ""}) for t in trials]  # fmt: skip

    def ours():
        finished = store.done(info.folder)
        assert all(trial.trial_id in finished for trial in trials)

    def baseline():
        assert len({json.loads(line)["trial_id"] for line in lines}) == N_TRIALS

    ours()
    assert ratio_of(benchmark, ours, baseline, rounds=5) <= 3


def write_many(folder, trials):
    """Put all trials into the table of a run, as 100,000 turns would have."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / "trials.parquet"
    table = pq.read_table(path)
    (row,) = table.to_pylist()
    columns = {name: [row[name]] * len(trials) for name in table.column_names}
    for name in columns:
        if hasattr(trials[0], name):
            columns[name] = [getattr(trial, name) for trial in trials]
    pq.write_table(pa.table(columns, schema=table.schema), path, compression="zstd")
