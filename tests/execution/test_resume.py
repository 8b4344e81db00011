"""Results are sacred: whatever is killed, no finished trial is lost, none is made twice."""

import os
import random
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import psutil
import pytest

import bench

SUITE = """
[suite]
name = "killed"
[protocol]
sizes = [32, "all"]
outer_seeds = 5
[limits]
seconds = 600
[[models]]
name = "dummy"
[[models]]
name = "gaussian-nb"
[[models]]
name = "decision-tree"
[[models]]
name = "k-nearest-neighbors"
[[datasets]]
name = "iris"
"""
N_TRIALS = 5 * 2 * 4
N_KILLS = 12
SEEDS = "12"
MORE_TRIALS = 12 * 2 * 4
"""So many that a run is not over before a test gets round to disturb it."""


@pytest.fixture(scope="module")
def reference(tmp_path_factory, command):
    """The scores of an undisturbed run with one slot, and how long it took."""
    folder = tmp_path_factory.mktemp("reference")
    (folder / "killed.toml").write_text(SUITE)
    begin = time.monotonic()
    ended = command("run", "./killed.toml", cwd=folder)
    seconds = time.monotonic() - begin
    assert ended.returncode == 0, ended.stderr
    scores = scores_of(folder)
    assert len({row[0] for row in scores}) == N_TRIALS
    return scores, seconds


def scores_of(folder):
    """All scores of the only run in a folder, sorted, to the last bit."""
    rows = bench.load(folder / "results" / "killed").scores.to_pylist()
    return sorted((row["trial_id"], row["part"], row["metric"], repr(row["value"])) for row in rows)


def marked(mark):
    """The processes whose environment bears a mark."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("BENCH_TEST_MARK") == mark:
                found.append(process)
        except psutil.Error:
            continue
    return found


def journalled(folder):
    """How many bytes of finished trials are on disk."""
    return sum(file.stat().st_size for file in folder.glob("results/killed/journal-*.arrow"))


def wait_until_gone(mark):
    """Wait until all marked processes have ended by themselves."""
    while marked(mark):
        time.sleep(0.05)


@pytest.fixture
def started(tmp_path, cache):
    """Start the suite in a folder of its own; return folder, mark and a function that starts it."""
    (tmp_path / "killed.toml").write_text(SUITE)
    mark = uuid.uuid4().hex
    environment = {**os.environ, "BENCH_CACHE": str(cache), "BENCH_TEST_MARK": mark}

    def start(*options):
        program = Path(sys.executable).with_name("bench")
        return subprocess.Popen(
            [program, "run", "./killed.toml", *options],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    return tmp_path, mark, start


def test_two_slots_give_the_same_scores(reference, tmp_path, command):
    """With two trials at once, every score is the same to the last bit."""
    (tmp_path / "killed.toml").write_text(SUITE)
    ended = command("run", "./killed.toml", "--jobs", "auto", cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert scores_of(tmp_path) == reference[0]


@pytest.mark.slow
def test_a_run_killed_again_and_again_gives_the_same_scores(reference, started):
    """After a dozen `kill -9`s at random moments it ends with the same scores, and no process."""
    folder, mark, start = started
    chance = random.Random(0)
    finished = set()
    for number in range(N_KILLS):
        n_bytes = journalled(folder)
        program = start()
        if number % 2:  # however busy the machine is, something is measured between two kills
            while program.poll() is None and journalled(folder) <= n_bytes:
                time.sleep(0.01)
            time.sleep(chance.uniform(0, 0.1) * reference[1])
        else:
            time.sleep(chance.uniform(0.1, 0.9) * reference[1])
        program.kill()
        program.communicate()
        wait_until_gone(mark)
        if (folder / "results" / "killed" / "run.json").exists():
            rows = bench.load(folder / "results" / "killed").trials.to_pylist()
            ids = [row["trial_id"] for row in rows]
            assert len(ids) == len(set(ids))
            assert finished <= set(ids)
            finished = set(ids)
    assert finished
    program = start()
    said, _ = program.communicate()
    assert program.returncode == 0, said
    assert scores_of(folder) == reference[0]
    wait_until_gone(mark)


@pytest.mark.slow
def test_killing_any_other_process_costs_no_trial(reference, started):
    """The server, keepers and trials may be killed: the run goes on and loses nothing."""
    folder, mark, start = started
    chance = random.Random(1)
    program = start("--jobs", "auto", "--seeds", SEEDS)
    n_killed, n_bytes = 0, 0
    while program.poll() is None and n_killed < 6:
        # Only once it has got on: a server that is killed again and again while it starts is
        # given up, as one that dies by itself is.
        while program.poll() is None and journalled(folder) <= n_bytes:
            time.sleep(0.05)
        n_bytes = journalled(folder)
        time.sleep(chance.uniform(0.01, 0.1) * reference[1])
        victims = [process for process in marked(mark) if process.pid != program.pid]
        if victims:
            victim = chance.choice(victims)
            try:
                victim.send_signal(signal.SIGKILL)
                n_killed += 1
            except psutil.Error:
                continue
    said, _ = program.communicate()
    assert n_killed > 0
    assert program.returncode == 0, said
    assert set(reference[0]) < set(scores_of(folder))
    wait_until_gone(mark)


def test_ctrl_c_stops_cleanly_and_says_how_to_go_on(reference, started):
    """Ctrl-C ends the run with code 130, keeps what is finished and names the command."""
    folder, mark, start = started
    program = start("--seeds", SEEDS)
    assert any(f"/{MORE_TRIALS}  " in line for line in program.stdout)  # the first one has ended
    program.send_signal(signal.SIGINT)
    said, _ = program.communicate()
    assert program.returncode == 130, said
    assert "Go on with the same command: bench run ./killed.toml" in said
    wait_until_gone(mark)
    left = bench.load(folder / "results" / "killed").trials.num_rows
    assert left < MORE_TRIALS
    program = start()
    said, _ = program.communicate()
    assert program.returncode == 0, said
    assert set(reference[0]) <= set(scores_of(folder))
