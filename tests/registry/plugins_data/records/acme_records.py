"""A plugin with something good and something bad in every hook."""

import bench


def model(name, family="classical"):
    return bench.ModelSpec(
        name=name,
        family=family,
        does=(("classification", "tabular"),),
        factory="acme_records:make",
    )


def dataset(name):
    return bench.DatasetSpec(
        name=name, tasks=("regression",), modality="tabular", loader="acme_records:load"
    )


class Nameless(bench.Task):
    splits = prepare = shorten = ask = read = None


@bench.hookimpl
def bench_models():
    yield model("acme-first")
    yield model("acme-second", family="deeep")
    yield model("acme-third")


@bench.hookimpl
def bench_datasets():
    yield dataset("acme-before")
    yield {"name": "acme-dict"}
    yield dataset("acme-after")


@bench.hookimpl
def bench_metrics():
    pass


@bench.hookimpl
def bench_probes():
    yield bench.ProbeSpec(name="acme-probe", factory="acme_records:Probe")
    raise ValueError("no sensor on this machine")


@bench.hookimpl
def bench_tasks():
    yield Nameless
    yield Nameless()


@bench.hookimpl
def bench_suites():
    yield "suites"
