"""Data made by scikit-learn's generators, from their parameters and a seed."""

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


def _classes(
    name: str, make: Callable[..., Any], n_samples: Any, seed: int, params: Mapping[str, Any]
) -> Dataset:
    X, y = _make(name, make, n_samples, seed, params)
    classes = tuple(np.unique(y).tolist())
    return Dataset(
        X, y, target=Target("binary" if len(classes) == 2 else "multiclass", classes=classes)
    )


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
    try:
        X, y = make(n_samples=n_samples, random_state=seed, **params)
    except (ValueError, TypeError) as error:
        given = {"n_samples": n_samples, "seed": seed, **params}
        raise DatasetError(f"dataset {name!r} cannot be made from {given}: {error}") from error
    return X, y
