"""`bench.run`: the command's path from Python, and what it says of input that is wrong."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

import bench
from bench.notebook import measure
from bench.notebook.results import Results
from bench.spec.errors import BenchError, SuiteError

SUITE = {
    "suite": {"name": "inline"},
    "protocol": {"sizes": (16, "all"), "outer_seeds": np.arange(2)},
    "models": [
        {"name": "dummy"},
        {"name": "gaussian-nb", "params": {"var_smoothing": np.float64(1e-8)}, "label": "nb"},
    ],
    "datasets": [{"name": "csv:rows.csv", "params": {"target": "kind"}}],
}
N_TRIALS = 2 * 2 * 2

SCRIPT = """
import bench
print("begins")
results = bench.run("inline.toml", sizes=16, seeds=[1], output="of-a-script")
print(results.trials.num_rows, results.trials["outer_seed"].unique().to_pylist())
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a table in it."""
    folder = tmp_path_factory.mktemp("measure")
    rows = [f"{i % 3 + i / 100},{i % 3 - i / 70},{'abc'[i % 3]}" for i in range(60)]
    (folder / "rows.csv").write_text("\n".join(["width,height,kind", *rows]) + "\n")
    return folder


@pytest.fixture(scope="module")
def finished(folder, cache):
    """The results of a suite that is a mapping."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("BENCH_CACHE", str(cache))
        return bench.run(SUITE, jobs="auto", progress=False)


def test_a_mapping_is_measured(finished, folder):
    """A suite that is a mapping, with tuples and arrays in it, gives a run of its name."""
    assert isinstance(finished, Results)
    assert finished.runs[0].folder.resolve() == (folder / "results" / "inline").resolve()
    assert finished.trials["status"].to_pylist() == ["ok"] * N_TRIALS
    assert set(finished.trials["label"].to_pylist()) == {"dummy", "nb"}
    assert "nb" in finished._repr_html_()


def test_the_command_goes_on_with_it(finished, folder, command):
    """The command, given the suite that was kept, finds every trial done, and none to measure."""
    ended = command("run", "results/inline/suite.toml", cwd=folder)
    assert ended.returncode == 0, ended.stderr
    assert f"inline: 0 trials of 2 models on 1 dataset; {N_TRIALS} more are done" in ended.stdout


def test_it_says_how_to_do_it_again(finished, folder):
    """The folder keeps a command of Python that asks for the same."""
    about = json.loads((folder / "results" / "inline" / "run.json").read_text())
    assert about["argv"] == ["python", "-c", 'import bench; bench.run("suite.toml", jobs=None)']


def test_a_script_needs_no_guard(finished, folder, cache):
    """A script without `if __name__ == "__main__"` is run once; its progress is no output."""
    (folder / "inline.toml").write_text((folder / "results/inline/suite.toml").read_text())
    (folder / "script.py").write_text(SCRIPT)
    ended = subprocess.run(
        [sys.executable, "script.py"],
        cwd=folder,
        env={**os.environ, "BENCH_CACHE": str(cache)},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines() == ["begins", "2 [1]"]
    assert "inline: 2 trials of 2 models on 1 dataset." in ended.stderr
    assert "Results: of-a-script" in ended.stderr
    about = json.loads((folder / "of-a-script" / "run.json").read_text())
    assert about["argv"][2] == (
        'import bench; bench.run("inline.toml", sizes=[16], seeds=[1], output="of-a-script")'
    )


WITHOUT = {key: value for key, value in SUITE.items() if key != "models"}


@pytest.mark.parametrize(
    ("suite", "options", "said"),
    [
        ("smok", {}, r"'smok'.*Did you mean 'smoke'"),
        ("absent.toml", {}, r"'absent\.toml' does not exist"),
        ([SUITE], {}, r"a suite cannot be of type list.*a mapping.*'csv:PATH'"),
        (WITHOUT, {}, r"suite: models: is missing"),
        ({**SUITE, "protocl": {}}, {}, r"suite: protocl: no such key.*Did you mean 'protocol'"),
        (
            {**SUITE, "limits": {"seconds": None}},
            {},
            r"suite\.limits\.seconds: .* cannot hold None",
        ),
        ({**SUITE, 7: {}}, {}, r"suite: keys must be text; given: .*7"),
        (SUITE, {"jobs": 0}, r"jobs=0 is not allowed"),
        (SUITE, {"jobs": True}, r"jobs=True is not allowed"),
        (SUITE, {"jobs": "all"}, r"jobs='all' is not allowed.*'auto'"),
        (SUITE, {"device": "gpuu"}, r"device='gpuu'.*allowed: cpu, gpu, tpu.*Did you mean 'gpu'"),
        (SUITE, {"sizes": [16, "some"]}, r"bench\.run: protocol\.sizes\[1\]: 'some' is no size"),
        (SUITE, {"sizes": -4}, r"bench\.run: .*\n  protocol\.sizes\[0\]: '-4' is no size"),
        (SUITE, {"seeds": "two"}, r"bench\.run: seeds: 'two' is neither"),
        (SUITE, {"seeds": [1, 1]}, r"bench\.run: seeds: \[1, 1\] must name .* none twice"),
        (SUITE, {"timeout": -1.0}, r"bench\.run: limits\.seconds"),
        (SUITE, {"memory": "4 loaves"}, r"bench\.run: limits\.memory: '4 loaves' is no amount"),
        (SUITE, {"models": [1]}, r"models=\[1\] is not allowed"),
        (SUITE, {"models": "nbb"}, r"no model that matches 'nbb'.*Did you mean 'nb'"),
    ],
)
def test_wrong_input_is_one_message(suite, options, said, tmp_path, monkeypatch, cache):
    """What is wrong is said with its place and what is allowed, and no folder is made."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BENCH_CACHE", str(cache))
    with pytest.raises(BenchError, match=said):
        bench.run(suite, progress=False, **options)
    assert list(tmp_path.iterdir()) == []


def test_a_class_in_a_suite_is_refused_with_what_is_allowed():
    """What TOML cannot hold, such as a model's class, is named by its place."""
    with pytest.raises(SuiteError, match=r"suite\.models\[0\]\.name: a suite cannot hold type"):
        bench.run({"models": [{"name": dict}]})


def test_warnings_are_raised_where_nothing_is_shown():
    """Without progress, what a user should know of a run is a warning of Python."""
    with pytest.warns(UserWarning, match="all trials are on the CPU"):
        measure.Silent().warned("all trials are on the CPU")


def test_the_server_is_stopped_when_the_input_was_wrong(monkeypatch, tmp_path):
    """The program that was started ahead of time does not outlive a call that failed."""
    from bench.execution.local import LocalEngine

    closed = []
    close = LocalEngine.close

    def note(engine):
        close(engine)
        closed.append(engine)

    monkeypatch.setattr(LocalEngine, "close", note)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BenchError):
        bench.run("absent.toml")
    assert len(closed) == 1
