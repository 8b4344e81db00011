"""Datasets made of rows: brought into one form, their columns described."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.spec import Column, ColumnKind, Dataset, Rows
from bench.spec.errors import DatasetError
from bench.tasks import normalise_rows
from bench.tasks.normalise_target import normal_target

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class _Normalised(Dataset):
    """A dataset that `normalise` has been through: what tells codes from labels that look alike."""


def normalise(dataset: Dataset, source: str, tasks: Sequence[str] = ()) -> Dataset:
    """Check a dataset as its loader returned it, and bring it into the form that tasks expect.

    Parameters
    ----------
    dataset
        What the loader returned. Where X has no rows (a class, a mapping, a single value), the
        dataset is returned as it is.
    source
        What it is called in messages.
    tasks
        `DatasetSpec.tasks`: helps to tell classes from numbers (`bench.tasks.normalise_target`).

    Returns
    -------
    Dataset
        With `y` as codes 0 .. K-1 (n_rows,) int64 in the order of ``target.classes`` (sorted where
        the dataset gives none), zeros and ones (n_rows, n_outputs) int64, or numbers (n_rows,) or
        (n_rows, n_outputs) float64; `parts`, `folds`, `groups`, `time` and `sample_weight` as
        arrays (n_rows,); `columns` and `target` filled in. Normalising it again changes nothing.

    Raises
    ------
    DatasetError
        Lengths disagree, something is missing or unknown in y or in a per-row array, or the target
        has one class.
    """
    import pandas as pd

    if isinstance(dataset, _Normalised):
        return dataset
    X = dataset.X
    if isinstance(X, pd.Series):
        X = X.to_numpy() if pd.api.types.is_numeric_dtype(X) else X.tolist()
    elif _is_array_of_texts(X):
        X = X.tolist()
    n_rows = _n_rows(X)
    if n_rows is None:
        return dataset
    if n_rows == 0:
        raise DatasetError(f"dataset {source!r} has no rows.")
    if isinstance(X, pd.DataFrame) and not all(isinstance(name, str) for name in X.columns):
        X = X.set_axis([str(name) for name in X.columns], axis=1)
    y, target = normal_target(dataset, source, tasks, n_rows)
    if dataset.parts is not None and dataset.folds is not None:
        raise DatasetError(
            f"dataset {source!r} has official parts and official folds; give one of them."
        )
    return _Normalised(
        X,
        y,
        parts=normalise_rows.parts(dataset.parts, source, n_rows),
        folds=normalise_rows.folds(dataset.folds, source, n_rows),
        groups=normalise_rows.per_row("groups", dataset.groups, source, n_rows),
        time=normalise_rows.time(dataset.time, source, n_rows),
        sample_weight=normalise_rows.sample_weight(dataset.sample_weight, source, n_rows),
        columns=_columns(X, dataset.columns, source),
        target=target,
        extra=dataset.extra,
    )


def _n_rows(X: Any) -> int | None:
    """Return the number of rows; None where X is not made of rows."""
    shape = getattr(X, "shape", None)
    if isinstance(shape, tuple):
        return int(shape[0]) if shape else None
    return len(X) if isinstance(X, list | tuple) or _is_rows(X) else None


def _is_array_of_texts(X: Any) -> bool:
    """Return whether X is what a list of texts is in NumPy: a list takes less room."""
    import numpy as np

    return (
        isinstance(X, np.ndarray)
        and X.dtype == object
        and X.ndim == 1
        and all(isinstance(item, str) for item in X.tolist())
    )


def _is_rows(X: Any) -> bool:
    return isinstance(X, Rows) and not isinstance(X, type)


def _columns(X: Any, given: tuple[Column, ...] | None, source: str) -> tuple[Column, ...]:
    """Check the columns that a dataset names, or describe those that X has."""
    if hasattr(X, "iloc"):
        there = [str(name) for name in X.columns]
        if len(set(there)) < len(there):
            twice = next(name for name in there if there.count(name) > 1)
            raise DatasetError(f"dataset {source!r}: two columns of X are named {twice!r}.")
    elif getattr(X, "ndim", 0) == 2:
        there = []
    else:
        return given or ()
    if given is None:
        if there:
            return tuple(Column(name, _column_kind(X[name])) for name in there)
        kind: ColumnKind = "number" if X.dtype.kind in "biuf" else "category"
        return tuple(Column(f"x{j}", kind) for j in range(X.shape[1]))
    if len(given) != X.shape[1]:
        raise DatasetError(
            f"dataset {source!r}: columns names {len(given)}, and X has {X.shape[1]}."
        )
    names = [column.name for column in given]
    if there and names != there:
        j = next(j for j, name in enumerate(there) if name != names[j])
        raise DatasetError(
            f"dataset {source!r}: columns names {names[j]!r} where X has {there[j]!r}; the order "
            "is that of X."
        )
    return given


def _column_kind(values: pd.Series[Any]) -> ColumnKind:
    """Say what a column of a DataFrame is.

    Strings are text where most of them are different and hold several words, and categories
    otherwise.
    """
    import pandas as pd

    if isinstance(values.dtype, pd.CategoricalDtype):
        return "ordinal" if values.dtype.ordered else "category"
    if pd.api.types.is_bool_dtype(values):
        return "boolean"
    if pd.api.types.is_numeric_dtype(values):
        return "number"
    if pd.api.types.is_datetime64_any_dtype(values) or isinstance(values.dtype, pd.PeriodDtype):
        return "date"
    present = values.dropna()
    inferred = pd.api.types.infer_dtype(present)
    if inferred in ("integer", "floating", "mixed-integer-float", "decimal"):
        return "number"
    if inferred == "boolean":
        return "boolean"
    if inferred in ("datetime", "date"):
        return "date"
    words = present.astype(str)
    if 2 * words.nunique() > len(words) and 2 * words.str.contains(r"\s").sum() > len(words):
        return "text"
    return "category"
