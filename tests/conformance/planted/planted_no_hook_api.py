"""It does not say for which hooks it was written."""

import planted_parts

bench_models = planted_parts.model(__name__)


def make(context):
    from planted_estimators import Centroid, refuse

    refuse(context)
    return Centroid()
