"""One of two plugins that offer the same names."""

import bench


def model(name, aliases=()):
    return bench.ModelSpec(
        name=name,
        family="deep",
        does=(("regression", "image"),),
        factory="acme_twin_a:make",
        aliases=aliases,
    )


@bench.hookimpl
def bench_models():
    yield model("acme-twin", aliases=("acme-twin-of-a",))
    yield model("acme-alone", aliases=("acme-short",))
