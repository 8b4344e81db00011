"""Factories of trees and of ensembles of them; what every factory takes is said in `models`."""

from __future__ import annotations

from typing import Any

from bench import ModelContext
from bench_sklearn.assembly import assemble, choose, kinds_of, make

EARLY_STOPPING_ROWS = 500
"""Training rows from which histogram gradient boosting holds a tenth of them out to stop early."""


def decision_tree(context: ModelContext, *, scale: bool = False, **params: Any) -> Any:
    """Return one decision tree."""
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    name = "decision-tree"
    learner = choose(
        name, context, classification=DecisionTreeClassifier, regression=DecisionTreeRegressor
    )
    return assemble(name, context, make(name, context, learner, params), scale)


def random_forest(context: ModelContext, *, scale: bool = False, **params: Any) -> Any:
    """Return a random forest; its trees are grown on the trial's cores."""
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    name = "random-forest"
    learner = choose(
        name, context, classification=RandomForestClassifier, regression=RandomForestRegressor
    )
    return assemble(name, context, make(name, context, learner, params), scale)


def extra_trees(context: ModelContext, *, scale: bool = False, **params: Any) -> Any:
    """Return extremely randomised trees, grown on the trial's cores."""
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

    name = "extra-trees"
    learner = choose(
        name, context, classification=ExtraTreesClassifier, regression=ExtraTreesRegressor
    )
    return assemble(name, context, make(name, context, learner, params), scale)


def bagging(context: ModelContext, *, scale: bool = False, **params: Any) -> Any:
    """Return trees on bootstrap samples; the trees' own parameters as ``estimator__max_depth``."""
    from sklearn.ensemble import BaggingClassifier, BaggingRegressor
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    name = "bagging"
    learner, tree = choose(
        name,
        context,
        classification=(BaggingClassifier, DecisionTreeClassifier),
        regression=(BaggingRegressor, DecisionTreeRegressor),
    )
    return assemble(name, context, make(name, context, learner, params, inner=tree), scale)


def ada_boost(context: ModelContext, *, scale: bool = False, **params: Any) -> Any:
    """Return boosted trees: SAMME for classes, AdaBoost.R2 for numbers.

    The trees' own parameters are given as ``estimator__max_depth``: 1 for classes and 3 for numbers
    unless said otherwise, as in scikit-learn.
    """
    from sklearn.ensemble import AdaBoostClassifier, AdaBoostRegressor
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    name = "ada-boost"
    learner, tree, depth = choose(
        name,
        context,
        classification=(AdaBoostClassifier, DecisionTreeClassifier, 1),
        regression=(AdaBoostRegressor, DecisionTreeRegressor, 3),
    )
    params = {"estimator__max_depth": depth, **params}
    return assemble(name, context, make(name, context, learner, params, inner=tree), scale)


def gradient_boosting(context: ModelContext, *, scale: bool = False, **params: Any) -> Any:
    """Return gradient boosting with exact splits."""
    from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor

    name = "gradient-boosting"
    learner = choose(
        name,
        context,
        classification=GradientBoostingClassifier,
        regression=GradientBoostingRegressor,
    )
    return assemble(name, context, make(name, context, learner, params), scale, one_class=False)


def hist_gradient_boosting(context: ModelContext, *, scale: bool = False, **params: Any) -> Any:
    """Return gradient boosting on histograms, with native categories and missing values.

    From 500 training rows on, and where a tenth of them (or of the share that tuning learns from)
    can hold every class, it takes steps of 0.05 for up to 1,000 iterations and stops when that
    tenth no longer gains; below, it makes scikit-learn's 100 iterations with steps of 0.1. Any of
    ``early_stopping``, ``max_iter`` and ``learning_rate`` may be given.

    Where its fit is given groups, the tenth are whole groups, and where it is given time, the last
    moments. Where that leaves no such tenth, and with scikit-learn 1.6, all rows teach, for as many
    iterations as make the steps add up to 10, as scikit-learn's 100 of 0.1 do.
    """
    from bench_sklearn.boosting import HistBoostingClassifier, HistBoostingRegressor

    name = "hist-gradient-boosting"
    learner = choose(
        name,
        context,
        classification=HistBoostingClassifier,
        regression=HistBoostingRegressor,
    )
    n_classes = len(context.target.classes) if context.target else 0
    stops = params.get(
        "early_stopping", context.n_train >= max(EARLY_STOPPING_ROWS, 13 * n_classes)
    )
    params = {"early_stopping": stops, **params}
    if stops is True:
        params = {"max_iter": 1000, "learning_rate": 0.05, **params}
    kinds = kinds_of(context)
    n_categories = kinds.count("category")
    if n_categories:
        # TableEncoder puts numbers first, then categories.
        first = len(kinds) - n_categories - kinds.count("text")
        params = {"categorical_features": list(range(first, first + n_categories)), **params}
    estimator = make(name, context, learner, params)
    return assemble(name, context, estimator, scale, categories="ordinal")
