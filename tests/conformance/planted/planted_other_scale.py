"""It supposes that numbers are small."""

import planted_parts

HOOK_API = 2
bench_models = planted_parts.model(__name__, does=(("regression", "tabular"),))


def make(context):
    import numpy as np
    from planted_estimators import refuse

    refuse(context)

    class Faulty:
        def fit(self, X, y):
            self.mean = min(y.mean(), 1000.0)
            return self

        def predict(self, X):
            return np.full(len(X), self.mean)

    return Faulty()
