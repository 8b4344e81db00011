"""Linear models on data larger than memory: stochastic gradient descent, window after window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import column_or_1d

from bench import RowsView, Skip
from bench_sklearn.steps import Floats, SeveralClasses, TableEncoder, flatten

FIRST_LOOK_ROWS = 20_000
"""Rows at most that categories and medians are taken from, and as many that are held out."""

SLOWEST = 1e-6
"""Learning rate at which "adaptive" ends, and what it is divided by: scikit-learn's figures."""
SLOWER = 5

StopReason = Literal["early_stopping", "max_iter", "max_seconds"]


class OutOfCore(BaseEstimator):  # type: ignore[misc]
    """A learner with `partial_fit`, fitted on rows that are read from where they are.

    One pass finds means and deviations; then every epoch is a pass over the rows in windows, blocks
    of the source in random order and rows shuffled within a window (`bench.RowsView.windows`). As
    with scikit-learn's ``early_stopping``, rows are held out, and training ends when their score
    has not risen by ``tol`` for ``n_iter_no_change`` epochs; the ``validation_fraction`` held out
    is cut to 20,000 rows, which stay in memory. Categories, and the medians that missing numbers
    become, are those of 20,000 rows drawn at random.

    Parameters
    ----------
    learner
        `SGDClassifier` or `SGDRegressor` with its parameters, which mean what they mean there.
    kinds
        Kind of each column, as in `bench_sklearn.steps.TableEncoder`.
    fill
        Whether missing numbers become the median.
    scale
        Whether numbers, and the target of a regression, get mean 0 and variance 1.
    max_seconds
        Time after which `fit` stops by itself; None: no limit.

    Attributes
    ----------
    learner_
        The fitted learner.
    classes_
        Classes seen, of a classifier.
    validation_curve_
        Score on the rows held out (accuracy or R2) after each epoch.
    n_iter_
        Epochs, the last of which may not be whole.
    stop_reason_
        ``early_stopping``, ``max_iter`` or ``max_seconds``.
    """

    def __init__(
        self,
        learner: Any,
        *,
        kinds: Sequence[str] = (),
        fill: bool = True,
        scale: bool = True,
        max_seconds: float | None = None,
    ) -> None:
        self.learner = learner
        self.kinds = kinds
        self.fill = fill
        self.scale = scale
        self.max_seconds = max_seconds

    def fit(self, X: RowsView, y: Any, sample_weight: Any = None) -> Self:
        """Learn from rows (n, d), classes or numbers (n,), and weights (n,).

        Raises
        ------
        bench.Skip
            There is only one class, or there is more than one target.
        """
        deadline = perf_counter() + (float("inf") if self.max_seconds is None else self.max_seconds)
        y = np.asarray(y)
        if y.ndim > 1 and y.shape[1] > 1:
            raise Skip(f"sgd predicts one output, and the target has {y.shape[1]}")
        y = column_or_1d(y)
        if is_classifier(self.learner):
            SeveralClasses().fit(X, y)
        rng = np.random.default_rng(self.learner.random_state)
        held, training = _divided(y, self.learner.validation_fraction, X, rng)
        drawn = rng.choice(training, min(_n_looked_at(X), len(training)), replace=False)
        look = X.take(np.concatenate([drawn, held]))
        self.encoder_ = TableEncoder(self.kinds, fill=self.fill, scale=False)
        self.encoder_.fit(_rows(look, slice(len(drawn))))
        self._fit_scales(X.part(training), y[training], deadline)
        target = (y - self.center_) / self.spread_ if not is_classifier(self.learner) else y
        weight = None if sample_weight is None else np.asarray(sample_weight, np.float64)
        validation = None
        if len(held):
            validation = (
                self._encoded(_rows(look, slice(len(drawn), None))),
                target[held],
                None if weight is None else weight[held],
            )
        self._learn(_Passes(X, training, target, weight), validation, rng, deadline)
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """Return classes or numbers (n,) for a table in memory."""
        answer = self.learner_.predict(self._encoded(X))
        if is_classifier(self.learner):
            return np.asarray(answer)
        return np.asarray(answer * self.spread_ + self.center_)

    @available_if(lambda self: hasattr(self.learner, "predict_proba"))  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return probabilities (n, n_classes) for a table in memory."""
        return np.asarray(self.learner_.predict_proba(self._encoded(X)))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.estimator_type = "classifier" if is_classifier(self.learner) else "regressor"
        return tags

    def _fit_scales(self, X: RowsView, y: NDArray[Any], deadline: float) -> None:
        """Find means and deviations of numbers in one pass, and of the target."""
        self.scaler_, self.center_, self.spread_ = None, 0.0, 1.0
        if not self.scale:
            return
        if not is_classifier(self.learner):
            self.center_, self.spread_ = float(y.mean()), float(y.std()) or 1.0
        scaler = StandardScaler(copy=False)
        for _, table in X.windows():
            numbers = self._numbers(self.encoder_.transform(_flat(table)))
            if numbers.shape[1]:
                self.scaler_ = scaler.partial_fit(numbers)
            if perf_counter() > deadline:
                return

    def _numbers(self, encoded: Floats) -> Floats:
        """Return the columns that are numbers: the encoder puts them first."""
        n_others = sum(kind in ("category", "text") for kind in self.kinds)
        return encoded[:, : len(self.kinds) - n_others] if n_others else encoded

    def _encoded(self, table: Any) -> Floats:
        encoded = self.encoder_.transform(_flat(table))
        if self.scaler_ is None:
            return np.asarray(encoded)
        numbers = self._numbers(encoded)
        scaled = (numbers - self.scaler_.mean_) / self.scaler_.scale_
        return np.hstack([scaled, encoded[:, numbers.shape[1] :]])

    def _learn(
        self, passes: _Passes, validation: Any, rng: np.random.Generator, deadline: float
    ) -> None:
        """Go over the rows until the score on those held out rises no more."""
        learner = clone(self.learner).set_params(early_stopping=False, warm_start=False)
        known: dict[str, Any] = {}
        if is_classifier(learner):
            self.classes_ = np.unique(passes.y[passes.rows])
            known = {"classes": self.classes_}
            if learner.class_weight == "balanced":
                # Whole classes must be counted; `partial_fit` sees a window.
                weights = compute_class_weight(
                    "balanced", classes=self.classes_, y=passes.y[passes.rows]
                )
                learner.set_params(class_weight=dict(zip(self.classes_, weights, strict=True)))
        order = rng if learner.shuffle else None
        learner.set_params(shuffle=False)
        self.validation_curve_: list[float] = []
        best, n_unimproved = -np.inf, 0
        reason: StopReason = "max_iter"
        tolerance = -np.inf if learner.tol is None else learner.tol
        for epoch in range(1, learner.max_iter + 1):
            self.n_iter_ = epoch
            for table, y, weight in passes.one(order):
                learner.partial_fit(self._encoded(table), y, sample_weight=weight, **known)
                if perf_counter() > deadline:
                    reason = "max_seconds"
                    break
            if reason == "max_seconds":
                break
            if validation is None:
                continue
            score = learner.score(*validation)
            self.validation_curve_.append(float(score))
            n_unimproved = 0 if score > best + tolerance else n_unimproved + 1
            best = max(best, score)
            if n_unimproved < learner.n_iter_no_change:
                continue
            if learner.learning_rate != "adaptive" or learner.eta0 <= SLOWEST:
                reason = "early_stopping"
                break
            learner.eta0, n_unimproved = learner.eta0 / SLOWER, 0
        self.stop_reason_ = reason
        self.learner_ = learner


@dataclass(frozen=True)
class _Passes:
    """Rows to learn from, with their targets and weights, as often as they are asked for."""

    X: RowsView
    rows: NDArray[np.int64]
    y: NDArray[Any]
    weight: NDArray[np.float64] | None

    def one(self, rng: np.random.Generator | None) -> Iterator[tuple[Any, Any, Any]]:
        """Yield every row once: windows as tables, with their targets and weights."""
        for positions, table in self.X.part(self.rows).windows(rng=rng):
            places = self.rows[positions]
            yield table, self.y[places], None if self.weight is None else self.weight[places]


def _n_looked_at(X: RowsView) -> int:
    """Return how many rows may be held in memory at a time, besides windows."""
    return min(FIRST_LOOK_ROWS, max(1000, 8 * X.window_rows))


def _divided(
    y: NDArray[Any], share: float, X: RowsView, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows to stop by, drawn at random, and all others; none to stop by out of few."""
    order = rng.permutation(len(y))
    n_held = min(int(share * len(y)), _n_looked_at(X))
    return np.sort(order[:n_held]), np.sort(order[n_held:])


def _flat(table: Any) -> Any:
    return flatten(table) if getattr(table, "ndim", 2) > 2 else table


def _rows(table: Any, places: slice) -> Any:
    return table.iloc[places] if hasattr(table, "iloc") else table[places]
