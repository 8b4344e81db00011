"""One of its two records is no record."""

import planted_parts

import bench

HOOK_API = 2


@bench.hookimpl
def bench_models():
    yield from planted_parts.model(__name__)()
    yield {"name": "planted-forest"}


def make(context):
    from planted_estimators import Centroid, refuse

    refuse(context)
    return Centroid()
