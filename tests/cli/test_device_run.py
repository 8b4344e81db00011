"""`bench run --device`: a device that is not there is refused before anything is run."""

import pytest

import bench

SUITE = """
[suite]
name = "mine"
[protocol]
sizes = [16]
outer_seeds = 1
[[models]]
name = "dummy"
[[models]]
name = "acme-card"
[[datasets]]
name = "iris"
"""

PLUGIN = """
import bench

@bench.hookimpl
def bench_models():
    for name in ("card", "picky", "both"):
        yield bench.ModelSpec(
            name=f"acme-{name}",
            family="deep",
            does=(("classification", "tabular"),),
            factory=f"acme_card:make_{name}",
            devices=("cpu", "gpu"),
        )

def make_card(context):
    if context.device == "gpu":
        raise bench.Skip("there is no card in this machine.")
    return make_both(context)

def make_picky(context):
    raise bench.Skip("three classes are too many.")

def make_both(context):
    from sklearn.dummy import DummyClassifier

    return DummyClassifier()
"""


@pytest.fixture
def run(tmp_path, command):
    """Run the suite on a GPU, with a model in place of the one that finds no card."""
    site = tmp_path / "site"
    information = site / "acme_card-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-card\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[bench]\ncard = acme_card\n")
    (site / "acme_card.py").write_text(PLUGIN)

    def on_gpu(model):
        (tmp_path / "mine.toml").write_text(SUITE.replace("acme-card", model))
        return command(
            "run", "./mine.toml", "--device", "gpu", cwd=tmp_path, env={"PYTHONPATH": str(site)}
        )

    return on_gpu


def statuses(tmp_path):
    rows = bench.load(tmp_path / "results" / "mine").trials.to_pylist()
    return {(row["model"], row["device"], row["status"]) for row in rows}


def test_a_device_that_no_model_finds_is_refused(run, tmp_path):
    """One message with the model's own reason, exit code 2, no folder, nothing on the CPU."""
    ended = run("acme-card")
    assert ended.returncode == 2, ended.stdout + ended.stderr
    assert "--device gpu: no model of this suite can run on a gpu here" in ended.stderr
    assert "acme-card: there is no card in this machine." in ended.stderr
    assert "Leave --device out to measure on the CPU." in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "results").exists()


def test_a_model_that_skips_for_another_reason_is_no_missing_device(run, tmp_path):
    """What it would skip on the CPU, too, it skips in its row, and the run goes on."""
    ended = run("acme-picky")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert statuses(tmp_path) == {("dummy", "cpu", "ok"), ("acme-picky", "gpu", "skipped")}


def test_models_that_find_the_device_run_there(run, tmp_path):
    """Their rows say the device, and those of models that have no other say the CPU."""
    ended = run("acme-both")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert statuses(tmp_path) == {("dummy", "cpu", "ok"), ("acme-both", "gpu", "ok")}
    assert "Warning" not in ended.stdout


def test_a_suite_without_a_model_for_the_device_is_warned(run, tmp_path):
    """Where every model knows the CPU only, the run says that it measures there."""
    ended = run("gaussian-nb")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "Warning: no model of this suite runs on a gpu; all trials are on the CPU." in (
        ended.stdout
    )
    assert statuses(tmp_path) == {("dummy", "cpu", "ok"), ("gaussian-nb", "cpu", "ok")}


def test_what_is_left_of_a_suite_may_be_on_the_cpu(run, tmp_path):
    """A suite that has trials on the device is not warned when only others are still to be run."""
    assert run("acme-both").returncode == 0
    ended = run('acme-both"\n[[models]]\nname = "gaussian-nb')
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "1 trial of" in ended.stdout
    assert "Warning" not in ended.stdout
