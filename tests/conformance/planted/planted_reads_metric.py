"""Its factory asks for the metric that leads, and its record does not say so."""

import planted_parts

HOOK_API = 2
bench_models = planted_parts.model(__name__)


def make(context):
    from planted_estimators import Centroid, refuse

    refuse(context)
    estimator = Centroid()
    estimator.stops_by = context.metric
    return estimator
