"""It answers a class that nobody has given it."""

import planted_parts

HOOK_API = 2
bench_models = planted_parts.model(__name__)


def make(context):
    import numpy as np
    from planted_estimators import Centroid, refuse

    refuse(context)

    class Faulty(Centroid):
        def predict(self, X):
            return np.full(len(X), 99)

    return Faulty()
