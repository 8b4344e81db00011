"""Elo ratings: the Bradley-Terry model of who wins on a dataset, its datasets reweighted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.analysis.intervals import LEVEL, MIN_UNITS, Array, Interval, expanded_tail

SCALE = 400 / np.log(10)
"""Points per unit of log strength: 400 points are odds of 10 to 1."""
CENTRE = 1000.0
"""The mean rating of the contenders ranked."""
DRAWS = 1000

_FLOOR = 0.02  # ties of every pair that keep a draw finite, whatever its weights
_STEPS = 200
_LARGEST_STEP = 2.0
_CLOSE = 1e-10


@dataclass(frozen=True, kw_only=True)
class Rating:
    """A contender's Elo and its interval at the level `bench.analysis.intervals.LEVEL`.

    The interval is None for fewer than `bench.analysis.intervals.MIN_UNITS` datasets.
    """

    elo: float
    interval: Interval | None = None


def ratings(figures: Array, *, draws: int = DRAWS, level: float = LEVEL) -> list[Rating]:
    """Rate contenders by who beats whom on how many datasets.

    Each dataset is one game of every pair, a tie half a win for both. The Bradley-Terry model's
    maximum of likelihood (Bradley & Terry 1952, Biometrika 39:324-345) is put on Elo's scale, 400
    points for odds of 10 to 1, with mean 1000. So that one who never loses has a finite rating,
    every pair of k contenders has played 2/k of a tie more: as much in all as one game for each
    contender but one, which is about what Firth's penalty adds (Firth 1993, Biometrika 80:27-38),
    and with many datasets next to nothing.

    The intervals speak of other datasets of the same kind. In each draw the datasets have random
    weights (the Bayesian bootstrap; Rubin 1981, Annals of Statistics 9:130-134), and so, in place
    of the ties, have a random order of the contenders and its reverse, 1/k of a dataset each. For
    two contenders that is Jeffreys' interval for a share. Datasets drawn with replacement alone
    never doubt an undefeated contender: in 300 simulated worlds of eight datasets their intervals
    never held the true rating of one who wins 95 % of all, these in 93 % of the worlds. The ends
    are the expanded percentiles of `bench.analysis.intervals`.

    Parameters
    ----------
    figures
        (n_contenders, n_datasets): higher is better, one figure per dataset.
    draws, level
        Number of resamples, and the share of them that an interval aims to hold.
    """
    k, n = figures.shape
    if not k or not n:
        return [Rating(elo=CENTRE)] * k
    results = outcomes(figures)
    prior = 2 / k
    elo = CENTRE + SCALE * strengths(results.sum(axis=0), prior=prior)
    if n < MIN_UNITS:
        return [Rating(elo=float(one)) for one in elo]
    resampled = CENTRE + SCALE * strengths(_resampled(results, draws), prior=_FLOOR)
    tail = expanded_tail(n, n - 1, level)
    low, high = np.quantile(resampled, [tail, 1 - tail], axis=0)
    return [
        Rating(elo=float(one), interval=Interval(float(a), float(b)))
        for one, a, b in zip(elo, low, high, strict=True)
    ]


def _resampled(results: Array, draws: int) -> Array:
    """Return wins (draws, k, k) under random weights of the datasets and of two orders besides."""
    n, k, _ = results.shape
    rng = np.random.default_rng(0)
    shape = np.append(np.ones(n), [1 / k, 1 / k])
    weights = rng.standard_gamma(shape, size=(draws, n + 2))
    weights *= shape.sum() / weights.sum(axis=1, keepdims=True)
    order = rng.permuted(np.tile(np.arange(k), (draws, 1)), axis=1)
    above = order[:, :, None] < order[:, None, :]
    below = order[:, :, None] > order[:, None, :]
    wins = (weights[:, :n] @ results.reshape(n, k * k)).reshape(draws, k, k)
    found: Array = wins + weights[:, n, None, None] * above + weights[:, n + 1, None, None] * below
    return found


def outcomes(figures: Array) -> Array:
    """Return (n_datasets, k, k): 1 where the row's contender beats the column's, 0.5 for a tie."""
    shown = np.round(figures.T, 12)
    above = shown[:, :, None] > shown[:, None, :]
    equal = shown[:, :, None] == shown[:, None, :]
    found: Array = above + 0.5 * equal
    found[:, np.arange(len(figures)), np.arange(len(figures))] = 0.0
    return found


def strengths(wins: Array, *, prior: float = 0.0) -> Array:
    """Return the log strengths of the Bradley-Terry model, with mean 0, by Newton's method.

    Parameters
    ----------
    wins
        (..., k, k): how often the row's contender beat the column's, ties as half.
    prior
        Ties that every pair is taken to have played besides. Without any the maximum is finite only
        where no group of contenders is undefeated by the others.

    Returns
    -------
    Array
        (..., k).
    """
    k = wins.shape[-1]
    wins = wins + prior / 2 * (1 - np.eye(k))
    games = wins + np.swapaxes(wins, -1, -2)
    found = np.zeros(wins.shape[:-1])
    diagonal = np.arange(k)
    for _ in range(_STEPS):
        share = 0.5 + 0.5 * np.tanh((found[..., :, None] - found[..., None, :]) / 2)
        gradient = (wins - games * share).sum(axis=-1)
        curvature = -games * share * (1 - share)
        curvature[..., diagonal, diagonal] -= curvature.sum(axis=-1)
        # The likelihood does not know the mean; this keeps it where it is.
        step = np.linalg.solve(curvature + 1 / k, gradient[..., None])[..., 0]
        largest = np.abs(step).max(axis=-1, keepdims=True)
        found = found + step * np.minimum(1.0, _LARGEST_STEP / np.maximum(largest, _CLOSE))
        if largest.max() < _CLOSE:
            break
    return found
