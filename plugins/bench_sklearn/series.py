"""Factories of the models of series; what every factory takes is said in `models`.

Series are (length, channels) each. Where lengths differ, a model either stretches all to the
longest in training or counts what each has, and says which.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from bench import ModelContext
from bench_sklearn.assembly import (
    assemble,
    check_enough,
    check_number,
    check_scale,
    choose,
    make,
)


def nn_euclidean(context: ModelContext, *, scale: bool = False, **params: Any) -> Any:
    """Return the vote, or mean, of the nearest training series: one unless `n_neighbors` says more.

    Distances are Euclidean, over all steps and channels. Where lengths differ, series are stretched
    to the longest in training. `scale` brings each channel to mean 0 and variance 1.

    Raises
    ------
    bench.Skip
        There are fewer training rows than neighbours.
    """
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    from bench_sklearn.neighbors import OneLength
    from bench_sklearn.steps import flatten

    name = "nn-euclidean"
    learner = choose(
        name, context, classification=KNeighborsClassifier, regression=KNeighborsRegressor
    )
    params = {"n_neighbors": 1, **params}
    check_scale(name, scale)
    features = make_pipeline(OneLength(scale=scale), FunctionTransformer(flatten))
    estimator = make(name, context, learner, params)
    check_enough(context, "n_neighbors", params["n_neighbors"])
    return assemble(name, context, estimator, scale=False, features=features)


def nn_dtw(context: ModelContext, *, scale: bool = False, **params: Any) -> Any:
    """Return the vote of the training series that are nearest by dynamic time warping.

    Where lengths differ, series are stretched to the longest in training; `scale` is as in
    `nn_euclidean`. ``window`` is the share of the length by which matched steps may differ, from 0
    (Euclidean) to 1 (any); ``n_neighbors`` is how many vote.

    Raises
    ------
    bench.Skip
        There are fewer training rows than neighbours.
    """
    from bench_sklearn.neighbors import DtwClassifier, OneLength

    name = "nn-dtw"
    learner = choose(name, context, classification=DtwClassifier)
    check_scale(name, scale)
    estimator = make(name, context, learner, params)
    check_number(name, "window", estimator.window, 0, 1)
    check_number(name, "n_neighbors", estimator.n_neighbors, 1, math.inf, whole=True)
    check_enough(context, "n_neighbors", estimator.n_neighbors)
    return assemble(name, context, estimator, scale=False, features=OneLength(scale=scale))


def random_kernels(
    context: ModelContext, *, scale: bool = True, n_features: int = 10_000, **params: Any
) -> Any:
    """Return a ridge regression on shares of positions where convolutions exceed biases.

    MiniRocket's transform, here written with NumPy, and the ridge its paper takes: its penalty is
    chosen by leave-one-out errors. Series of unequal length count the positions that they have.

    Parameters
    ----------
    context
        The trial's.
    scale
        Whether features get mean 0 and variance 1.
    n_features
        About how many, from 84, one for each kernel.
    **params
        Of scikit-learn's `RidgeClassifierCV` or `RidgeCV`.
    """
    from sklearn.linear_model import RidgeClassifierCV, RidgeCV

    from bench_sklearn.random_kernels import KERNELS, RandomKernels

    name = "random-kernels"
    learner = choose(name, context, classification=RidgeClassifierCV, regression=RidgeCV)
    check_number(name, "n_features", n_features, len(KERNELS), math.inf, whole=True)
    params = {"alphas": np.logspace(-3, 3, 10), **params}
    return assemble(
        name,
        context,
        make(name, context, learner, params, other=("scale", "n_features")),
        scale,
        one_class=False,
        features=RandomKernels(n_features, random_state=context.seed % 2**32),
    )


def summary_forest(
    context: ModelContext, *, scale: bool = False, depth: int = 4, **params: Any
) -> Any:
    """Return a forest on statistics of the series, its halves, their halves, and so on.

    Where lengths differ, series are stretched to the longest in training, and the length that they
    had is a feature.

    Parameters
    ----------
    context
        The trial's.
    scale
        Whether features get mean 0 and variance 1, which changes no split of a tree.
    depth
        How often parts are halved, as long as they have three steps.
    **params
        Of scikit-learn's `ExtraTreesClassifier` or `ExtraTreesRegressor`.
    """
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

    from bench_sklearn.summaries import SeriesSummary

    name = "summary-forest"
    learner = choose(
        name, context, classification=ExtraTreesClassifier, regression=ExtraTreesRegressor
    )
    check_number(name, "depth", depth, 0, 12, whole=True)
    estimator = make(name, context, learner, params, other=("scale", "depth"))
    return assemble(name, context, estimator, scale, features=SeriesSummary(depth))
