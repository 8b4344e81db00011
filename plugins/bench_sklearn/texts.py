"""Factories of the models of texts; what every factory takes is said in `models`.

All take, besides the learner's own parameters:

- ``words``: the longest sequence of words counted, from 1; 0: no words;
- ``characters``: the longest sequence of characters within words counted, from 3; 0: none;
- ``weights``: "tfidf", "counts", or "presence" (1 where a sequence occurs);
- ``min_rows``: in how many training texts a sequence must occur.

A word is a run of letters and digits, with the apostrophes and hyphens between them, or one single
mark of any other kind.
"""

from __future__ import annotations

import math
from typing import Any

from bench import ModelContext, ParameterError
from bench_sklearn.assembly import assemble, check_choice, check_number, choose, make

WORD = r"\w+(?:['’-]\w+)*|[^\w\s]"
"""What counts as a word: marks too, because "!" and "£" tell much of a message."""

SHORTEST = 3
"""Characters of the shortest sequence counted: of fewer, nearly all occur in every text."""

_COUNTED = {"words": 1, "characters": 0, "weights": "tfidf", "min_rows": 1}


def tfidf_naive_bayes(context: ModelContext, **params: Any) -> Any:
    """Return multinomial naive Bayes on weights of words."""
    from sklearn.naive_bayes import MultinomialNB

    learner = choose("tfidf-naive-bayes", context, classification=MultinomialNB)
    return _assembled("tfidf-naive-bayes", context, learner, params)


def tfidf_logistic_regression(context: ModelContext, **params: Any) -> Any:
    """Return an L2-regularised logistic regression on weights of words and characters."""
    from sklearn.linear_model import LogisticRegression

    learner = choose("tfidf-logistic-regression", context, classification=LogisticRegression)
    return _assembled("tfidf-logistic-regression", context, learner, params, one_class=False)


def tfidf_linear_svm(context: ModelContext, **params: Any) -> Any:
    """Return a linear support vector machine on weights of words and characters; labels only."""
    from sklearn.svm import LinearSVC

    learner = choose("tfidf-linear-svm", context, classification=LinearSVC)
    return _assembled("tfidf-linear-svm", context, learner, params, one_class=False)


def nb_svm(context: ModelContext, **params: Any) -> Any:
    """Return a linear support vector machine on log-count ratios of words and pairs of words."""
    from bench_sklearn.nb_svm import NbSvm

    learner = choose("nb-svm", context, classification=NbSvm)
    estimator = _assembled("nb-svm", context, learner, params, one_class=False)
    check_number("nb-svm", "beta", estimator[-1].beta, 0, 1)
    return estimator


def _assembled(
    name: str,
    context: ModelContext,
    learner: Any,
    params: dict[str, Any],
    *,
    one_class: bool = True,
) -> Any:
    counted = {**_COUNTED, **{key: params[key] for key in _COUNTED if key in params}}
    own = {key: value for key, value in params.items() if key not in _COUNTED}
    estimator = make(name, context, learner, own, other=tuple(_COUNTED))
    features = _counters(name, **counted)
    return assemble(name, context, estimator, scale=False, one_class=one_class, features=features)


def _counters(name: str, *, words: Any, characters: Any, weights: Any, min_rows: Any) -> Any:
    from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
    from sklearn.pipeline import FeatureUnion

    check_number(name, "words", words, 0, 10, whole=True)
    check_number(name, "characters", characters, 0, 20, whole=True)
    check_number(name, "min_rows", min_rows, 1, math.inf, whole=True)
    check_choice(name, "weights", weights, ("tfidf", "counts", "presence"))
    if 0 < characters < SHORTEST or not (words or characters):
        raise ParameterError(
            f"model {name!r}: words is {words} and characters is {characters}; one of them must be "
            f"more than 0, and characters 0 or from {SHORTEST} on."
        )
    counter: Any = CountVectorizer
    given: dict[str, Any] = {"min_df": min_rows, "binary": weights == "presence"}
    if weights == "tfidf":
        counter = TfidfVectorizer
        given["sublinear_tf"] = True
    counters = []
    if words:
        counters.append(("words", counter(token_pattern=WORD, ngram_range=(1, words), **given)))
    if characters:
        lengths = (SHORTEST, characters)
        counters.append(("characters", counter(analyzer="char_wb", ngram_range=lengths, **given)))
    return FeatureUnion(counters)
