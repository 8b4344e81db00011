"""Tables into numbers that a network likes: scaled, filled, flagged; a width that stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import bench

if TYPE_CHECKING:
    import pandas as pd

_MISSING, _OTHER = 0, 1
"""Places of a category's missing values, and of those that training rows did not show often."""


@dataclass(frozen=True)
class NumberScaler:
    """Numbers scaled by their quartiles and softly clipped to (-3, 3).

    ``x / sqrt(1 + (x / 3)^2)`` of ``(x - median) / (q75 - q25) * 1.35``, the range in place of the
    quartiles where these coincide (Holzmüller et al., 2024, RealMLP). Missing values become the
    median; where training rows had any, each number gets a flag.
    """

    center: NDArray[np.float64]
    factor: NDArray[np.float64]
    has_flags: bool

    @classmethod
    def fit(cls, X: NDArray[Any]) -> NumberScaler:
        """Learn from training rows (n, d)."""
        has_flags = bool(np.isnan(X).any())
        low, q25, center, q75, high = _quantiles(X, has_flags)
        spread = np.where(q75 > q25, (q75 - q25) / 1.349, (high - low) / 2)
        tiny = np.finfo(np.float32).tiny
        factor = np.where(spread > tiny, 1 / np.maximum(spread, tiny), 0.0)
        return cls(center, factor, has_flags)

    def transform(self, X: NDArray[Any]) -> NDArray[np.float32]:
        """Return (n, d) numbers, or (n, 2 d) with flags."""
        z = (X - self.center) * self.factor
        missing = np.isnan(z)
        z = np.where(missing, 0.0, z)
        z = z / np.sqrt(1 + (z / 3) ** 2)
        if self.has_flags:
            z = np.hstack([z, missing])
        return z.astype(np.float32)


def _quantiles(X: NDArray[Any], has_missing: bool) -> NDArray[np.float64]:
    places = [0, 0.25, 0.5, 0.75, 1]
    if not has_missing:
        return np.quantile(X.astype(np.float64, copy=False), places, axis=0)
    known = ~np.isnan(X).all(axis=0)
    found = np.zeros((len(places), X.shape[1]))
    found[:, known] = np.nanquantile(X[:, known], places, axis=0)
    return found


@dataclass(frozen=True)
class TableEncoder:
    """A table of mixed columns as one array of a width that does not hang on the training rows.

    Numbers, booleans and dates go through `NumberScaler`, infinite ones as missing; every other
    column becomes `n_levels` indicators: missing, other, and its most frequent levels. A learning
    curve thus needs one compiled program although larger sets show more levels.
    """

    numbers: tuple[str, ...]
    levels: tuple[tuple[str, dict[str, int]], ...]
    n_levels: int
    scaler: NumberScaler | None

    @classmethod
    def fit(cls, X: pd.DataFrame, kinds: dict[str, str], n_levels: int) -> TableEncoder:
        """Learn from training rows; `kinds` gives the kind of each column by name."""
        numbers = tuple(name for name in X.columns if _is_number(X[name], kinds[name]))
        levels = []
        for name in X.columns:
            if name not in numbers:
                counts = _as_words(X[name]).value_counts()
                ranked = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
                names = [str(level) for level, _ in ranked[: n_levels - 2]]
                levels.append((name, {level: place for place, level in enumerate(names, start=2)}))
        scaler = NumberScaler.fit(_as_numbers(X, numbers)) if numbers else None
        return cls(numbers, tuple(levels), n_levels, scaler)

    def transform(self, X: pd.DataFrame) -> NDArray[np.float32]:
        """Return (n, width) numbers."""
        blocks = []
        if self.scaler is not None:
            blocks.append(self.scaler.transform(_as_numbers(X, self.numbers)))
        for name, places in self.levels:
            words = _as_words(X[name])
            place = words.map(places).astype(float).fillna(_OTHER).to_numpy(dtype=np.intp)
            place[words.isna().to_numpy()] = _MISSING
            block = np.zeros((len(X), self.n_levels), np.float32)
            block[np.arange(len(X)), place] = 1
            blocks.append(block)
        return np.hstack(blocks)


def kinds_of(X: pd.DataFrame, columns: tuple[bench.Column, ...] | None) -> dict[str, str]:
    """Return the kind of each column by name: as given, else by its type."""
    import pandas as pd

    given = {column.name: column.kind for column in columns or ()}
    kinds: dict[str, str] = {}
    for name in X.columns:
        is_date = pd.api.types.is_datetime64_any_dtype(X[name])
        is_number = pd.api.types.is_numeric_dtype(X[name])
        kinds[name] = given.get(name, "date" if is_date else "number" if is_number else "category")
    return kinds


def is_mixed(X: Any, columns: tuple[bench.Column, ...] | None) -> bool:
    """Whether X is a table with a column that is not simply a number."""
    if not hasattr(X, "columns") or not hasattr(X, "dtypes"):
        return False
    return any(kind != "number" for kind in kinds_of(X, columns).values())


def _is_number(values: pd.Series[Any], kind: str) -> bool:
    import pandas as pd

    if kind == "date":
        return bool(pd.api.types.is_datetime64_any_dtype(values))
    is_numeric = bool(pd.api.types.is_numeric_dtype(values))
    return is_numeric and kind in ("number", "ordinal", "boolean")


def _as_numbers(X: pd.DataFrame, names: tuple[str, ...]) -> NDArray[np.float64]:
    import pandas as pd

    array = np.empty((len(X), len(names)))
    for i, name in enumerate(names):
        values = X[name]
        if pd.api.types.is_datetime64_any_dtype(values):
            values = (values - pd.Timestamp(0, tz=values.dt.tz)) / pd.Timedelta(days=1)
        array[:, i] = values.to_numpy(dtype=np.float64, na_value=np.nan)
    array[np.isinf(array)] = np.nan
    return array


def _as_words(values: pd.Series[Any]) -> pd.Series[Any]:
    """Return levels as words, missing ones left missing."""
    return values.astype(object).where(values.notna(), None).map(str, na_action="ignore")
