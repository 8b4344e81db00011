"""`bench leaderboard`, called as a user calls it."""

import csv
import io
import json
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from analysis.hand_tables import Run, tables
from bench.cli import main
from bench.results.run_tables import write_table
from bench.results.store import create_run


@pytest.fixture
def folder(tmp_path):
    """A run on disk: one task, two models and the dummy."""
    path = tmp_path / "by-hand"
    run = Run(create_run(path, "by-hand", "", ["bench"]).run_id)
    for outer in range(5):
        run.add("dummy", "iris", 0.3, outer=outer)
        run.add("lda", "iris", 0.9, outer=outer)
        run.add("mlp", "iris", 0.8, outer=outer)
    made = tables(run)
    for name in ("trials", "scores", "measures", "environments", "metrics"):
        write_table(path, name, getattr(made, name))
    return path


def bench(*arguments):
    return CliRunner().invoke(main, ["leaderboard", *map(str, arguments)])


def test_a_run_is_ranked(folder):
    """The leaderboard of a folder is printed, and the exit code is 0."""
    found = bench(folder)
    assert found.exit_code == 0, found.output
    assert found.stdout.index("lda") < found.stdout.index("mlp") < found.stdout.index("dummy")


def test_machine_formats_are_clean(folder):
    """Standard output holds the document and nothing else."""
    (task,) = json.loads(bench(folder, "--format", "json").stdout)["tasks"]
    # (0.9 - 0.3) / (1 - 0.3)
    assert task["standings"][0]["skill"] == pytest.approx(0.6 / 0.7)
    assert bench(folder, "--json").stdout == bench(folder, "--format", "json").stdout
    rows = list(csv.DictReader(io.StringIO(bench(folder, "--format", "csv").stdout)))
    assert [row["name"] for row in rows] == ["lda", "mlp", "dummy"]
    assert bench(folder, "--format", "markdown").stdout.startswith("### Verdict")
    plain = bench(folder, "--format", "markdown", "--no-verdict").stdout
    assert plain.startswith("### classification")
    assert ElementTree.fromstring(bench(folder, "--format", "svg").stdout_bytes) is not None


def test_learning_curves_by_dataset(folder):
    """`--by dataset` prints the metric at each size."""
    found = bench(folder, "--by", "dataset")
    assert found.exit_code == 0
    assert "0.900 ±0.000" in found.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--size", "0"], "is no size; a number of training rows from 1"),
        (["--size", "many"], "is no size"),
        (["--size", "17"], "nothing was measured at 17 training rows; there: 16."),
        (["--task", "clasification"], "Did you mean 'classification'?"),
        (["--models", "lba"], "Did you mean 'lda'?"),
        (["--failures", "ignore"], "is not one of"),
    ],
)
def test_wrong_input_is_exit_code_2(folder, arguments, message):
    """One message on standard error, nothing on standard output."""
    found = bench(folder, *arguments)
    assert found.exit_code == 2
    assert message in found.stderr
    assert found.stdout == ""


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    """The message comes from where runs are read."""
    assert bench(tmp_path / "nowhere").exit_code == 2


def test_the_verdict_stands_below_the_ranking(folder):
    """The terminal ends with it, JSON has it as objects, and it can be left out."""
    shown = bench(folder).stdout
    assert shown.index("Verdict") > shown.index("classification")
    (verdict, *_) = json.loads(bench(folder, "--json").stdout)["verdicts"]
    assert verdict["scope"] == "task"
    assert verdict["sentence"]
    assert "Verdict" not in bench(folder, "--no-verdict").stdout
    assert "verdicts" not in json.loads(bench(folder, "--json", "--no-verdict").stdout)


def test_features_need_two_kinds_of_models(folder):
    """Of raw data and a network there is a table; the picture is refused; formats are clean."""
    assert "learned - raw" in bench(folder, "--by", "features").stdout
    objects = json.loads(bench(folder, "--by", "features", "--json").stdout)["datasets"]
    assert [found["dataset"] for found in objects] == ["iris"]
    refused = bench(folder, "--by", "features", "--models", "lda")
    assert refused.exit_code == 2
    assert "two kinds of features" in refused.output
    assert bench(folder, "--by", "features", "--format", "svg").exit_code == 2
