"""It draws from the generator that everybody shares."""

import planted_parts

HOOK_API = 2
bench_models = planted_parts.model(__name__)


def make(context):
    import numpy as np
    from planted_estimators import Centroid, refuse

    refuse(context)

    class Faulty(Centroid):
        def fit(self, X, y):
            self.noise = np.random.normal(size=X.shape[1])
            return super().fit(X, y)

        def predict(self, X):
            return super().predict(X + 3 * self.noise)

    return Faulty()
