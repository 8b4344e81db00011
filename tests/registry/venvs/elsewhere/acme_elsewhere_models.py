"""Estimators of the plugin that lives in an environment of its own."""

import gc
import os
import random
import subprocess
import sys
import time

import numpy as np
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.metaestimators import available_if

import bench


def make_bayes(context, smoothing=1e-9):
    return GaussianNB(var_smoothing=smoothing)


def make_pipeline_of_two(context):
    return make_pipeline(StandardScaler(), GaussianNB())


class Teller:
    """Says what it is given, and does what it is told."""

    def __init__(self, context):
        self.context = context
        self.is_fitted = False

    def fit(self, X, y=None, **others):
        self.is_fitted = True
        self.X_, self.y_, self.others_ = X, y, others
        return self

    @available_if(lambda self: self.is_fitted)
    def predict(self, X):
        return np.full(len(X), self.y_[0])

    def echo(self, *given, **named):
        return [given, named]

    def kind(self, value):
        return [type(value).__module__, type(value).__qualname__]

    def draw(self):
        return [random.random(), float(np.random.rand())]

    def sleep(self, seconds):
        start = time.perf_counter()
        time.sleep(seconds)
        return time.perf_counter() - start

    def work(self, seconds):
        """Use so much CPU time."""
        start = time.process_time()
        while time.process_time() - start < seconds:
            pass

    def loop(self):
        while True:
            time.sleep(0.01)

    def leave(self, code):
        os._exit(code)

    def fail(self, kind):
        raise {
            "value": ValueError("no good"),
            "skip": bench.Skip("not on Sundays"),
            "memory": MemoryError(),
            "exit": SystemExit("enough"),
            "own": NoLuckError("out of luck"),
            "parameter": bench.ParameterError("colour is 'pink'"),
            "attribute": AttributeError("no such thing"),
        }[kind]

    def n_alive(self):
        """How many of its kind there are in this process."""
        gc.collect()
        return sum(type(thing) is Teller for thing in gc.get_objects())

    def facts(self):
        """What this process is."""
        return {
            "pid": os.getpid(),
            "parent": os.getppid(),
            "folder": os.getcwd(),
            "prefix": sys.prefix,
            "cores": sorted(os.sched_getaffinity(0)),
            "group": os.getpgid(0),
            "bench_modules": sorted(
                name for name in sys.modules if name.startswith("bench.registry.venvs")
            ),
            "threads": os.environ.get("OMP_NUM_THREADS"),
            "context": [
                self.context.task,
                [column.name for column in self.context.columns],
                list(self.context.target.classes),
                type(self.context.scratch).__name__,
                self.context.seed,
            ],
        }


class NoLuckError(ValueError):
    """A ValueError of a kind that nobody else knows."""


def make_teller(context):
    return Teller(context)


class LeavesChildren(GaussianNB):
    def fit(self, X, y):
        for session in ("", "setsid "):
            subprocess.run(["sh", "-c", f"{session}sleep 3598.5 & exit 0"], check=True)
        return super().fit(X, y)


def make_leaves_children(context):
    return LeavesChildren()


def make_threaded(context):
    return GaussianNB()
