"""Histogram gradient boosting whose early stopping minds groups, time and classes of one row."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.model_selection import GroupShuffleSplit
from sklearn.utils.class_weight import compute_sample_weight

Positions = NDArray[np.intp]

TAKES_HELD_ROWS = "X_val" in inspect.signature(HistGradientBoostingRegressor.fit).parameters
"""From scikit-learn 1.7 on; before, it holds rows out itself, whatever their group and time."""

UNSTOPPED_STEPS = 10.0
"""Sum of the steps of a fit that nothing stops: scikit-learn's 100 iterations of 0.1."""

TOLERANCE = 2.0
"""Factor between the rows held out and those asked for, where groups and moments stay whole."""

DRAWS = 10
"""Ways to choose groups, of which the one nearest to the share asked for is taken."""


class HistBoostingClassifier(HistGradientBoostingClassifier):  # type: ignore[misc]
    """scikit-learn's, with a hold-out that keeps groups whole, or is the last in time.

    A class of one row, which scikit-learn's own stratified hold-out refuses, is fitted as two rows
    of half its weight.
    """

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None, time: Any = None
    ) -> Self:
        """Fit (n_rows, n_features) X to (n_rows,) classes `y`; the others are (n_rows,) or None."""
        stops = _stops(self, len(y))
        if stops and not (groups is None and time is None):
            _, codes = np.unique(y, return_inverse=True)
            held = held_out(codes, self.validation_fraction, groups, time, self.random_state)
            balance = compute_sample_weight(self.class_weight, y)
            _fit_apart(self, super().fit, X, y, sample_weight, held, balance)
            return self
        if stops:
            X, y, sample_weight = _with_twins(X, y, sample_weight)
        super().fit(X, y, sample_weight=sample_weight)
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return probabilities (n, n_classes); of one class alone, ones.

        scikit-learn's answers two columns there.
        """
        given: NDArray[np.float64] = super().predict_proba(X)
        return given if len(self.classes_) > 1 else np.ones((len(given), 1))


class HistBoostingRegressor(HistGradientBoostingRegressor):  # type: ignore[misc]
    """scikit-learn's, with a hold-out that keeps groups whole, or is the last in time."""

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None, time: Any = None
    ) -> Self:
        """Fit (n_rows, n_features) X to (n_rows,) numbers `y`; the others are (n_rows,) or None."""
        if _stops(self, len(y)) and not (groups is None and time is None):
            one = np.zeros(len(y), np.intp)
            held = held_out(one, self.validation_fraction, groups, time, self.random_state)
            _fit_apart(self, super().fit, X, y, sample_weight, held)
        else:
            super().fit(X, y, sample_weight=sample_weight)
        return self


def held_out(
    classes: NDArray[Any], fraction: float, groups: Any, time: Any, seed: Any
) -> Positions:
    """Return the positions of the rows to stop by: whole groups, or the last moments.

    Parameters
    ----------
    classes
        (n_rows,) codes from 0 on; every one stays among the rows to learn from.
    fraction
        Share of the rows, or their number where it is 1 or more.
    groups
        (n_rows,) or None: no group is on both sides.
    time
        (n_rows,) or None: the last moments are held out, and none is on both sides.
    seed
        For choosing groups, where there is no time.

    Returns
    -------
    About as many as asked for. None where groups, moments and classes allow less than half or more
    than twice of it: few rows tell little of when to stop, and many are missed in learning.
    """
    n_rows = len(classes)
    n_held = math.ceil(fraction * n_rows) if fraction < 1 else int(fraction)
    none = np.zeros(0, np.intp)
    moments = None if time is None else np.unique(np.asarray(time), return_inverse=True)[1]
    units = moments if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    if units is None or not 0 < n_held < n_rows or units.max() == 0:
        return none
    if moments is not None:
        sizes = np.cumsum(np.bincount(moments)[::-1])
        n_moments = 1 + np.argmin(np.abs(sizes - n_held))
        held = np.flatnonzero(moments >= len(sizes) - n_moments)
    else:
        chance = GroupShuffleSplit(DRAWS, test_size=min(n_held / n_rows, 0.5), random_state=seed)
        drawn = (rows for _, rows in chance.split(units, groups=units))
        held = min(drawn, key=lambda rows: abs(len(rows) - n_held))
    taught = np.setdiff1d(np.arange(n_rows), held)
    held = held[~np.isin(units[held], units[taught])]
    # A class that nothing would teach takes its groups, or moments, back.
    lost = np.setdiff1d(classes[held], classes[taught])
    held = held[~np.isin(units[held], units[np.isin(classes, lost)])]
    return held if n_held / TOLERANCE <= len(held) <= n_held * TOLERANCE else none


def _stops(estimator: Any, n_rows: int) -> bool:
    """Whether scikit-learn would hold rows out to stop early."""
    asked = estimator.early_stopping
    return estimator.validation_fraction is not None and (
        n_rows > 10_000 if isinstance(asked, str) else bool(asked)
    )


def _fit_apart(
    estimator: Any,
    fit: Callable[..., Any],
    X: Any,
    y: Any,
    weight: Any,
    held: Positions,
    balance: Any = None,
) -> None:
    """Fit, stopped by the rows held out; with none of them, for scikit-learn's sum of steps."""
    given = {name: getattr(estimator, name) for name in ("early_stopping", "max_iter")}
    try:
        if TAKES_HELD_ROWS and len(held):
            estimator.early_stopping = True
            y = np.asarray(y)
            taught = np.setdiff1d(np.arange(len(y)), held)
            weight = None if weight is None else np.asarray(weight)
            # Class weights reach the rows to learn from only.
            of_held = weight if balance is None else balance * (1.0 if weight is None else weight)
            fit(
                _rows(X, taught),
                y[taught],
                sample_weight=None if weight is None else weight[taught],
                X_val=_rows(X, held),
                y_val=y[held],
                sample_weight_val=None if of_held is None else of_held[held],
            )
        else:
            enough = math.ceil(UNSTOPPED_STEPS / estimator.learning_rate)
            estimator.early_stopping, estimator.max_iter = False, min(estimator.max_iter, enough)
            fit(X, y, sample_weight=weight)
    finally:
        estimator.set_params(**given)


def _with_twins(X: Any, y: Any, weight: Any) -> tuple[Any, Any, Any]:
    """Return X, y and weights in which the row of a class of its own is two of half its weight."""
    classes, counts = np.unique(y, return_counts=True)
    single = np.flatnonzero(np.isin(y, classes[counts == 1]))
    if not len(single):
        return X, y, weight
    weight = np.ones(len(y)) if weight is None else np.array(weight, dtype=np.float64)
    weight[single] /= 2
    rows = np.concatenate([np.arange(len(y)), single])
    return _rows(X, rows), np.asarray(y)[rows], weight[rows]


def _rows(X: Any, positions: Positions) -> Any:
    return X.iloc[positions] if hasattr(X, "iloc") else np.asarray(X)[positions]
