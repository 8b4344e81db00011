"""Factories of the models of images by their gradients; what every factory takes is in `models`.

Every learner of tables takes images too, as raw pixels. These here see histograms of oriented
gradients instead, and take besides `scale` and the learner's own: ``cell``, pixels along a side of
a cell ("none": a seventh of the image's shorter side), ``block``, cells along a side of the blocks
that are normalised, ``orientations``, the directions counted, and ``variance``, the share of the
variance of all histograms that principal components keep (1: histograms as they are).
"""

from __future__ import annotations

import math
from typing import Any

from bench import ModelContext, Skip
from bench_sklearn.assembly import assemble, check_enough, check_number, choose, make

_HISTOGRAMS = {"cell": None, "block": 3, "orientations": 9, "variance": 1}


def hog_svm(context: ModelContext, *, scale: bool = False, **params: Any) -> Any:
    """Return a support vector machine with a Gaussian kernel on histograms of gradients.

    Of these, the principal components that hold nine tenths of their variance, some 150 of 2,025
    numbers for MNIST: as accurate there, and several times as fast.
    """
    from sklearn.svm import SVC

    learner = choose("hog-svm", context, classification=SVC)
    return _assembled("hog-svm", context, learner, scale, params, one_class=False)


def hog_k_nn(context: ModelContext, *, scale: bool = False, **params: Any) -> Any:
    """Return the vote, or mean, of the training images whose histograms are nearest.

    Raises
    ------
    bench.Skip
        There are fewer training rows than neighbours.
    """
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

    name = "hog-k-nn"
    learner = choose(
        name, context, classification=KNeighborsClassifier, regression=KNeighborsRegressor
    )
    estimator = _assembled(name, context, learner, scale, params)
    check_enough(context, "n_neighbors", params.get("n_neighbors", 5))
    return estimator


def hog_forest(context: ModelContext, *, scale: bool = False, **params: Any) -> Any:
    """Return a random forest on histograms of gradients."""
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    name = "hog-forest"
    learner = choose(
        name, context, classification=RandomForestClassifier, regression=RandomForestRegressor
    )
    return _assembled(name, context, learner, scale, params)


def _assembled(
    name: str,
    context: ModelContext,
    learner: Any,
    scale: bool,
    params: dict[str, Any],
    *,
    one_class: bool = True,
) -> Any:
    given = {**_HISTOGRAMS, **{key: params[key] for key in _HISTOGRAMS if key in params}}
    own = {key: value for key, value in params.items() if key not in _HISTOGRAMS}
    estimator = make(name, context, learner, own, other=("scale", *_HISTOGRAMS))
    given["cell"] = None if given["cell"] == "none" else given["cell"]
    variance = given.pop("variance")
    check_number(name, "variance", variance, 0.01, 1)
    for parameter, value in given.items():
        if value is not None:
            check_number(name, parameter, value, 1, math.inf, whole=True)
    try:
        from bench_sklearn.hog import Components, HogFeatures
    except ImportError as error:
        raise Skip(
            f"{name} takes its histograms from scikit-image, which is not installed: "
            "pip install 'crossover-bench[images]'"
        ) from error
    features: Any = HogFeatures(**given)
    if variance < 1:
        from sklearn.pipeline import make_pipeline

        features = make_pipeline(features, Components(variance))
    return assemble(name, context, estimator, scale, one_class=one_class, features=features)
