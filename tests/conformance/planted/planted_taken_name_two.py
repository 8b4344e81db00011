"""It offers a name that another plugin offers, too."""

import planted_parts

HOOK_API = 2
bench_models = planted_parts.model(__name__, name="planted-taken")


def make(context):
    from planted_estimators import Centroid, refuse

    refuse(context)
    return Centroid()
