"""The support vector machine on log-count ratios.

Wang & Manning (2012), Baselines and bigrams: simple, good sentiment and topic classification, ACL,
https://aclanthology.org/P12-2018.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.svm import LinearSVC

Floats = NDArray[np.float64]


class NbSvm(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A linear support vector machine whose features are weighted by naive Bayes.

    Each feature is multiplied by the logarithm of how much more of it is in the class than in the
    others, and weights are drawn towards their mean size, as the intercept is towards that of naive
    Bayes. Of three or more classes, each is told from all others.

    Parameters
    ----------
    alpha
        Added to every count.
    beta
        Share of the machine's own weights; the rest is their mean size: 1 is the machine, and 0
        naive Bayes up to a factor.
    C
        As in scikit-learn's `LinearSVC`.
    max_iter
        As in scikit-learn's `LinearSVC`.
    random_state
        Seed.
    """

    def __init__(
        self,
        alpha: float = 1.0,
        beta: float = 0.25,
        C: float = 1.0,
        *,
        max_iter: int = 10_000,
        random_state: int = 0,
    ) -> None:
        self.alpha = alpha
        self.beta = beta
        self.C = C
        self.max_iter = max_iter
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit sparse (n_rows, n_features) X, not negative, to (n_rows,) classes `y`.

        `sample_weight`, (n_rows,) or None, holds for counts and for the machine.
        """
        self.classes_ = np.unique(np.asarray(y))
        # Of two classes, one machine that tells the second from the first says all.
        asked = self.classes_[1:] if len(self.classes_) == 2 else self.classes_
        fitted = [self._fitted(X, np.asarray(y) == one, sample_weight) for one in asked]
        self.coef_ = np.array([weights for weights, _ in fitted])
        self.intercept_ = np.array([intercept for _, intercept in fitted])
        return self

    def decision_function(self, X: Any) -> Floats:
        """Return (n_rows,) for two classes, positive for the second, else (n_rows, n_classes)."""
        scores = np.asarray(X @ self.coef_.T) + self.intercept_
        return np.asarray(scores[:, 0] if len(self.classes_) == 2 else scores)

    def predict(self, X: Any) -> Any:
        """Return (n_rows,) classes."""
        scores = self.decision_function(X)
        codes = (scores > 0).astype(np.intp) if scores.ndim == 1 else scores.argmax(axis=1)
        return self.classes_[codes]

    def _fitted(
        self, X: Any, is_class: NDArray[np.bool_], sample_weight: Any
    ) -> tuple[Floats, float]:
        """Return weights (n_features,) and the intercept that tell a class from all others."""
        shares = np.ones(len(is_class)) if sample_weight is None else np.asarray(sample_weight)
        inside = self.alpha + X.T @ (shares * is_class)
        outside = self.alpha + X.T @ (shares * ~is_class)
        ratios = np.log(inside / inside.sum()) - np.log(outside / outside.sum())
        machine = LinearSVC(C=self.C, max_iter=self.max_iter, random_state=self.random_state)
        machine.fit(X.multiply(ratios).tocsr(), is_class, sample_weight=sample_weight)
        own, size = machine.coef_[0], np.abs(machine.coef_).mean()
        weights = (1 - self.beta) * size + self.beta * own
        # The paper's classes are as large as each other. Elsewhere the machine's intercept beside
        # weights a quarter as large would decide alone: both are drawn by the same share.
        odds = np.log(shares[is_class].sum() / shares[~is_class].sum())
        intercept = (1 - self.beta) * size * odds + self.beta * machine.intercept_[0]
        return weights * ratios, float(intercept)
