"""A whole plugin for bench: one model and one dataset."""

from collections.abc import Iterator

import bench

HOOK_API = 2


@bench.hookimpl
def bench_models() -> Iterator[bench.ModelSpec]:
    """Yield the model."""
    yield bench.ModelSpec(
        name="sample-centroid",
        family="classical",
        does=(("classification", "tabular"),),
        factory="bench_sample.models:make_centroid",
        params={"shrink": 0.0},
        targets=("binary", "multiclass"),
        numbers_only=True,
        summary="The class whose mean is nearest.",
    )


@bench.hookimpl
def bench_datasets() -> Iterator[bench.DatasetSpec]:
    """Yield the dataset."""
    yield bench.DatasetSpec(
        name="sample-rings",
        tasks=("classification",),
        modality="tabular",
        loader="bench_sample.data:load_rings",
        params={"n_rows": 200, "seed": 0},
        summary="Two rings, one inside the other.",
        license="CC0-1.0",
        source="Made from its parameters",
    )
