"""Factories of the models of sounds; what every factory takes is said in `models`.

Features are statistics over time of what is heard in short frames, so that recordings of any length
become rows of one width. Besides `scale` and the learner's own, all take ``n_mels``,
``window_seconds``, ``hop_seconds``, ``n_parts`` (parts of a recording that have means of their own)
and ``sampling_rate``, which the data set says itself unless it is given.
"""

from __future__ import annotations

import math
from typing import Any, Literal

from bench import ModelContext
from bench_sklearn.assembly import assemble, check_number, choose, make

_FRAMES = {
    "n_mels": 40,
    "n_coefficients": 20,
    "window_seconds": 0.025,
    "hop_seconds": 0.010,
    "n_parts": 3,
}


def mel_svm(context: ModelContext, *, scale: bool = True, **params: Any) -> Any:
    """Return a support vector machine with a Gaussian kernel on statistics of mel bands."""
    from sklearn.svm import SVC

    learner = choose("mel-svm", context, classification=SVC)
    return _assembled("mel-svm", context, learner, "mel", scale, params, one_class=False)


def mel_forest(context: ModelContext, *, scale: bool = False, **params: Any) -> Any:
    """Return a random forest on statistics of mel bands."""
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    learner = choose(
        "mel-forest",
        context,
        classification=RandomForestClassifier,
        regression=RandomForestRegressor,
    )
    return _assembled("mel-forest", context, learner, "mel", scale, params)


def mfcc_svm(context: ModelContext, *, scale: bool = True, **params: Any) -> Any:
    """Return a support vector machine with a Gaussian kernel on statistics of coefficients.

    ``n_coefficients`` is how many of the mel-frequency cepstrum there are.
    """
    from sklearn.svm import SVC

    learner = choose("mfcc-svm", context, classification=SVC)
    return _assembled("mfcc-svm", context, learner, "mfcc", scale, params, one_class=False)


def _assembled(
    name: str,
    context: ModelContext,
    learner: Any,
    features: Literal["mel", "mfcc"],
    scale: bool,
    params: dict[str, Any],
    *,
    one_class: bool = True,
) -> Any:
    from bench_sklearn.sound_statistics import SoundStatistics

    frames = {
        parameter: params.pop(parameter, usual)
        for parameter, usual in _FRAMES.items()
        if features == "mfcc" or parameter != "n_coefficients"
    }
    rate = params.pop("sampling_rate", context.extra.get("sampling_rate"))
    estimator = make(name, context, learner, params, other=("scale", "sampling_rate", *frames))
    if rate is not None:
        check_number(name, "sampling_rate", rate, 1, math.inf)
    for parameter in ("window_seconds", "hop_seconds"):
        check_number(name, parameter, frames[parameter], 1e-4, 60)
    check_number(name, "n_mels", frames["n_mels"], 1, 512, whole=True)
    check_number(name, "n_parts", frames["n_parts"], 1, 100, whole=True)
    if features == "mfcc":
        most = frames["n_mels"]
        check_number(name, "n_coefficients", frames["n_coefficients"], 1, most, whole=True)
    return assemble(
        name,
        context,
        estimator,
        scale,
        one_class=one_class,
        features=SoundStatistics(rate, features, **frames),
    )
