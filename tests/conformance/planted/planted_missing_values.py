"""It neither takes missing values nor refuses them."""

import planted_parts

HOOK_API = 2
bench_models = planted_parts.model(__name__)


def make(context):
    import numpy as np
    from planted_estimators import Centroid, refuse

    refuse(context, missing=False)

    class Faulty(Centroid):
        def fit(self, X, y):
            if np.isnan(X).any():
                raise ValueError("X holds NaN")
            return super().fit(X, y)

    return Faulty()
