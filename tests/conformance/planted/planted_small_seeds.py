"""It takes seeds of 16 bits only."""

import planted_parts

HOOK_API = 2
bench_models = planted_parts.model(__name__)


def make(context):
    import numpy as np
    from planted_estimators import Centroid, refuse

    refuse(context)
    np.random.RandomState(100 * context.seed)
    return Centroid()
