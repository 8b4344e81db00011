"""It asks for weights that its `fit` does not take."""

import planted_parts

HOOK_API = 2
bench_models = planted_parts.model(__name__, fit_params=("sample_weight",))


def make(context):
    from planted_estimators import Centroid, refuse

    refuse(context)

    class Faulty(Centroid):
        pass

    return Faulty()
