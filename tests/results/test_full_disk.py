"""A disk that is full ends a session, and nothing else: with room again, the run ends as any other.

The disk is one on which no file may be larger than so many bytes (RLIMIT_FSIZE). With
``BENCH_FULL_DISK=50`` so many moments are tried through the whole command.
"""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from result_makers import tables_of
from writes_until_full import one_session

import bench
from bench.results import store

N_COMMANDS = int(os.environ.get("BENCH_FULL_DISK", "2"))
HERE = Path(__file__).parent


def shown(folder):
    """Return what does not depend on when a run was made."""
    rows = tables_of(folder)
    return {
        name: sorted(repr({key: row[key] for key in row if key != "run_id"}) for row in several)
        for name, several in rows.items()
    }


def test_full_at_any_moment(tmp_path):
    """Whatever write fails: one clear error, and the next session ends as an undisturbed one."""
    one_session(tmp_path / "whole")
    expected = shown(tmp_path / "whole")
    chance = random.Random(0)
    limits = [chance.randrange(0, 80_000) for _ in range(50)]
    ran = subprocess.run(
        [sys.executable, HERE / "writes_until_full.py", tmp_path, *map(str, limits)],
        env={**os.environ, "PYTHONPATH": str(HERE)},
        capture_output=True,
        text=True,
        check=True,
    )
    codes = json.loads(ran.stdout)
    assert set(codes) <= {0, 2}, list(zip(limits, codes, strict=True))
    assert codes.count(2) > 25
    for number in range(len(limits)):
        folder = tmp_path / str(number)
        one_session(folder)
        assert shown(folder) == expected, limits[number]
        assert not [path.name for path in folder.iterdir() if "damaged" in path.name]


SUITE = """
[suite]
name = "full"
[protocol]
sizes = [32, "all"]
outer_seeds = 3
[limits]
seconds = 600
[[models]]
name = "dummy"
[[models]]
name = "gaussian-nb"
[[datasets]]
name = "iris"
"""

UNDER_A_LIMIT = (
    "import os, resource, sys\n"
    "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))\n"
    "os.execv(sys.argv[2], sys.argv[2:])\n"
)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, command):
    """How a run ends, and the size that its journal had."""
    folder = tmp_path_factory.mktemp("undisturbed")
    (folder / "full.toml").write_text(SUITE)
    ran = command("run", "./full.toml", cwd=folder)
    assert ran.returncode == 0, ran.stderr
    return endings(folder)


def endings(folder):
    """Return identities, statuses and scores of a run, to the last bit."""
    results = bench.load(folder / "results" / "full")
    scores = [
        (row["trial_id"], row["part"], row["metric"], repr(row["value"]))
        for row in results.scores.to_pylist()
    ]
    statuses = [(row["trial_id"], row["status"]) for row in results.trials.to_pylist()]
    return sorted(scores), sorted(statuses)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("moment", range(N_COMMANDS))
def test_the_command_on_a_full_disk(undisturbed, tmp_path, command, cache, moment):
    """The command says what is full and stops; the same command then goes on to the same end."""
    (tmp_path / "full.toml").write_text(SUITE)
    limit = random.Random(moment).randrange(3_000, 150_000)
    program = Path(sys.executable).with_name("bench")
    ran = subprocess.run(
        [sys.executable, "-c", UNDER_A_LIMIT, str(limit), program, "run", "./full.toml"],
        cwd=tmp_path,
        env={**os.environ, "BENCH_CACHE": str(cache)},
        capture_output=True,
        text=True,
    )
    said = ran.stdout + ran.stderr
    assert "Traceback" not in said, (limit, said)
    assert (ran.returncode == 0) == ("cannot be written" not in said), (limit, said)
    assert ran.returncode in (0, 2), (limit, said)
    folder = tmp_path / "results" / "full"
    if (folder / "run.json").exists():
        assert {ended.status for ended in store.done(folder).values()} <= {"ok"}
    again = command("run", "./full.toml", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert endings(tmp_path) == undisturbed, limit
