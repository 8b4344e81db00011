"""It claims a device that its factory does not know."""

import planted_parts

HOOK_API = 2
bench_models = planted_parts.model(__name__, devices=("cpu", "gpu"))


def make(context):
    from planted_estimators import Centroid, refuse

    refuse(context)
    return {"cpu": Centroid}[context.device]()
