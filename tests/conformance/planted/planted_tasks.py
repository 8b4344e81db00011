"""A good task of each base, with a dataset and a model; planted plugins spoil one in one way."""

import bench


class Rows(bench.RowTask):
    summary = "Which class is it?"
    metrics = ("planted-misses",)
    targets = ("binary", "multiclass")

    def read(self, answer, part, parts, estimator):
        output = super().read(answer, part, parts, estimator)
        return bench.Output(output.values, output.n, {"labels": output.values})


class Stream(bench.StreamTask):
    summary = "What comes next?"
    metrics = ("planted-distance", "planted-gain")


class Episodes(bench.EpisodeTask):
    summary = "What is to be done?"
    metrics = ("planted-return",)


class Coin:
    """An environment in which 1 is rewarded, until the fifth step."""

    def reset(self, *, seed=None):
        self.n = 0
        return self.n, {}

    def step(self, action):
        self.n += 1
        return self.n, float(action == 1), self.n == 5, False, {}


class Constant:
    """Answers the first thing that it has learned, or 1."""

    def fit(self, X, y=None):
        self.first_ = 1 if hasattr(X, "step") else X[-1] if y is None else y[0]
        return self

    def predict(self, X):
        import numpy as np

        if isinstance(self.first_, int):
            return self.first_
        return np.full(X if isinstance(X, int) else len(X), self.first_)


def make(context):
    return Constant()


def load_table():
    import numpy as np

    y = np.arange(90) % 3
    X = np.random.default_rng(0).normal(size=(90, 3)) + y[:, None]
    return bench.Dataset(X, y, target=bench.Target("multiclass"))


def load_series():
    import numpy as np

    return bench.Dataset(np.sin(np.arange(80.0)))


def load_coin():
    return bench.Dataset(Coin, extra={"n_steps": 64, "most_steps": 5})


KINDS = {
    Rows: ("tabular", "load_table"),
    Stream: ("series", "load_series"),
    Episodes: ("environment", "load_coin"),
}


def hooks(task):
    """Return the hooks of a plugin with this task, called like its module, and what it needs."""
    task.name = task.__module__.replace("_", "-")
    modality, loader = next(kind for base, kind in KINDS.items() if issubclass(task, base))

    def bench_tasks():
        yield task()

    def bench_models():
        yield bench.ModelSpec(
            name=task.name,
            family="baseline",
            does=((task.name, modality),),
            factory="planted_tasks:make",
        )

    def bench_datasets():
        yield bench.DatasetSpec(
            name=task.name,
            tasks=(task.name,),
            modality=modality,
            loader=f"planted_tasks:{loader}",
            license="CC0-1.0",
            source="Made for a test",
        )

    return tuple(map(bench.hookimpl, (bench_tasks, bench_models, bench_datasets)))
