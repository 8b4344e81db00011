"""Files of the user's: delimited text, Parquet and Arrow, as data sets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import Dataset, DatasetError, ParameterError, nearest
from bench_datasets import delimited
from bench_datasets.inference import MISSING, clean
from bench_datasets.table import Roles, Table, to_dataset

if TYPE_CHECKING:
    import pyarrow as pa


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
    file = _existing(path, "csv")
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


def load_parquet(path: str, **roles: Any) -> Dataset:
    """Return a Parquet file; types are the file's own. `roles` and faults as for `load_csv`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    checked = _roles(f"parquet:{path}", roles)
    file = _existing(path, "parquet")
    try:
        # No threads: a process that has several cannot be forked safely.
        table = pq.ParquetFile(file, pre_buffer=False).read(use_threads=False)
    except (pa.ArrowException, OSError) as error:
        raise DatasetError(f"parquet:{path} is not a readable Parquet file: {error}") from error
    return _typed(table, f"parquet:{path}", checked)


def load_arrow(path: str, **roles: Any) -> Dataset:
    """Return an Arrow IPC file (Feather) or stream; types are the file's own.

    `roles` and faults as for `load_csv`.
    """
    import pyarrow as pa

    checked = _roles(f"arrow:{path}", roles)
    file = _existing(path, "arrow")
    options = pa.ipc.IpcReadOptions(use_threads=False)
    try:
        with pa.memory_map(str(file)) as source:
            is_file = source.read(6) == b"ARROW1"
            source.seek(0)
            read = pa.ipc.open_file if is_file else pa.ipc.open_stream
            table = read(source, options=options).read_all()
    except (pa.ArrowException, OSError) as error:
        raise DatasetError(f"arrow:{path} is not a readable Arrow file: {error}") from error
    return _typed(table, f"arrow:{path}", checked)


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


def _existing(path: str, scheme: str) -> Path:
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


def _typed(table: pa.Table, source: str, roles: Roles) -> Dataset:
    import pyarrow as pa
    import pyarrow.compute as pc

    twice = [name for name, count in Counter(table.column_names).items() if count > 1]
    if twice:
        raise DatasetError(
            f"{source}: more than one column is called {', '.join(map(repr, twice))}. Rename them."
        )
    columns = [
        pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
        if pa.types.is_floating(column.type)
        else column
        for column in table.columns
    ]
    return to_dataset(Table(source, table.column_names, columns, from_text=False), roles)
