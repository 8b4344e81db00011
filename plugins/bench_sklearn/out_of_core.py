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

WINDOW_BYTES = 32 * 2**20
"""Of a window as the learner gets it: a category may be 64 numbers there, and a text 256."""

HELD_WINDOWS = 4
"""So many windows at most are held out: they stay in memory."""

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
    is cut to 20,000 rows and to what fits into four windows, because these rows stay in memory.
    Categories, and the medians that missing numbers become, are those of 20,000 rows drawn at
    random. A window is at most 32 MiB, of the rows as they are and as the numbers they become.

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
    n_train
        Training rows of the trial. Fewer, as in its warm-up, say nothing about its classes.

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
        n_train: int = 0,
    ) -> None:
        self.learner = learner
        self.kinds = kinds
        self.fill = fill
        self.scale = scale
        self.max_seconds = max_seconds
        self.n_train = n_train

    def fit(self, X: RowsView, y: Any, sample_weight: Any = None) -> Self:
        """Learn from rows (n, d), classes or numbers (n,), and weights (n,).

        Raises
        ------
        bench.Skip
            There is only one class, or there is more than one target.
        ValueError
            There is only one class among fewer than `n_train` rows.
        """
        deadline = perf_counter() + (float("inf") if self.max_seconds is None else self.max_seconds)
        y = np.asarray(y)
        if y.ndim > 1 and y.shape[1] > 1:
            raise Skip(f"sgd predicts one output, and the target has {y.shape[1]}")
        y = column_or_1d(y)
        if is_classifier(self.learner):
            SeveralClasses(self.n_train).fit(X, y)
        weight = None if sample_weight is None else np.asarray(sample_weight, np.float64)
        rng = np.random.default_rng(self.learner.random_state)
        passes, validation = self._prepared(X, y, weight, rng, deadline)
        self._learn(passes, validation, rng, deadline)
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

    def _prepared(
        self,
        X: RowsView,
        y: NDArray[Any],
        weight: NDArray[np.float64] | None,
        rng: np.random.Generator,
        deadline: float,
    ) -> tuple[_Passes, Any]:
        """Fit all but the learner; return the rows to learn from and, encoded, those to stop by."""
        order = rng.permutation(len(y))
        n_looked_at = min(FIRST_LOOK_ROWS, max(1000, 8 * X.window_rows))
        n_held = min(int(self.learner.validation_fraction * len(y)), n_looked_at)
        look = X.take(order[: n_held + n_looked_at])
        drawn = _flat(_rows(look, slice(n_held, None)))
        self.encoder_ = TableEncoder(self.kinds, fill=self.fill).fit(drawn)
        width = self.encoder_.transform(_rows(drawn, slice(1))).shape[1]
        n_window = max(1, min(X.window_rows, WINDOW_BYTES // (8 * width)))
        n_held = min(n_held, HELD_WINDOWS * n_window)
        held, training = order[:n_held], np.sort(order[n_held:])
        self._fit_target(y[training])
        passes = _Passes(
            X.part(training),
            self._scaled(y[training]),
            None if weight is None else weight[training],
            n_window,
        )
        self._fit_scales(passes, drawn, deadline)
        if not n_held:
            return passes, None
        table = self._encoded(_rows(look, slice(n_held)))
        return passes, (table, self._scaled(y[held]), None if weight is None else weight[held])

    def _fit_target(self, y: NDArray[Any]) -> None:
        self.center_, self.spread_ = 0.0, 1.0
        if self.scale and not is_classifier(self.learner):
            self.center_, self.spread_ = float(y.mean()), float(y.std()) or 1.0

    def _scaled(self, y: NDArray[Any]) -> NDArray[Any]:
        return y if is_classifier(self.learner) else (y - self.center_) / self.spread_

    def _fit_scales(self, passes: _Passes, drawn: Any, deadline: float) -> None:
        """Find means and deviations of numbers in one pass, in which nothing else is encoded."""
        self.scaler_ = None
        kinds = self.kinds or ("number",) * drawn.shape[1]
        places = [j for j, kind in enumerate(kinds) if kind not in ("category", "text")]
        if not self.scale or not places:
            return
        filled = TableEncoder(fill=self.fill).fit(_columns(drawn, places))
        self.scaler_ = StandardScaler(copy=False)
        for table, *_ in passes.one(None):
            self.scaler_.partial_fit(filled.transform(_columns(_flat(table), places)))
            if perf_counter() > deadline:
                return

    def _encoded(self, table: Any) -> Floats:
        encoded = np.asarray(self.encoder_.transform(_flat(table)))
        if self.scaler_ is None:
            return encoded
        n = self.scaler_.n_features_in_  # the encoder puts numbers first
        scaled = (encoded[:, :n] - self.scaler_.mean_) / self.scaler_.scale_
        return scaled if n == encoded.shape[1] else np.hstack([scaled, encoded[:, n:]])

    def _learn(
        self, passes: _Passes, validation: Any, rng: np.random.Generator, deadline: float
    ) -> None:
        """Go over the rows until the score on those held out rises no more."""
        learner = clone(self.learner).set_params(early_stopping=False, warm_start=False)
        known: dict[str, Any] = {}
        if is_classifier(learner):
            self.classes_ = np.unique(passes.y)
            known = {"classes": self.classes_}
            if learner.class_weight == "balanced":
                # Whole classes must be counted; `partial_fit` sees a window.
                weights = compute_class_weight("balanced", classes=self.classes_, y=passes.y)
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
    """Rows to learn from, with their targets and weights, as often as they are asked for.

    `X` is one view for all passes, because it remembers the order of its source.
    """

    X: RowsView
    y: NDArray[Any]
    weight: NDArray[np.float64] | None
    n_window: int

    def one(self, rng: np.random.Generator | None) -> Iterator[tuple[Any, Any, Any]]:
        """Yield every row once: windows as tables, with their targets and weights."""
        for rows, table in self.X.windows(self.n_window, rng):
            yield table, self.y[rows], None if self.weight is None else self.weight[rows]


def _flat(table: Any) -> Any:
    return flatten(table) if getattr(table, "ndim", 2) > 2 else table


def _rows(table: Any, places: slice) -> Any:
    return table.iloc[places] if hasattr(table, "iloc") else table[places]


def _columns(table: Any, places: list[int]) -> Any:
    if len(places) == table.shape[1]:
        return table
    return table.iloc[:, places] if hasattr(table, "iloc") else table[:, places]
