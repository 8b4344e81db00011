"""Tables with a column of images, recordings or texts, such as those of the Hugging Face Hub."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import Column, Dataset, DatasetError
from bench_datasets.files import check_names, parquet_files
from bench_datasets.folders import check_bytes
from bench_datasets.streaming import layout_of
from bench_datasets.streaming_scan import read_columns
from bench_datasets.table import ColumnRef, Roles, Table, places_of, to_dataset

if TYPE_CHECKING:
    import pyarrow as pa

Contents = Iterator[tuple[str, bytes]]


def is_table(path: str) -> bool:
    """Return whether this is a Parquet file, or a folder that holds some at its top."""
    given = Path(path).expanduser()
    return given.suffix == ".parquet" or (given.is_dir() and any(given.glob("*.parquet")))


def parquet(path: str, scheme: str) -> Table:
    """Return a Parquet file, or those of a folder, in memory.

    Raises
    ------
    DatasetError
        It cannot be read, or would take more than 4 GiB.
    """
    source = f"{scheme}:{path}"
    files = parquet_files(path, scheme)
    n_bytes = sum(file.stat().st_size for file in files)
    layout = layout_of(files, source)
    check_names(layout.schema.names, source)
    check_bytes(n_bytes, source)
    return read_columns(layout, layout.schema.names)


def with_target(table: Table, roles: Roles) -> Roles:
    """Return the roles with the column called label as target where none is named, as classes.

    Raises
    ------
    DatasetError
        None is named, and there is no such column.
    """
    target = roles.target
    if target is None:
        if "label" not in table.names:
            raise DatasetError(
                f"{table.source}: no target is named. Add params = {{ target = ... }} with one of "
                f"its columns: {', '.join(table.names[:20])}."
            )
        target = "label"
    return replace(roles, target=target, kind="classification")


def column_of(
    table: Table,
    roles: Roles,
    ref: ColumnRef | None,
    kind: str,
    is_fit: Callable[[pa.DataType], bool],
) -> int:
    """Return the place of the column that holds what is asked for.

    Parameters
    ----------
    table, roles
        The table, and the columns that have a role in it.
    ref
        What the user names; not given: the only column that is fit and has no role, or the one
        called `kind`.
    kind
        What is asked for: image, audio or text.
    is_fit
        Whether a column of this type may hold it.

    Raises
    ------
    DatasetError
        There is none, or several.
    """
    if ref is not None:
        place = table.position(ref, kind)
        if not is_fit(table.columns[place].type):
            raise DatasetError(
                f"{table.source}: {kind} = {ref!r} is a column of type "
                f"{table.columns[place].type}, which holds no {kind}."
            )
        return place
    used = set(places_of(table, roles).values())
    fit = [j for j, c in enumerate(table.columns) if j not in used and is_fit(c.type)]
    named = [j for j in fit if table.names[j] == kind]
    if len(fit) == 1 or named:
        return (named or fit)[0]
    found = ", ".join(repr(table.names[j]) for j in fit) or "none"
    raise DatasetError(
        f"{table.source}: which column holds the {kind} is not clear; fit are: {found}, of "
        f"{', '.join(table.names[:20])}. Name it: params = {{ {kind} = ... }}."
    )


def is_binary(type: pa.DataType) -> bool:
    """Return whether a column of this type holds files: bytes, or a struct of bytes and path."""
    import pyarrow as pa

    if pa.types.is_struct(type):
        place = type.get_field_index("bytes")
        return place >= 0 and is_binary(type.field(place).type)
    return bool(pa.types.is_binary(type) or pa.types.is_large_binary(type))


def is_text(type: pa.DataType) -> bool:
    """Return whether a column of this type holds texts."""
    import pyarrow as pa

    return bool(pa.types.is_string(type) or pa.types.is_large_string(type))


def from_column(
    table: Table, roles: Roles, place: int, decode: Callable[[Table, pa.ChunkedArray], Any]
) -> Dataset:
    """Return the data set whose X is what `decode` makes of one column; others without a role
    are left out.
    """

    def features(
        table: Table, places: Sequence[int], kinds: Mapping[str, Any]
    ) -> tuple[Any, Sequence[Column]]:
        X = decode(table, table.columns[place])
        return X, (Column(table.names[place], "text"),)

    # What a row is has no columns; the one above only says that something is left for X.
    return replace(to_dataset(table, roles, features), columns=None)


def contents(table: Table, column: pa.ChunkedArray) -> Contents:
    """Yield what messages call each row's file, and its content.

    Raises
    ------
    DatasetError
        A row has none.
    """
    rows = range(len(column)) if table.rows is None else table.rows.tolist()
    numbers = iter(rows)
    for chunk in column.chunks:
        for value in chunk:
            row = next(numbers)
            found = value.as_py()
            path = found.get("path") if isinstance(found, dict) else None
            content = found.get("bytes") if isinstance(found, dict) else found
            where = f"row {row}" + (f" ({path})" if path else "")
            if content is None:
                raise DatasetError(
                    f"{table.source}: {where} holds no bytes. Files must stand in the table "
                    "itself, not beside it."
                )
            yield where, content
