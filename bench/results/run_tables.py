"""The tables of a run as a whole: its environments and its metrics, each a small file."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bench.results import manifest as manifests
from bench.results.layout import settle
from bench.results.parts import DAMAGE, REMEDY, Tell, nobody, part_name
from bench.results.schema import SCHEMAS, conform, stamp, version_of
from bench.spec.errors import UnwritableError


def read_table(folder: Path, name: str, tell: Tell) -> pa.Table:
    """Return one of these tables, empty where there is none yet.

    Raises
    ------
    ResultsError
        It was written by a newer bench, or not by bench.
    """
    path = folder / part_name(name, 0)
    data, problem = manifests.read_file(folder, path.name)
    if problem:
        tell(f"{problem}. {REMEDY}.")
    if data is None:
        return SCHEMAS[name].empty_table()
    try:
        return _parse(name, data, path)
    except DAMAGE:
        tell(f"{path} is damaged: nothing of it can be read.")
        return SCHEMAS[name].empty_table()


def _parse(name: str, data: bytes, path: Path) -> pa.Table:
    with pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True) as file:
        version = version_of(file.schema_arrow.metadata, path)
        return conform(name, file.read(), version, path)


def write_table(folder: Path, name: str, table: pa.Table) -> None:
    """Replace one of these tables: after a crash either the old one is there or the new one.

    Raises
    ------
    UnwritableError
        The disk is full, or fails.
    """
    sink = pa.BufferOutputStream()
    schema = stamp(SCHEMAS[name])
    with pq.ParquetWriter(sink, schema, compression="zstd", write_page_checksum=True) as file:
        file.write_table(table)
    data = sink.getvalue().to_pybytes()
    try:
        manifests.replace_file(folder, settle(folder, nobody), part_name(name, 0), data)
    except OSError as error:
        raise UnwritableError(f"{folder} cannot be written: {error.strerror}.") from error
