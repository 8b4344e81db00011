"""It uses what a later version takes away."""

import warnings

import planted_parts

import bench
from bench.spec.errors import BenchDeprecationWarning

HOOK_API = 2


@bench.hookimpl
def bench_models():
    warnings.warn("an old field; use the new one", BenchDeprecationWarning, stacklevel=2)
    yield from planted_parts.model(__name__)()


def make(context):
    from planted_estimators import Centroid, refuse

    refuse(context)
    return Centroid()
