"""Result tables in the formats of others."""

from __future__ import annotations

import json
import os
import shutil
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from bench.results.schema import SCHEMAS
from bench.results.store import Results
from bench.spec.errors import ResultsError, nearest

Exporter = Callable[[Results, Path], None]


def export(results: Results, to: str, path: Path) -> None:
    """Write tables of some runs in another format.

    Parameters
    ----------
    results
        From `bench.load`.
    to
        A key of `EXPORTERS`.
    path
        Of what is written; nothing is there yet.

    Raises
    ------
    ResultsError
        The format is unknown or needs a library that is not installed, the path is taken or cannot
        be written, or a table is damaged.
    """
    if to not in EXPORTERS:
        raise ResultsError(
            f"Unknown format {to!r}; allowed: {', '.join(EXPORTERS)}.{nearest(to, EXPORTERS)}"
        )
    if os.path.lexists(path):
        raise ResultsError(f"{path} exists already; name another path, or remove it.")
    try:
        EXPORTERS[to](results, path)
    except OSError as error:
        raise ResultsError(f"{path} cannot be written: {error}.") from error


@contextmanager
def _unfinished(path: Path) -> Iterator[Path]:
    """Give a path beside the one asked for, which takes its place when all of it is written."""
    path.absolute().parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        yield partial
        os.replace(partial, path)
    finally:
        if partial.is_dir():
            shutil.rmtree(partial)
        else:
            partial.unlink(missing_ok=True)


def _to_csv(results: Results, path: Path) -> None:
    """Write a folder with a file for each table; lists of numbers become ``[1.5, 2]``."""
    from pyarrow import csv

    with _unfinished(path) as folder:
        folder.mkdir()
        for name, schema in SCHEMAS.items():
            flat = _without_lists(schema.empty_table()).schema
            with csv.CSVWriter(str(folder / f"{name}.csv"), flat) as writer:
                for table in results.stream(name):
                    writer.write_table(_without_lists(table))


def _without_lists(table: pa.Table) -> pa.Table:
    for i, field in enumerate(table.schema):
        if pa.types.is_list(field.type):
            column = table.column(i).cast(pa.list_(pa.string()))
            joined = pc.binary_join(column, ", ")
            text = pc.binary_join_element_wise("[", joined, "]", "")
            table = table.set_column(i, field.name, text)
    return table


def _to_duckdb(results: Results, path: Path) -> None:
    """Write a database file with the tables as tables."""
    try:
        import duckdb
    except ImportError:
        raise ResultsError(
            "The format 'duckdb' needs DuckDB, which is not installed: "
            "pip install 'crossover-bench[duckdb]'"
        ) from None
    with _unfinished(path) as file:
        try:
            with duckdb.connect(str(file)) as database:
                for name, schema in SCHEMAS.items():
                    database.register("chunk", schema.empty_table())
                    database.execute(f"CREATE TABLE {name} AS SELECT * FROM chunk")
                    for table in results.stream(name):
                        database.register("chunk", table)
                        database.execute(f"INSERT INTO {name} SELECT * FROM chunk")
                    database.unregister("chunk")
        except duckdb.Error as error:
            raise ResultsError(f"{path} cannot be written by DuckDB: {error}") from error


# What a benchmark of pytest-benchmark is: one model on one dataset at one size, timed once a seed.
_NAMED = ("dataset_label", "label", "n_train")
_APART = (
    *("task", "tuning", "device", "cores", "protocol", "conditions"),
    *("model_version", "params", "environment_id"),
)
_TIMED = {"fit": "fit_seconds", "predict": "predict_seconds"}
# Their layout has a version of its own: the release of the plugin that wrote it first.
_LAYOUT = "5.0.0"


def _to_pytest_benchmark(results: Results, path: Path) -> None:
    """Write a file as ``pytest --benchmark-json`` does, for ``pytest-benchmark compare``."""
    columns = [*_NAMED, *_APART, *_TIMED.values(), "suite"]
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for table in results.stream("trials"):
        rows = table.filter(pc.equal(table["status"], "ok")).select(columns)
        for row in rows.to_pylist():
            groups.setdefault(tuple(row[name] for name in (*_NAMED, *_APART)), []).append(row)
    namesakes: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
    for key in sorted(groups, key=lambda key: tuple(map(str, key))):
        namesakes.setdefault(key[: len(_NAMED)], []).append(key)
    benchmarks = [
        _benchmark(what, seconds, groups[key][0], _details(key, keys))
        for keys in namesakes.values()
        for key in keys
        for what, column in _TIMED.items()
        if (seconds := [row[column] for row in groups[key] if row[column] is not None])
    ]
    created = max((run.created for run in results.runs), default="")
    document = {
        "machine_info": _machine(results),
        "commit_info": {"id": "unversioned", "dirty": False},
        "benchmarks": benchmarks,
        "datetime": created,
        "version": _LAYOUT,
    }
    with _unfinished(path) as file:
        text = json.dumps(document, indent=4, allow_nan=False)
        file.write_text(text + "\n", encoding="utf-8")


def _details(key: Sequence[Any], keys: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """Return what sets a benchmark apart from those of the same names."""
    first = len(_NAMED)
    return {
        name: key[at]
        for at, name in enumerate(_APART, start=first)
        if len({other[at] for other in keys}) > 1
    }


def _benchmark(
    what: str, seconds: Sequence[float], row: Mapping[str, Any], details: Mapping[str, Any]
) -> dict[str, Any]:
    params = {"dataset": row["dataset_label"], "model": row["label"], "n_train": row["n_train"]}
    params |= details
    param = "-".join(str(value) for value in params.values())
    name = f"{what}[{param}]"
    return {
        "group": f"{what} {row['dataset_label']} {row['n_train']}",
        "name": name,
        "fullname": f"{row['suite']}::{name}",
        "params": params,
        "param": param,
        "extra_info": {name: row[name] for name in _APART},
        "options": {},
        "stats": _statistics(seconds),
    }


def _statistics(seconds: Sequence[float]) -> dict[str, Any]:
    """Return what pytest-benchmark says of timings; quartiles are medians of the halves."""
    data = sorted(seconds)
    n, half = len(data), (len(data) + 1) // 2
    mean, deviation = statistics.fmean(data), statistics.stdev(data) if n > 1 else 0.0
    q1, q3 = statistics.median(data[:half]), statistics.median(data[n - half :])
    low, high = q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1)
    far = sum(abs(value - mean) > deviation for value in data)
    outside = sum(not low <= value <= high for value in data)
    return {
        "min": data[0],
        "max": data[-1],
        "mean": mean,
        "stddev": deviation,
        "rounds": n,
        "median": statistics.median(data),
        "iqr": q3 - q1,
        "q1": q1,
        "q3": q3,
        "iqr_outliers": outside,
        "stddev_outliers": far,
        "outliers": f"{far};{outside}",
        "ld15iqr": min(value for value in data if value >= low),
        "hd15iqr": max(value for value in data if value <= high),
        "ops": 1 / mean if mean else 0.0,
        "total": sum(data),
        "data": list(seconds),
        "iterations": 1,
    }


def _machine(results: Results) -> dict[str, Any]:
    """Return the environment, or the first of several, in pytest-benchmark's words."""
    rows = results.environments.to_pylist()
    if not rows:
        return {}
    row = rows[0]
    implementation, _, version = (row["python"] or "").partition(" ")
    return {
        "node": row["environment_id"],
        "system": (row["os"] or "").partition("-")[0],
        "release": row["os"] or "",
        "python_implementation": implementation,
        "python_version": version,
        "cpu": {"brand_raw": row["cpu_model"] or "", "count": row["n_cores"]},
    }


EXPORTERS: dict[str, Exporter] = {
    "csv": _to_csv,
    "duckdb": _to_duckdb,
    "pytest-benchmark": _to_pytest_benchmark,
}
"""By name of the format: what writes tables to a path."""
