"""It answers from the last row to the first."""

import planted_parts

HOOK_API = 2
bench_models = planted_parts.model(__name__)


def make(context):
    from planted_estimators import Centroid, refuse

    refuse(context)

    class Faulty(Centroid):
        def predict(self, X):
            return super().predict(X)[::-1]

    return Faulty()
