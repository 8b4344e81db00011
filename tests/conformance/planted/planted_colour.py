"""It supposes that images are grey."""

import planted_parts

HOOK_API = 2
bench_models = planted_parts.model(__name__, does=(("classification", "image"),))


def make(context):
    import numpy as np
    from planted_estimators import Centroid, refuse

    refuse(context)

    def flat(X):
        n, height, width = X.shape
        return np.asarray(X, dtype=float).reshape(n, height * width)

    class Faulty(Centroid):
        def fit(self, X, y):
            return super().fit(flat(X), y)

        def predict(self, X):
            return super().predict(flat(X))

    return Faulty()
