"""Files of the user's: delimited text, Parquet and Arrow, as data sets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from bench import Dataset, DatasetError, ParameterError, nearest
from bench_datasets import delimited
from bench_datasets.inference import MISSING, clean, without_nan
from bench_datasets.streaming import layout_of
from bench_datasets.streaming_scan import read_columns, streamed
from bench_datasets.table import Roles, Table, to_dataset

MOST_BYTES = 2**30
"""A Parquet table that would take more than this in memory stays in its file."""


def load_csv(
    path: str,
    *,
    header: bool | None = None,
    separator: str | None = None,
    decimal: str = ".",
    missing: Sequence[str] = MISSING,
    encoding: str = "utf-8",
    quote: str | None = None,
    **roles: Any,
) -> Dataset:
    """Return a file of delimited text, plain or gzip-compressed.

    Parameters
    ----------
    path
        The file, relative to the current folder.
    header
        Whether the first line names the columns; found out where not given
        (`bench_datasets.delimited.read`). Without one they are called x0, x1, ...
    separator
        Between cells; found out where not given. A blank stands for any run of blanks.
    decimal
        ``"."`` or ``","``.
    missing
        Cells that mean: not known.
    encoding, quote
        Of the file; `quote` empty: quotation marks are part of the text; found out where not given.
    **roles
        ``target``, ``kind``, ``group``, ``time``, ``weight``, ``split``, ``fold``, ``drop``,
        ``kinds``: see `bench_datasets.table.Roles`.

    Returns
    -------
    Dataset
        Kinds of columns as `bench_datasets.inference.infer` says, labels as they stand in the file.

    Raises
    ------
    DatasetError
        The file cannot be read, or a column is not fit for its role.
    ParameterError
        A parameter is unknown or of an unknown value.
    """
    if decimal not in (".", ","):
        raise ParameterError(f"csv:{path}: decimal is {decimal!r}; allowed: '.', ','.")
    if separator is not None and len(separator) != 1:
        raise ParameterError(f"csv:{path}: separator is {separator!r}; one character is allowed.")
    own = ("header", "separator", "decimal", "missing", "encoding", "quote")
    checked = _roles(f"csv:{path}", roles, own)
    file = existing(path, "csv")
    names, columns = delimited.read(
        file,
        f"csv:{path}",
        separator=separator,
        header=header,
        encoding=encoding,
        quote=quote,
    )
    cleaned = [clean(column, missing, decimal) for column in columns]
    return to_dataset(Table(f"csv:{path}", names, cleaned, from_text=True), checked)


def load_parquet(path: str, *, stream: bool | Literal["auto"] = "auto", **roles: Any) -> Dataset:
    """Return a Parquet file, or the files of a folder as one table; types are the files' own.

    Parameters
    ----------
    path
        The file, or a folder: its files that end in ``.parquet``, those of folders in it too, in
        the order of their names. All have the same columns.
    stream
        Whether X stays in the files (`bench.Rows`), so that it may be larger than memory;
        ``"auto"``: where it would take more than 1 GiB as numbers in double precision. That does
        not hang on the machine, so that the same suite does the same everywhere.
    **roles
        As for `load_csv`.

    Raises
    ------
    DatasetError
        A file cannot be read, or a column is not fit for its role.
    ParameterError
        A parameter is unknown or of an unknown value.
    """
    source = f"parquet:{path}"
    if stream not in (True, False, "auto"):
        raise ParameterError(f'{source}: stream is {stream!r}; allowed: true, false, "auto".')
    checked = _roles(source, roles, ("stream",))
    layout = layout_of(parquet_files(path), source)
    check_names(layout.schema.names, source)
    if stream == "auto":
        stream = 8 * len(layout) * len(layout.schema.names) > MOST_BYTES
    if stream:
        return streamed(layout, checked)
    return to_dataset(read_columns(layout, layout.schema.names), checked)


def load_arrow(path: str, **roles: Any) -> Dataset:
    """Return an Arrow IPC file (Feather) or stream; types are the file's own.

    `roles` and faults as for `load_csv`.
    """
    import pyarrow as pa

    checked = _roles(f"arrow:{path}", roles)
    file = existing(path, "arrow")
    options = pa.ipc.IpcReadOptions(use_threads=False)
    try:
        with pa.memory_map(str(file)) as source:
            is_file = source.read(6) == b"ARROW1"
            source.seek(0)
            read = pa.ipc.open_file if is_file else pa.ipc.open_stream
            table = read(source, options=options).read_all()
    except (pa.ArrowException, OSError) as error:
        raise DatasetError(f"arrow:{path} is not a readable Arrow file: {error}") from error
    check_names(table.column_names, f"arrow:{path}")
    columns = [without_nan(column) for column in table.columns]
    return to_dataset(Table(f"arrow:{path}", table.column_names, columns, False), checked)


def _roles(source: str, roles: dict[str, Any], own: Sequence[str] = ()) -> Roles:
    allowed = [*own, *Roles.__dataclass_fields__]
    for parameter in roles:
        if parameter not in allowed:
            raise ParameterError(
                f"{source} takes no parameter {parameter!r}; allowed: "
                f"{', '.join(sorted(allowed))}.{nearest(parameter, allowed)}"
            )
    drop = roles.get("drop", ())
    return Roles(**{**roles, "drop": [drop] if isinstance(drop, str | int) else list(drop)})


def parquet_files(path: str, scheme: str = "parquet") -> list[Path]:
    """Return a file, or those of a folder that end in ``.parquet``, in the order of their names.

    Raises
    ------
    DatasetError
        There is no such file, or folders have values in their names.
    """
    folder = Path(path).expanduser()
    if not folder.is_dir():
        return [existing(path, scheme)]
    found = sorted(
        file
        for file in folder.rglob("*.parquet")
        if not file.name.startswith("_")
        and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    )
    for file in found:
        parts = [part for part in file.relative_to(folder).parts[:-1] if "=" in part]
        if parts:
            raise DatasetError(
                f"{scheme}:{path} has values in the names of its folders ({parts[0]!r}), which are "
                "not read. Write them as a column of the files."
            )
    return found


def existing(path: str, scheme: str) -> Path:
    """Return a file that is there and not empty.

    Raises
    ------
    DatasetError
        It is not; the nearest name in its folder is told.
    """
    file = Path(path).expanduser()
    if file.is_dir():
        raise DatasetError(f"{scheme}:{path} is a folder; name a file in it.")
    if not file.exists():
        beside = [other.name for other in file.parent.glob("*")] if file.parent.is_dir() else []
        raise DatasetError(
            f"{scheme}:{path}: there is no such file in {file.parent.absolute()}."
            f"{nearest(file.name, beside)}"
        )
    if file.stat().st_size == 0:
        raise DatasetError(f"{scheme}:{path} is empty.")
    return file


def check_names(names: Sequence[str], source: str) -> None:
    """Refuse columns of one name; raises `DatasetError`."""
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DatasetError(
            f"{source}: more than one column is called {', '.join(map(repr, twice))}. Rename them."
        )
