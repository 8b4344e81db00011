"""Its factory does not take what its record names."""

import planted_parts

HOOK_API = 2
bench_models = planted_parts.model(__name__, params={"n_trees": 300})


def make(context, trees=300):
    from planted_estimators import Centroid, refuse

    refuse(context)
    return Centroid()
