"""Columns of a file as a `Dataset`: which is the target, which divide the rows, which are X."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from bench import BenchError, Column, Dataset, DatasetError, ParameterError, Target, nearest
from bench_datasets.inference import ColumnKind, Typed, convert, infer

if TYPE_CHECKING:
    import pyarrow as pa

ColumnRef = str | int
Kind = Literal["classification", "regression"]
Split = str | int | Mapping[str, Any]
"""A column that names official parts, or ``{"column": ..., "test": [...]}``: the values of a column
that mean test, and likewise validation; all others mean training."""

MAX_CLASSES = 20
"""An integer target with more distinct values than this is a quantity."""

PART_NAMES = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}


@dataclass(frozen=True, kw_only=True)
class Roles:
    """What the user says of the columns, each by name or by index.

    Parameters
    ----------
    target
        What is to be predicted; rows where it is missing are left out.
    kind
        Whether the target is classes or a quantity. Not given: strings, booleans and categories
        are classes; so are whole numbers of at most 20 distinct values that number at most half
        the rows; everything else is a quantity.
    group, time, weight, split, fold
        Columns that become the data set's groups, times, weights, parts and folds. `split` may say
        which values of a column mean test: ``{"column": "year", "test": [2024, 2025]}``.
    drop
        Columns left out.
    kinds
        Kinds of columns where the inferred one is wrong, such as ``{"zip": "category"}``.
    """

    target: ColumnRef | None = None
    kind: Kind | None = None
    group: ColumnRef | None = None
    time: ColumnRef | None = None
    weight: ColumnRef | None = None
    split: Split | None = None
    fold: ColumnRef | None = None
    drop: Sequence[ColumnRef] = ()
    kinds: Mapping[str, ColumnKind] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind is not None and self.kind not in get_args(Kind):
            raise ParameterError(
                f"kind is {self.kind!r}; allowed: {', '.join(get_args(Kind))}."
                f"{nearest(str(self.kind), get_args(Kind))}"
            )
        for name, kind in self.kinds.items():
            try:
                Column(name, kind)
            except BenchError as error:
                raise ParameterError(f"kinds is {dict(self.kinds)}: {error}") from error


@dataclass(frozen=True)
class Table:
    """The columns of a file as they were read.

    Parameters
    ----------
    source
        What messages call it.
    names
        Of the columns.
    columns
        Their cells; those that were not read are all null.
    from_text
        Whether cells are text whose type is to be found out.
    rows
        Which rows of the file these are, (n,) ascending; None: all.
    """

    source: str
    names: Sequence[str]
    columns: Sequence[pa.ChunkedArray]
    from_text: bool
    rows: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.columns[0]) if self.columns else 0

    def position(self, ref: ColumnRef, role: str) -> int:
        """Return which column is meant.

        Raises
        ------
        DatasetError
            There is none of that name or index.
        """
        if isinstance(ref, str) and ref in self.names:
            return self.names.index(ref)
        n = len(self.names)
        try:
            index = int(ref)
        except ValueError:
            index = n
        if -n <= index < n:
            return index % n
        raise DatasetError(
            f"{self.source}: {role} = {ref!r} names no column. It has "
            f"{_listed(self.names)}, or by index 0 to {n - 1} (-1 is the last)."
            f"{nearest(str(ref), self.names)}"
        )


Features = Callable[[Table, Sequence[int], Mapping[str, ColumnKind]], tuple[Any, Sequence[Column]]]
"""Makes X and describes its columns: of a table, places of columns, and kinds that were given."""


def in_memory(
    table: Table, places: Sequence[int], kinds: Mapping[str, ColumnKind]
) -> tuple[Any, Sequence[Column]]:
    """Return X as float64 (n_rows, n_columns) where all columns are numbers, booleans or dates,
    else as a DataFrame with categories as pandas Categoricals.

    Columns without a single known value are left out.
    """
    typed = [_typed(table, j, kinds) for j in places if table.columns[j].null_count < len(table)]
    columns = [Column(column.name, column.kind) for column in typed]
    return (_features(typed) if typed else None), columns


def to_dataset(table: Table, roles: Roles, features: Features = in_memory) -> Dataset:
    """Return the data set; its X is what `features` makes of the columns that have no role.

    Raises
    ------
    DatasetError
        A column is missing, given two roles, or not fit for its role; no row or no column is left.
    """
    places = places_of(table, roles)
    if "target" in places:
        table = _known_rows(table, places["target"])
    if not len(table):
        raise DatasetError(f"{table.source} has no rows.")
    y, target = None, None
    if "target" in places:
        y, target = _target(table, places["target"], roles.kind)
    given = {
        role: _given(table, role, place, roles)
        for role, place in places.items()
        if role in ("group", "time", "weight", "split", "fold")
    }
    for name in roles.kinds:
        table.position(name, "kinds")
    used = {*places.values(), *(table.position(ref, "drop") for ref in roles.drop)}
    left = [j for j in range(len(table.names)) if j not in used]
    X, columns = features(table, left, roles.kinds)
    if not columns:
        raise DatasetError(
            f"{table.source}: no column is left for X besides {_listed(sorted(places))}. "
            "Drop fewer columns, or give another separator."
        )
    return Dataset(
        X,
        y,
        parts=given.get("split"),
        folds=given.get("fold"),
        groups=given.get("group"),
        time=given.get("time"),
        sample_weight=given.get("weight"),
        columns=tuple(columns),
        target=target,
    )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(map(repr, names[:20]))
    return f"{shown} and {len(names) - 20} more" if len(names) > 20 else shown


def places_of(table: Table, roles: Roles) -> dict[str, int]:
    """Return the place of the column of each role that is given.

    Raises
    ------
    DatasetError
        There is no such column, or it is given two roles.
    """
    places: dict[str, int] = {}
    for role in ("target", "group", "time", "weight", "split", "fold"):
        ref = getattr(roles, role)
        if ref is None:
            continue
        if isinstance(ref, Mapping):
            if "column" not in ref:
                raise ParameterError(
                    f"{table.source}: {role} is {dict(ref)}; a column is needed beside the values "
                    'that mean test: split = { column = "year", test = [2025] }.'
                )
            ref = ref["column"]
        place = table.position(ref, role)
        for other, taken in places.items():
            if taken == place:
                raise DatasetError(
                    f"{table.source}: column {table.names[place]!r} is given both as {other} and "
                    f"as {role}; a column has one role."
                )
        places[role] = place
    return places


def _known_rows(table: Table, place: int) -> Table:
    target = table.columns[place]
    if target.null_count == 0:
        return table
    if target.null_count == len(target):
        raise DatasetError(
            f"{table.source}: target {table.names[place]!r} has no value in any row. "
            "Name another column as target."
        )
    known = target.is_valid()
    columns = [column.filter(known) for column in table.columns]
    return replace(table, columns=columns, rows=np.flatnonzero(known.to_numpy()))


def _typed(table: Table, j: int, kinds: Mapping[str, ColumnKind]) -> Typed:
    name, column = table.names[j], table.columns[j]
    kind = kinds.get(name) or infer(name, column, table.source, from_text=table.from_text)
    return convert(name, column, kind, table.source)


def _features(typed: Sequence[Typed]) -> Any:
    if all(column.kind not in ("category", "text") for column in typed):
        return np.column_stack([column.values for column in typed])
    import pandas as pd

    return pd.DataFrame({column.name: column.values for column in typed})


def _target(table: Table, place: int, kind: Kind | None) -> tuple[Any, Target]:
    """Return y and what it is: labels of classes as they stand in the file, or numbers."""
    name, column = table.names[place], table.columns[place]
    where = f"{table.source}: target {name!r}"
    found = infer(name, column, table.source, from_text=table.from_text)
    if found in ("category", "text", "boolean"):
        if kind == "regression":
            raise DatasetError(
                f'{where} is asked for as a quantity (kind = "regression"), but it holds '
                f"{str(column.unique()[0])!r}. Give another target, or leave kind out."
            )
        y = _labels(column)
        y = y.astype(bool) if found == "boolean" and not table.from_text else y
        distinct = set(column.unique().to_pylist())
    else:
        y = convert(name, column, found, table.source).values
        whole = bool(np.isfinite(y).all() and (y == np.round(y)).all())
        n_distinct = len(np.unique(y))
        few = whole and n_distinct <= min(MAX_CLASSES, len(y) / 2)
        if kind == "regression" or (kind is None and not few):
            if n_distinct == 1:
                raise DatasetError(f"{where} is {y[0]:g} in every row: nothing can be learned.")
            return y, Target("continuous")
        y = y.astype(np.int64) if whole else y
        distinct = set(np.unique(y).tolist())
    classes = tuple(sorted(distinct))
    if len(classes) < 2:
        raise DatasetError(
            f"{where} has one class only, {classes[0]!r}, in all {len(y)} rows: nothing can be "
            "learned. Name another column as target."
        )
    return y, Target.of_classes(classes)


def _labels(column: pa.ChunkedArray) -> Any:
    """Return a column without gaps as an object array in which each different label is one."""
    import pyarrow as pa

    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    coded = column.combine_chunks()
    labels = np.empty(len(coded.dictionary), dtype=object)
    labels[:] = coded.dictionary.to_pylist()
    return labels[coded.indices.to_numpy()]


def _given(table: Table, role: str, place: int, roles: Roles) -> Any:
    """Return the values of a column that says something of the rows."""
    name, column = table.names[place], table.columns[place]
    where = f"{table.source}: {role} {name!r}"
    if column.null_count:
        raise DatasetError(f"{where} is missing in {column.null_count} rows; fill it in.")
    if role == "split":
        split = roles.split if isinstance(roles.split, Mapping) else None
        return part_names([str(value) for value in _labels(column)], split, where)
    kind = infer(name, column, table.source, from_text=table.from_text)
    if role in ("group", "time") or (role == "fold" and kind in ("category", "text")):
        if kind in ("category", "text", "boolean"):
            values = np.array(list(map(str, _labels(column))), dtype=object)
        else:
            values = convert(name, column, kind, table.source).values
        return np.unique(values, return_inverse=True)[1] if role == "fold" else values
    if kind != "number":
        raise DatasetError(f"{where} must be numbers, not {kind}.")
    numbers = convert(name, column, kind, table.source).values
    if role == "weight":
        if not (np.isfinite(numbers).all() and (numbers >= 0).all()):
            raise DatasetError(f"{where} must be finite and not negative.")
        return numbers
    if (numbers != np.round(numbers)).any() or numbers.min() < 0:
        raise DatasetError(f"{where} must be integers from 0, or names of folds.")
    return numbers.astype(np.int64)


def part_names(values: Sequence[str], split: Mapping[str, Any] | None, where: str) -> NDArray[Any]:
    """Return the official part of each row.

    Parameters
    ----------
    values
        What a column or the file names say of each row.
    split
        Which values mean ``test`` and ``validation``; not given: they are names of parts.
    where
        What messages call it.

    Raises
    ------
    DatasetError
        A value is no name of a part, or none of those that mean a part is in any row.
    ParameterError
        `split` names something else than test and validation.
    """
    seen = set(values)
    meaning: dict[str, str] = {}
    for part, meant in (split or {}).items():
        if part in ("column", "pattern"):
            continue
        if part not in ("test", "validation"):
            raise ParameterError(
                f"{where} names {part!r}; allowed beside it: test, validation, each a list of "
                f"values.{nearest(part, ('test', 'validation'))}"
            )
        listed = [str(value) for value in (meant if isinstance(meant, list | tuple) else [meant])]
        if not seen & set(listed):
            raise DatasetError(
                f"{where}: {part} is {listed}, and no row has such a value; there are "
                f"{', '.join(map(repr, sorted(seen)[:10]))}."
            )
        meaning |= dict.fromkeys(listed, part)
    if split is not None:
        return np.array([meaning.get(value, "train") for value in values], dtype=object)
    for word in dict.fromkeys(values):
        if word.lower() not in PART_NAMES:
            raise DatasetError(
                f"{where} holds {word!r}; allowed: train, validation, test."
                f"{nearest(word.lower(), PART_NAMES)}"
            )
    return np.array([PART_NAMES[word.lower()] for word in values], dtype=object)
