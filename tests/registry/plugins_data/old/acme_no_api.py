"""A plugin that does not say for which HOOK_API it was written."""

import acme_old_api

import bench


@bench.hookimpl
def bench_models():
    yield bench.ModelSpec(
        name="acme-tree",
        family="classical",
        does=(("classification", "tabular"),),
        factory="acme_old_api:make",
    )


@bench.hookimpl
def bench_tasks():
    yield acme_old_api.Sorting()
