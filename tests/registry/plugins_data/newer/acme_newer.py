"""A plugin for a bench of the future."""

import bench

HOOK_API = 99


@bench.hookimpl
def bench_datasets():
    yield bench.DatasetSpec(
        name="acme-tomorrow",
        tasks=("classification",),
        modality="tabular",
        loader="acme_newer:load",
    )
