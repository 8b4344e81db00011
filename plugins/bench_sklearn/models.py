"""One factory per model: the learner, its defaults, and the steps that it needs before it.

Linear models are in `linear`, trees in `trees`; here are the others.

Every factory takes the trial's context, `scale`, and its learner's parameters by their
scikit-learn names. It looks at no data, starts no thread, and takes well under a millisecond, so
that it may also be called to check parameters before any trial.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClusterMixin

from bench import ModelContext, ParameterError, nearest
from bench_sklearn.assembly import (
    assemble,
    check_enough,
    check_not_too_many,
    check_scale,
    choose,
    make,
    width,
)

MAX_KERNEL_RIDGE_ROWS = 10_000
"""Training rows of kernel ridge regression: the matrix of pairs and its copy take 1.6 GB."""

MAX_GAUSSIAN_PROCESS_ROWS = 1000
"""Training rows of a Gaussian process: some fifty decompositions of a matrix of pairs."""


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

    name = "dummy"
    learner = choose(
        name,
        context,
        classification=DummyClassifier,
        regression=DummyRegressor,
        clustering=OneCluster,
    )
    check_scale(name, scale)
    return make(name, context, learner, params)


def k_nearest_neighbors(context: ModelContext, *, scale: bool = True, **params: Any) -> Any:
    """Return the vote, or mean, of the nearest training rows.

    Raises
    ------
    bench.Skip
        There are fewer training rows than neighbours.
    """
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

    name = "k-nearest-neighbors"
    learner = choose(
        name, context, classification=KNeighborsClassifier, regression=KNeighborsRegressor
    )
    estimator = assemble(name, context, make(name, context, learner, params), scale)
    check_enough(context, "n_neighbors", params.get("n_neighbors", 5))
    return estimator


def gaussian_nb(context: ModelContext, *, scale: bool = False, **params: Any) -> Any:
    """Return Gaussian naive Bayes."""
    from sklearn.naive_bayes import GaussianNB

    name = "gaussian-nb"
    learner = choose(name, context, classification=GaussianNB)
    return assemble(name, context, make(name, context, learner, params), scale)


def multinomial_nb(context: ModelContext, *, scale: bool = True, **params: Any) -> Any:
    """Return multinomial naive Bayes.

    It takes counts, or whatever is not negative: `scale` brings numbers to the range 0 to 1.
    """
    from sklearn.naive_bayes import MultinomialNB

    name = "multinomial-nb"
    learner = choose(name, context, classification=MultinomialNB)
    return assemble(name, context, make(name, context, learner, params), scale, scaling="range")


def lda(context: ModelContext, *, scale: bool = False, **params: Any) -> Any:
    """Return linear discriminant analysis."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    name = "lda"
    learner = choose(name, context, classification=LinearDiscriminantAnalysis)
    return assemble(name, context, make(name, context, learner, params), scale, one_class=False)


def qda(context: ModelContext, *, scale: bool = True, **params: Any) -> Any:
    """Return quadratic discriminant analysis.

    Its fit raises `bench.Skip` where a class has fewer rows than there are features.
    """
    from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis

    name = "qda"
    learner = choose(name, context, classification=QuadraticDiscriminantAnalysis)
    return assemble(
        name,
        context,
        make(name, context, learner, params),
        scale,
        one_class=False,
        full_rank=True,
    )


def svm_rbf(context: ModelContext, *, scale: bool = True, **params: Any) -> Any:
    """Return a support vector machine with a Gaussian kernel.

    It gives labels and no probabilities: scikit-learn's would cost five more fits. In regression
    it is what `svr` is.
    """
    from sklearn.svm import SVC, SVR

    name = "svm-rbf"
    learner = choose(name, context, classification=SVC, regression=SVR)
    return assemble(
        name,
        context,
        make(name, context, learner, params),
        scale,
        scale_target=True,
        one_class=False,
    )


def svr(context: ModelContext, *, scale: bool = True, **params: Any) -> Any:
    """Return support vector regression.

    `scale` holds for the target as well, because `C` and `epsilon` are in its unit.
    """
    from sklearn.svm import SVR

    name = "svr"
    learner = choose(name, context, regression=SVR)
    return assemble(name, context, make(name, context, learner, params), scale, scale_target=True)


def kernel_ridge(
    context: ModelContext,
    *,
    scale: bool = True,
    max_rows: int = MAX_KERNEL_RIDGE_ROWS,
    **params: Any,
) -> Any:
    """Return ridge regression on a kernel, Gaussian unless `kernel` says otherwise.

    It has no intercept: `scale` brings the target to mean 0.

    Raises
    ------
    bench.Skip
        There are more than `max_rows` training rows.
    """
    from sklearn.kernel_ridge import KernelRidge

    name = "kernel-ridge"
    learner = choose(name, context, regression=KernelRidge)
    params = {"kernel": "rbf", **params}
    estimator = make(name, context, learner, params, other=("scale", "max_rows"))
    estimator = assemble(name, context, estimator, scale, scale_target=True)
    check_not_too_many(name, context, max_rows)
    return estimator


def gaussian_process(
    context: ModelContext,
    *,
    scale: bool = True,
    kernel: Any = "rbf",
    max_rows: int = MAX_GAUSSIAN_PROCESS_ROWS,
    **params: Any,
) -> Any:
    """Return a Gaussian process whose kernel's amplitude, length and noise are fitted.

    Parameters
    ----------
    context
        The trial's.
    scale
        Whether numbers, and the target of a regression, get mean 0 and variance 1.
    kernel
        ``"rbf"``, ``"matern-1/2"``, ``"matern-3/2"``, ``"matern-5/2"`` or ``"rational-quadratic"``,
        each times an amplitude, and plus white noise in regression; or a kernel of scikit-learn's.
    max_rows
        Training rows above which a trial is skipped. More than two classes are as many fits, so
        that it is divided by the cube root of their number.
    **params
        The learner's own.

    Raises
    ------
    bench.Skip
        There are more training rows than that.
    """
    from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor

    name = "gaussian-process"
    learner = choose(
        name, context, classification=GaussianProcessClassifier, regression=GaussianProcessRegressor
    )
    params = {"kernel": _kernel(name, context, kernel), **params}
    estimator = make(name, context, learner, params, other=("scale", "max_rows"))
    estimator = assemble(name, context, estimator, scale, scale_target=True, one_class=False)
    n_classes = len(context.target.classes) if context.target else 0
    check_not_too_many(name, context, max_rows, n_fits=n_classes if n_classes > 2 else 1)
    return estimator


def k_means(context: ModelContext, *, scale: bool = True, **params: Any) -> Any:
    """Return k-means, with as many clusters as the target has classes, else eight.

    Raises
    ------
    bench.Skip
        There are fewer training rows than clusters.
    """
    from sklearn.cluster import KMeans

    name = "k-means"
    learner = choose(name, context, clustering=KMeans)
    n_classes = len(context.target.classes) if context.target else 0
    params = {"n_clusters": n_classes or 8, **params}
    estimator = assemble(name, context, make(name, context, learner, params), scale)
    check_enough(context, "n_clusters", params["n_clusters"])
    return estimator


def _kernel(model: str, context: ModelContext, kernel: Any) -> Any:
    """Return scikit-learn's kernel of that name, with the length of a scaled row to begin with."""
    if not isinstance(kernel, str):
        return kernel
    from sklearn.gaussian_process.kernels import (
        RBF,
        ConstantKernel,
        Matern,
        RationalQuadratic,
        WhiteKernel,
    )

    # From a length of 1, as scikit-learn's, rows of many columns are so far apart that the
    # likelihood is flat.
    length = float(np.sqrt(width(context)))
    kernels = {
        "rbf": RBF(length),
        "matern-1/2": Matern(length, nu=0.5),
        "matern-3/2": Matern(length, nu=1.5),
        "matern-5/2": Matern(length, nu=2.5),
        "rational-quadratic": RationalQuadratic(length),
    }
    if kernel not in kernels:
        raise ParameterError(
            f"model {model!r}: kernel is {kernel!r}; allowed: {', '.join(kernels)}."
            f"{nearest(kernel, kernels)}"
        )
    chosen = ConstantKernel() * kernels[kernel]
    return chosen + WhiteKernel(0.1) if context.task == "regression" else chosen
