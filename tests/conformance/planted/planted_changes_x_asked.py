"""`predict` clips X in place."""

import planted_parts

HOOK_API = 2
bench_models = planted_parts.model(__name__)


def make(context):
    from planted_estimators import Centroid, refuse

    refuse(context)

    class Faulty(Centroid):
        def predict(self, X):
            X[X > 1] = 1
            return super().predict(X)

    return Faulty()
