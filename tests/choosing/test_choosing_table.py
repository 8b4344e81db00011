"""A table of the user's becomes a suite: its reader, its trials, and TOML that says the same."""

from types import SimpleNamespace

import pytest

from bench import BenchError
from bench.choosing.table import (
    check_same,
    dataset_params,
    installed,
    reader_of,
    suite_for,
    to_toml,
)
from bench.planning.suite import DatasetTable, parse
from bench.registry.lookup import discover

CANDIDATES = """
[suite]
name = "mine"
[limits]
seconds = 77
[[models]]
name = "mlp"
params = { hidden = [8, 8], learning_rate = 1e-3, "odd key" = true }
label = "small"
[[models]]
name = "lda"
[[datasets]]
name = "iris"
sizes = [16]
"""


@pytest.fixture(scope="module")
def registry():
    return discover()


@pytest.mark.parametrize(
    ("name", "reader"),
    [("a.csv", "csv"), ("a.TSV", "csv"), ("a.parquet", "parquet"), ("a.feather", "arrow")],
)
def test_a_file_is_read_by_its_ending(name, reader, registry, tmp_path):
    """Its format's own, or another one of the same format."""
    path = tmp_path / name
    path.write_text("x")
    assert reader_of(str(path), registry) == f"{reader}:{path}"


def test_a_reader_may_be_named(registry):
    """As in a suite; whether there is such a file, the reader says."""
    assert reader_of("csv:odd.ending", registry) == "csv:odd.ending"


def test_a_file_that_is_not_there_is_named_with_the_nearest(registry, tmp_path):
    """The folder is said, too."""
    (tmp_path / "customers.csv").write_text("x")
    with pytest.raises(BenchError, match=r"no such file in .* Did you mean 'customers.csv'"):
        reader_of(str(tmp_path / "customer.csv"), registry)


def test_an_ending_that_nobody_reads_is_refused(registry, tmp_path):
    """With the readers that there are."""
    (tmp_path / "a.xlsx").write_text("x")
    with pytest.raises(BenchError, match=r"'\.xlsx'.*there are: .*csv"):
        reader_of(str(tmp_path / "a.xlsx"), registry)


def test_readers_are_told_the_target_and_no_more_than_was_asked():
    """What is not asked keeps its default, and trials their identity."""
    assert dataset_params("y", [], None) == {"target": "y"}
    assert dataset_params("y", ["id"], "regression") == {
        "target": "y",
        "drop": ["id"],
        "kind": "regression",
    }


def suite():
    table = DatasetTable(name='csv:my "odd" file.csv', params={"target": "y"}, label="my file")
    candidates = parse(CANDIDATES, "candidates")
    return suite_for(candidates, table, sizes=[70, 139], seed=3, metric="log-loss")


def test_the_candidates_meet_the_user_s_table():
    """Models and limits are theirs; data, sizes and seeds are not."""
    made = suite()
    assert made.name == "choose-my-file"
    assert [model.label for model in made.models] == ["small", None]
    assert made.limits.seconds == 77
    assert [table.name for table in made.datasets] == ['csv:my "odd" file.csv']
    assert made.protocol.sizes == (70, 139)
    assert made.protocol.outer_seeds == tuple(range(60, 80))
    assert made.suite.metrics == ("log-loss",)


def test_its_toml_reads_as_the_same_suite():
    """What is kept with the results is what was run, odd names and all."""
    assert parse(to_toml(suite()), "again") == suite()


def test_a_folder_of_another_table_is_refused(tmp_path):
    """Two tables in one run would be one leaderboard."""
    (tmp_path / "suite.toml").write_text("one")
    check_same(tmp_path, "one")
    with pytest.raises(BenchError, match=r"another table.*--fresh"):
        check_same(tmp_path, "other")


def test_models_that_need_what_is_not_installed_are_left_out():
    """The others stay in their order, and the package is named."""
    records = {
        "here": SimpleNamespace(preload=("json", "os.path")),
        "gone": SimpleNamespace(preload=("json", "no_such_package.module")),
    }
    registry = SimpleNamespace(
        models={
            name: SimpleNamespace(record=record, python=None) for name, record in records.items()
        }
    )
    text = (
        '[suite]\nname = "s"\nsummary = "s."\n[protocol]\nsizes = "all"\n'
        '[[models]]\nname = "gone"\n[[models]]\nname = "here"\n[[datasets]]\nname = "iris"\n'
    )
    kept, missing = installed(parse(text, "s.toml"), registry)
    assert [model.name for model in kept.models] == ["here"]
    assert missing == {"gone": "no_such_package"}
