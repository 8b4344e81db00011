"""What kind of column this is: Arrow columns as numbers, categories, booleans, dates or texts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from bench import DatasetError

if TYPE_CHECKING:
    import pyarrow as pa

ColumnKind = Literal["number", "category", "ordinal", "boolean", "date", "text"]

MISSING = ("", "?", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL")
"""Cells of delimited text that mean: not known."""

TRUTHS = ({"true", "false"}, {"yes", "no"})
TEXT_WORDS = 3
TEXT_DISTINCT = 20
_DAY = 86_400_000_000
_ISO_DATE = r"^\d{4}-\d{2}(-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?Z?)?)?$"


@dataclass(frozen=True)
class Typed:
    """A column and its kind.

    `values` are float64 for numbers, booleans (0 and 1), ordinals and dates (days since
    1970-01-01), with NaN for missing; a pandas Categorical of strings for categories; an object
    array of strings for texts, "" for missing.
    """

    name: str
    kind: ColumnKind
    values: Any


def clean(column: pa.ChunkedArray, missing: Collection[str], decimal: str) -> pa.ChunkedArray:
    """Return a column of delimited text without blanks around cells, missing ones null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = pc.utf8_trim_whitespace(column)
    gone = pc.is_in(column, value_set=pa.array(sorted(missing), column.type))
    column = pc.if_else(gone, pa.scalar(None, column.type), column)
    if decimal == ".":
        return column
    number = rf"^[+-]?\d*{decimal}\d+([eE][+-]?\d+)?$"
    if not pc.any(pc.match_substring_regex(column, number)).as_py():
        return column
    return pc.replace_substring(column, decimal, ".")


def without_nan(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column of a typed file with NaN as null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_floating(column.type):
        return column
    return pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)


def infer(name: str, column: pa.ChunkedArray, source: str, *, from_text: bool) -> ColumnKind:
    """Return the kind of a column that has a known value.

    Text of a delimited file (`from_text`) is numbers where every cell is one, booleans where all
    are true/false or yes/no, dates where all are ISO 8601 (a month alone included). Strings of
    those or of typed files are text where they have three words on average, more than 20 distinct
    values, and more distinct values than half the rows; else categories. Integers stay numbers,
    however few they are.

    Raises
    ------
    DatasetError
        A typed column holds what no model of tables takes: lists, structures, bytes.
    """
    import pyarrow.compute as pc
    import pyarrow.types as pt

    kind = column.type
    if pt.is_dictionary(kind):
        return "category"
    if pt.is_boolean(kind):
        return "boolean"
    if pt.is_integer(kind) or pt.is_floating(kind) or pt.is_decimal(kind):
        return "number"
    if pt.is_date(kind) or pt.is_timestamp(kind):
        return "date"
    if not (pt.is_string(kind) or pt.is_large_string(kind) or pt.is_string_view(kind)):
        raise DatasetError(
            f"{source}, column {name!r}: values of type {kind} are not for tables. "
            f'Leave it out with drop = ["{name}"].'
        )
    if from_text:
        if _numbers(column) is not None:
            return "number"
        distinct = pc.unique(column).drop_null()
        if len(distinct) <= 2 and {str(v).lower() for v in distinct.to_pylist()} in [
            *TRUTHS,
            *({value} for truth in TRUTHS for value in truth),
        ]:
            return "boolean"
        if pc.all(pc.match_substring_regex(distinct, _ISO_DATE)).as_py():
            return "date"
    return "text" if _is_text(column) else "category"


def convert(name: str, column: pa.ChunkedArray, kind: ColumnKind, source: str) -> Typed:
    """Return a column as the values of its kind.

    Raises
    ------
    DatasetError
        The values are not of that kind.
    """
    import pyarrow as pa
    import pyarrow.types as pt

    if pt.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if kind == "category":
        return Typed(name, kind, _categories(column))
    if kind == "text":
        filled = column.cast(pa.large_string()).fill_null("")
        return Typed(name, kind, np.array(filled.to_pylist(), dtype=object))
    try:
        if kind == "date":
            return Typed(name, kind, _days(column))
        if kind == "boolean":
            return Typed(name, kind, _truths(column))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DatasetError(f"{source}, column {name!r} is not of kind {kind}: {error}") from error
    numbers = _numbers(column)
    if numbers is None:
        raise DatasetError(
            f"{source}, column {name!r} is not of kind {kind}: it holds "
            f"{_not_a_number(column)!r}. Leave the kind out, or add the cell to missing."
        )
    return Typed(name, kind, numbers)


def _numbers(column: pa.ChunkedArray) -> Any:
    """Return float64 with NaN for missing, or None where a value is no number."""
    import pyarrow as pa

    try:
        numbers = column.cast(pa.float64(), safe=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None
    # A copy: Arrow's buffers are read-only.
    return np.array(numbers.to_numpy(), dtype=np.float64)


def _not_a_number(column: pa.ChunkedArray) -> str:
    import pyarrow as pa

    for value in column.unique().drop_null().to_pylist():
        if _numbers(pa.chunked_array([pa.array([value])])) is None:
            return str(value)
    return str(column.type)


def _is_text(column: pa.ChunkedArray) -> bool:
    import pyarrow.compute as pc

    known = column.drop_null()
    n_distinct = pc.count_distinct(known).as_py()
    if n_distinct <= TEXT_DISTINCT or n_distinct <= len(known) / 2:
        return False
    blanks = pc.mean(pc.count_substring_regex(known, r"\s+")).as_py()
    return bool(blanks + 1 >= TEXT_WORDS)


def _categories(column: pa.ChunkedArray) -> Any:
    """Return a Categorical of strings, its categories in alphabetical order."""
    import pandas as pd
    import pyarrow as pa

    coded = column.cast(pa.large_string()).combine_chunks().dictionary_encode()
    labels = coded.dictionary.to_pylist()
    order = sorted(range(len(labels)), key=labels.__getitem__)
    rank = np.empty(len(labels) + 1, dtype=np.int64)
    rank[order] = np.arange(len(labels))
    rank[-1] = -1
    codes = coded.indices.fill_null(len(labels)).to_numpy(zero_copy_only=False)
    return pd.Categorical.from_codes(
        rank[codes], categories=pd.Index([labels[i] for i in order], dtype=object)
    )


def _truths(column: pa.ChunkedArray) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.types as pt

    if not pt.is_boolean(column.type):
        column = pc.replace_substring_regex(
            pc.utf8_lower(column.cast(pa.large_string())), "^yes$", "true"
        )
        column = pc.replace_substring_regex(column, "^no$", "false").cast(pa.bool_())
    return np.array(column.cast(pa.float64()).to_numpy(), dtype=np.float64)


def _days(column: pa.ChunkedArray) -> Any:
    """Return days since 1970-01-01, UTC where there is a zone."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.types as pt

    if not (pt.is_date(column.type) or pt.is_timestamp(column.type)):
        column = pc.replace_substring_regex(column.cast(pa.large_string()), r"Z$", "")
        column = pc.replace_substring_regex(column, r"^(\d{4}-\d{2})$", r"\1-01")
    if pt.is_timestamp(column.type) and column.type.tz is not None:
        stamps = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    else:
        stamps = column.cast(pa.timestamp("us"), safe=False)
    counts = stamps.cast(pa.int64()).cast(pa.float64(), safe=False)
    return np.array(counts.to_numpy(), dtype=np.float64) / _DAY
