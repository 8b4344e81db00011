"""The steps before a learner: tables become numbers, images become rows of pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler

from bench import Skip

Floats = NDArray[np.float64]
Scaling = Literal["variance", "range"]

WORDS = 256
"""How many columns the words of one text column are hashed into."""


class LearnerPipeline(Pipeline):  # type: ignore[misc]
    """A pipeline whose `fit` hands its keyword arguments, such as weights, to the learner."""

    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> Self:
        """Fit every step; `fit_params` reach the last one.

        Parameters
        ----------
        X
            (n_rows, n_features) table, or (n_rows, ...) array of images.
        y
            (n_rows,) or (n_rows, n_outputs) target; None for clustering.
        **fit_params
            Such as ``sample_weight``, (n_rows,).
        """
        last = self.steps[-1][0]
        super().fit(X, y, **{f"{last}__{name}": value for name, value in fit_params.items()})
        return self

    @property
    def n_iter_(self) -> Any:
        """Iterations of the learner, where it counts them."""
        return self.steps[-1][1].n_iter_


class SeveralClasses(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Passes X on; says `Skip` where the training rows are all of one class.

    Parameters
    ----------
    n_train
        Training rows of the trial. Fewer, as in its warm-up, say nothing about it: a ValueError.
    """

    def __init__(self, n_train: int = 0) -> None:
        self.n_train = n_train

    def fit(self, X: Any, y: Any) -> Self:
        """Look at `y`, (n_rows,), alone.

        Raises
        ------
        bench.Skip
            There is only one class.
        """
        y = np.asarray(y)
        if len(y) and (y == y.flat[0]).all():
            reason = f"the {len(y)} training rows are all of one class; two are needed"
            raise _refusal(reason, len(y), self.n_train)
        return self

    def transform(self, X: Any) -> Any:
        """Return X."""
        return X

    def __sklearn_is_fitted__(self) -> bool:
        return True


class EnoughRows(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Passes X on; says `Skip` where a class has too few rows for a covariance of its own.

    Parameters
    ----------
    n_train
        As for `SeveralClasses`.
    """

    def __init__(self, n_train: int = 0) -> None:
        self.n_train = n_train

    def fit(self, X: Any, y: Any) -> Self:
        """Count the rows of each class: (n_rows, n_features) X and (n_rows,) `y`.

        Raises
        ------
        bench.Skip
            A class has fewer rows than X has features, or only one.
        """
        classes, counts = np.unique(np.asarray(y), return_counts=True)
        needed = max(2, int(X.shape[1]))
        if len(counts) and counts.min() < needed:
            reason = (
                f"class {classes[counts.argmin()]} has {counts.min()} training rows; a covariance "
                f"of its own needs {needed} for {X.shape[1]} features"
            )
            raise _refusal(reason, int(counts.sum()), self.n_train)
        return self

    def transform(self, X: Any) -> Any:
        """Return X."""
        return X

    def __sklearn_is_fitted__(self) -> bool:
        return True


def _refusal(reason: str, n_rows: int, n_train: int) -> Exception:
    return Skip(reason) if n_rows >= n_train else ValueError(reason)


def scaler(scaling: Scaling) -> Any:
    """Return what brings columns to mean 0 and variance 1, or to 0 to 1, and cuts rows beyond."""
    return MinMaxScaler(clip=True) if scaling == "range" else StandardScaler()


def flatten(images: Any) -> Floats:
    """Return (n_rows, ...) images as (n_rows, n_pixels).

    In double precision: the likelihoods of naive Bayes on pixels lose all digits in single.
    """
    pixels = np.asarray(images, dtype=np.float64)
    return pixels.reshape(len(pixels), -1)


class TableEncoder(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """A table of mixed columns as an array of numbers.

    The columns of the output are, in this order: numbers, categories, hashed words of texts. It is
    fitted on training rows alone: a category first seen later becomes zeros (one-hot) or a missing
    value (ordinal).

    Parameters
    ----------
    kinds
        Kind of each column of X, in their order, as in `bench.Column`. Numbers, booleans, ordinal
        columns (by rank) and dates (days since 1970-01-01) are numbers; missing is NaN.
    fill
        Whether missing numbers become the median of the training rows (0 where there is none).
    scale
        Whether numbers are scaled; categories and words never are.
    scaling
        ``"variance"``: to mean 0 and variance 1; ``"range"``: to 0 to 1, later rows beyond it cut.
    categories
        ``"one-hot"``: a column of zeros and ones per category, missing being one of them;
        ``"ordinal"``: one column of codes per column of categories, missing being NaN.
    max_categories
        Categories kept per column; the rarest beyond that share one.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"age": [1.0, None, 3.0], "pet": ["cat", "dog", "cat"]})
    >>> TableEncoder(("number", "category")).fit_transform(table).tolist()
    [[1.0, 1.0, 0.0], [2.0, 0.0, 1.0], [3.0, 1.0, 0.0]]
    """

    def __init__(
        self,
        kinds: Sequence[str] = (),
        *,
        fill: bool = True,
        scale: bool = False,
        scaling: Scaling = "variance",
        categories: Literal["one-hot", "ordinal"] = "one-hot",
        max_categories: int = 64,
    ) -> None:
        self.kinds = kinds
        self.fill = fill
        self.scale = scale
        self.scaling = scaling
        self.categories = categories
        self.max_categories = max_categories

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn medians, scales and categories from X, (n_rows, n_columns); `y` is not used."""
        positions = _positions(self.kinds, _n_columns(X))
        self.n_features_in_ = _n_columns(X)
        if positions.numbers:
            numbers = _numbers(X, positions.numbers)
            if self.fill:
                self.medians_ = _medians(numbers)
                numbers = _filled(numbers, self.medians_)
            if self.scale:
                self.scaler_ = scaler(self.scaling).fit(numbers)
        if positions.categories:
            self.encoder_ = self._encoder().fit(_labels(X, positions.categories))
        return self

    def transform(self, X: Any) -> Floats:
        """Return (n_rows, n_outputs) numbers for X, (n_rows, n_columns)."""
        positions = _positions(self.kinds, _n_columns(X))
        blocks: list[Floats] = []
        if positions.numbers:
            numbers = _numbers(X, positions.numbers)
            if self.fill:
                numbers = _filled(numbers, self.medians_)
            if self.scale:
                numbers = self.scaler_.transform(numbers)
            blocks.append(numbers)
        if positions.categories:
            blocks.append(self.encoder_.transform(_labels(X, positions.categories)))
        blocks.extend(_words(_column(X, j)) for j in positions.texts)
        return blocks[0] if len(blocks) == 1 else np.hstack(blocks)

    def _encoder(self) -> Any:
        if self.categories == "ordinal":
            return OrdinalEncoder(
                handle_unknown="use_encoded_value",
                unknown_value=np.nan,
                encoded_missing_value=np.nan,
                max_categories=self.max_categories,
            )
        return OneHotEncoder(
            handle_unknown="infrequent_if_exist",
            max_categories=self.max_categories,
            sparse_output=False,
        )


class _Positions(NamedTuple):
    """Which columns are treated as numbers, as categories and as texts."""

    numbers: list[int]
    categories: list[int]
    texts: list[int]


def _positions(kinds: Sequence[str], n_columns: int) -> _Positions:
    if kinds and len(kinds) != n_columns:
        raise ValueError(f"X has {n_columns} columns, but {len(kinds)} kinds were given")
    found = _Positions([], [], [])
    for j, kind in enumerate(kinds or ("number",) * n_columns):
        group = {"category": found.categories, "text": found.texts}.get(kind, found.numbers)
        group.append(j)
    return found


def _n_columns(X: Any) -> int:
    if not hasattr(X, "shape") or len(X.shape) != 2:
        raise ValueError("X must be a table of rows and columns: an array or a DataFrame")
    return int(X.shape[1])


def _column(X: Any, j: int) -> Any:
    return X.iloc[:, j] if hasattr(X, "iloc") else pd.Series(X[:, j])


def _numbers(X: Any, positions: list[int]) -> Floats:
    if isinstance(X, np.ndarray) and X.dtype != object:
        return np.asarray(X if len(positions) == X.shape[1] else X[:, positions], dtype=np.float64)
    return np.column_stack([_as_numbers(_column(X, j)) for j in positions])


def _as_numbers(column: Any) -> Floats:
    """Return one column as numbers: ranks of ordered categories, days of dates, NaN for missing."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        if not pd.api.types.is_numeric_dtype(column.cat.categories.dtype):
            codes = column.cat.codes.to_numpy(dtype=np.float64, copy=True)
            codes[codes < 0] = np.nan
            return np.asarray(codes)
        column = column.astype(column.cat.categories.dtype)
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        if getattr(column.dtype, "tz", None) is not None:
            column = column.dt.tz_convert("UTC").dt.tz_localize(None)
        column = (column - pd.Timestamp(0)) / pd.Timedelta(days=1)
    return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))


def _medians(numbers: Floats) -> Floats:
    missing = np.isnan(numbers)
    if not missing.any():
        return np.asarray(np.median(numbers, axis=0))
    known = [column[~gaps] for column, gaps in zip(numbers.T, missing.T, strict=True)]
    return np.array([np.median(column) if len(column) else 0.0 for column in known])


def _filled(numbers: Floats, medians: Floats) -> Floats:
    missing = np.isnan(numbers)
    return np.where(missing, medians, numbers) if missing.any() else numbers


def _labels(X: Any, positions: list[int]) -> NDArray[np.object_]:
    """Return columns of categories as strings, missing as None."""
    labels = np.empty((len(X), len(positions)), dtype=object)
    for place, j in enumerate(positions):
        column = _column(X, j)
        values = column.astype(object).to_numpy()
        missing = column.isna().to_numpy()
        labels[:, place] = [
            None if gone else str(value) for value, gone in zip(values, missing, strict=True)
        ]
    return labels


def _words(column: Any) -> Floats:
    """Return a column of texts as hashed word counts of length 1 (no vocabulary to be fitted)."""
    from sklearn.feature_extraction.text import HashingVectorizer

    texts = column.astype(object).where(column.notna(), "").astype(str)
    hashed = HashingVectorizer(n_features=WORDS, alternate_sign=False).transform(texts)
    return np.asarray(hashed.toarray(), dtype=np.float64)
