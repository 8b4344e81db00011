"""Whatever byte of a results folder is another one, and wherever a file is cut.

Every intact trial is read, what is lost is named, running again repairs it, and nothing is deleted.
With ``BENCH_DAMAGE_SAMPLES=2000`` and ``BENCH_DAMAGE_COMMANDS=60`` more is sampled than in CI.
"""

import os
import random
import shutil
import warnings
from collections import Counter
from pathlib import Path

import pytest
from result_makers import failed, make_outcome, make_trial, new_run

import bench
from bench.results import parts, store
from bench.results.journal import Journal
from bench.spec.errors import ResultsWarning
from bench.spec.outcome import Measure

N_SAMPLES = int(os.environ.get("BENCH_DAMAGE_SAMPLES", "100"))
N_COMMANDS = int(os.environ.get("BENCH_DAMAGE_COMMANDS", "3"))
N_BATCHES = 20

TABLES = ("trials", "scores", "predictions", "curves", "measures", "logs")
TRIALS = {trial.trial_id: trial for trial in map(make_trial, "abcdefghijkl")}


def ended(trial):
    """Return how a trial ends, always the same."""
    if int(trial.trial_id[:4], 16) % 4 == 0:
        return failed(trial, "crashed", "killed by SIGSEGV, in fit")
    return make_outcome(trial, output="hello\n" if int(trial.trial_id[:4], 16) % 3 else "")


def measure(folder, ids):
    """Measure some trials, as a session does."""
    info = store.open_run(folder)
    with Journal.open(folder, info.run_id, "e") as journal:
        journal.append_measures("", [Measure("calibrate", "calibration", "slot-0", 0.5, "s")])
        for trial_id in ids:
            journal.append(TRIALS[trial_id], ended(TRIALS[trial_id]))


def rows_of(folder):
    """Return all rows by table, those of no trial apart, and what was said to be damaged."""
    found = {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        results = store.load(folder)
        for name in TABLES:
            rows = getattr(results, name).to_pylist()
            for row in rows if name == "trials" else ():  # measured again, it may say so
                row["reason"] = row["reason"].partition("; earlier attempt")[0]
            found[name] = Counter(repr(row) for row in rows if row["trial_id"])
        found["environments"] = Counter(map(repr, results.environments.to_pylist()))
        found["metrics"] = Counter(map(repr, results.metrics.to_pylist()))
    assert all(issubclass(one.category, ResultsWarning) for one in caught)
    return found, [str(one.message) for one in caught]


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    """A run of three sessions, the last of which was killed, with several row groups a part."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "_GROUP_ROWS", 2)
        patch.setattr("bench.results.tables._CHUNK_BATCHES", 2)
        patch.setattr(os, "fsync", lambda descriptor: None)
        folder = tmp_path_factory.mktemp("damage") / "run"
        new_run(folder)
        rmse = bench.Metric(
            name="rmse", direction="lower", ideal=0.0, needs="values", function="acme.m:f"
        )
        store.write_metrics(folder, [rmse])
        ids = list(TRIALS)
        for some in (ids[:4], ids[4:8], ids[8:]):
            measure(folder, some)
            if some != ids[8:]:
                store.consolidate(folder)
        with store.lock(folder):
            pass
    rows, said = rows_of(folder)
    assert not said
    assert len(rows["trials"]) == len(TRIALS)
    return folder, rows


def damage(path: Path, chance: random.Random) -> tuple[bytes, bool]:
    """Flip one bit of a file, or cut it; return what is left of it, and whether it was cut."""
    data = bytearray(path.read_bytes())
    is_cut = chance.random() < 0.3
    if is_cut:
        del data[chance.randrange(len(data)) :]
    else:
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(data)
    return bytes(data), is_cut


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("batch", range(N_BATCHES))
def test_any_damage(origin, tmp_path, monkeypatch, batch):
    """Every intact row is read, what is lost is named, and a session repairs it."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    source, expected = origin
    names = sorted(path.name for path in source.iterdir() if path.stat().st_size)
    for sample in range(batch, N_SAMPLES, N_BATCHES):
        chance = random.Random(sample)
        name = names[sample // N_BATCHES % len(names)] if sample % 2 else chance.choice(names)
        folder = tmp_path / str(sample)
        shutil.copytree(source, folder)
        left, is_cut = damage(folder / name, chance)
        what = f"sample {sample}: {name} {'cut to' if is_cut else 'flipped, of'} {len(left)}"
        check_reading(folder, name, is_cut, expected, what)
        check_repair(folder, name, is_cut, left, expected, what)
        shutil.rmtree(folder)


def check_reading(folder, name, is_cut, expected, what):
    """What is read is what was written, but for what the damaged file alone held; that is said."""
    found, said = rows_of(folder)
    lost = {table: rows - found[table] for table, rows in expected.items()}
    for table, rows in expected.items():
        assert not found[table] - rows, f"{what}: rows of {table} that nobody wrote"
        held = name.startswith(("journal", table))
        assert held or not lost[table], f"{what}: lost rows of {table}"
        if name.startswith(table) and not is_cut:
            assert lost[table].total() <= 6, f"{what}: more than a row group"
    is_ordinary = name.startswith("journal") and is_cut
    if any(lost.values()) and not is_ordinary:
        assert any(name in text for text in said), f"{what}: nothing said"
    if name.startswith("journal") and not is_cut:
        n_lost = len(TRIALS) - found["trials"].total()
        assert n_lost <= 1, f"{what}: more than a batch"


def check_repair(folder, name, is_cut, left, expected, what):
    """After the next session all is as it was, and the damaged file is still there."""
    problems = store.consolidate(folder, verify=True)
    finished = store.done(folder)
    measure(folder, [trial_id for trial_id in TRIALS if trial_id not in finished])
    problems += store.consolidate(folder)
    found, said = rows_of(folder)
    assert not said, f"{what}: {said}"
    assert found == expected, f"{what}: {problems}"
    assert store.consolidate(folder, verify=True) == [], what
    if not (name.startswith("journal") and is_cut) and name not in ("lock", "manifest.json"):
        assert problems, f"{what}: nothing said"
        kept = [path for path in folder.iterdir() if path.name.startswith(f"{name}.damaged-")]
        assert [path.read_bytes() for path in kept] == [left], what
    assert not [path.name for path in folder.iterdir() if path.name.endswith(".partial")], what


SUITE = """
[suite]
name = "damaged"
[protocol]
sizes = [32, "all"]
outer_seeds = 2
[limits]
seconds = 600
[[models]]
name = "dummy"
[[models]]
name = "gaussian-nb"
[[datasets]]
name = "iris"
"""


@pytest.fixture(scope="module")
def measured(tmp_path_factory, command):
    """A finished run of two sessions, and its scores."""
    folder = tmp_path_factory.mktemp("measured")
    (folder / "damaged.toml").write_text(SUITE)
    for seeds in ("1", "2"):
        ran = command("run", "./damaged.toml", "--seeds", seeds, cwd=folder)
        assert ran.returncode == 0, ran.stderr
    return folder, scores_of(folder)


def scores_of(folder):
    """All scores of a run, sorted, to the last bit; how its trials ended."""
    results = store.load(folder / "results" / "damaged")
    scores = sorted(
        (row["trial_id"], row["part"], row["metric"], repr(row["value"]))
        for row in results.scores.to_pylist()
    )
    return scores, sorted((row["trial_id"], row["status"]) for row in results.trials.to_pylist())


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("sample", range(N_COMMANDS))
def test_the_command_repairs_any_damage(measured, tmp_path, command, sample):
    """The same command ends as an undisturbed run does, whatever file is damaged; no traceback."""
    source, expected = measured
    folder = tmp_path / "run"
    shutil.copytree(source, folder)
    chance = random.Random(sample)
    run = folder / "results" / "damaged"
    name = chance.choice(sorted(path.name for path in run.iterdir() if path.stat().st_size))
    left, _ = damage(run / name, chance)
    shown = command("leaderboard", "damaged", cwd=folder)
    assert shown.returncode == 0 or "no trial" in shown.stderr.lower(), (name, shown.stderr)
    ran = command("run", "./damaged.toml", cwd=folder)
    said = shown.stdout + shown.stderr + ran.stdout + ran.stderr
    assert ran.returncode == 0, (name, said)
    assert "Traceback" not in said, (name, said)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert scores_of(folder) == expected, (name, said)
    if name not in ("lock", "manifest.json"):
        assert any(path.read_bytes() == left for path in run.glob(f"{name}.damaged-*")), name
