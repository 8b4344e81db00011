"""A good model and a good dataset; every planted plugin spoils one of them in one way."""

import bench


def model(module, factory="make", **changed):
    """Return a hook that yields one model of a module."""
    fields = {
        "name": module.replace("_", "-"),
        "family": "classical",
        "does": (("classification", "tabular"),),
        "factory": f"{module}:{factory}",
    }
    return models(bench.ModelSpec(**{**fields, **changed}))


def models(*records):
    """Return a hook that yields these models."""

    @bench.hookimpl
    def bench_models():
        yield from records

    return bench_models


def dataset(module, loader="load", **changed):
    """Return a hook that yields one dataset of a module."""
    fields = {
        "name": module.replace("_", "-"),
        "tasks": ("classification",),
        "modality": "tabular",
        "loader": f"{module}:{loader}",
        "license": "CC0-1.0",
        "source": "Made for a test",
    }

    @bench.hookimpl
    def bench_datasets():
        yield bench.DatasetSpec(**{**fields, **changed})

    return bench_datasets


def hook(name, *records):
    """Return a hook of this name that yields these records."""

    def implementation():
        yield from records

    return bench.hookimpl(specname=name)(implementation)
