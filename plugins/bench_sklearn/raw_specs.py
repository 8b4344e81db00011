"""The records of the models of images, texts, sounds and series: features and learner in one."""

from bench_sklearn.records import GUIDE, PACKAGE, model

_IMAGE_CLASSES = (("classification", "image"),)
_TEXT_CLASSES = (("classification", "text"),)
_AUDIO_CLASSES = (("classification", "audio"),)
_SERIES_CLASSES = (("classification", "series"),)
_SERIES_NUMBERS = (("regression", "series"),)

_WORDS = "sklearn.feature_extraction.text"
_GRADIENTS = "Dalal and Triggs (2005), doi:10.1109/CVPR.2005.177"
_BANDS = "Davis and Mermelstein (1980), doi:10.1109/TASSP.1980.1163420"

IMAGES = (
    model(
        "images",
        "hog-svm",
        _IMAGE_CLASSES,
        "Support vector machine with a Gaussian kernel on components of histograms of oriented "
        "gradients; labels only.",
        _GRADIENTS,
        f"{PACKAGE}.hog",
        "sklearn.svm",
        features="engineered",
        params={"scale": False, "variance": 0.9, "C": 10.0},
    ),
    model(
        "images",
        "hog-k-nn",
        (*_IMAGE_CLASSES, ("regression", "image")),
        "Vote, or mean, of the five training images whose histograms of gradients are nearest.",
        _GRADIENTS,
        f"{PACKAGE}.hog",
        "sklearn.neighbors",
        features="engineered",
        params={"scale": False, "variance": 0.9},
        fit_params=(),
    ),
    model(
        "images",
        "hog-forest",
        (*_IMAGE_CLASSES, ("regression", "image")),
        "A hundred trees on histograms of oriented gradients.",
        _GRADIENTS,
        f"{PACKAGE}.hog",
        "sklearn.ensemble",
        features="engineered",
        params={"scale": False},
    ),
)

TEXTS = (
    model(
        "texts",
        "tfidf-naive-bayes",
        _TEXT_CLASSES,
        "Multinomial naive Bayes on TF-IDF of words; with other weights, on their counts.",
        f"{GUIDE}naive_bayes.html#multinomial-naive-bayes",
        _WORDS,
        "sklearn.naive_bayes",
        features="engineered",
        params={"words": 1, "characters": 0, "weights": "tfidf"},
    ),
    model(
        "texts",
        "tfidf-logistic-regression",
        _TEXT_CLASSES,
        "Logistic regression on TF-IDF of words, their pairs, and three to five characters.",
        f"{GUIDE}feature_extraction.html#tfidf-term-weighting",
        _WORDS,
        "sklearn.linear_model",
        features="engineered",
        params={"words": 2, "characters": 5, "weights": "tfidf", "C": 10.0, "max_iter": 2000},
    ),
    model(
        "texts",
        "tfidf-linear-svm",
        _TEXT_CLASSES,
        "Linear support vector machine on TF-IDF of words, their pairs, and three to five "
        "characters; labels only.",
        "Joachims (1998), Text categorization with support vector machines, doi:10.1007/BFb0026683",
        _WORDS,
        "sklearn.svm",
        features="engineered",
        params={"words": 2, "characters": 5, "weights": "tfidf", "max_iter": 10_000},
    ),
    model(
        "texts",
        "nb-svm",
        _TEXT_CLASSES,
        "Linear support vector machine on log-count ratios of words and their pairs; labels only.",
        "Wang and Manning (2012), Baselines and bigrams, ACL, https://aclanthology.org/P12-2018",
        f"{PACKAGE}.nb_svm",
        _WORDS,
        "sklearn.svm",
        features="engineered",
        params={"words": 2, "characters": 0, "weights": "presence"},
    ),
)

SOUNDS = (
    model(
        "sounds",
        "mel-svm",
        _AUDIO_CLASSES,
        "Support vector machine with a Gaussian kernel on statistics of log-mel bands; "
        "labels only.",
        _BANDS,
        f"{PACKAGE}.sound_statistics",
        "sklearn.svm",
        features="engineered",
        params={"scale": True, "C": 10.0},
    ),
    model(
        "sounds",
        "mel-forest",
        (*_AUDIO_CLASSES, ("regression", "audio")),
        "A hundred trees on statistics of log-mel bands.",
        _BANDS,
        f"{PACKAGE}.sound_statistics",
        "sklearn.ensemble",
        features="engineered",
        params={"scale": False},
    ),
    model(
        "sounds",
        "mfcc-svm",
        _AUDIO_CLASSES,
        "Support vector machine with a Gaussian kernel on statistics of cepstral coefficients; "
        "labels only.",
        _BANDS,
        f"{PACKAGE}.sound_statistics",
        "sklearn.svm",
        features="engineered",
        params={"scale": True, "C": 10.0},
    ),
)

SERIES = (
    model(
        "series",
        "nn-euclidean",
        _SERIES_CLASSES + _SERIES_NUMBERS,
        "Class, or number, of the nearest training series, step by step.",
        "Cover and Hart (1967), doi:10.1109/TIT.1967.1053964",
        f"{PACKAGE}.neighbors",
        "sklearn.neighbors",
        params={"scale": False, "n_neighbors": 1},
        fit_params=(),
    ),
    model(
        "series",
        "nn-dtw",
        _SERIES_CLASSES,
        "Class of the nearest training series by dynamic time warping within a tenth of the "
        "length.",
        "Sakoe and Chiba (1978), doi:10.1109/TASSP.1978.1163055",
        f"{PACKAGE}.neighbors",
        params={"scale": False, "n_neighbors": 1, "window": 0.1},
        fit_params=(),
    ),
    model(
        "series",
        "random-kernels",
        _SERIES_CLASSES + _SERIES_NUMBERS,
        "Ridge regression on ten thousand features of fixed kernels, after MiniRocket; labels "
        "only.",
        "Dempster, Schmidt and Webb (2021), MiniRocket, doi:10.1145/3447548.3467231",
        f"{PACKAGE}.random_kernels",
        "sklearn.linear_model",
        features="engineered",
        params={"scale": True, "n_features": 10_000},
    ),
    model(
        "series",
        "summary-forest",
        _SERIES_CLASSES + _SERIES_NUMBERS,
        "Two hundred random trees on statistics of the series, its halves and their halves.",
        "Deng, Runger, Tuv and Vladimir (2013), doi:10.1016/j.ins.2013.02.030",
        f"{PACKAGE}.summaries",
        "sklearn.ensemble",
        features="engineered",
        params={"scale": False, "n_estimators": 200, "max_features": 0.1},
    ),
)

RAW = (*IMAGES, *TEXTS, *SOUNDS, *SERIES)
"""The models of images, texts, sounds and series."""
