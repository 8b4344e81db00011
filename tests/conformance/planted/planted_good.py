"""Everything in order: a model, a dataset, a task, a metric, a condition, a probe and a suite."""

import dataclasses
import pathlib

import planted_parts
import planted_tasks

import bench

HOOK_API = 2
bench_models = planted_parts.model(
    __name__,
    does=(("classification", "tabular"), ("planted-sorting", "tabular")),
    params={"shrink": 0.0},
    search_space={"shrink": [0.5]},
)
bench_datasets = planted_parts.dataset(__name__)


class Sorting(planted_tasks.Rows):
    name = "planted-sorting"


@bench.hookimpl
def bench_tasks():
    yield Sorting()


@bench.hookimpl
def bench_metrics():
    yield bench.Metric(
        name="planted-misses",
        direction="lower",
        ideal=0.0,
        needs="labels",
        function="planted_good:misses",
    )


@bench.hookimpl
def bench_conditions():
    yield bench.Change(
        key="planted-shift",
        label="shift",
        default=0.0,
        changes="X",
        apply="planted_good:shift",
        objection="planted_good:no_table",
    )


@bench.hookimpl
def bench_probes():
    yield bench.ProbeSpec(name="planted-counter", factory="planted_good:Counter")


@bench.hookimpl
def bench_suites():
    yield pathlib.Path(__file__).parent / "suites_good"


class Counter:
    def start(self, phase):
        self.phase = phase

    def stop(self, phase):
        return {"phases": (1, "")}


def shift(parts, chance, scale, amount):
    shifted = amount * scale.X * chance.uniform()[parts.train.rows, None]
    train = dataclasses.replace(parts.train, X=parts.train.X + shifted)
    return dataclasses.replace(parts, train=train)


def no_table(facts):
    return None if facts.modality == "tabular" else "it is for tables"


def misses(part, labels):
    return float((part.y != labels).mean())


def make(context, shrink):
    from planted_estimators import Probabilities, refuse

    refuse(context)
    return Probabilities()


def load():
    import numpy as np

    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    parts = np.array(["train"] * 40 + ["test"] * 20)
    groups = np.arange(60) // 5
    return bench.Dataset(rng.normal(size=(60, 3)) + y[:, None], y, parts=parts, groups=groups)
