"""It has NumPy ignore errors from then on."""

import planted_parts

HOOK_API = 2
bench_models = planted_parts.model(__name__)


def make(context):
    import numpy as np
    from planted_estimators import Centroid, refuse

    refuse(context)

    class Faulty(Centroid):
        def fit(self, X, y):
            np.seterr(all="ignore")
            return super().fit(X, y)

    return Faulty()
