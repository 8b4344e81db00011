"""Tables as one array of numbers: scaled columns, flags of missing values, and indicators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import bench

Floats = NDArray[np.float64]

MAX_LEVELS = 30
"""Levels of a category that are told apart; rarer ones are one."""


@dataclass(frozen=True)
class TableEncoder:
    """What was learned of the training rows.

    Numbers are scaled by their quartiles and softly clipped to (-3, 3), as Holzmüller et al. (2024,
    https://arxiv.org/abs/2407.04491) do. `levels` are the known levels of each category, by the
    place of its column.
    """

    numbers: tuple[int, ...]
    center: Floats
    factor: Floats
    levels: dict[int, tuple[str, ...]]

    @classmethod
    def fit(cls, X: Any, columns: Sequence[bench.Column]) -> Self:
        """Learn from training rows (n, p)."""
        table = pd.DataFrame(X)
        kinds = [column.kind for column in columns] or ["number"] * table.shape[1]
        categories = [
            j
            for j, kind in enumerate(kinds)
            if kind in ("category", "text") or not _is_number(table.iloc[:, j])
        ]
        levels = {}
        for j in categories:
            levels[j] = _most_frequent(_words(table.iloc[:, j]))
        numbers = tuple(j for j in range(table.shape[1]) if j not in levels)
        center, factor = _scale(_values(table, numbers))
        return cls(numbers, center, factor, levels)

    def transform(self, X: Any) -> NDArray[np.float32]:
        """Return (n, width): numbers, a flag for each that says it is missing, and indicators."""
        table = pd.DataFrame(X)
        z = (_values(table, self.numbers) - self.center) * self.factor
        gaps = np.isnan(z)
        z = np.where(gaps, 0.0, z / np.sqrt(1 + np.square(z / 3)))
        parts = [z, gaps]
        for j, known in self.levels.items():
            words = _words(table.iloc[:, j])
            codes = pd.Index(known, dtype=object).get_indexer(words)
            codes[words.isna().to_numpy()] = -2  # the last column: missing; before it: rare or new
            parts.append(np.eye(len(known) + 2)[np.where(codes < 0, codes + len(known) + 2, codes)])
        return np.hstack(parts).astype(np.float32)


def _is_number(values: pd.Series[Any]) -> bool:
    return bool(
        pd.api.types.is_numeric_dtype(values) or pd.api.types.is_datetime64_any_dtype(values)
    )


def _values(table: pd.DataFrame, places: Sequence[int]) -> Floats:
    """Return columns as (n, len(places)) float64, dates as days, NaN where a value is missing."""
    columns = []
    for j in places:
        values = table.iloc[:, j]
        if pd.api.types.is_datetime64_any_dtype(values):
            values = (values.dt.tz_localize(None) - pd.Timestamp(0)) / pd.Timedelta(days=1)
        columns.append(values.to_numpy(dtype=float, na_value=np.nan))
    return np.column_stack(columns) if columns else np.zeros((len(table), 0))


def _words(values: pd.Series[Any]) -> pd.Series[Any]:
    """Return a column as words, gaps kept: 7.0 is 7, as a gap makes one of the other."""
    return values.astype(object).map(
        lambda level: f"{level:g}" if isinstance(level, float) else str(level), na_action="ignore"
    )


def _most_frequent(words: pd.Series[Any]) -> tuple[str, ...]:
    """Return the levels that are told apart; among equally frequent ones the alphabet decides."""
    counts = words.value_counts()
    return tuple(sorted(counts.index, key=lambda level: (-counts[level], level))[:MAX_LEVELS])


def _scale(values: Floats) -> tuple[Floats, Floats]:
    """Return the center of each column and the factor that brings its quartiles to +-0.67."""
    known = [column[~np.isnan(column)] for column in values.T]
    low, q25, center, q75, high = (
        np.array([np.quantile(column, share) if len(column) else 0.0 for column in known])
        for share in (0, 0.25, 0.5, 0.75, 1)
    )
    spread = np.where(q75 > q25, (q75 - q25) / 1.349, (high - low) / 2)
    return center, np.where(spread > 0, 1 / np.where(spread > 0, spread, 1.0), 0.0)
