"""Its factory refuses its own default."""

import planted_parts

HOOK_API = 2
bench_models = planted_parts.model(__name__, params={"shrink": -1})


def make(context, shrink):
    from planted_estimators import Centroid, refuse

    refuse(context)
    if shrink < 0:
        raise ValueError("shrink must not be negative")
    return Centroid()
