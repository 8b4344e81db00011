"""It sets a variable for everybody."""

import os

import planted_parts

HOOK_API = 2
bench_models = planted_parts.model(__name__)


def make(context):
    from planted_estimators import Centroid, refuse

    refuse(context)

    class Faulty(Centroid):
        def fit(self, X, y):
            os.environ["OMP_NUM_THREADS"] = "7"
            return super().fit(X, y)

    return Faulty()
