"""Classical models from scikit-learn, each as the pipeline that its learner needs.

Importing this imports neither scikit-learn nor NumPy: factories are named, not called.
"""

from collections.abc import Iterator

import bench

HOOK_API = 1

_MODELS = "bench_sklearn.models"
_GUIDE = "https://scikit-learn.org/stable/modules/"

CLASSIFICATION = (("classification", "tabular"), ("classification", "image"))
REGRESSION = (("regression", "tabular"), ("regression", "image"))
CLUSTERING = (("clustering", "tabular"), ("clustering", "image"))
ANYTHING = tuple(
    (task, modality)
    for task in ("classification", "regression", "clustering")
    for modality in ("tabular", "image", "text", "audio", "series", "tokens")
)


def _preload(*modules: str) -> tuple[str, ...]:
    return (_MODELS, "bench_sklearn.preload", "sklearn.pipeline", *modules)


@bench.hookimpl
def bench_models() -> Iterator[bench.ModelSpec]:
    """Yield the baseline and the classical models.

    `params` holds `scale` and those choices that differ from scikit-learn's defaults; a suite may
    set every other parameter of the learner by its scikit-learn name.
    """
    yield bench.ModelSpec(
        name="dummy",
        family="baseline",
        does=ANYTHING,
        factory=f"{_MODELS}:dummy",
        params={"scale": False},
        summary="Never looks at X: class frequencies, the mean, or one single cluster.",
        fit_params=("sample_weight",),
        preload=(_MODELS, "bench_sklearn.preload", "sklearn.dummy"),
        reference=f"{_GUIDE}model_evaluation.html#dummy-estimators",
    )
    yield bench.ModelSpec(
        name="logistic-regression",
        family="classical",
        does=CLASSIFICATION,
        factory=f"{_MODELS}:logistic_regression",
        params={"scale": True, "max_iter": 2000},
        summary="Linear classifier, L2-regularised maximum likelihood.",
        fit_params=("sample_weight",),
        preload=_preload("sklearn.linear_model"),
        reference=f"{_GUIDE}linear_model.html#logistic-regression",
    )
    yield bench.ModelSpec(
        name="linear-regression",
        family="classical",
        does=REGRESSION,
        factory=f"{_MODELS}:linear_regression",
        params={"scale": False},
        summary="Ordinary least squares.",
        fit_params=("sample_weight",),
        preload=_preload("sklearn.linear_model"),
        reference=f"{_GUIDE}linear_model.html#ordinary-least-squares",
    )
    yield bench.ModelSpec(
        name="ridge",
        family="classical",
        does=REGRESSION,
        factory=f"{_MODELS}:ridge",
        params={"scale": True},
        summary="Least squares with an L2 penalty.",
        fit_params=("sample_weight",),
        preload=_preload("sklearn.linear_model"),
        reference="Hoerl and Kennard (1970), doi:10.1080/00401706.1970.10488634",
    )
    yield bench.ModelSpec(
        name="decision-tree",
        family="classical",
        does=CLASSIFICATION + REGRESSION,
        factory=f"{_MODELS}:decision_tree",
        params={"scale": False},
        summary="One decision tree, grown to purity (CART).",
        fit_params=("sample_weight",),
        preload=_preload("sklearn.tree"),
        reference="Breiman, Friedman, Olshen and Stone (1984), ISBN 978-0-412-04841-8",
    )
    yield bench.ModelSpec(
        name="random-forest",
        family="classical",
        does=CLASSIFICATION + REGRESSION,
        factory=f"{_MODELS}:random_forest",
        params={"scale": False},
        summary="A hundred trees, each on a bootstrap sample.",
        fit_params=("sample_weight",),
        preload=_preload("sklearn.ensemble"),
        reference="Breiman (2001), doi:10.1023/A:1010933404324",
    )
    yield bench.ModelSpec(
        name="extra-trees",
        family="classical",
        does=CLASSIFICATION + REGRESSION,
        factory=f"{_MODELS}:extra_trees",
        params={"scale": False},
        summary="A hundred trees with random thresholds.",
        fit_params=("sample_weight",),
        preload=_preload("sklearn.ensemble"),
        reference="Geurts, Ernst and Wehenkel (2006), doi:10.1007/s10994-006-6226-1",
    )
    yield bench.ModelSpec(
        name="hist-gradient-boosting",
        family="classical",
        does=CLASSIFICATION + REGRESSION,
        factory=f"{_MODELS}:hist_gradient_boosting",
        params={"scale": False},
        summary="Gradient boosting on histograms; categories and missing values are native.",
        fit_params=("sample_weight",),
        preload=_preload("sklearn.ensemble"),
        reference="Ke et al. (2017), LightGBM, NeurIPS 30",
    )
    yield bench.ModelSpec(
        name="k-nearest-neighbors",
        family="classical",
        does=CLASSIFICATION + REGRESSION,
        factory=f"{_MODELS}:k_nearest_neighbors",
        params={"scale": True},
        summary="Vote, or mean, of the five nearest training rows.",
        preload=_preload("sklearn.neighbors"),
        aliases=("knn",),
        reference="Cover and Hart (1967), doi:10.1109/TIT.1967.1053964",
    )
    yield bench.ModelSpec(
        name="gaussian-nb",
        family="classical",
        does=CLASSIFICATION,
        factory=f"{_MODELS}:gaussian_nb",
        params={"scale": False},
        summary="Naive Bayes, each column normally distributed within a class.",
        fit_params=("sample_weight",),
        preload=_preload("sklearn.naive_bayes"),
        reference=f"{_GUIDE}naive_bayes.html#gaussian-naive-bayes",
    )
    yield bench.ModelSpec(
        name="lda",
        family="classical",
        does=CLASSIFICATION,
        factory=f"{_MODELS}:lda",
        params={"scale": False},
        summary="Linear discriminant analysis.",
        preload=_preload("sklearn.discriminant_analysis"),
        reference="Fisher (1936), doi:10.1111/j.1469-1809.1936.tb02137.x",
    )
    yield bench.ModelSpec(
        name="svm-rbf",
        family="classical",
        does=CLASSIFICATION + REGRESSION,
        factory=f"{_MODELS}:svm_rbf",
        params={"scale": True},
        summary="Support vector machine with a Gaussian kernel; labels only, no probabilities.",
        fit_params=("sample_weight",),
        preload=_preload("sklearn.svm", "sklearn.compose"),
        reference="Cortes and Vapnik (1995), doi:10.1007/BF00994018",
    )
    yield bench.ModelSpec(
        name="k-means",
        family="classical",
        does=CLUSTERING,
        factory=f"{_MODELS}:k_means",
        params={"scale": True, "n_init": 10},
        summary="As many clusters as the target has classes, else eight; best of ten starts.",
        fit_params=("sample_weight",),
        preload=_preload("sklearn.cluster"),
        reference="Arthur and Vassilvitskii (2007), k-means++, SODA",
    )
