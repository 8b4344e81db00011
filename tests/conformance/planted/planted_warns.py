"""It warns at every fit."""

import warnings

import planted_parts

HOOK_API = 2
bench_models = planted_parts.model(__name__)


def make(context):
    from planted_estimators import Centroid, refuse

    refuse(context)

    class Faulty(Centroid):
        def fit(self, X, y):
            warnings.warn("this is not what you want", stacklevel=2)
            return super().fit(X, y)

    return Faulty()
