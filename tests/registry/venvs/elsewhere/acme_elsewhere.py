"""A plugin that lives in an environment of its own."""

import bench

HOOK_API = 2


@bench.hookimpl
def bench_models():
    for name in ("bayes", "leaves-children", "threaded", "teller"):
        yield bench.ModelSpec(
            name=f"else-{name}",
            family="classical",
            does=(("classification", "tabular"),),
            factory=f"acme_elsewhere_models:make_{name.replace('-', '_')}",
            params={"smoothing": 1e-9} if name == "bayes" else {},
            search_space={"smoothing": [1e-9, 1e-6, 1e-3]} if name == "bayes" else {},
            preload=("acme_threads",) if name == "threaded" else ("sklearn.naive_bayes",),
            streams=name == "bayes",
            fit_params=("sample_weight",) if name == "teller" else (),
            summary="From elsewhere.",
        )
