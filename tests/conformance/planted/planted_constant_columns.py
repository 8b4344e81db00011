"""It divides by the spread of each column."""

import planted_parts

HOOK_API = 2
bench_models = planted_parts.model(__name__)


def make(context):
    import numpy as np
    from planted_estimators import Centroid, refuse

    refuse(context)

    class Faulty(Centroid):
        def fit(self, X, y):
            self.spread = np.ptp(X, axis=0)
            if (self.spread == 0).any():
                raise FloatingPointError("a column without a spread")
            return super().fit(X / self.spread, y)

        def predict(self, X):
            return super().predict(X / self.spread)

    return Faulty()
