"""A plugin that uses what a later HOOK_API takes away."""

import warnings

import bench
from bench.spec.errors import BenchDeprecationWarning

HOOK_API = 2

warnings.warn("nobody needs to know", FutureWarning, stacklevel=2)
warnings.warn("HOOK_API 7 has no 'old'; use 'new'.", BenchDeprecationWarning, stacklevel=2)


@bench.hookimpl
def bench_models():
    warnings.warn("'older' goes, too.", BenchDeprecationWarning, stacklevel=2)
    yield bench.ModelSpec(
        name="acme-deprecated",
        family="classical",
        does=(("classification", "tabular"),),
        factory="acme_deprecated:make",
    )
