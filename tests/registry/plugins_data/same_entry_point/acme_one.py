"""One of two distributions that call their entry point `acme`."""

import bench


@bench.hookimpl
def bench_datasets():
    yield bench.DatasetSpec(
        name="acme-of-one", tasks=("classification",), modality="tabular", loader="acme_one:load"
    )
