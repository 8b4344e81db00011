"""A plugin with a hook that wants what no hook gets, and one that wraps others."""

import bench


@bench.hookimpl
def bench_models(config):
    return ()


@bench.hookimpl(wrapper=True)
def bench_metrics():
    return (yield)


@bench.hookimpl
def bench_datasets():
    yield bench.DatasetSpec(
        name="acme-beside",
        tasks=("classification",),
        modality="tabular",
        loader="acme_arguments:load",
    )
