"""It neither takes several labels a row nor refuses them."""

import planted_parts

HOOK_API = 2
bench_models = planted_parts.model(__name__)


def make(context):
    from planted_estimators import Centroid, refuse

    refuse(context, outputs=False)

    class Faulty(Centroid):
        pass

    return Faulty()
