"""It says that it streams, and wants an array."""

import planted_parts

HOOK_API = 2
bench_models = planted_parts.model(__name__, streams=True)


def make(context):
    from planted_estimators import Centroid, refuse

    refuse(context, missing=False)

    class Faulty(Centroid):
        def fit(self, X, y):
            return super().fit(X.astype(float), y)

    return Faulty()
