"""It answers a column where a row of numbers is asked for."""

import planted_parts

HOOK_API = 2
bench_models = planted_parts.model(__name__)


def make(context):
    import numpy as np
    from planted_estimators import Centroid, refuse

    refuse(context)

    class Faulty(Centroid):
        def predict(self, X):
            return np.column_stack([super().predict(X)] * 2)

    return Faulty()
