"""A plugin whose author cannot spell, nor remember to mark hooks."""

import bench


@bench.hookimpl
def bench_modles():
    yield bench.ModelSpec(
        name="acme-lost",
        family="classical",
        does=(("classification", "tabular"),),
        factory="acme_misspelt:make",
    )


@bench.hookimpl
def offers_models():
    return ()


def bench_metricks():
    return ()


def bench_probes():
    return ()


bench_tasks = ["not a function"]


@bench.hookimpl
def bench_datasets():
    yield bench.DatasetSpec(
        name="acme-kept", tasks=("classification",), modality="tabular", loader="acme_misspelt:load"
    )
