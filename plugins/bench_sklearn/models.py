"""One factory per model: the learner, and the steps that it needs before it.

Every factory takes the trial's context, `scale`, and its learner's parameters by their
scikit-learn names. It looks at no data, starts no thread, and takes well under a millisecond, so
that it may also be called to check parameters before any trial.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.utils import get_tags

from bench import ModelContext, ParameterError, Skip, nearest
from bench_sklearn.steps import LearnerPipeline, SeveralClasses, TableEncoder, flatten

NATIVE_CATEGORIES = 255
"""Categories per column that histogram gradient boosting has bins for."""


class OneCluster(ClusterMixin, BaseEstimator):  # type: ignore[misc]
    """Puts every row into one cluster: adjusted Rand index 0 against any other partition."""

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> OneCluster:
        """Count the rows of X, (n_rows, ...)."""
        self.labels_ = np.zeros(len(X), dtype=np.int64)
        return self

    def predict(self, X: Any) -> Any:
        """Return (n_rows,) zeros."""
        return np.zeros(len(X), dtype=np.int64)


def dummy(context: ModelContext, *, scale: bool = False, **params: Any) -> Any:
    """Return what never looks at X: class frequencies, the mean, or one single cluster.

    `scale` is taken, as every model takes it, and changes nothing.
    """
    from sklearn.dummy import DummyClassifier, DummyRegressor

    learner = _choose(
        "dummy",
        context,
        classification=DummyClassifier,
        regression=DummyRegressor,
        clustering=OneCluster,
    )
    _check_scale("dummy", scale)
    return learner(**_arguments("dummy", context, learner, params))


def logistic_regression(context: ModelContext, *, scale: bool = True, **params: Any) -> Any:
    """Return an L2-regularised logistic regression."""
    from sklearn.linear_model import LogisticRegression

    name = "logistic-regression"
    learner = _choose(name, context, classification=LogisticRegression)
    return _assemble(name, context, learner, params, scale, one_class=False)


def linear_regression(context: ModelContext, *, scale: bool = False, **params: Any) -> Any:
    """Return ordinary least squares."""
    from sklearn.linear_model import LinearRegression

    name = "linear-regression"
    learner = _choose(name, context, regression=LinearRegression)
    return _assemble(name, context, learner, params, scale, many_outputs=True)


def ridge(context: ModelContext, *, scale: bool = True, **params: Any) -> Any:
    """Return least squares with an L2 penalty."""
    from sklearn.linear_model import Ridge

    learner = _choose("ridge", context, regression=Ridge)
    return _assemble("ridge", context, learner, params, scale, many_outputs=True)


def decision_tree(context: ModelContext, *, scale: bool = False, **params: Any) -> Any:
    """Return one decision tree."""
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    name = "decision-tree"
    learner = _choose(
        name, context, classification=DecisionTreeClassifier, regression=DecisionTreeRegressor
    )
    return _assemble(name, context, learner, params, scale, many_outputs=True)


def random_forest(context: ModelContext, *, scale: bool = False, **params: Any) -> Any:
    """Return a random forest; its trees are grown on the trial's cores."""
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    name = "random-forest"
    learner = _choose(
        name, context, classification=RandomForestClassifier, regression=RandomForestRegressor
    )
    return _assemble(name, context, learner, params, scale, many_outputs=True)


def extra_trees(context: ModelContext, *, scale: bool = False, **params: Any) -> Any:
    """Return extremely randomised trees, grown on the trial's cores."""
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

    name = "extra-trees"
    learner = _choose(
        name, context, classification=ExtraTreesClassifier, regression=ExtraTreesRegressor
    )
    return _assemble(name, context, learner, params, scale, many_outputs=True)


def hist_gradient_boosting(context: ModelContext, *, scale: bool = False, **params: Any) -> Any:
    """Return gradient boosting on histograms, with native categories and missing values."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    name = "hist-gradient-boosting"
    learner = _choose(
        name,
        context,
        classification=HistGradientBoostingClassifier,
        regression=HistGradientBoostingRegressor,
    )
    kinds = _kinds(context)
    n_categories = kinds.count("category")
    if n_categories:
        # TableEncoder puts numbers first, then categories.
        first = len(kinds) - n_categories - kinds.count("text")
        params = {"categorical_features": list(range(first, first + n_categories)), **params}
    return _assemble(name, context, learner, params, scale, categories="ordinal")


def k_nearest_neighbors(context: ModelContext, *, scale: bool = True, **params: Any) -> Any:
    """Return the vote, or mean, of the nearest training rows.

    Raises
    ------
    bench.Skip
        There are fewer training rows than neighbours.
    """
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

    name = "k-nearest-neighbors"
    learner = _choose(
        name, context, classification=KNeighborsClassifier, regression=KNeighborsRegressor
    )
    estimator = _assemble(name, context, learner, params, scale, many_outputs=True)
    _check_enough(context, "n_neighbors", params.get("n_neighbors", 5))
    return estimator


def gaussian_nb(context: ModelContext, *, scale: bool = False, **params: Any) -> Any:
    """Return Gaussian naive Bayes."""
    from sklearn.naive_bayes import GaussianNB

    learner = _choose("gaussian-nb", context, classification=GaussianNB)
    return _assemble("gaussian-nb", context, learner, params, scale)


def lda(context: ModelContext, *, scale: bool = False, **params: Any) -> Any:
    """Return linear discriminant analysis."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    learner = _choose("lda", context, classification=LinearDiscriminantAnalysis)
    return _assemble("lda", context, learner, params, scale, one_class=False)


def svm_rbf(context: ModelContext, *, scale: bool = True, **params: Any) -> Any:
    """Return a support vector machine with a Gaussian kernel.

    It gives labels and no probabilities: scikit-learn's would cost five more fits. In regression
    `scale` holds for the target as well, because `C` and `epsilon` are in its unit.
    """
    from sklearn.svm import SVC, SVR

    learner = _choose("svm-rbf", context, classification=SVC, regression=SVR)
    estimator = _assemble("svm-rbf", context, learner, params, scale, one_class=False)
    if context.task == "regression" and scale:
        from sklearn.compose import TransformedTargetRegressor
        from sklearn.preprocessing import StandardScaler

        return TransformedTargetRegressor(estimator, transformer=StandardScaler())
    return estimator


def k_means(context: ModelContext, *, scale: bool = True, **params: Any) -> Any:
    """Return k-means, with as many clusters as the target has classes, else eight.

    Raises
    ------
    bench.Skip
        There are fewer training rows than clusters.
    """
    from sklearn.cluster import KMeans

    learner = _choose("k-means", context, clustering=KMeans)
    n_classes = len(context.target.classes) if context.target else 0
    params = {"n_clusters": n_classes or 8, **params}
    estimator = _assemble("k-means", context, learner, params, scale)
    _check_enough(context, "n_clusters", params["n_clusters"])
    return estimator


def _choose(model: str, context: ModelContext, **learners: Any) -> Any:
    """Return the learner for the trial's task."""
    if context.task not in learners:
        raise Skip(f"{model} does {', '.join(learners)}, not {context.task}")
    return learners[context.task]


def _check_scale(model: str, scale: Any) -> None:
    if not isinstance(scale, bool):
        raise ParameterError(f"model {model!r}: scale is {scale!r}; allowed: true, false.")


def _check_enough(context: ModelContext, parameter: str, needed: Any) -> None:
    if isinstance(needed, int) and context.n_train < needed:
        raise Skip(f"{parameter} is {needed}, but there are only {context.n_train} training rows")


def _arguments(
    model: str, context: ModelContext, learner: Any, params: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the learner's arguments: those given, its seed and its number of jobs.

    TOML has no null: the word "none" stands for it. It has no integer keys either: `class_weight`
    is given by class label.
    """
    allowed = inspect.signature(learner).parameters
    for parameter in params:
        if parameter not in allowed:
            raise ParameterError(
                f"model {model!r} takes no parameter {parameter!r} for {context.task}; allowed: "
                f"{', '.join(sorted({'scale', *allowed}))}."
                f"{nearest(parameter, ['scale', *allowed])}"
            )
    arguments: dict[str, Any] = {
        name: None if value == "none" else value for name, value in params.items()
    }
    weights = arguments.get("class_weight")
    if isinstance(weights, Mapping):
        arguments["class_weight"] = _by_code(model, context, weights)
    if "random_state" in allowed:
        # Seeds of trials are hashes; NumPy's legacy generator takes 32 bits.
        arguments.setdefault("random_state", context.seed % 2**32)
    if learner.__name__.startswith(("RandomForest", "ExtraTrees", "KNeighbors")):
        arguments.setdefault("n_jobs", context.n_threads if context.n_threads > 1 else None)
    return arguments


def _by_code(model: str, context: ModelContext, weights: Mapping[Any, Any]) -> dict[int, Any]:
    classes = context.target.classes if context.target else ()
    codes = {str(label): code for code, label in enumerate(classes)}
    for label in weights:
        if str(label) not in codes:
            raise ParameterError(
                f"model {model!r}: class_weight names the class {str(label)!r}; the target has: "
                f"{', '.join(codes) or 'no classes'}.{nearest(str(label), codes)}"
            )
    return {codes[str(label)]: weight for label, weight in weights.items()}


def _kinds(context: ModelContext) -> tuple[str, ...]:
    return tuple(column.kind for column in context.columns)


def _assemble(
    model: str,
    context: ModelContext,
    learner_class: Any,
    params: Mapping[str, Any],
    scale: bool,
    *,
    categories: Literal["one-hot", "ordinal"] = "one-hot",
    many_outputs: bool = False,
    one_class: bool = True,
) -> Any:
    """Return the learner, behind whatever steps the data and the learner need.

    `many_outputs` and `one_class` say whether the learner can do several targets at once, and
    whether it can be fitted on rows of one single class.
    """
    _check_scale(model, scale)
    learner = learner_class(**_arguments(model, context, learner_class, params))
    if (
        not many_outputs
        and context.task != "clustering"
        and context.target is not None
        and context.target.kind in ("multilabel", "multioutput")
    ):
        raise Skip(f"{model} predicts one output, and the target is {context.target.kind}")
    steps: list[tuple[str, Any]] = []
    if context.task == "classification" and not one_class:
        steps.append(("classes", SeveralClasses()))
    if context.modality == "image":
        steps.extend(_image_steps(scale))
    else:
        steps.extend(_table_steps(context, learner, scale, categories))
    return LearnerPipeline([*steps, ("learner", learner)]) if steps else learner


def _image_steps(scale: bool) -> list[tuple[str, Any]]:
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    steps = [("pixels", FunctionTransformer(flatten))]
    return [*steps, ("scale", StandardScaler())] if scale else steps


def _table_steps(
    context: ModelContext, learner: Any, scale: bool, categories: Literal["one-hot", "ordinal"]
) -> list[tuple[str, Any]]:
    """Return no step where the learner can take the table as it is."""
    kinds = _kinds(context)
    fill = context.has_missing and not get_tags(learner).input_tags.allow_nan
    if not fill and not scale and set(kinds) <= {"number", "boolean"}:
        return []
    encoder = TableEncoder(kinds, fill=fill, scale=scale, categories=categories)
    if categories == "ordinal":
        encoder.max_categories = min(NATIVE_CATEGORIES, learner.max_bins)
    return [("table", encoder)]
