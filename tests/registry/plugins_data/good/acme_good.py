"""A plugin with everything in order, that floods the terminal when it is imported."""

import os
import pathlib
import sys
import warnings

import bench

HOOK_API = 2

print("flood of print")
print("flood of errors", file=sys.stderr)
os.write(1, b"flood of a C library\n")
warnings.warn("flood of warnings", stacklevel=1)


class Ranking(bench.Task):
    name = "acme-ranking"
    summary = "Which comes first."
    metrics = ("acme-cost",)

    def splits(self, dataset, protocol):
        return ()

    def prepare(self, dataset, protocol, cell):
        raise NotImplementedError

    def shorten(self, part, n):
        return part

    def ask(self, estimator, part):
        raise NotImplementedError

    def read(self, answer, part, parts, estimator):
        raise NotImplementedError


@bench.hookimpl
def bench_models():
    yield bench.ModelSpec(
        name="acme-forest",
        family="classical",
        does=(("classification", "tabular"), ("regression", "tabular")),
        factory="acme_good:make_forest",
        aliases=("acme-rf",),
        params={"n_trees": 300},
        summary="Acme's forest.",
    )


@bench.hookimpl
def bench_datasets():
    yield bench.DatasetSpec(
        name="acme-churn", tasks=("classification",), modality="tabular", loader="acme_good:load"
    )
    yield bench.DatasetSpec(
        name="acme-xlsx",
        tasks=("classification",),
        modality="tabular",
        loader="acme_good:read",
        takes_path=True,
    )


@bench.hookimpl
def bench_tasks():
    yield Ranking()


@bench.hookimpl
def bench_metrics():
    return [
        bench.Metric(
            name="acme-cost",
            direction="lower",
            ideal=0.0,
            needs="labels",
            function="acme_good:cost",
        )
    ]


@bench.hookimpl(specname="bench_probes")
def measures_energy():
    yield bench.ProbeSpec(name="acme-energy", factory="acme_good:Probe", summary="Joules.")


@bench.hookimpl
def bench_suites():
    yield pathlib.Path(__file__).parent / "acme_suites"


def make_forest(context, n_trees):
    raise bench.Skip("only a test")
