"""It is for a kind of target that its task does not have."""

import planted_estimators
import planted_parts

HOOK_API = 2
bench_models = planted_parts.model(__name__, targets=("continuous",))


def make(context):
    planted_estimators.refuse(context)
    return planted_estimators.Centroid()
