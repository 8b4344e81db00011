"""Data made from parameters and a seed: by scikit-learn's generators, and tables like real ones."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from bench import Dataset, DatasetError, ParameterError, Target, nearest

FIXED = ("random_state", "return_X_y", "return_centers", "return_distributions", "coef")
"""Parameters of the generators that are not the user's: the seed is `seed`."""


def make_classification(*, n_samples: int = 1000, seed: int = 0, **params: Any) -> Dataset:
    """Return normal clusters at the corners of a hypercube (Guyon, 2003, the NIPS challenge)."""
    from sklearn.datasets import make_classification as make

    return _classes("make-classification", make, n_samples, seed, params)


def make_regression(*, n_samples: int = 1000, seed: int = 0, **params: Any) -> Dataset:
    """Return a random linear model, of `n_informative` of its `n_features` columns."""
    from sklearn.datasets import make_regression as make

    return _numbers("make-regression", make, n_samples, seed, params)


def make_blobs(*, n_samples: int | list[int] = 1000, seed: int = 0, **params: Any) -> Dataset:
    """Return round normal clusters."""
    from sklearn.datasets import make_blobs as make

    return _classes("make-blobs", make, n_samples, seed, params)


def make_moons(*, n_samples: int = 1000, seed: int = 0, **params: Any) -> Dataset:
    """Return two interleaving half circles; `noise` blurs them."""
    from sklearn.datasets import make_moons as make

    return _classes("make-moons", make, n_samples, seed, params)


def make_circles(*, n_samples: int = 1000, seed: int = 0, **params: Any) -> Dataset:
    """Return a circle inside a circle; `noise` blurs them."""
    from sklearn.datasets import make_circles as make

    return _classes("make-circles", make, n_samples, seed, params)


def make_friedman1(*, n_samples: int = 1000, seed: int = 0, **params: Any) -> Dataset:
    """Return Friedman's first problem (1991, doi:10.1214/aos/1176347963)."""
    from sklearn.datasets import make_friedman1 as make

    return _numbers("make-friedman1", make, n_samples, seed, params)


def make_friedman2(*, n_samples: int = 1000, seed: int = 0, **params: Any) -> Dataset:
    """Return Friedman's second problem (1991, doi:10.1214/aos/1176347963)."""
    from sklearn.datasets import make_friedman2 as make

    return _numbers("make-friedman2", make, n_samples, seed, params)


def make_friedman3(*, n_samples: int = 1000, seed: int = 0, **params: Any) -> Dataset:
    """Return Friedman's third problem (1991, doi:10.1214/aos/1176347963)."""
    from sklearn.datasets import make_friedman3 as make

    return _numbers("make-friedman3", make, n_samples, seed, params)


def make_parity(*, n_samples: int = 1000, seed: int = 0, **params: Any) -> Dataset:
    """Return parity, where no column says anything alone (Minsky and Papert, 1969, Perceptrons).

    The class of a row is whether an odd number of its first `n_relevant` columns (2) is negative;
    `n_features` (10) are uniform on [-1, 1]. A share `flip_y` (0.05) of the rows has the other
    class, so that the best possible accuracy is ``1 - flip_y``.
    """
    return _classes("make-parity", _parity, n_samples, seed, params)


def make_mixed(*, n_samples: int = 1000, seed: int = 0, **params: Any) -> Dataset:
    """Return two classes by numbers and categories, some of them missing, as in real tables.

    The log odds are ``(sin(pi x0) + 3 x1**2 - 1 + s[c0] x2 + sum(e[c])) / noise``: a wave, a bowl,
    a slope of either sign by the first category, and an effect of each category; the truth that is
    to be found. Further numbers mean nothing.

    Parameters
    ----------
    n_samples, seed
        Rows; the seed makes the effects and the rows.
    **params
        ``n_numbers`` (6, at least 3, uniform on [-1, 1]), ``n_categories`` (4, at least 1) of
        ``n_levels`` (8) each, ``missing`` (0.05, the share of cells taken away at random) and
        ``noise`` (0.25).
    """
    return _classes("make-mixed", _mixed, n_samples, seed, params)


def _parity(
    n_samples: int,
    *,
    n_features: int = 10,
    n_relevant: int = 2,
    flip_y: float = 0.05,
    random_state: int = 0,
) -> tuple[Any, Any]:
    if not 1 <= n_relevant <= n_features:
        raise ValueError(f"n_relevant must be from 1 to n_features, {n_features}")
    if not 0 <= flip_y <= 1:
        raise ValueError("flip_y must be from 0 to 1")
    rows, turned = np.random.default_rng(random_state).spawn(2)
    X = rows.uniform(-1.0, 1.0, (n_samples, n_features))
    is_odd = (X[:, :n_relevant] < 0).sum(axis=1) % 2 == 1
    return X, (is_odd ^ (turned.random(n_samples) < flip_y)).astype(np.int64)


def _mixed(
    n_samples: int,
    *,
    n_numbers: int = 6,
    n_categories: int = 4,
    n_levels: int = 8,
    missing: float = 0.05,
    noise: float = 0.25,
    random_state: int = 0,
) -> tuple[Any, Any]:
    import pandas as pd

    if n_numbers < 3 or n_categories < 1 or n_levels < 2:
        raise ValueError("at least 3 numbers and 1 category of 2 levels are needed")
    if not 0 <= missing < 1 or noise <= 0:
        raise ValueError("missing must be from 0 to below 1, and noise above 0")
    truth, numbers, levels, luck, gaps = np.random.default_rng(random_state).spawn(5)
    effects = truth.normal(size=(n_categories, n_levels))
    effects -= effects.mean(axis=1, keepdims=True)
    slopes = truth.permutation(np.where(np.arange(n_levels) % 2, -2.0, 2.0))
    x = numbers.uniform(-1.0, 1.0, (n_samples, n_numbers))
    c = levels.integers(n_levels, size=(n_samples, n_categories))
    score = np.sin(np.pi * x[:, 0]) + 3 * x[:, 1] ** 2 - 1 + slopes[c[:, 0]] * x[:, 2]
    score += effects[np.arange(n_categories), c].sum(axis=1)
    y = (score + noise * luck.logistic(size=n_samples) > 0).astype(np.int64)
    gone = gaps.random((n_samples, n_numbers + n_categories)) < missing
    x[gone[:, :n_numbers]] = np.nan
    c[gone[:, n_numbers:]] = -1
    names = pd.Index([f"level{k}" for k in range(n_levels)], dtype=object)
    columns: dict[str, Any] = {f"x{j}": x[:, j] for j in range(n_numbers)}
    for j in range(n_categories):
        columns[f"c{j}"] = pd.Categorical.from_codes(c[:, j], names)
    return pd.DataFrame(columns), y


def _classes(
    name: str, make: Callable[..., Any], n_samples: Any, seed: int, params: Mapping[str, Any]
) -> Dataset:
    X, y = _make(name, make, n_samples, seed, params)
    classes = tuple(np.unique(y).tolist())
    return Dataset(X, y, target=Target.of_classes(classes))


def _numbers(
    name: str, make: Callable[..., Any], n_samples: Any, seed: int, params: Mapping[str, Any]
) -> Dataset:
    X, y = _make(name, make, n_samples, seed, params)
    if y.ndim == 1:
        return Dataset(X, y, target=Target("continuous"))
    return Dataset(X, y, target=Target("multioutput", n_outputs=y.shape[1]))


def _make(
    name: str, make: Callable[..., Any], n_samples: Any, seed: int, params: Mapping[str, Any]
) -> tuple[Any, Any]:
    allowed = ["seed", *(key for key in inspect.signature(make).parameters if key not in FIXED)]
    for parameter in params:
        if parameter not in allowed:
            raise ParameterError(
                f"dataset {name!r} takes no parameter {parameter!r}; allowed: "
                f"{', '.join(sorted(allowed))}.{nearest(parameter, allowed)}"
            )
    given = {"n_samples": n_samples, "seed": seed, **params}
    try:
        X, y = make(n_samples=n_samples, random_state=seed, **params)
    except (ValueError, TypeError) as error:
        raise DatasetError(f"dataset {name!r} cannot be made from {given}: {error}") from error
    return X, y
