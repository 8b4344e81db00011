"""It needs rows of two classes, and does not say so."""

import planted_parts

HOOK_API = 2
bench_models = planted_parts.model(__name__)


def make(context):
    import numpy as np
    from planted_estimators import Centroid, refuse

    refuse(context, rows=False)

    class Faulty(Centroid):
        def fit(self, X, y):
            if len(np.unique(y)) < 2:
                raise ValueError("one class only")
            return super().fit(X, y)

    return Faulty()
