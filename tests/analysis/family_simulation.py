"""Contests of two families whose truth is known, as realistic and as unkind as real ones are.

Candidates differ in true skill; a split is easy or hard for all learners, for a family, and for
each of them; validation scores share half of a test score's luck; and the rows that all splits of a
dataset share shift every score of it (a tenth of the variance, as the overlap of a tenth of test
rows makes it: Nadeau & Bengio 2003).
"""

from dataclasses import dataclass

import numpy as np

SHARE = 0.1
KINDS = (
    "normal",
    "heavy tails",
    "skewed",
    "heteroscedastic",
    "correlated",
    "unequal candidates",
    "dips",
    "large gaps",
    "few test rows",
)


@dataclass
class Contest:
    """Scores (n_candidates, n_units), the family of each candidate (1: deep), and the true gain."""

    kind: str
    truth: float
    test: np.ndarray
    validation: np.ndarray
    is_deep: np.ndarray


def simulate(rng, kind, n_units, n_truth=1500):
    """Draw a dataset with its candidates; the truth is the mean over many more splits of it."""
    n_classical, n_deep = int(rng.integers(1, 7)), int(rng.integers(1, 5))
    if kind == "unequal candidates":
        n_classical, n_deep = 12, 1
    n = n_classical + n_deep
    is_deep = np.arange(n) >= n_classical
    gap = rng.standard_t(2) * 0.02 if kind == "large gaps" else rng.normal() * rng.choice(GAPS)
    skill = rng.normal(size=n) * 0.03
    skill[~is_deep] -= skill[~is_deep].max()
    skill[is_deep] += gap - skill[is_deep].max()
    noise = 0.02 * np.exp(rng.normal() * 0.7)
    if kind == "heteroscedastic":
        noise = noise * np.exp(rng.normal(size=(n, 1)) * 0.5)
    of_all, of_family = (0.2, 0.6) if kind == "correlated" else (0.5, 0.2)
    weights = np.sqrt([of_all, of_family, 1 - of_all - of_family])
    n_rows = int(rng.choice([14, 50, 200]))
    lasting = rng.normal(size=2)[is_deep.astype(int), None] * weights[1]
    lasting = (lasting + rng.normal(size=(n, 1)) * weights[2]) * np.sqrt(SHARE / (1 - SHARE))

    def draw(n_splits, luck):
        shocks = [_shock(rng, kind, (m, n_splits)) for m in (1, 2, n)]
        luck = luck + weights[0] * shocks[0] + weights[1] * shocks[1][is_deep.astype(int)]
        luck = luck + weights[2] * shocks[2]
        if kind == "heteroscedastic":
            luck = luck * np.exp(rng.normal(size=(1, n_splits)) * 0.5 - 0.125)
        if kind == "dips":
            luck = luck - 4.0 * (rng.random((n, n_splits)) < 0.08) * is_deep[:, None]
        test = skill[:, None] + noise * luck
        validation = skill[:, None] + noise * (0.5 * luck + 0.9 * rng.normal(size=luck.shape))
        if kind == "few test rows":
            test = _on_rows(rng, test, n_rows)
        return test, validation

    truth = _gain(*draw(n_truth if kind != "few test rows" else n_truth // 4, 0.0), is_deep)
    return Contest(kind, float(truth.mean()), *draw(n_units, lasting), is_deep)


GAPS = (0.01, 0.03, 0.1)


def _shock(rng, kind, shape):
    if kind == "heavy tails":
        return rng.standard_t(3, size=shape) / np.sqrt(3)
    if kind == "skewed":
        return 1 - rng.exponential(size=shape)
    return rng.normal(size=shape)


def _on_rows(rng, skill, n_rows):
    """Return accuracies on few rows, above a baseline of one half; hard rows are hard for all."""
    accuracy = np.clip(0.9 + skill / 2, 0, 1)
    shape = (n_rows, *skill.shape)
    hard = np.broadcast_to(rng.random((n_rows, 1, skill.shape[1])), shape)
    threshold = np.where(rng.random(shape) < 0.6, hard, rng.random(shape))
    return 2 * ((threshold < accuracy).mean(axis=0) - 0.9)


def _gain(test, validation, is_deep):
    def chosen(mask):
        return test[mask][validation[mask].argmax(axis=0), np.arange(test.shape[1])]

    return chosen(is_deep) - chosen(~is_deep)


def calibration_error(chances, came_true, n_bins=10):
    """Return the mean distance of a probability from how often it came true, over ten bins."""
    chances, came_true = np.ravel(chances), np.ravel(came_true).astype(float)
    bins = np.minimum((chances * n_bins).astype(int), n_bins - 1)
    apart = [
        abs(chances[bins == at].mean() - came_true[bins == at].mean()) * (bins == at).sum()
        for at in np.unique(bins)
    ]
    return sum(apart) / len(chances)
