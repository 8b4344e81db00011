"""The records of the models, in a table; none of it imports a numerical library.

`params` holds `scale` and those choices that differ from scikit-learn's defaults; a suite may set
every other parameter of the learner by its scikit-learn name.
"""

from bench import ModelSpec
from bench_sklearn.raw_specs import RAW
from bench_sklearn.records import GUIDE, PACKAGE, WEIGHTS, model

_MODALITIES = ("tabular", "image")
_CLASSES = tuple(("classification", modality) for modality in _MODALITIES)
_NUMBERS = tuple(("regression", modality) for modality in _MODALITIES)
_CLUSTERS = tuple(("clustering", modality) for modality in _MODALITIES)
_ANYTHING = tuple(
    (task, modality)
    for task in ("classification", "regression", "clustering")
    for modality in ("tabular", "image", "text", "audio", "series", "tokens")
)


DUMMY = ModelSpec(
    name="dummy",
    family="baseline",
    does=_ANYTHING,
    factory=f"{PACKAGE}.models:dummy",
    params={"scale": False},
    summary="Never looks at X: class frequencies, the mean, or one single cluster.",
    fit_params=WEIGHTS,
    preload=(f"{PACKAGE}.models", f"{PACKAGE}.preload", "sklearn.dummy"),
    reference=f"{GUIDE}model_evaluation.html#dummy-estimators",
)

LINEAR = (
    model(
        "linear",
        "logistic-regression",
        _CLASSES,
        "Linear classifier, L2-regularised maximum likelihood.",
        f"{GUIDE}linear_model.html#logistic-regression",
        "sklearn.linear_model",
        params={"scale": True, "max_iter": 2000},
    ),
    model(
        "linear",
        "linear-regression",
        _NUMBERS,
        "Ordinary least squares.",
        f"{GUIDE}linear_model.html#ordinary-least-squares",
        "sklearn.linear_model",
        params={"scale": False},
    ),
    model(
        "linear",
        "ridge",
        _NUMBERS,
        "Least squares with an L2 penalty.",
        "Hoerl and Kennard (1970), doi:10.1080/00401706.1970.10488634",
        "sklearn.linear_model",
        params={"scale": True},
    ),
    # With the target scaled too, scikit-learn's alpha of 1 leaves not one coefficient.
    model(
        "linear",
        "lasso",
        _NUMBERS,
        "Least squares with an L1 penalty, on a scaled target.",
        "Tibshirani (1996), doi:10.1111/j.2517-6161.1996.tb02080.x",
        "sklearn.linear_model",
        "sklearn.compose",
        params={"scale": True, "alpha": 0.01, "max_iter": 10_000},
    ),
    model(
        "linear",
        "elastic-net",
        _NUMBERS,
        "Least squares with an L1 and an L2 penalty, on a scaled target.",
        "Zou and Hastie (2005), doi:10.1111/j.1467-9868.2005.00503.x",
        "sklearn.linear_model",
        "sklearn.compose",
        params={"scale": True, "alpha": 0.01, "max_iter": 10_000},
    ),
    # The average of all steps' weights is less noisy than the last: Xu (2011), arXiv:1107.2490.
    model(
        "linear",
        "sgd",
        _CLASSES + _NUMBERS,
        "Linear model by averaged stochastic gradient descent: logistic or squared loss.",
        "Bottou (2010), doi:10.1007/978-3-7908-2604-3_16",
        "sklearn.linear_model",
        "sklearn.compose",
        f"{PACKAGE}.out_of_core",
        params={"scale": True, "average": True},
        streams=True,
    ),
    model(
        "linear",
        "linear-svm",
        _CLASSES + _NUMBERS,
        "Linear support vector machine; labels only, no probabilities.",
        "Fan et al. (2008), LIBLINEAR, JMLR 9:1871-1874",
        "sklearn.svm",
        "sklearn.compose",
        params={"scale": True, "max_iter": 10_000},
    ),
)

TREES = (
    model(
        "trees",
        "decision-tree",
        _CLASSES + _NUMBERS,
        "One decision tree, grown to purity (CART).",
        "Breiman, Friedman, Olshen and Stone (1984), ISBN 978-0-412-04841-8",
        "sklearn.tree",
        params={"scale": False},
    ),
    model(
        "trees",
        "random-forest",
        _CLASSES + _NUMBERS,
        "A hundred trees, each on a bootstrap sample.",
        "Breiman (2001), doi:10.1023/A:1010933404324",
        "sklearn.ensemble",
        params={"scale": False},
    ),
    model(
        "trees",
        "extra-trees",
        _CLASSES + _NUMBERS,
        "A hundred trees with random thresholds.",
        "Geurts, Ernst and Wehenkel (2006), doi:10.1007/s10994-006-6226-1",
        "sklearn.ensemble",
        params={"scale": False},
    ),
    # scikit-learn's ten trees are for speed; a forest's number makes the two comparable.
    model(
        "trees",
        "bagging",
        _CLASSES + _NUMBERS,
        "A hundred trees on bootstrap samples, each split over all columns.",
        "Breiman (1996), doi:10.1007/BF00058655",
        "sklearn.ensemble",
        params={"scale": False, "n_estimators": 100},
    ),
    model(
        "trees",
        "ada-boost",
        _CLASSES + _NUMBERS,
        "Fifty small trees, each on rows weighted by the errors before it.",
        "Freund and Schapire (1997), doi:10.1006/jcss.1997.1504",
        "sklearn.ensemble",
        params={"scale": False},
    ),
    model(
        "trees",
        "gradient-boosting",
        _CLASSES + _NUMBERS,
        "Gradient boosting of a hundred trees with exact splits.",
        "Friedman (2001), doi:10.1214/aos/1013203451",
        "sklearn.ensemble",
        params={"scale": False},
    ),
    model(
        "trees",
        "hist-gradient-boosting",
        _CLASSES + _NUMBERS,
        "Gradient boosting on histograms, stopped early from 500 rows on; categories and missing "
        "values are native.",
        "Ke et al. (2017), LightGBM, NeurIPS 30",
        "sklearn.ensemble",
        f"{PACKAGE}.boosting",
        params={"scale": False},
        fit_params=(*WEIGHTS, "groups", "time"),
        version="2",
    ),
)

OTHERS = (
    model(
        "models",
        "k-nearest-neighbors",
        _CLASSES + _NUMBERS,
        "Vote, or mean, of the five nearest training rows.",
        "Cover and Hart (1967), doi:10.1109/TIT.1967.1053964",
        "sklearn.neighbors",
        params={"scale": True},
        fit_params=(),
        aliases=("knn",),
    ),
    model(
        "models",
        "gaussian-nb",
        _CLASSES,
        "Naive Bayes, each column normally distributed within a class.",
        f"{GUIDE}naive_bayes.html#gaussian-naive-bayes",
        "sklearn.naive_bayes",
        params={"scale": False},
    ),
    model(
        "models",
        "multinomial-nb",
        _CLASSES,
        "Naive Bayes on counts; numbers are brought to the range 0 to 1.",
        f"{GUIDE}naive_bayes.html#multinomial-naive-bayes",
        "sklearn.naive_bayes",
        params={"scale": True},
    ),
    model(
        "models",
        "lda",
        _CLASSES,
        "Linear discriminant analysis.",
        "Fisher (1936), doi:10.1111/j.1469-1809.1936.tb02137.x",
        "sklearn.discriminant_analysis",
        params={"scale": False},
        fit_params=(),
    ),
    # Columns of categories add up to 1: without some regularisation no covariance has full rank.
    model(
        "models",
        "qda",
        _CLASSES,
        "Quadratic discriminant analysis: a regularised covariance for each class.",
        "Friedman (1989), doi:10.1080/01621459.1989.10478752",
        "sklearn.discriminant_analysis",
        params={"scale": True, "reg_param": 0.1},
        fit_params=(),
    ),
    model(
        "models",
        "svm-rbf",
        _CLASSES + _NUMBERS,
        "Support vector machine with a Gaussian kernel; labels only. For regression see svr.",
        "Cortes and Vapnik (1995), doi:10.1007/BF00994018",
        "sklearn.svm",
        "sklearn.compose",
        params={"scale": True},
    ),
    model(
        "models",
        "svr",
        _NUMBERS,
        "Support vector regression, with a Gaussian kernel, on a scaled target.",
        "Drucker et al. (1997), Support vector regression machines, NeurIPS 9",
        "sklearn.svm",
        "sklearn.compose",
        params={"scale": True},
    ),
    model(
        "models",
        "kernel-ridge",
        _NUMBERS,
        "Ridge regression on a Gaussian kernel; up to 10,000 training rows.",
        "Saunders, Gammerman and Vovk (1998), Ridge regression in dual variables, ICML 15",
        "sklearn.kernel_ridge",
        "sklearn.gaussian_process",
        "sklearn.compose",
        params={"scale": True, "max_rows": 10_000, "alpha": 0.1},
    ),
    model(
        "models",
        "gaussian-process",
        _CLASSES + _NUMBERS,
        "Gaussian process, its kernel fitted by marginal likelihood; up to 1,000 training rows.",
        "Rasmussen and Williams (2006), ISBN 978-0-262-18253-9",
        "sklearn.gaussian_process",
        "sklearn.compose",
        params={"scale": True, "max_rows": 1000},
        fit_params=(),
    ),
    model(
        "models",
        "k-means",
        _CLUSTERS,
        "As many clusters as the target has classes, else eight; best of ten starts.",
        "Arthur and Vassilvitskii (2007), k-means++, SODA",
        "sklearn.cluster",
        params={"scale": True, "n_init": 10},
    ),
)

SPECS = (DUMMY, *LINEAR, *TREES, *OTHERS, *RAW)
"""The baseline and the classical models."""
