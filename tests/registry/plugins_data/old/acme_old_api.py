"""A plugin written for HOOK_API 1: all that it could offer then."""

import pathlib

import bench

HOOK_API = 1


class Ranking(bench.Task):
    name = "acme-ranking"
    metrics = ("acme-cost",)

    def splits(self, dataset, protocol):
        return ()

    def prepare(self, dataset, protocol, cell):
        raise NotImplementedError

    def shorten(self, part, n):
        return part

    def ask(self, estimator, part):
        raise NotImplementedError

    def check(self, output):
        return None


class Sorting(Ranking):
    name = "acme-sorting"

    def read(self, answer, part, parts, estimator):
        raise NotImplementedError


@bench.hookimpl
def bench_models():
    yield bench.ModelSpec(
        name="acme-forest",
        family="classical",
        does=(("classification", "tabular"),),
        factory="acme_old_api:make",
    )


@bench.hookimpl
def bench_datasets():
    yield bench.DatasetSpec(
        name="acme-churn",
        tasks=("classification",),
        modality="tabular",
        loader="acme_old_api:load",
    )


@bench.hookimpl
def bench_tasks():
    yield Sorting()
    yield Ranking()


@bench.hookimpl
def bench_metrics():
    yield bench.Metric(
        name="acme-cost", direction="lower", ideal=0.0, needs="labels", function="acme_old_api:cost"
    )


@bench.hookimpl
def bench_probes():
    yield bench.ProbeSpec(name="acme-energy", factory="acme_old_api:Probe")


@bench.hookimpl
def bench_suites():
    yield pathlib.Path(__file__).parent


class Last:
    """Repeats the last value that it has seen."""

    def __init__(self, horizon):
        self.horizon = horizon

    def fit(self, X, y):
        self.classes_ = y[:1]
        return self

    def predict(self, X):
        return self.classes_.repeat(len(X))


def make(context):
    return Last(context.horizon)


def load():
    import numpy as np

    return bench.Dataset(np.arange(60.0)[:, None], np.arange(60) % 2, extra={"horizon": 4})
