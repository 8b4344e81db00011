"""Trials whose data are not those that were planned: an error that says so, and a way on."""

PLUGIN = """
import bench

HOOK_API = 2


@bench.hookimpl
def bench_datasets():
    yield bench.DatasetSpec(
        name="odd", tasks=("classification",), modality="tabular", loader="odd_plugin:load"
    )


def load():
    import numpy as np

    X = np.random.default_rng().normal(size=(200, 3))
    return bench.Dataset(X, (X[:, 0] > 0).astype(int))
"""
SUITE = """
[suite]
name = "odd"
[protocol]
sizes = [32]
outer_seeds = 1
[[models]]
name = "dummy"
[[datasets]]
name = "odd"
"""


def test_a_loader_without_a_seed_fails_where_no_copy_can_be_kept(tmp_path, command):
    """The run says what happened, and the same command measures once there is a copy."""
    facts = tmp_path / "site" / "odd-1.0.dist-info"
    facts.mkdir(parents=True)
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[bench]\nodd = odd_plugin\n")
    (facts.parent / "odd_plugin.py").write_text(PLUGIN)
    (tmp_path / "odd.toml").write_text(SUITE)
    (tmp_path / "no-folder").touch()
    env = {"PYTHONPATH": str(facts.parent), "BENCH_CACHE": str(tmp_path / "no-folder")}
    failed = command("run", "./odd.toml", cwd=tmp_path, env=env)
    assert failed.returncode == 1
    assert "dataset 'odd': these are not the data that the trial was planned on" in failed.stdout
    kept = env | {"BENCH_CACHE": str(tmp_path / "cache")}
    done = command("run", "./odd.toml", cwd=tmp_path, env=kept)
    assert "Trials: 1 ok." in done.stdout
