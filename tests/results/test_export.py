import sys

import pyarrow as pa
import pytest
from pyarrow import csv
from result_makers import failed, make_outcome, make_trial, new_run, session

from bench.errors import ResultsError
from bench.results import store
from bench.results.export import EXPORTERS, export


@pytest.fixture
def results(tmp_path):
    info = new_run(tmp_path / "run")
    one, two = make_trial("a"), make_trial("b", label='a "quoted", name\nof two lines')
    session(info, (one, make_outcome(one)))
    store.consolidate(info.folder)
    session(info, (two, failed(two, "error", "x")))
    return store.load(info.folder)


def test_csv_read_back(results, tmp_path):
    """Each table becomes a file that reads back as the same rows."""
    export(results, "csv", tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(
        f"{name}.csv" for name in store.SCHEMAS
    )
    for name in ("trials", "scores", "curves", "measures", "logs", "environments"):
        schema = store.SCHEMAS[name]
        table = csv.read_csv(
            tmp_path / "out" / f"{name}.csv",
            parse_options=csv.ParseOptions(newlines_in_values=True),
            convert_options=csv.ConvertOptions(
                column_types=schema, strings_can_be_null=True, quoted_strings_can_be_null=False
            ),
        )
        assert table.equals(getattr(results, name)), name


def test_csv_of_predictions(results, tmp_path):
    """Lists of numbers are written as JSON lists."""
    export(results, "csv", tmp_path / "out")
    table = csv.read_csv(tmp_path / "out" / "predictions.csv")
    assert table["row"].to_pylist() == [7, 4]
    assert [numbers_of(text) for text in table["output"].to_pylist()] == [[0.25, 0.75], [1.0, 0.0]]


def numbers_of(text: str) -> list[float]:
    assert text[0] == "["
    assert text[-1] == "]"
    return [float(number) for number in text[1:-1].split(",")]


def test_duckdb_read_back(results, tmp_path):
    """The database holds the tables, of the same columns and rows, lists as lists."""
    duckdb = pytest.importorskip("duckdb")
    export(results, "duckdb", tmp_path / "out.duckdb")
    with duckdb.connect(str(tmp_path / "out.duckdb"), read_only=True) as database:
        for name in store.SCHEMAS:
            found = database.sql(f"SELECT * FROM {name}").to_arrow_table()
            expected = getattr(results, name)
            assert found.column_names == expected.column_names
            assert found.to_pylist() == expected.to_pylist(), name


def test_without_duckdb(results, tmp_path, monkeypatch):
    """Where DuckDB is not installed, the message says what to install, and nothing is written."""
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(ResultsError, match=r"pip install 'crossover-bench\[duckdb\]'"):
        export(results, "duckdb", tmp_path / "out.duckdb")
    assert not (tmp_path / "out.duckdb").exists()


def test_unknown_format(results, tmp_path):
    """An unknown format is refused with the nearest one."""
    with pytest.raises(ResultsError, match=r"allowed: csv, duckdb\. Did you mean 'csv'"):
        export(results, "cvs", tmp_path / "out")


@pytest.mark.parametrize("to", EXPORTERS)
def test_what_is_there_is_not_overwritten(results, tmp_path, to):
    """A path that is taken is refused, and what is there stays."""
    (tmp_path / "out").write_text("mine")
    with pytest.raises(ResultsError, match="exists already"):
        export(results, to, tmp_path / "out")
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.parametrize("to", EXPORTERS)
def test_a_failed_export_leaves_nothing(results, tmp_path, to):
    """Where a table is damaged, no half of an export is left behind."""
    (results.runs[0].folder / "logs.parquet").write_bytes(b"damaged")
    (tmp_path / "to").mkdir()
    with pytest.raises(ResultsError, match=r"logs\.parquet is damaged"):
        export(results, to, tmp_path / "to" / "out")
    assert list((tmp_path / "to").iterdir()) == []


def test_an_empty_run(tmp_path):
    """A run without any trial is exported as empty tables."""
    results = store.load(new_run(tmp_path / "run").folder)
    export(results, "csv", tmp_path / "out")
    header = (tmp_path / "out" / "scores.csv").read_text().strip()
    assert header == ",".join(f'"{name}"' for name in store.SCHEMAS["scores"].names)
    assert results.trials.schema.equals(store.SCHEMAS["trials"])
    assert isinstance(results.trials, pa.Table)
