"""Its factory refuses one end of its own search space."""

import planted_parts

HOOK_API = 2
bench_models = planted_parts.model(
    __name__,
    params={"shrink": 0.5},
    search_space={"shrink": {"low": 0.0, "high": 2.0}},
)


def make(context, shrink):
    from planted_estimators import Centroid, refuse

    refuse(context)
    if shrink > 1:
        raise ValueError("shrink must be at most 1")
    return Centroid()
