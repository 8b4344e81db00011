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
    return trials, results.measures.to_pylist(), cache


def test_training_is_compiled_once_for_eight_sizes(run):
    """After a curve of eight sizes one training program is on disk, and four of prediction.

    They are for 1 row, for 16 and for 32 (training rows that are scored), and for 64 and more.
    """
    *_, cache = run
    names = sorted(path.name.split("-")[0] for path in cache.rglob("*.bin"))
    assert names == ["predict"] * 4 + ["train"]


def test_nothing_was_compiled_twice(run):
    """All rows together count as many compilations as there are programs: the five on disk."""
    trials, *_ = run
    assert sum(trial["n_compilations"] for trial in trials) == 5


def test_only_the_first_trial_compiles(run):
    """Training, 1 row and 64; later ones find these, but for few training rows to be scored."""
    trials, *_ = run
    order = sorted(trials, key=lambda trial: trial["started_at"])
    own = [int(trial["n_train"] in (16, 32)) for trial in order]
    assert [trial["n_compilations"] for trial in order] == [3 + own[0], *own[1:]]
    hits = [trial["cache_hits"] for trial in order[1:]]
    assert hits == [3] * 7, [(t["n_train"], t["n_compilations"], t["cache_hits"]) for t in order]


def test_nothing_is_compiled_on_the_clock(run):
    """What a fit and a prediction need has been compiled before, in the warm-up."""
    _, measures, _ = run
    compiled = [(m["phase"], m["value"]) for m in measures if m["name"] == "n_compilations"]
    found = {
        phase: sum(value for name, value in compiled if name == phase)
        for phase in ("warm-up", "fit", "predict")
    }
    assert found == {"warm-up": 3, "fit": 0, "predict": 0}
