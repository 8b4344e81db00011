"""A plugin with two tasks that have no rows: forecasting a series, and walking down a corridor.

It uses nothing but what ``import bench`` offers. Each task comes with a data set, a baseline, a
model, a control and a metric, in fewer than 80 lines.
"""

import numpy as np

import bench

HOOK_API = 2

# --- forecasting: fit sees the history, and the next values are asked for -------------------------


class ToyForecasting(bench.StreamTask):
    """The last values of a series are to be forecast from those before them."""

    name = "toy-forecasting"
    summary = "What comes next?"
    metrics = ("toy-error",)
    yardstick = "toy-last-value"

    def controls(self, contenders):
        yield bench.Control("toy-no-change", "toy-last-value")


class Drift:
    """Tomorrow will differ from today as, per day, today from the day that was `memory` ago."""

    def __init__(self, memory):
        self.memory = memory

    def fit(self, history):
        first = history[-min(self.memory, len(history) - 1) - 1]
        self.last_ = history[-1]
        self.slope_ = (history[-1] - first) / max(1, min(self.memory, len(history) - 1))
        return self

    def predict(self, n):
        return self.last_ + self.slope_ * np.arange(1, n + 1)


class LastValue(Drift):
    """Tomorrow will be like today."""

    def predict(self, n):
        return np.full(n, self.last_)


def make_last_value(context):
    return LastValue(1)


def make_drift(context, memory=1000):
    return Drift(memory)


def load_line():
    """A line of slope 2 over 60 steps, four steps to be forecast."""
    return bench.Dataset(2.0 * np.arange(60), extra={"horizon": 4})


def absolute_error(part, predicted):
    return float(np.abs(part.y - predicted).mean())


# --- control: fit sees an environment, and actions are asked for ----------------------------------


class ToyControl(bench.EpisodeTask):
    """The size is the number of steps that fit may take; the return of episodes is scored."""

    name = "toy-control"
    summary = "What is to be done?"
    metrics = ("toy-return",)

    def controls(self, contenders):
        yield bench.Control("toy-random", "toy-walk", {"way": "random"})


class Corridor:
    """Ten places in a row; the goal is at one end, and a sign at the start says at which."""

    def reset(self, *, seed=None):
        self.random = np.random.RandomState(seed) if seed is not None else self.random
        self.place, self.goal = 5, int(self.random.randint(2)) * 9
        return (self.place, self.goal), {}

    def step(self, action):
        self.place += 1 if action else -1
        reward, is_over = float(self.place == self.goal), self.place in (0, 9)
        return (self.place, self.goal), reward, is_over, False, {}


class Walk:
    """Goes left, or at random, whatever it has seen."""

    def __init__(self, way, seed):
        self.way, self.random = way, np.random.RandomState(seed)

    def fit(self, environment):
        return self

    def predict(self, observation):
        return 0 if self.way == "left" else int(self.random.randint(2))


class TableOfSigns(Walk):
    """Remembers, for each sign, the action of an episode that was rewarded."""

    def fit(self, environment):
        self.action_ = {}
        while environment.steps_left:
            (_, goal), _ = environment.reset()
            action, is_over = int(self.random.randint(2)), False
            while not is_over:
                _, reward, terminated, truncated, _ = environment.step(action)
                is_over = terminated or truncated
                if reward:
                    self.action_[goal] = action
        return self

    def predict(self, observation):
        return self.action_.get(observation[1], 0)


def make_walk(context, way="left"):
    return Walk(way, context.seed)


def make_table_of_signs(context):
    return TableOfSigns("learned", context.seed)


def load_corridor():
    return bench.Dataset(Corridor, extra={"n_steps": 256, "most_steps": 20})


def mean_return(part, returns):
    return float(returns.mean())


# --- the hooks ------------------------------------------------------------------------------------


@bench.hookimpl
def bench_tasks():
    yield ToyForecasting()
    yield ToyControl()


@bench.hookimpl
def bench_metrics():
    yield bench.Metric(
        name="toy-error", direction="lower", ideal=0.0, needs="predictions", region="2% of value",
        function="toy_tasks:absolute_error",
    )  # fmt: skip
    yield bench.Metric(
        name="toy-return", direction="higher", ideal=1.0, needs="returns", region=0.01,
        function="toy_tasks:mean_return",
    )  # fmt: skip


@bench.hookimpl
def bench_datasets():
    for name, task, modality, loader in (
        ("toy-line", "toy-forecasting", "series", "load_line"),
        ("toy-corridor", "toy-control", "environment", "load_corridor"),
    ):
        yield bench.DatasetSpec(
            name=name, tasks=(task,), modality=modality, loader=f"toy_tasks:{loader}"
        )


@bench.hookimpl
def bench_models():
    forecasting, control = ("toy-forecasting", "series"), ("toy-control", "environment")
    for name, family, does, factory, space in (
        ("toy-last-value", "baseline", forecasting, "make_last_value", {}),
        ("toy-drift", "classical", forecasting, "make_drift", {"memory": [1, 10]}),
        ("toy-walk", "baseline", control, "make_walk", {}),
        ("toy-signs", "classical", control, "make_table_of_signs", {}),
    ):
        yield bench.ModelSpec(
            name=name, family=family, does=(does,), factory=f"toy_tasks:{factory}",
            search_space=space,
        )  # fmt: skip
