"""Parametric families of learning curves, and what they say together of larger sizes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.analysis.intervals import LEVEL

Array = NDArray[np.float64]
_Shape = Callable[[Array, Array, Array], Array]
"""``g(n; c, d)`` of ``a + b g(n; c, d)``: c and d (n_shapes, 1), result (n_shapes, n_sizes)."""

MIN_CUT = 3
"""Sizes that an earlier cut of a curve keeps at least."""
BACK_TEST_OCTAVES = 2.0
"""Earlier cuts are at most as far back, and asked for sizes at most as far ahead."""
_TINY = 1e-12


def _pow4(n: Array, c: Array, d: Array) -> Array:
    found: Array = (n + c) ** -d
    return found


def _mmf4(n: Array, c: Array, d: Array) -> Array:
    found: Array = 1 / (1 + (n / c) ** d)
    return found


def _wbl4(n: Array, c: Array, d: Array) -> Array:
    found: Array = np.exp(-((n / c) ** d))
    return found


@dataclass(frozen=True)
class _Family:
    shape: _Shape
    exponents: Array

    def grid(self, reach: float) -> tuple[Array, Array]:
        """Return c and d, each (n_shapes, 1), for sizes from 1 to `reach`."""
        if self.shape is _pow4:
            c = np.array([0.0, 0.25, 1.0, 4.0, 16.0])
        else:
            c = np.geomspace(0.25, 4 * reach, 11)
        first, second = np.meshgrid(c, self.exponents)
        return first.reshape(-1, 1), second.reshape(-1, 1)


_FAMILIES = {
    "pow4": _Family(_pow4, np.geomspace(0.08, 2.5, 14)),
    "mmf4": _Family(_mmf4, np.geomspace(0.3, 3, 9)),
    "wbl4": _Family(_wbl4, np.geomspace(0.3, 3, 9)),
}


@dataclass(frozen=True)
class Extrapolation:
    """Values at the sizes asked for, half widths of their 90 % intervals, weights of families."""

    values: Array
    spreads: Array
    weights: dict[str, float]


def extrapolate(
    n: Array,
    means: Array,
    errors: Array,
    ahead: Array,
    limits: tuple[float, float],
    *,
    errors_known: bool,
) -> Extrapolation:
    """Extrapolate a curve; the recipe is told in `bench.analysis.curves.fit`.

    Parameters
    ----------
    n, means, errors
        Sizes, means and their standard errors, (n_sizes,); where not `errors_known`, only the
        ratios of the errors are used, and their scale is what the best family leaves unexplained.
    ahead
        Sizes asked for, at least the largest of `n`.
    limits
        Least and greatest figure that there can be.
    """
    from scipy import special

    octaves = np.log2(n)
    misses, distances = [], []
    first = int(np.searchsorted(octaves, octaves[-1] - BACK_TEST_OCTAVES - 1e-9)) + 1
    for cut in range(min(max(MIN_CUT, first), len(n) - 1), len(n)):
        distance = octaves[cut:] - octaves[cut - 1]
        near = distance <= BACK_TEST_OCTAVES + 1e-9
        asked = n[cut:][near]
        fits = [
            _fitted(family, n[:cut], means[:cut], errors[:cut], limits)(asked)
            for family in _FAMILIES.values()
        ]
        stays = np.full(len(asked), means[cut - 1])
        misses.append(np.array([*fits, stays]) - means[cut:][near])
        distances.append(distance[near])
    missed, distance = np.concatenate(misses, axis=1), np.concatenate(distances)
    curves = [_fitted(family, n, means, errors, limits) for family in _FAMILIES.values()]
    recent = octaves >= octaves[-1] - BACK_TEST_OCTAVES
    noise = float(errors[recent].mean())
    if not errors_known:
        left = min(float((((curve(n) - means) / errors) ** 2).sum()) for curve in curves)
        noise *= float(np.sqrt(left / max(len(n) - MIN_CUT, 1)))
    weights = 1 / ((missed**2).mean(axis=1) + noise**2 + _TINY)
    weights /= weights.sum()
    found = np.array([*(curve(ahead) for curve in curves), np.full(len(ahead), means[-1])])
    values = np.clip(weights @ found, *limits)
    disagreement = weights @ (found - values) ** 2
    # By distance, as the errors of near sizes are noise.
    per_octave = float(((weights @ missed) ** 2 / distance).sum() / distance.sum())
    drift = per_octave * (np.log2(ahead) - octaves[-1]) ** 2
    at = (1 + LEVEL) / 2
    wide = special.stdtrit(missed.shape[1], at)
    names = [*_FAMILIES, "last"]
    return Extrapolation(
        values=values,
        spreads=np.sqrt(special.ndtri(at) ** 2 * (noise**2 + disagreement) + wide**2 * drift),
        weights={name: float(weight) for name, weight in zip(names, weights, strict=True)},
    )


def _fitted(
    family: _Family, n: Array, means: Array, errors: Array, limits: tuple[float, float]
) -> Callable[[Array], Array]:
    """Return the least-squares curve of a family, over its grid of shapes."""
    c, d = family.grid(n[-1] / n[0])
    a, b, cost = _profiled(family.shape(n / n[0], c, d), means, errors, limits)
    best = int(np.argmin(cost))

    def curve(at: Array) -> Array:
        shape = family.shape(at / n[0], c[best : best + 1], d[best : best + 1])
        found: Array = a[best] + b[best] * shape[0]
        return found

    return curve


def _profiled(
    shapes: Array, means: Array, errors: Array, limits: tuple[float, float]
) -> tuple[Array, Array, Array]:
    """Return a, b and the weighted mean square left, each (n_shapes,): a line per shape.

    All of these shapes fall to 0, so that a is the asymptote, and is kept within the limits.
    """
    weights = errors**-2.0
    weights = weights / weights.sum()
    level, mean = shapes @ weights, means @ weights
    centred = shapes - level[:, None]
    spread = centred**2 @ weights
    b = (centred * (means - mean)) @ weights / np.maximum(spread, _TINY)
    a = mean - b * level
    kept = np.clip(a, *limits)
    through = (shapes * (means - kept[:, None])) @ weights
    bound = through / np.maximum(shapes**2 @ weights, _TINY)
    b = np.where(kept == a, b, bound)
    cost = (kept[:, None] + b[:, None] * shapes - means) ** 2 @ weights
    return kept, b, np.where(spread > _TINY, cost, np.inf)
