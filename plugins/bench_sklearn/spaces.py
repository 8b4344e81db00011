"""What tuning may choose from, by model; each space from a source that is named above it.

A space holds choices, as a list, or a range: uniform, log-uniform (`log`), of whole numbers
(`int`). Every draw must be accepted by a model in each of its tasks, so that what only one of two
tasks takes (a loss, a criterion) and what depends on another choice is left out. Sources:

- auto-sklearn 0.15, ``autosklearn/pipeline/components`` (Feurer et al. 2015, NeurIPS 28; 2022,
  JMLR 23:261)
- hyperopt-sklearn 1.0, ``hpsklearn/components`` (Komer, Bergstra and Eliasmith 2014, SciPy)
- Grinsztajn, Oyallon and Varoquaux (2022), NeurIPS 35, and its repository
- TabZilla: McElfresh et al. (2023), NeurIPS 36, ``TabZilla/models/baseline_models.py``
- TabArena: Erickson et al. (2025), NeurIPS 38, ``tabarena/models``
- PyCaret 3.3, ``pycaret/containers/models``
- scikit-learn's documentation
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any


def _uniform(low: float, high: float) -> dict[str, Any]:
    return {"low": low, "high": high, "log": False, "int": False}


def _log(low: float, high: float) -> dict[str, Any]:
    return {"low": low, "high": high, "log": True, "int": False}


def _whole(low: int, high: int, *, log: bool = False) -> dict[str, Any]:
    return {"low": low, "high": high, "log": log, "int": True}


SPACES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        # scikit-learn: the ten values of C of LogisticRegressionCV span 1e-4 to 1e4.
        "logistic-regression": {"C": _log(1e-4, 1e4)},
        # PyCaret, LinearRegressionContainer.
        "linear-regression": {"fit_intercept": [True, False]},
        # hyperopt-sklearn, linear_model/_ridge.py.
        "ridge": {"alpha": _log(1e-3, 1e3)},
        # hyperopt-sklearn, linear_model/_coordinate_descent.py.
        "lasso": {"alpha": _log(1e-6, 1e-1)},
        "elastic-net": {"alpha": _log(1e-6, 1e-1), "l1_ratio": _uniform(0.0, 1.0)},
        # auto-sklearn, sgd.py of both tasks.
        "sgd": {
            "alpha": _log(1e-7, 1e-1),
            "penalty": ["l1", "l2", "elasticnet"],
            "l1_ratio": _log(1e-9, 1.0),
            "average": [False, True],
        },
        # auto-sklearn, liblinear_svc.py and liblinear_svr.py.
        "linear-svm": {"C": _log(0.03125, 32768.0), "tol": _log(1e-5, 1e-1)},
        # TabZilla's depth; auto-sklearn's rows, decision_tree.py.
        "decision-tree": {
            "max_depth": _whole(2, 12, log=True),
            "min_samples_split": _whole(2, 20),
            "min_samples_leaf": _whole(1, 20),
        },
        # TabArena, random_forest/hpo.py; max_samples is left out, as it depends on bootstrap.
        "random-forest": {
            "max_features": _uniform(0.4, 1.0),
            "min_samples_split": _whole(2, 4, log=True),
            "bootstrap": [False, True],
            "min_impurity_decrease": _log(1e-5, 1e-3),
        },
        # TabArena, extra_trees/hpo.py, where 0 has half of the weight.
        "extra-trees": {
            "max_features": ["sqrt", 0.5, 0.75, 1.0],
            "min_samples_split": _whole(2, 32, log=True),
            "min_impurity_decrease": [*[0.0] * 5, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3],
        },
        # hyperopt-sklearn, ensemble/_bagging.py, without its eight to twelve trees.
        "bagging": {
            "max_samples": [0.8, 0.9, 1.0],
            "max_features": [0.8, 0.9, 1.0],
            "bootstrap": [True, False],
            "bootstrap_features": [True, False],
        },
        # auto-sklearn, adaboost.py of both tasks.
        "ada-boost": {
            "n_estimators": _whole(50, 500),
            "learning_rate": _log(0.01, 2.0),
            "estimator__max_depth": _whole(1, 10),
        },
        # Grinsztajn et al., gradient boosting; its step is log-normal around 0.01 with a standard
        # deviation of one decade, here log-uniform within that deviation.
        "gradient-boosting": {
            "learning_rate": _log(1e-3, 1e-1),
            "subsample": _uniform(0.5, 1.0),
            "n_estimators": _whole(10, 1000, log=True),
            "max_depth": ["none", 2, 3, 4],
            "min_samples_leaf": _whole(2, 50, log=True),
        },
        # auto-sklearn, gradient_boosting.py, which is scikit-learn's histogram gradient boosting.
        "hist-gradient-boosting": {
            "learning_rate": _log(0.01, 1.0),
            "min_samples_leaf": _whole(1, 200, log=True),
            "max_leaf_nodes": _whole(3, 2047, log=True),
            "l2_regularization": _log(1e-10, 1.0),
        },
        # auto-sklearn, k_nearest_neighbors.py.
        "k-nearest-neighbors": {
            "n_neighbors": _whole(1, 100, log=True),
            "weights": ["uniform", "distance"],
            "p": [1, 2],
        },
        # PyCaret, GaussianNBClassifierContainer.
        "gaussian-nb": {"var_smoothing": _log(1e-9, 1.0)},
        # auto-sklearn, multinomial_nb.py.
        "multinomial-nb": {"alpha": _log(1e-2, 100.0), "fit_prior": [True, False]},
        # auto-sklearn, lda.py: no shrinkage, the one of Ledoit and Wolf, or any from 0 to 1; only
        # scikit-learn's solver "lsqr" takes all three.
        "lda": {"solver": ["lsqr"], "shrinkage": ["none", "auto", 0.1, 0.3, 0.5, 0.7, 0.9]},
        # auto-sklearn, qda.py.
        "qda": {"reg_param": _uniform(0.0, 1.0)},
        # auto-sklearn, libsvm_svc.py and libsvm_svr.py, of the Gaussian kernel.
        "svm-rbf": {"C": _log(0.03125, 32768.0), "gamma": _log(2**-15, 8.0)},
        "svr": {
            "C": _log(0.03125, 32768.0),
            "gamma": _log(2**-15, 8.0),
            "epsilon": _log(0.001, 1.0),
        },
        # scikit-learn's comparison of kernel ridge regression and SVR: alpha from 1e-3 to 1; the
        # Gaussian kernel's gamma as above.
        "kernel-ridge": {"alpha": _log(1e-3, 1.0), "gamma": _log(2**-15, 8.0)},
        # scikit-learn's guide, the stationary kernels of Rasmussen and Williams (2006), chapter 4.
        "gaussian-process": {
            "kernel": ["rbf", "matern-1/2", "matern-3/2", "matern-5/2", "rational-quadratic"],
        },
        # hyperopt-sklearn, cluster/_kmeans.py, from two clusters on.
        "k-means": {"n_clusters": _whole(2, 20), "init": ["k-means++", "random"]},
        # Dalal and Triggs (2005), section 6: what they vary; the learners' as above.
        "hog-svm": {"C": _log(0.03125, 32768.0), "block": [1, 2, 3], "orientations": [6, 9, 12]},
        "hog-k-nn": {"n_neighbors": _whole(1, 100, log=True), "block": [1, 2, 3]},
        "hog-forest": {"max_features": ["sqrt", 0.1, 0.3], "block": [1, 2, 3]},
        # Wang and Manning (2012): one word or two, presence or counts; alpha and C as above.
        "tfidf-naive-bayes": {
            "words": [1, 2],
            "weights": ["tfidf", "counts", "presence"],
            "alpha": _log(1e-2, 100.0),
        },
        "tfidf-logistic-regression": {
            "words": [1, 2],
            "characters": [0, 5],
            "C": _log(1e-2, 1e4),
        },
        "tfidf-linear-svm": {"words": [1, 2], "characters": [0, 5], "C": _log(1e-2, 1e2)},
        # Wang and Manning (2012), section 3: beta from 0.25 to 0.5 is about as good.
        "nb-svm": {"words": [1, 2, 3], "beta": _uniform(0.0, 1.0), "C": _log(1e-2, 1e2)},
        # auto-sklearn's C and gamma of a Gaussian kernel.
        "mel-svm": {"C": _log(0.03125, 32768.0), "n_mels": [20, 40, 80]},
        "mel-forest": {"max_features": ["sqrt", 0.1, 0.3], "n_mels": [20, 40, 80]},
        "mfcc-svm": {"C": _log(0.03125, 32768.0), "n_coefficients": [13, 20, 30]},
        "nn-euclidean": {"n_neighbors": _whole(1, 10), "scale": [False, True]},
        # Ratanamahatana and Keogh (2004): windows beyond a tenth rarely help.
        "nn-dtw": {"window": [0.0, 0.02, 0.05, 0.1, 0.2], "scale": [False, True]},
        # Dempster et al. (2021), section 4.3: their number matters little.
        "random-kernels": {"n_features": [1000, 5000, 10_000]},
        # Dempster, Schmidt and Webb (2024), QUANT: depth, and a tenth of the features.
        "summary-forest": {"depth": _whole(1, 6), "max_features": ["sqrt", 0.1, 0.3]},
    }
)
"""Search space by the model's name."""
