"""Tables of mixed columns as arrays: numbers scaled, categories as codes or indicators.

The widths of what comes out do not hang on which rows were learned from, as far as the columns'
types say how wide they may become: a learning curve then needs one compiled program although
larger sets show more levels and more missing values.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import jax
import numpy as np
from numpy.typing import NDArray

import bench
from bench_jax.network import row
from bench_jax.scaling import Scaler, Scaling, fit_scaler

if TYPE_CHECKING:
    import pandas as pd

Inputs = NDArray[np.float32] | tuple[NDArray[np.float32], NDArray[np.int32]]

MISSING, OTHER = 0, 1
"""Codes of a category's missing values, and of levels that training rows did not show often."""

_CHUNK_VALUES = 1 << 20
"""Values that are encoded at once: what is held besides the table and the result."""


@dataclass(frozen=True)
class Encoding:
    """What a model wants a table to become.

    Parameters
    ----------
    form
        ``"indicators"``: one float32 array of numbers, flags, and a column of zeros and ones per
        level; ``"codes"``: a float32 array of numbers and flags and an int32 array of codes.
    scaling
        How numbers are scaled, as in `bench_jax.scaling`.
    multiple
        Of which the width with indicators is one: columns of zeros fill it up.
    """

    form: Literal["indicators", "codes"] = "codes"
    scaling: Scaling = "robust"
    multiple: int = 1


@dataclass(frozen=True)
class Layout:
    """What stands where in an encoded table.

    Parameters
    ----------
    n_numbers
        Scaled numbers, which come first; missing ones are 0.
    flagged
        Which of them have a flag for missing values; the flags follow the numbers.
    levels
        Number of codes of each category: 0 missing, 1 other, then levels by frequency.
    n_surplus
        Columns of zeros after the indicators.
    """

    n_numbers: int
    flagged: tuple[int, ...]
    levels: tuple[int, ...]
    n_surplus: int = 0

    @property
    def n_inputs(self) -> int:
        """Width of the array of numbers and flags."""
        return self.n_numbers + len(self.flagged)

    @property
    def n_indicators(self) -> int:
        """Width of the one array that holds indicators in place of codes."""
        return self.n_inputs + sum(self.levels) + self.n_surplus

    @property
    def inputs(self) -> tuple[jax.ShapeDtypeStruct, jax.ShapeDtypeStruct]:
        """One row in the form of codes: numbers with flags, and codes."""
        return row((self.n_inputs,)), row((len(self.levels),), np.int32)


@dataclass(frozen=True)
class Category:
    """A column of categories: its place in the table, and the code of each level by its word."""

    column: int
    codes: dict[str, int]
    n_levels: int


@dataclass(frozen=True)
class TableEncoder:
    """What was learned of a table, and what makes arrays of others like it."""

    encoding: Encoding
    numbers: tuple[int, ...]
    flagged: tuple[int, ...]
    categories: tuple[Category, ...]
    scaler: Scaler | None

    @classmethod
    def fit(
        cls,
        X: Any,
        kinds: Sequence[str],
        encoding: Encoding,
        *,
        max_levels: int,
        has_missing: bool | None = None,
        is_fixed: bool = False,
    ) -> TableEncoder:
        """Learn from training rows.

        Parameters
        ----------
        X
            Array (n, d) or DataFrame.
        kinds
            Kind of each column, as `kinds_of` says.
        encoding
            What it shall become.
        max_levels
            Codes of a category at most, those of missing and other values among them.
        has_missing
            Whether numbers get a flag for missing values: all whose type has such values, or none;
            None: those that miss one here.
        is_fixed
            Whether the number of levels is what the column's type allows, whatever is seen here.
        """
        numbers = tuple(j for j, kind in enumerate(kinds) if kind == "number")
        categories = tuple(
            _category(X, j, max_levels, is_fixed)
            for j, kind in enumerate(kinds)
            if kind == "category"
        )
        if has_missing is None:
            flagged = tuple(i for i, j in enumerate(numbers) if _misses_some(X, j))
        else:
            flagged = tuple(i for i, j in enumerate(numbers) if has_missing and _may_miss(X, j))
        scaler = None
        if numbers:
            scaler = fit_scaler(encoding.scaling, _blocks(X, numbers), len(X))
        return cls(encoding, numbers, flagged, categories, scaler)

    @property
    def layout(self) -> Layout:
        """What stands where in what it makes."""
        levels = tuple(category.n_levels for category in self.categories)
        layout = Layout(len(self.numbers), self.flagged, levels)
        if self.encoding.form == "codes":
            return layout
        return replace(layout, n_surplus=-layout.n_indicators % self.encoding.multiple)

    def transform(self, X: Any, rows: NDArray[np.intp] | None = None) -> Inputs:
        """Encode rows of a table, a part at a time.

        Parameters
        ----------
        X
            Array or DataFrame of the columns that it was fitted on.
        rows
            Which rows, in which order; None: all.
        Returns
        -------
        (n, width) float32, or that and (n, n_categories) int32, as the encoding says.
        """
        layout = self.layout
        n = len(X) if rows is None else len(rows)
        places = np.cumsum((layout.n_inputs, *layout.levels))
        has_codes = self.encoding.form == "codes"
        width = layout.n_inputs if has_codes else layout.n_indicators
        values = np.zeros((n, width), np.float32)
        codes = np.zeros((n, len(layout.levels)), np.int32)
        for begin, chunk in _chunks(X, rows, n, width + len(layout.levels)):
            part = slice(begin, begin + len(chunk))
            if self.scaler is not None:
                z = self.scaler.transform(_numbers(chunk, self.numbers))
                gaps = np.isnan(z)
                z[gaps] = 0
                values[part, : layout.n_numbers] = z
                values[part, layout.n_numbers : layout.n_inputs] = gaps[:, list(self.flagged)]
            for place, category, codes_of in zip(places, self.categories, codes.T, strict=False):
                found = _codes(_column(chunk, category.column), category.codes)
                if has_codes:
                    codes_of[part] = found
                else:
                    values[np.arange(begin, begin + len(chunk)), place + found] = 1
        return (values, codes) if has_codes else values


def kinds_of(X: Any, columns: tuple[bench.Column, ...] | None) -> tuple[str, ...]:
    """Return whether each column of a table is a ``number`` or a ``category``.

    What the dataset says goes before the column's type, but what is no number stays a category.
    """
    said: dict[Any, str] = {column.name: column.kind for column in columns or ()}
    if hasattr(X, "iloc"):
        names, are_numbers = X.columns, [_is_number(X.iloc[:, j]) for j in range(X.shape[1])]
    else:
        names, are_numbers = range(X.shape[1]), [True] * X.shape[1]
        said = dict(enumerate(said.values())) if len(said) == X.shape[1] else {}
    return tuple(
        "number" if is_number and said.get(name) not in ("category", "text") else "category"
        for name, is_number in zip(names, are_numbers, strict=True)
    )


def _is_number(values: pd.Series[Any]) -> bool:
    import pandas as pd

    is_date = pd.api.types.is_datetime64_any_dtype(values)
    return bool(is_date or pd.api.types.is_numeric_dtype(values))


def _may_miss(X: Any, j: int) -> bool:
    """Whether the type of a column has missing values: NumPy's integers and booleans do not."""
    dtype = X.dtypes.iloc[j] if hasattr(X, "iloc") else X.dtype
    return not (isinstance(dtype, np.dtype) and dtype.kind in "biu")


def _misses_some(X: Any, j: int) -> bool:
    return _may_miss(X, j) and bool(np.isnan(_numbers(X, (j,))).any())


def _category(X: Any, j: int, max_levels: int, is_fixed: bool) -> Category:
    """Learn the most frequent levels of a column; among equals the alphabet decides."""
    import pandas as pd

    values = _column(X, j)
    places, levels = pd.factorize(values)
    counts = np.bincount(places[places >= 0], minlength=len(levels))
    words: dict[str, int] = {}
    for level, count in zip(levels, counts.tolist(), strict=True):
        words[_word(level)] = words.get(_word(level), 0) + count
    ranked = sorted(words, key=lambda word: (-words[word], word))
    n_levels = len(ranked) + 2
    if is_fixed:
        dtype: Any = values.dtype
        is_listed = isinstance(dtype, pd.CategoricalDtype)
        n_levels = len(dtype.categories) + 2 if is_listed else max_levels
    n_levels = min(n_levels, max_levels)
    return Category(
        j, {word: code for code, word in enumerate(ranked[: n_levels - 2], 2)}, n_levels
    )


def _codes(values: pd.Series[Any], known: dict[str, int]) -> NDArray[np.intp]:
    """Return the code of each value, `MISSING` and `OTHER` among them."""
    import pandas as pd

    places, levels = pd.factorize(values)
    table = np.array([known.get(_word(level), OTHER) for level in levels] + [MISSING], np.intp)
    return np.asarray(table[places])


def _word(level: Any) -> str:
    """Return a level as a word: 7.0 is 7, since a column with a gap makes one of the other."""
    is_whole = isinstance(level, float | np.floating) and float(level).is_integer()
    return str(int(level)) if is_whole else str(level)


def _column(X: Any, j: int) -> pd.Series[Any]:
    import pandas as pd

    return X.iloc[:, j] if hasattr(X, "iloc") else pd.Series(X[:, j])


def _numbers(X: Any, columns: tuple[int, ...]) -> NDArray[np.float64]:
    """Return columns as float64, NaN where a value is missing or infinite."""
    if not hasattr(X, "iloc"):
        chosen = X if columns == tuple(range(X.shape[1])) else X[:, list(columns)]
        return np.asarray(chosen, np.float64)
    array = np.empty((len(X), len(columns)))
    for place, j in enumerate(columns):
        array[:, place] = _days(X.iloc[:, j]).to_numpy(dtype=np.float64, na_value=np.nan)
    array[np.isinf(array)] = np.nan
    return array


def _days(values: pd.Series[Any]) -> pd.Series[Any]:
    """Return dates as days since 1970, and other numbers as they are."""
    import pandas as pd

    if not pd.api.types.is_datetime64_any_dtype(values):
        return values
    return (values - pd.Timestamp(0, tz=values.dt.tz)) / pd.Timedelta(days=1)


def _blocks(X: Any, columns: tuple[int, ...]) -> Iterator[NDArray[np.float64]]:
    """Yield numbers, some columns at a time."""
    width = max(1, _CHUNK_VALUES // max(len(X), 1))
    for first in range(0, len(columns), width):
        yield _numbers(X, columns[first : first + width])


def _chunks(X: Any, rows: NDArray[np.intp] | None, n: int, width: int) -> Iterator[tuple[int, Any]]:
    """Yield rows, some at a time, and where they begin."""
    at_once = max(64, _CHUNK_VALUES // max(width, 1))
    source = X.iloc if hasattr(X, "iloc") else X
    for begin in range(0, n, at_once):
        part = slice(begin, min(begin + at_once, n))
        yield begin, source[part if rows is None else rows[part]]
