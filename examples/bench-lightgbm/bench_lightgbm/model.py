"""LightGBM's estimators, given tables as bench has them: gaps and categories included."""

from __future__ import annotations

from time import perf_counter
from typing import Any, Self

import lightgbm
import numpy as np
import pandas as pd

import bench

_REFUSED = ("text",)
_GIVEN = ("n_jobs", "random_state", "verbosity", "deterministic", "force_row_wise")


class Boosted:
    """A LightGBM estimator behind an encoding of the columns, with a limit on its time.

    Parameters
    ----------
    estimator
        `lightgbm.LGBMClassifier` or `lightgbm.LGBMRegressor`.
    columns
        Of the dataset: those that are no numbers become categories.
    max_seconds
        After which no further tree is grown; None: no limit.

    Attributes
    ----------
    classes_
        Of a classifier, (n_classes,).
    n_iter_
        Rounds of boosting.
    stop_reason_
        ``max_rounds`` or ``max_seconds``.
    """

    def __init__(
        self, estimator: Any, columns: tuple[bench.Column, ...], max_seconds: float | None
    ) -> None:
        self.estimator = estimator
        self.columns = columns
        self.max_seconds = max_seconds

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn from a table (n, p), targets (n,) and weights (n,)."""
        began_at = perf_counter()
        table = _numbered(X)
        kinds = [column.kind for column in self.columns] or ["number"] * table.shape[1]
        self.levels_ = {
            j: pd.Index(table[j].dropna().unique())
            for j, kind in enumerate(kinds)
            if kind in ("category", "boolean") and table[j].dtype.kind not in "biuf"
        }
        self.stop_reason_ = "max_rounds"

        def stop_in_time(state: Any) -> None:
            if self.max_seconds is not None and perf_counter() - began_at > self.max_seconds:
                self.stop_reason_ = "max_seconds"
                raise lightgbm.callback.EarlyStopException(state.iteration, [])

        self.estimator.fit(
            self._encoded(table), y, sample_weight=sample_weight, callbacks=[stop_in_time]
        )
        self.n_iter_ = self.estimator.booster_.current_iteration()
        if hasattr(self.estimator, "classes_"):
            self.classes_ = self.estimator.classes_
        return self

    def predict_proba(self, X: Any) -> np.ndarray[Any, Any]:
        """Return probabilities (n, n_classes), columns in the order of ``classes_``."""
        shares = np.asarray(self.estimator.predict_proba(self._encoded(_numbered(X))))
        return shares[:, : len(self.classes_)]

    def predict(self, X: Any) -> np.ndarray[Any, Any]:
        """Return a class or a number for each row, (n,)."""
        return np.asarray(self.estimator.predict(self._encoded(_numbered(X))))

    def _encoded(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return numbers, and categories with the levels of the training rows; others are gaps."""
        return pd.DataFrame(
            {
                f"column_{j}": _as_category(values, self.levels_[j])
                if j in self.levels_
                else _as_numbers(values)
                for j, values in table.items()
            },
            index=table.index,
        )


def make(context: bench.ModelContext, **params: Any) -> Boosted:
    """Return the model for a trial.

    Parameters
    ----------
    context
        The trial.
    **params
        Those of `lightgbm.LGBMClassifier`, but for what follows from the trial.

    Raises
    ------
    bench.ParameterError
        LightGBM's estimators take no parameter of that name.
    bench.Skip
        A column holds texts, or there are several targets.
    """
    kind = lightgbm.LGBMRegressor if context.task == "regression" else lightgbm.LGBMClassifier
    allowed = sorted(set(kind().get_params()) - set(_GIVEN))
    for name in params:
        if name not in allowed:
            raise bench.ParameterError(
                f"model 'lightgbm' takes no parameter {name!r}; allowed: {', '.join(allowed)}."
                f"{bench.nearest(name, allowed)}"
            )
    if context.target is not None and context.target.n_outputs > 1:
        raise bench.Skip("LightGBM predicts one target, and there are several")
    if texts := [column.name for column in context.columns if column.kind in _REFUSED]:
        raise bench.Skip(f"LightGBM does not read texts, and column {texts[0]!r} holds some")
    if params.get("subsample", 1.0) < 1.0:
        params = {"subsample_freq": 1} | params  # without it LightGBM leaves subsample aside
    estimator = kind(
        **params,
        n_jobs=context.n_threads,
        random_state=context.seed,
        deterministic=True,
        force_row_wise=True,
        verbosity=-1,
    )
    return Boosted(estimator, context.columns, context.max_seconds)


def _numbered(X: Any) -> pd.DataFrame:
    """Return a table whose columns are called 0, 1, ...: LightGBM refuses some names."""
    table = pd.DataFrame(X)
    return table.set_axis(range(table.shape[1]), axis=1)


def _as_category(values: pd.Series[Any], levels: pd.Index[Any]) -> pd.Categorical:
    """Return a column with these levels alone; others, and gaps, are missing."""
    return pd.Categorical.from_codes(levels.get_indexer(values), categories=levels)


def _as_numbers(values: pd.Series[Any]) -> np.ndarray[Any, Any]:
    """Return a column as numbers: dates as days, ordered levels as ranks, gaps as NaN."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        codes = values.cat.codes.to_numpy(dtype=float)
        return np.where(codes < 0, np.nan, codes)
    if pd.api.types.is_datetime64_any_dtype(values):
        days = (values.dt.tz_localize(None) - pd.Timestamp(0)) / pd.Timedelta(days=1)
        return days.to_numpy(dtype=float, na_value=np.nan)
    return values.to_numpy(dtype=float, na_value=np.nan)
