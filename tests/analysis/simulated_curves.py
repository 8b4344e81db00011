"""Pairs of learning curves whose crossing is known, with noise as outer seeds have it."""

from dataclasses import dataclass

import numpy as np

SIZES = tuple(32 * 2**k for k in range(8))


@dataclass(frozen=True)
class Pair:
    """`b` overtakes `a` at `n_cross` rows for good; figures are (n_units, n_sizes)."""

    n_cross: float
    a: np.ndarray
    b: np.ndarray


def simulated_pair(rng, n_units, *, overlap=1 / 9, noise=1.0):
    """Draw a pair whose crossing is anywhere from a quarter of the range to eight times it.

    `a` learns fast and `b` ends higher, both by power laws. A unit's figures share over sizes and
    learners what its test rows do (0.015), over sizes what they do to one learner (0.006); over
    sizes correlated, and over learners half shared, is what its nested training rows do (0.052 at
    32 rows, falling with the power 0.6); the rest (0.003) is of one fit. Differences then vary from
    unit to unit by 0.053, 0.025, 0.014, 0.010 at 32, 128, 512, 4096 rows; in the Learning Curve
    Database 1.1, data set 28, they do by 0.054, 0.024, 0.012, 0.010 of skill (median over pairs of
    learners; five standard errors, over the square root of two as half is shared). A part of it all
    is common to all units, as they share rows: the correlation that Nadeau and Bengio's `overlap`
    stands for.
    """
    n = np.array(SIZES, dtype=float)
    x = n / n[0]
    while True:
        n_cross = float(np.exp(rng.uniform(np.log(n[0] / 4), np.log(8 * n[-1]))))
        gap, top = rng.uniform(0.02, 0.12), rng.uniform(0.5, 0.85)
        fast, slow = rng.uniform(0.4, 1.0), rng.uniform(0.2, 0.6)
        fall = rng.uniform(0.1, 0.4)
        at = n_cross / n[0]
        rise = (gap + fall * at**-fast) * at**slow
        # For good: the difference grows there, and has no later zero.
        grows = rise * slow * at**-slow > fall * fast * at**-fast
        if grows and rise < 1.2:
            break
    truth = np.array([top - fall * x**-fast, top + gap - rise * x**-slow])
    # Of units (the last one is the part common to all), learners and sizes.
    shape = (n_units + 1, 2, len(n))
    off = 0.015 * rng.standard_normal((n_units + 1, 1, 1))
    off = off + 0.006 * rng.standard_normal((n_units + 1, 2, 1))
    rows = (rng.standard_normal((n_units + 1, 1, len(n))) + rng.standard_normal(shape)) / 2**0.5
    for i in range(1, len(n)):
        rows[..., i] = 0.6 * rows[..., i - 1] + 0.8 * rows[..., i]
    off = off + 0.052 * x**-0.6 * rows + 0.003 * rng.standard_normal(shape)
    shared = overlap / (1 + overlap)
    mixed = np.sqrt(1 - shared) * off[:-1] + np.sqrt(shared) * off[-1:]
    figures = truth + noise * mixed
    return Pair(n_cross, figures[:, 0], figures[:, 1])


def covers(found, n_cross):
    """Return whether a confidence set holds the true crossing."""
    if n_cross < found.smallest:
        return found.low is None and found.p_always > 0.05
    above = found.low is None or found.low <= n_cross
    below = found.high is None or n_cross <= found.high
    if found.low is None and found.high is None:
        above, below = found.p_always <= 0.95, found.p_never + found.p_unknown <= 0.95
        if n_cross > found.reach:
            return found.p_never + found.p_unknown > 0.05
    return above and below
