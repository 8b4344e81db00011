"""Models that do what no model should, for the tests of isolation."""

import collections
import ctypes
import itertools
import os
import signal
import subprocess
import sys
import time

import numpy as np

import bench


class Majority:
    """Predicts the first class that it saw; the base of all that misbehave."""

    def __init__(self, do=None, answer=None):
        self.do = do
        self.answer = answer

    def fit(self, X, y):
        self.n_seen = len(y)
        if self.do is not None and len(y) > 32:  # the warm-up is spared
            self.do(self)
        self.first = y[0]
        return self

    def predict(self, X):
        if self.answer is not None:
            return self.answer(X)
        return np.full(len(X), self.first)


def segfault(_):
    ctypes.string_at(0)


def exit_silently(_):
    os._exit(0)


def exit_loudly(_):
    sys.exit("enough")


def loop_in_c(_):
    collections.deque(itertools.repeat(None), maxlen=0)


def ignore_sigterm(_):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(0.1)


def leave_children(_):
    for new_session in (False, True):
        seconds = os.environ.get("BENCH_TEST_MARK", "3599")
        subprocess.Popen(["sleep", seconds], start_new_session=new_session)


def allocate(_):
    hoard = []
    while True:
        hoard.append(np.ones(4_000_000))


def long_message(_):
    raise ValueError("x" * 10_000_000)


def gigabyte(_):
    block = b"y" * (1 << 20)
    for _ in range(1024):
        os.write(1, block)


def wander(_):
    os.chdir("/")
    os.environ.clear()
    os.environ["PATH"] = "/nowhere"


def unserialisable(model):
    model.loss_curve_ = [object(), lambda: None]
    model.n_parameters_ = object()
    model.stop_reason_ = object()


def raise_unprintable(_):
    class UnprintableError(Exception):
        def __str__(self):
            raise RuntimeError("no message for you")

    raise UnprintableError


DOES = {
    "segfault": segfault,
    "exit-silently": exit_silently,
    "exit-loudly": exit_loudly,
    "loop-in-c": loop_in_c,
    "ignore-sigterm": ignore_sigterm,
    "leave-children": leave_children,
    "allocate": allocate,
    "long-message": long_message,
    "gigabyte": gigabyte,
    "wander": wander,
    "unserialisable": unserialisable,
    "raise-unprintable": raise_unprintable,
}
ANSWERS = {
    "nan": lambda X: np.full(len(X), np.nan),
    "wrong-shape": lambda X: np.zeros((len(X) + 1, 7)),
    "unseen-class": lambda X: np.full(len(X), 99),
    "objects": lambda X: [object() for _ in X],
}


def make(context, do=None, answer=None):
    return Majority(DOES.get(do), ANSWERS.get(answer))


def make_raise(context):
    raise RuntimeError("the factory is closed")


def make_skip(context):
    raise bench.Skip("I do not work on Sundays")


def make_nothing(context):
    return None


def _spec(name, factory="make", **params):
    return bench.ModelSpec(
        name=name,
        family="classical",
        does=(("classification", "tabular"),),
        factory=f"bench_misbehaving:{factory}",
        params=params,
    )


@bench.hookimpl
def bench_models():
    yield _spec("good")
    for name in DOES:
        yield _spec(f"bad-{name}", do=name)
    for name in ANSWERS:
        yield _spec(f"bad-{name}", answer=name)
    yield _spec("bad-factory", "make_raise")
    yield _spec("bad-skip", "make_skip")
    yield _spec("bad-nothing", "make_nothing")
