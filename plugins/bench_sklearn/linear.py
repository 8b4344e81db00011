"""Factories of the linear models; what every factory takes is said in `models`."""

from __future__ import annotations

from typing import Any

from bench import ModelContext
from bench_sklearn.assembly import (
    assemble,
    check_outputs,
    check_scale,
    choose,
    kinds_of,
    make,
    width,
)


def logistic_regression(context: ModelContext, *, scale: bool = True, **params: Any) -> Any:
    """Return an L2-regularised logistic regression."""
    from sklearn.linear_model import LogisticRegression

    name = "logistic-regression"
    learner = choose(name, context, classification=LogisticRegression)
    return assemble(name, context, make(name, context, learner, params), scale, one_class=False)


def linear_regression(context: ModelContext, *, scale: bool = False, **params: Any) -> Any:
    """Return ordinary least squares."""
    from sklearn.linear_model import LinearRegression

    name = "linear-regression"
    learner = choose(name, context, regression=LinearRegression)
    return assemble(name, context, make(name, context, learner, params), scale)


def ridge(context: ModelContext, *, scale: bool = True, **params: Any) -> Any:
    """Return least squares with an L2 penalty."""
    from sklearn.linear_model import Ridge

    name = "ridge"
    learner = choose(name, context, regression=Ridge)
    return assemble(name, context, make(name, context, learner, params), scale)


def lasso(context: ModelContext, *, scale: bool = True, **params: Any) -> Any:
    """Return least squares with an L1 penalty.

    `scale` holds for the target as well, because `alpha` is in its unit.
    """
    from sklearn.linear_model import Lasso

    name = "lasso"
    learner = choose(name, context, regression=Lasso)
    return assemble(name, context, make(name, context, learner, params), scale, scale_target=True)


def elastic_net(context: ModelContext, *, scale: bool = True, **params: Any) -> Any:
    """Return least squares with an L1 and an L2 penalty.

    `scale` holds for the target as well, because `alpha` is in its unit.
    """
    from sklearn.linear_model import ElasticNet

    name = "elastic-net"
    learner = choose(name, context, regression=ElasticNet)
    return assemble(name, context, make(name, context, learner, params), scale, scale_target=True)


def sgd(context: ModelContext, *, scale: bool = True, **params: Any) -> Any:
    """Return a linear model fitted by stochastic gradient descent.

    Logistic regression unless `loss` says otherwise, so that there are probabilities; in regression
    squared error, where `scale` holds for the target as well. There scikit-learn's first step of
    0.01 diverges on more than some two hundred columns, so that `eta0` is at most one over their
    number. Rows that are streamed, because they are more than memory holds, are fitted in parts.
    """
    from sklearn.linear_model import SGDClassifier, SGDRegressor

    name = "sgd"
    learner = choose(name, context, classification=SGDClassifier, regression=SGDRegressor)
    if context.task == "classification":
        params = {"loss": "log_loss", **params}
    else:
        params = {"eta0": min(0.01, 1 / width(context)), **params}
    estimator = make(name, context, learner, params)
    if context.streamed:
        from bench_sklearn.out_of_core import OutOfCore

        check_scale(name, scale)
        check_outputs(name, context, estimator)
        return OutOfCore(
            estimator,
            kinds=kinds_of(context),
            fill=context.has_missing,
            scale=scale,
            max_seconds=context.max_seconds,
            n_train=context.n_train,
        )
    return assemble(name, context, estimator, scale, scale_target=True, one_class=False)


def linear_svm(context: ModelContext, *, scale: bool = True, **params: Any) -> Any:
    """Return a linear support vector machine; it gives labels and no probabilities.

    In regression `scale` holds for the target as well, and the loss is squared beyond a margin of
    0.1, which is solved in the primal and converges where scikit-learn's default does not.
    """
    from sklearn.svm import LinearSVC, LinearSVR

    name = "linear-svm"
    learner = choose(name, context, classification=LinearSVC, regression=LinearSVR)
    if context.task == "regression":
        params = {"loss": "squared_epsilon_insensitive", "epsilon": 0.1, **params}
    return assemble(
        name,
        context,
        make(name, context, learner, params),
        scale,
        scale_target=True,
        one_class=False,
    )
