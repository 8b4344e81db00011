"""A plugin with two tasks that have no rows: forecasting a series, and walking down a corridor.

It uses nothing but what ``import bench`` offers. Each task comes with a data set, a baseline, a
model and a metric.
"""

import dataclasses

import numpy as np

import bench

# --- forecasting: fit sees the history, and the next values are asked for -------------------------


class ToyForecasting(bench.Task):
    """The last `horizon` values are the test part; the history is what comes before them."""

    name = "toy-forecasting"
    summary = "What comes next?"
    metrics = ("toy-error",)
    size_unit = "history"

    def splits(self, dataset, protocol):
        for outer_seed in protocol.outer_seeds:
            n = self._origin(dataset, outer_seed)
            if n > 0:
                yield bench.Split(outer_seed, protocol.inner_seeds[0], n)

    def prepare(self, dataset, protocol, cell):
        origin = self._origin(dataset, cell.outer_seed)
        series, horizon = np.asarray(dataset.X), dataset.extra["horizon"]
        past = np.arange(origin - cell.n_train, origin)
        ahead = np.arange(origin, origin + horizon)
        return bench.Parts(
            train=bench.Part(series[past], None, past),
            validation=None,
            test=bench.Part(horizon, series[ahead], ahead),
        )

    def shorten(self, part, n):
        y = part.y if part.y is None else part.y[:n]
        X = part.X[-n:] if part.y is None else min(part.X, n)
        rows = part.rows[-n:] if part.y is None else part.rows[:n]
        return dataclasses.replace(part, X=X, y=y, rows=rows)

    def ask(self, estimator, part):
        # The history: nothing is asked about it.
        return None if part.y is None else estimator.predict(part.X)

    def read(self, answer, part, parts, estimator):
        if answer is None:
            return bench.Output(np.full(len(part), np.nan), len(part))
        values = np.asarray(answer, dtype=float)
        if values.shape != (len(part),):
            raise bench.InvalidAnswer(f"a forecast of the shape {values.shape}")
        return bench.Output(values, len(part), {"forecast": values})

    @staticmethod
    def _origin(dataset, outer_seed):
        return len(dataset.X) - (outer_seed + 1) * dataset.extra["horizon"]


class LastValue:
    """Tomorrow will be like today."""

    def fit(self, history):
        self.last_ = history[-1]
        return self

    def predict(self, horizon):
        return np.full(horizon, self.last_)


class Drift:
    """Tomorrow will differ from today as today from the first day, per day."""

    def fit(self, history):
        self.last_ = history[-1]
        self.slope_ = (history[-1] - history[0]) / max(1, len(history) - 1)
        return self

    def predict(self, horizon):
        return self.last_ + self.slope_ * np.arange(1, horizon + 1)


def make_last_value(context):
    return LastValue()


def make_drift(context):
    return Drift()


def load_line():
    """A line of slope 2 over 60 steps, four steps to be forecast."""
    return bench.Dataset(2.0 * np.arange(60), extra={"horizon": 4})


def absolute_error(part, forecast):
    return float(np.abs(part.y - forecast).mean())


# --- control: fit sees an environment, and actions are asked for ----------------------------------


class Corridor:
    """Ten places in a row; the goal is at one end, and a sign at the start says at which."""

    def __init__(self, seed, n_steps):
        self.random = np.random.RandomState(seed)
        self.n_steps = n_steps
        """Steps that may still be taken."""

    def reset(self):
        self.place, self.goal = 5, int(self.random.randint(2)) * 9
        return (self.place, self.goal)

    def step(self, action):
        """Go left (0) or right (1); return observation, reward and whether this was the end."""
        if self.n_steps == 0:
            raise RuntimeError("no steps left")
        self.n_steps -= 1
        self.place += 1 if action else -1
        return (self.place, self.goal), float(self.place == self.goal), self.place in (0, 9)


class ToyControl(bench.Task):
    """The size is the number of steps that fit may take; the return of episodes is scored."""

    name = "toy-control"
    summary = "What is to be done?"
    metrics = ("toy-return",)
    size_unit = "environment steps"
    n_episodes = 20

    def splits(self, dataset, protocol):
        for outer_seed in protocol.outer_seeds:
            yield bench.Split(outer_seed, protocol.inner_seeds[0], dataset.extra["n_steps"])

    def prepare(self, dataset, protocol, cell):
        # The environment is made anew whenever it is asked about: X is how to make it.
        train = (dataset.X, 2 * cell.outer_seed)
        test = (dataset.X, 2 * cell.outer_seed + 1)
        return bench.Parts(
            train=bench.Part(train, None, np.arange(cell.n_train)),
            validation=None,
            test=bench.Part(test, None, np.arange(self.n_episodes)),
        )

    def shorten(self, part, n):
        return dataclasses.replace(part, rows=part.rows[:n])

    def fit(self, estimator, parts, fit_params):
        make, seed = parts.train.X
        return estimator.fit(make(seed, len(parts.train)), **fit_params)

    def ask(self, estimator, part):
        make, seed = part.X
        environment = make(seed, 20 * len(part))
        returns = np.zeros(len(part))
        for episode in range(len(part)):
            observation = environment.reset()
            for _ in range(20):
                observation, reward, done = environment.step(int(estimator.predict(observation)))
                returns[episode] += reward
                if done:
                    break
        return returns

    def read(self, answer, part, parts, estimator):
        return bench.Output(answer, len(part), {"returns": answer})


class Left:
    """Always goes left."""

    def fit(self, environment):
        return self

    def predict(self, observation):
        return 0


class TableOfSigns:
    """Remembers, for each sign, the action of an episode that was rewarded."""

    def fit(self, environment):
        self.action_ = {}
        random = np.random.RandomState(0)
        while environment.n_steps:
            _, goal = environment.reset()
            action = int(random.randint(2))
            done = False
            while not done and environment.n_steps:
                _, reward, done = environment.step(action)
                if reward:
                    self.action_[goal] = action
        return self

    def predict(self, observation):
        return self.action_.get(observation[1], 0)


def make_left(context):
    return Left()


def make_table_of_signs(context):
    return TableOfSigns()


def load_corridor():
    return bench.Dataset(Corridor, extra={"n_steps": 256})


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
        name="toy-error",
        direction="lower",
        ideal=0.0,
        needs="forecast",
        function="toy_tasks:absolute_error",
    )
    yield bench.Metric(
        name="toy-return",
        direction="higher",
        ideal=1.0,
        needs="returns",
        function="toy_tasks:mean_return",
    )


@bench.hookimpl
def bench_datasets():
    yield bench.DatasetSpec(
        name="toy-line", tasks=("toy-forecasting",), modality="series", loader="toy_tasks:load_line"
    )
    yield bench.DatasetSpec(
        name="toy-corridor",
        tasks=("toy-control",),
        modality="environment",
        loader="toy_tasks:load_corridor",
    )


@bench.hookimpl
def bench_models():
    for name, family, does, factory in (
        ("toy-last-value", "baseline", ("toy-forecasting", "series"), "make_last_value"),
        ("toy-drift", "classical", ("toy-forecasting", "series"), "make_drift"),
        ("toy-left", "baseline", ("toy-control", "environment"), "make_left"),
        ("toy-signs", "classical", ("toy-control", "environment"), "make_table_of_signs"),
    ):
        yield bench.ModelSpec(
            name=name, family=family, does=(does,), factory=f"toy_tasks:{factory}"
        )
