"""Tables of OpenML (Vanschoren et al., 2014, doi:10.1145/2641190.2641198), by their id.

What is fetched is kept under `$BENCH_CACHE` (or the user's cache), checked against OpenML's own
checksum, and read from there ever after, with or without a network.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bench
from bench import ColumnKind, Dataset, DatasetError, ParameterError, nearest
from bench_datasets import fetching
from bench_datasets.arff import read_rows
from bench_datasets.fetching import Origin, kept
from bench_datasets.table import ColumnRef, Kind, Roles, Table, to_dataset

if TYPE_CHECKING:
    from urllib.error import HTTPError

SERVER = "https://www.openml.org"
SERVER_VARIABLE = "BENCH_OPENML_SERVER"
KINDS: Mapping[str, ColumnKind] = {
    "numeric": "number",
    "real": "number",
    "integer": "number",
    "nominal": "category",
    "date": "date",
}
"""OpenML's types of columns. Strings are categories or texts, as in a user's file."""


def load_openml(
    id: int | None = None,
    *,
    target: str | None = None,
    kind: Kind | None = None,
    drop: Sequence[ColumnRef] = (),
) -> Dataset:
    """Return a data set of OpenML: one id is one version of it.

    Parameters
    ----------
    id
        Of the data set, not of a task: the number in ``https://www.openml.org/d/31``.
    target
        Name of the column to predict; not given: OpenML's default target.
    kind
        ``"classification"`` or ``"regression"``; not given: classes where the target is nominal.
    drop
        Columns left out beside those that OpenML marks as identifiers or to be ignored.

    Returns
    -------
    Dataset
        Nominal columns are categories, numeric ones numbers; rows in the order of the file.

    Raises
    ------
    DatasetError
        The server is out of reach and nothing was kept, it has no such data set, or the data are
        sparse or not fit for a table.
    ParameterError
        `id` is no id, or `target` or `drop` names no column.
    """
    if isinstance(id, bool) or not isinstance(id, int) or id < 1:
        raise ParameterError(
            f"dataset 'openml': id is {id!r}; the number of a data set is needed, as in "
            f"params = {{ id = 31 }}. Data sets are listed at {SERVER}/search?type=data."
        )
    entry = _entry(id)
    columns = entry.columns
    names = [column.name for column in columns]
    place = columns[_target(entry, names, target)]
    rows = read_rows(entry.content, len(columns), entry.source)
    unwanted = [column.name for column in columns if column.is_ignored and column != place]
    table = Table(
        entry.source,
        names,
        [_typed(column, [row[j] for row in rows], entry) for j, column in enumerate(columns)],
        from_text=False,
    )
    if kind is None:
        kind = "classification" if place.kind in ("category", None) else "regression"
    given = [drop] if isinstance(drop, str | int) else list(drop)
    return to_dataset(
        table,
        Roles(
            target=place.name,
            kind=kind,
            drop=[*unwanted, *given],
            kinds={column.name: column.kind for column in columns if column.kind is not None},
        ),
    )


@dataclass(frozen=True)
class _Column:
    """What OpenML says of a column; `kind` None: strings, whose kind is to be found out."""

    name: str
    kind: ColumnKind | None
    is_target: bool
    is_ignored: bool


@dataclass(frozen=True)
class _Entry:
    """A data set as OpenML describes it, and its file; `source` is what messages call it."""

    source: str
    columns: tuple[_Column, ...]
    content: bytes


def _target(entry: _Entry, names: Sequence[str], asked: str | None) -> int:
    if asked is not None:
        if asked not in names:
            raise ParameterError(
                f"{entry.source}: target is {asked!r}; its columns are: {', '.join(names[:20])}."
                f"{nearest(asked, names)}"
            )
        return names.index(asked)
    targets = [j for j, column in enumerate(entry.columns) if column.is_target]
    if len(targets) != 1:
        found = ", ".join(repr(names[j]) for j in targets) or "none"
        raise DatasetError(
            f"{entry.source}: OpenML marks {found} as target, and one is needed. Name it: "
            f"params = {{ target = ... }}; its columns are: {', '.join(names[:20])}."
        )
    return targets[0]


def _typed(column: _Column, cells: list[str | None], entry: _Entry) -> Any:
    """Return a column of strings, or of numbers where OpenML says that they are."""
    import pyarrow as pa
    import pyarrow.compute as pc

    strings = pa.chunked_array([pa.array(cells, pa.large_string())])
    if column.kind != "number":
        return strings
    try:
        numbers = strings.cast(pa.float64())
    except pa.ArrowInvalid as error:
        raise DatasetError(
            f"{entry.source}: column {column.name!r} is numeric by its description: {error}. "
            f'Leave it out with drop = ["{column.name}"].'
        ) from error
    return pc.if_else(pc.is_nan(numbers), pa.scalar(None, pa.float64()), numbers)


def _entry(id: int) -> _Entry:
    """Return a data set's description and file, from the cache or fetched."""
    folder = _cache() / str(id)
    what = f"dataset 'openml', id {id}"
    described = _json(folder, "description", what, f"data/{id}")["data_set_description"]
    source = f"openml {id} ({described['name']}, version {described['version']})"
    if described["format"].lower() != "arff":
        raise DatasetError(
            f"{source}: its format is {described['format']}; dense ARFF is read. Take another "
            "version of it, or download it and name it as csv:PATH or parquet:PATH."
        )
    features = _json(folder, "features", what, f"data/features/{id}")["data_features"]["feature"]
    columns = tuple(
        _Column(
            name=feature["name"],
            kind=KINDS.get(feature["data_type"]),
            is_target=feature["is_target"] == "true",
            is_ignored="true" in (feature["is_ignore"], feature["is_row_identifier"]),
        )
        for feature in sorted(features, key=lambda feature: int(feature["index"]))
    )

    def is_whole(content: bytes) -> bool:
        found = hashlib.md5(content, usedforsecurity=False).hexdigest()
        return found == str(described["md5_checksum"])

    content = kept(_origin(), folder / "data.arff", what, described["url"], is_whole)
    return _Entry(source, columns, content)


def _json(folder: Path, name: str, what: str, path: str) -> Any:
    def is_whole(content: bytes) -> bool:
        with contextlib.suppress(ValueError):
            return isinstance(json.loads(content), dict)
        return False

    url = f"{_server()}/api/v1/json/{path}"
    return json.loads(kept(_origin(), folder / f"{name}.json", what, url, is_whole))


def _server() -> str:
    server = os.environ.get(SERVER_VARIABLE) or SERVER
    if not server.startswith(("https://", "http://")):
        raise DatasetError(
            f"{SERVER_VARIABLE} is {server!r}; an address is needed, such as {SERVER}."
        )
    return server.rstrip("/")


def _origin() -> Origin:
    return Origin(
        folder=_cache(),
        server=_server(),
        mirror=f"name a mirror in {SERVER_VARIABLE}",
        owner="OpenML's",
        refusal=_refusal,
    )


def _cache() -> Path:
    return bench.cache_folder() / "openml"


def _refusal(error: HTTPError, url: str) -> str:
    """Say why the server refused: OpenML answers 412 with a reason in JSON."""
    with contextlib.suppress(ValueError, KeyError, TypeError, OSError), error:
        reason = json.loads(fetching.body(error))["error"]["message"]
        return f"OpenML says {reason!r} ({url}). Data sets are listed at {SERVER}/search?type=data."
    return fetching.answer_of(error, url)
