"""Result tables in the formats of others."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from bench.errors import ResultsError, nearest
from bench.results.schema import SCHEMAS
from bench.results.store import Results

Exporter = Callable[[Results, Path], None]


def export(results: Results, to: str, path: Path) -> None:
    """Write all tables of some runs in another format.

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


EXPORTERS: dict[str, Exporter] = {"csv": _to_csv, "duckdb": _to_duckdb}
"""By name of the format: what writes all tables to a path."""
