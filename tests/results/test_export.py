import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import csv
from pytest_benchmark.stats import Stats
from result_makers import failed, make_outcome, make_trial, new_run, session

from bench.results import store
from bench.results.export import EXPORTERS, export
from bench.spec.errors import ResultsError
from bench.spec.outcome import Facts


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
    with pytest.raises(ResultsError, match=r"pytest-benchmark\. Did you mean 'csv'"):
        export(results, "cvs", tmp_path / "out")


@pytest.mark.parametrize("to", EXPORTERS)
def test_what_is_there_is_not_overwritten(results, tmp_path, to):
    """A path that is taken is refused, and what is there stays."""
    (tmp_path / "out").write_text("mine")
    with pytest.raises(ResultsError, match="exists already"):
        export(results, to, tmp_path / "out")
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.parametrize("to", EXPORTERS)
def test_a_failed_export_leaves_nothing(results, tmp_path, monkeypatch, to):
    """Where a table cannot be read to its end, no half of an export is left behind."""
    whole = store.Results.stream

    def half(self, name):
        yield from whole(self, name)
        raise ResultsError("of a newer bench")

    monkeypatch.setattr(store.Results, "stream", half)
    (tmp_path / "to").mkdir()
    with pytest.raises(ResultsError, match="of a newer bench"):
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


def timed_run(folder, seconds, *, outcomes=()):
    """Return the results of a run: one benchmark per model and size, a fit per seed."""
    pairs = list(outcomes)
    for (label, n), values in seconds.items():
        for seed, value in enumerate(values):
            trial = make_trial(f"{label}{n}{seed}", label=label, outer_seed=seed, n_train=n)
            facts = Facts(fit_seconds=value, predict_seconds=value / 10)
            pairs.append((trial, make_outcome(trial, facts=facts)))
    info = new_run(folder)
    session(info, *pairs)
    return store.load(info.folder)


def benchmarks_of(results, path):
    export(results, "pytest-benchmark", path)
    return {one["name"]: one for one in json.loads(path.read_text())["benchmarks"]}


def test_pytest_benchmark_compares_two_exports(tmp_path):
    """The real `pytest-benchmark compare` lays the same names of two exports side by side."""
    for name, factor in (("before", 1.0), ("after", 2.0)):
        times = {("mlp", 16): [0.1 * factor, 0.3 * factor], ("mlp", 32): [1.0], ("svm", 16): [0.2]}
        export(timed_run(tmp_path / name, times), "pytest-benchmark", tmp_path / f"{name}.json")
    script = Path(sys.executable).with_name("pytest-benchmark")
    command = [script, "compare", "before.json", "after.json", "--group-by=fullname"]
    command += ["--sort=name", "--columns=min,max,mean,stddev,median,iqr,outliers,ops,rounds"]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    assert "Failed to load" not in found.stdout + found.stderr
    lines = [line for line in found.stdout.splitlines() if line.startswith("fit[iris-mlp-16]")]
    assert len(lines) == 2
    # A mean of 0.2 s before and 0.4 s after, twice as long.
    assert "200.0000 (1.0)" in next(line for line in lines if "(before)" in line)
    assert "400.0000 (2.00)" in next(line for line in lines if "(after)" in line)


def test_statistics_are_those_of_pytest_benchmark(tmp_path):
    """What is written of timings is what pytest-benchmark computes of the same ones."""
    seconds = [0.5, 0.1, 0.2, 0.9, 0.3, 0.4, 5.0, 0.6]
    theirs = Stats()
    for value in seconds:
        theirs.update(value)
    found = benchmarks_of(timed_run(tmp_path / "run", {("mlp", 16): seconds}), tmp_path / "x.json")
    ours = found["fit[iris-mlp-16]"]["stats"]
    assert {key: ours[key] for key in theirs.fields} == pytest.approx(theirs.as_dict())
    assert sorted(ours["data"]) == sorted(seconds)


def test_one_timing_is_a_benchmark_too(tmp_path):
    """A single fit has no spread, and its quartiles are itself."""
    found = benchmarks_of(timed_run(tmp_path / "run", {("mlp", 16): [0.5]}), tmp_path / "x.json")
    stats = found["fit[iris-mlp-16]"]["stats"]
    assert [stats[key] for key in ("stddev", "iqr", "q1", "q3", "ops")] == [0, 0, 0.5, 0.5, 2]
    assert found["predict[iris-mlp-16]"]["stats"]["mean"] == pytest.approx(0.05)


def test_namesakes_are_benchmarks_of_their_own(tmp_path):
    """Other cores or another version are never pooled; the name says what sets them apart."""
    one, other = make_trial("one"), replace(make_trial("other"), cores=2)
    late = make_trial("late")
    results = timed_run(
        tmp_path / "run",
        {},
        outcomes=[
            (one, make_outcome(one)),
            (other, make_outcome(other)),
            (late, failed(late, "timeout")),
        ],
    )
    found = benchmarks_of(results, tmp_path / "x.json")
    assert set(found) == {"fit[iris-acme-forest-16-1]", "fit[iris-acme-forest-16-2]"}
    assert found["fit[iris-acme-forest-16-2]"]["params"]["cores"] == 2
    assert found["fit[iris-acme-forest-16-2]"]["stats"]["rounds"] == 1
