"""A plugin that works with NumPy 1 and scikit-learn 1.5 alone."""

import bench

HOOK_API = 1


@bench.hookimpl
def bench_models():
    for name in ("bayes", "table"):
        yield bench.ModelSpec(
            name=f"old-{name}",
            family="classical",
            does=(("classification", "tabular"),),
            factory=f"acme_old_models:make_{name}",
            preload=("sklearn.naive_bayes",),
        )
