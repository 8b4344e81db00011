"""`bench run` compiles the training of a deep model once for a whole learning curve."""

import pytest

import bench

SIZES = [16, 32, 64, 128, 256, 512, 1024, 2048]

SUITE = f"""
[suite]
name = "curve"
[protocol]
sizes = {SIZES}
outer_seeds = 1
[[models]]
name = "mlp"
params = {{ hidden = [32], max_epochs = 3 }}
[[datasets]]
name = "make-classification"
params = {{ n_samples = 2600 }}
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory, command):
    """The trials of a curve with nothing compiled beforehand, by size, and the cache."""
    folder = tmp_path_factory.mktemp("curve")
    (folder / "curve.toml").write_text(SUITE)
    cache = folder / "cache"
    ended = command(
        "run", "./curve.toml", "--jobs", "1", cwd=folder, env={"BENCH_CACHE": str(cache)}
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    results = bench.load(folder / "results" / "curve")
    print(results.logs.to_pylist())  # pytest shows it where a test fails: why a trial compiled anew
    trials = results.trials.to_pylist()
    assert sorted(trial["n_train"] for trial in trials) == SIZES
    return trials, cache


def test_training_is_compiled_once_for_eight_sizes(run):
    """After a curve of eight sizes, one training program is on disk and one of prediction."""
    _, cache = run
    assert sorted(path.name.split("-")[0] for path in cache.rglob("*.bin")) == ["predict", "train"]


def test_nothing_was_compiled_twice(run):
    """All rows together count as many compilations as there are programs: the two on disk.

    The column counts every program, those of prediction too.
    """
    trials, _ = run
    assert sum(trial["n_compilations"] for trial in trials) == 2


def test_only_the_first_trial_compiles(run):
    """Those that ran later found both programs on disk."""
    trials, _ = run
    order = sorted(trials, key=lambda trial: trial["started_at"])
    assert [trial["n_compilations"] for trial in order] == [2] + [0] * 7
    assert all(trial["cache_hits"] == 2 for trial in order[1:])
