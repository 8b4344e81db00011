"""It has room for ten classes."""

import planted_parts

HOOK_API = 2
bench_models = planted_parts.model(__name__)


def make(context):
    import numpy as np
    from planted_estimators import Centroid, refuse

    refuse(context)

    class Faulty(Centroid):
        def fit(self, X, y):
            counts = np.zeros(10)
            for label in y:
                counts[label] += 1
            return super().fit(X, y)

    return Faulty()
