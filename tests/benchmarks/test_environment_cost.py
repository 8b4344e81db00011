"""What a plugin's own environment costs: the same model there and here, trial by trial."""

import os
import statistics
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

import bench

BENCH = str(Path(sys.executable).with_name("bench"))
ROOT = Path(__file__).parents[2]

PLUGIN = """
import bench

HOOK_API = 2

@bench.hookimpl
def bench_models():
    yield bench.ModelSpec(
        name="{name}-logistic",
        family="classical",
        does=(("classification", "tabular"),),
        factory="acme_{name}:make",
        preload=("sklearn.linear_model",),
    )

def make(context):
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression()
"""

SUITE = """
[suite]
name = "pairs"
[protocol]
sizes = [512]
outer_seeds = 20
[[models]]
name = "here-logistic"
[[models]]
name = "there-logistic"
[[datasets]]
name = "digits"
"""


def install(site, name):
    """Put a plugin with one model into a folder."""
    (site / f"acme_{name}-1.0.dist-info").mkdir(parents=True)
    info = site / f"acme_{name}-1.0.dist-info"
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: acme-{name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[bench]\n{name} = acme_{name}\n")
    (site / f"acme_{name}.py").write_text(PLUGIN.format(name=name))


@pytest.fixture
def environment(tmp_path):
    """Variables with which the same plugin is installed here and in an environment of its own."""
    for name in ("here", "there"):
        install(tmp_path / name, name)
    venv.EnvBuilder(symlinks=True).create(tmp_path / "venv")
    (site,) = (tmp_path / "venv").glob("lib/python*/site-packages")
    places = (tmp_path / "there", sysconfig.get_path("purelib"), ROOT)
    (site / "places.pth").write_text("".join(f"{place}\n" for place in places))
    config = tmp_path / "config.toml"
    config.write_text(f'[plugins.there]\npython = "{tmp_path}/venv/bin/python"\n')
    return {
        **os.environ,
        "BENCH_CONFIG": str(config),
        "BENCH_CACHE": str(tmp_path / "cache"),
        "PYTHONPATH": str(tmp_path / "here"),
    }


# The promise is 100 ms more at most, on a machine that does nothing else. The shortest turns show
# it on one that does: 170 ms here and 230 ms there, with four programs on two cores.
def test_a_trial_in_another_environment(benchmark, tmp_path, environment):
    """A trial there takes no more than twice the time of one here, measured in pairs."""
    (tmp_path / "pairs.toml").write_text(SUITE)

    def run():
        subprocess.run(
            [BENCH, "run", "./pairs.toml", "--output", str(tmp_path / "run")],
            cwd=tmp_path, env=environment, check=True, capture_output=True,
        )  # fmt: skip

    benchmark.pedantic(run, rounds=1, iterations=1)
    results = bench.load(tmp_path / "run")
    models = {row["trial_id"]: row["model"] for row in results.trials.to_pylist()}
    seconds = {"here-logistic": [], "there-logistic": []}
    moved = []
    for row in results.measures.to_pylist():
        if row["name"] == "turn_seconds":
            seconds[models[row["trial_id"]]].append(row["value"])
        if row["probe"] == "transport":
            moved.append(row["value"])
    # The first one there waits until its server has imported what the others find ready.
    first, *there = sorted(seconds["there-logistic"], reverse=True)
    here, there = statistics.median(seconds["here-logistic"]), statistics.median(there)
    benchmark.extra_info |= {
        "here_seconds": here,
        "more_seconds": there - here,
        "least_more_seconds": min(seconds["there-logistic"]) - min(seconds["here-logistic"]),
        "first_seconds": first,
        "transport_seconds": sum(moved) / len(seconds["there-logistic"]),
    }
    print(f"\n{here:.3f} s here, {there:.3f} s there:", benchmark.extra_info)
    assert there / here <= 2
