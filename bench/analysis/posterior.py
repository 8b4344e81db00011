"""How sure a difference is: probabilities that it is worth having, and its interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.analysis.intervals import LEVEL

Array = NDArray[np.float64]

TYPICAL_GAIN = 0.03
"""Scale of the Cauchy prior of a mean difference of skill, centred on none at all."""
TYPICAL_SPREAD = 0.02
"""Standard deviation of a difference over units that is expected before anything is measured..."""
SPREAD_WEIGHT = 1.0
"""...and the number of units that this expectation is worth."""

# Probabilities are told to about a thousandth.
_N_VALUES = 1000


@dataclass(frozen=True)
class Posterior:
    """What is known of mean differences after they were measured; arrays of one shape.

    Parameters
    ----------
    above, within, below
        Probability that the mean difference is greater than the region of practical equivalence,
        in it, or less.
    low, high
        The interval, at the level asked for.
    """

    above: Array
    within: Array
    below: Array
    low: Array
    high: Array


def posterior(
    mean: ArrayLike,
    spread: ArrayLike,
    n_units: ArrayLike,
    *,
    overlap: ArrayLike = 0.0,
    region: float = 0.01,
    level: float = LEVEL,
) -> Posterior:
    """Return what paired differences of skill say about the mean of such differences.

    The likelihood is that of the correlated t test (Corani & Benavoli 2015, "A Bayesian approach
    for comparing cross-validated algorithms on multiple data sets", Machine Learning 100:285-304):
    the variance of the mean is ``spread**2 * (1 / n_units + overlap)``, for units that share rows
    (Nadeau & Bengio 2003, "Inference for the generalization error", Machine Learning 52:239-281).
    With a flat prior its probabilities are too bold where units are few or noisy; here large
    differences are rare (Cauchy of scale `TYPICAL_GAIN`), and the spread is known a little before
    it is measured (`TYPICAL_SPREAD`, worth `SPREAD_WEIGHT` units), so that five equal differences
    are not taken for certainty. The slow tests simulate how well calibrated that is.

    Parameters
    ----------
    mean, spread, n_units
        Of the differences, one per unit: mean, standard deviation (ddof 1) and number of units, at
        least two each.
    overlap
        Test rows over training rows of the protocol; 0 for units that share no rows.
    region
        Half width of the region of practical equivalence.
    level
        Of the interval.
    """
    from scipy import special

    centre, s, n = (np.asarray(x, dtype=np.float64) for x in (mean, spread, n_units))
    degrees = n - 1 + SPREAD_WEIGHT
    variance = ((n - 1) * s**2 + SPREAD_WEIGHT * TYPICAL_SPREAD**2) / degrees
    error = np.sqrt(variance * (1 / n + np.asarray(overlap)))
    tail = (1 - level) / 2
    # Values that the likelihood holds equally likely, weighed by the prior: the posterior.
    chances = (np.arange(_N_VALUES) + 0.5) / _N_VALUES
    distinct, at = np.unique(degrees, return_inverse=True)
    quantiles = special.stdtrit(distinct[:, None], chances)[at.reshape(degrees.shape)]
    values = centre[..., None] + error[..., None] * quantiles
    weights = 1 / (1 + (values / TYPICAL_GAIN) ** 2)
    weights /= weights.sum(axis=-1, keepdims=True)
    reached = weights.cumsum(axis=-1) - weights / 2
    shape = centre.shape
    rows = [
        (*np.interp([-region, region], x, p), *np.interp([tail, 1 - tail], p, x))
        for x, p in zip(values.reshape(-1, _N_VALUES), reached.reshape(-1, _N_VALUES), strict=True)
    ]
    below, not_above, low, high = np.array(rows).reshape(-1, 4).T.reshape(4, *shape)
    return Posterior(above=1 - not_above, within=not_above - below, below=below, low=low, high=high)
