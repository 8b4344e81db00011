"""What every deep model for tables is: checks of tables, and their encoding.

A model gives its parameters and its network; all else is here and in `bench_jax.estimators`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import (
    check_array,
    check_consistent_length,
    check_is_fitted,
    validate_data,
)

import bench
from bench_jax import engine, estimators, fitting, streaming
from bench_jax.network import Network
from bench_jax.preprocessing import Encoding, Inputs, Layout, TableEncoder, kinds_of
from bench_jax.step import Loss

MIN_LEVELS = 3


class DeepTable(estimators.Deep):
    """What classifiers and regressors share.

    Rows are an array (n, d) or a DataFrame, NaN and None being missing values; or a
    `bench.RowsView`, which is read in windows, once in each epoch.
    """

    columns: tuple[bench.Column, ...] | None
    has_missing: bool | None
    max_categories: int

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _encoding(self) -> Encoding:
        """Return what the network wants a table to become."""
        return Encoding()

    def _network(self, layout: Layout, n_outputs: int) -> Network:
        """Return the network for tables that are encoded in a given layout."""
        raise NotImplementedError

    def _checked(self, X: Any, y: Any) -> tuple[Any, Any]:
        """Check a table and its targets, and leave the names and number of its columns."""
        if isinstance(X, bench.RowsView):
            validate_data(self, X.take(np.arange(1)), skip_check_array=True)
            y = check_array(y, ensure_2d=False, dtype=None)
            check_consistent_length(X, y)
            return X, y
        if not hasattr(X, "iloc"):
            return validate_data(  # type: ignore[no-any-return]
                self, X, y, dtype="numeric", ensure_all_finite="allow-nan", multi_output=True
            )
        validate_data(self, X, y, skip_check_array=True)
        if 0 in X.shape:
            raise ValueError(
                f"Found array with {X.shape[0]} sample(s) and {X.shape[1]} feature(s) "
                f"(shape={X.shape}) while a minimum of 1 of each is required by "
                f"{type(self).__name__}."
            )
        y = check_array(y, ensure_2d=False, dtype=None)
        check_consistent_length(X, y)
        return X, y

    def _train(
        self,
        X: Any,
        y: NDArray[Any],
        loss: Loss,
        n_outputs: int,
        sample_weight: NDArray[np.float64] | None,
        groups: Any,
        time: Any,
        started_at: float,
    ) -> None:
        """Learn how to encode checked rows, train, and leave what came of it."""
        if self.max_categories < MIN_LEVELS:
            raise ValueError(
                f"{type(self).__name__}: max_categories is {self.max_categories!r}; allowed: "
                f"{MIN_LEVELS} or more (missing, other, and a level)."
            )
        is_streamed = isinstance(X, bench.RowsView)
        seen = streaming.look(X, np.random.default_rng(0)) if is_streamed else X
        encoder = TableEncoder.fit(
            seen,
            kinds_of(seen, self.columns),
            self._encoding(),
            max_levels=self.max_categories,
            has_missing=self.has_missing,
            is_fixed=self.n_rows_max is not None,
        )
        self.encoder_ = encoder

        def encode(rows: NDArray[np.intp]) -> Inputs:
            return encoder.transform(X.take(rows)) if is_streamed else encoder.transform(X, rows)

        fitting.fit(
            self,
            self._network(encoder.layout, n_outputs),
            loss,
            encode,
            y,
            started_at=started_at,
            sample_weight=sample_weight,
            groups=groups,
            time=time,
            design=self._design(),
            recipe=self._recipe(),
            stream=partial(streaming.Windows, X, encoder.transform) if is_streamed else None,
        )

    def _values(self, X: Any) -> NDArray[np.float64]:
        """Return the last layer's values, (n, n_members, n_outputs)."""
        check_is_fitted(self)
        if hasattr(X, "iloc"):
            validate_data(self, X, reset=False, skip_check_array=True)
        else:
            X = validate_data(self, X, reset=False, dtype="numeric", ensure_all_finite="allow-nan")
        values = engine.predict(self.design_, self.trained_, self.encoder_.transform(X))
        return values.reshape(len(values), -1, values.shape[-1]).astype(np.float64)


class DeepTableClassifier(estimators.DeepClassifier, DeepTable):
    """A deep model that tells classes apart, or says which labels each row has."""


class DeepTableRegressor(estimators.DeepRegressor, DeepTable):
    """A deep model that predicts numbers, one or several, standardised while it learns."""


def made(
    context: bench.ModelContext,
    classifier: type[DeepTableClassifier],
    regressor: type[DeepTableRegressor],
    params: Mapping[str, Any],
) -> Any:
    """Return the estimator of a model for a trial, on its device; see `bench_jax.estimators.made`.

    Parameters
    ----------
    context
        The trial.
    classifier, regressor
        What the model is for either task.
    params
        Their parameters, but for those that follow from the trial.

    Raises
    ------
    ParameterError
        Neither takes one of them.
    Skip
        The device is not there.
    """
    given = {"columns": context.columns or None, "has_missing": context.has_missing}
    return estimators.made(context, classifier, regressor, params, given)
