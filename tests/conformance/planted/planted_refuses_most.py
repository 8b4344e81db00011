"""It refuses all but large data, and its record does not say so."""

import planted_estimators
import planted_parts

import bench

HOOK_API = 2
bench_models = planted_parts.model(__name__)


def make(context):
    if context.n_train < 1000:
        raise bench.Skip("a thousand rows at least")
    planted_estimators.refuse(context)
    return planted_estimators.Centroid()
