"""Texts of the user's: folders of files, archives of them, and columns of tables."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from bench import Dataset, DatasetError
from bench_datasets import delimited, raw_tables
from bench_datasets.files import existing
from bench_datasets.folders import (
    MOST_BYTES,
    Files,
    Naming,
    check_bytes,
    check_unused,
    found_in,
    is_archive,
    labelled,
)
from bench_datasets.inference import MISSING, clean
from bench_datasets.table import ColumnRef, Roles, Split, Table

if TYPE_CHECKING:
    import pyarrow as pa


def load_texts(
    path: str,
    *,
    encoding: str = "utf-8",
    files: str | None = None,
    label: str | None = None,
    split: Split | None = None,
    fold: ColumnRef | None = None,
    group: ColumnRef | None = None,
    target: ColumnRef | None = None,
    text: ColumnRef | None = None,
    header: bool | None = None,
    separator: str | None = None,
    quote: str | None = None,
) -> Dataset:
    """Return texts: of a folder, an archive of folders, or a column of a table.

    Parameters
    ----------
    path
        A folder of text files, in a folder for each class; a tar archive of such a folder, gzip-,
        bzip2- or xz-compressed or not; delimited text, gzip-compressed or not; a Parquet file, or
        a folder of such.
    encoding
        Of the files, by Python's name.
    files, label
        Of folders and archives: `bench_datasets.folders.Naming`.
    split, fold, group
        Of folders and archives, patterns of the file names; of tables, columns
        (`bench_datasets.table.Roles`).
    target, text
        Of tables, the columns of the classes (not given: label) and of the texts (not given: the
        only other column of strings, or text).
    header, separator, quote
        Of delimited text: `bench_datasets.files.load_csv`.

    Returns
    -------
    Dataset
        X list of str, as they stand in the files; a text that a table leaves out is empty.

    Raises
    ------
    DatasetError
        A file is not text of this encoding, or holds a zero byte; a column is missing; the archive
        is damaged, or holds more than 4 GiB.
    ParameterError
        A parameter is of an unknown value, or means nothing for this kind of source.
    """
    source = f"texts:{path}"
    named = {"files": files, "label": label}
    tabular = {"target": target, "text": text}
    written = {"header": header, "separator": separator, "quote": quote}
    divided = {"split": split, "fold": fold, "group": group}
    given: Mapping[str, object] = {**named, **tabular, **written, **divided}
    naming = Naming(files=files, label=label, split=split, fold=fold, group=group)
    if raw_tables.is_table(path):
        check_unused(source, given, "a Parquet table", (*tabular, *divided))
        roles = Roles(target=target, split=split, fold=fold, group=group)
        return _from_table(raw_tables.parquet(path, "texts"), roles, text)
    if Path(path).expanduser().is_dir() or is_archive(path):
        check_unused(source, given, "a folder or an archive", (*named, *divided))
        return _from_files(found_in(path, "texts", (), naming), naming, encoding)
    file = existing(path, "texts")
    check_unused(source, given, "delimited text", (*tabular, *written, *divided))
    _decoded(_unzipped(file, source), source, encoding)
    names, columns = delimited.read(
        file, source, separator=separator, header=header, encoding=encoding, quote=quote
    )
    table = Table(source, names, columns, from_text=True)
    return _from_table(table, Roles(target=target, split=split, fold=fold, group=group), text)


def _from_files(files: Files, naming: Naming, encoding: str) -> Dataset:
    rows = labelled(files, naming)
    return rows.dataset(
        [
            _decoded(content, f"{files.source}: {name}", encoding)
            for name, content in rows.files.contents()
        ]
    )


def _from_table(table: Table, roles: Roles, text: ColumnRef | None) -> Dataset:
    roles = raw_tables.with_target(table, roles)
    place = raw_tables.column_of(table, roles, text, "text", raw_tables.is_text)
    if table.from_text:
        # What means "not known" in other columns, such as a dash, is a text like any other.
        cleaned = [
            column if j == place else clean(column, MISSING, ".")
            for j, column in enumerate(table.columns)
        ]
        table = Table(table.source, table.names, cleaned, from_text=True)
    return raw_tables.from_column(table, roles, place, _strings)


def _strings(table: Table, column: pa.ChunkedArray) -> list[str]:
    found = [value or "" for value in column.to_pylist()]
    for row, value in enumerate(found):
        if "\0" in value:
            number = row if table.rows is None else int(table.rows[row])
            raise DatasetError(
                f"{table.source}: the text of row {number} holds a zero byte, at character "
                f"{value.index(chr(0))}; that is no text."
            )
    return found


def _unzipped(file: Path, source: str) -> bytes:
    """Return a file's content, unzipped where it is zipped, at most 4 GiB of it."""
    with file.open("rb") as opened:
        is_zipped = opened.read(2) == b"\x1f\x8b"
    check_bytes(file.stat().st_size, source)
    if not is_zipped:
        return file.read_bytes()
    try:
        with gzip.open(file) as unzipped:
            content = unzipped.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetError(f"{source} is damaged: {error}.") from error
    check_bytes(len(content), source)
    return content


def _decoded(content: bytes, where: str, encoding: str) -> str:
    """Return bytes as text, without a byte-order mark; faults are named by their place."""
    try:
        text = content.decode("utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding)
    except UnicodeDecodeError as error:
        raise DatasetError(
            f"{where} is not text in {encoding}: byte {error.start} is "
            f"0x{content[error.start]:02x} ({error.reason}). Give its encoding, such as params = "
            '{ encoding = "latin-1" }.'
        ) from error
    except LookupError as error:
        raise DatasetError(
            f"{where}: encoding is {encoding!r}, which is unknown; utf-8, latin-1 and utf-16 are "
            "among those that are known."
        ) from error
    if "\0" in text:
        at = len(text[: text.index("\0")].encode(encoding))
        raise DatasetError(
            f"{where} holds a zero byte, at byte {at}: it is no text, or of another encoding, such "
            "as utf-16."
        )
    return text
