"""A plugin with a task that adds controls: few rows have labels, and the others may help.

Its controls are a random answer, a copy of the nearest labelled row, and for each contender its
supervised twin, which sees the labelled rows alone; what the other rows bring is a figure of pairs.
"""

import dataclasses

import numpy as np

import bench

HOOK_API = 2


class Labelled(bench.RowTask):
    """The size is the number of labels; rows without one have -1, and lie beside them."""

    name = "toy-labelled"
    summary = "Which class, of few labels?"
    metrics = ("toy-right", "toy-gain")
    targets = ("binary",)
    size_unit = "labels"

    def prepare(self, dataset, protocol, cell):
        if cell.control == "labelled-only":
            return super().prepare(dataset, protocol, cell)
        seeds = (cell.outer_seed, cell.inner_seed)
        largest = next(
            split.n_train_max
            for split in self.splits(dataset, protocol)
            if (split.outer_seed, split.inner_seed) == seeds
        )
        parts = super().prepare(dataset, protocol, dataclasses.replace(cell, n_train=largest))
        y = np.where(np.arange(largest) < cell.n_train, parts.train.y, -1)
        sign = np.where(parts.test.X[:, 1] > 0, "up", "down")
        return dataclasses.replace(
            parts,
            train=dataclasses.replace(parts.train, y=y),
            test=dataclasses.replace(parts.test, slices={"side": sign}),
        )

    def controls(self, contenders):
        yield bench.Control("toy-chance", "toy-guess")
        yield bench.Control("toy-copy", "toy-nearest", {"k": 1})
        for contender in contenders:
            yield bench.Control(
                f"{contender.name}, labelled only",
                contender.name,
                contender.params,
                "labelled-only",
            )

    def across(self, rows):
        twins = {cell(row): row.score("toy-right") for row in rows if row.control}
        for row in rows:
            alone = twins.get(cell(row))
            if row.role == "contender" and alone is not None:
                yield bench.Figure(row.trial_id, "toy-gain", row.score("toy-right") - alone)


def cell(row):
    """What two trials have in common that saw the same rows, with labels or without."""
    data = row.outer_seed, row.inner_seed, row.repeat, row.n_train, str(row.conditions)
    return (row.model, str(row.params), *data)


class Nearest:
    """The label that most of the nearest rows have; those without a label get one first."""

    def __init__(self, k):
        self.k = k

    def fit(self, X, y):
        self.X_, self.y_ = X[y >= 0], y[y >= 0]
        if (y < 0).any():
            self.X_, self.y_ = X, np.where(y < 0, self.predict(X), y)
        return self

    def predict(self, X):
        order = np.argsort(((X[:, None] - self.X_[None]) ** 2).sum(axis=2), axis=1, kind="stable")
        return (self.y_[order[:, : self.k]].mean(axis=1) > 0.5).astype(int)


class Guess:
    def __init__(self, seed):
        self.seed = seed

    def fit(self, X, y):
        return self

    def predict(self, X):
        return np.random.RandomState(self.seed).randint(0, 2, len(X))


def make_nearest(context, k=3):
    return Nearest(k)


def make_guess(context):
    return Guess(context.seed)


def load_moons():
    """Two classes of 60 rows, far enough apart."""
    chance = np.random.RandomState(0)
    y = np.arange(120) % 2
    return bench.Dataset(chance.normal(size=(120, 2)) + 2.0 * y[:, None], y)


def right(part, predicted):
    return float((part.y == predicted).mean())


@bench.hookimpl
def bench_tasks():
    yield Labelled()


@bench.hookimpl
def bench_metrics():
    yield bench.Metric(
        name="toy-right", direction="higher", ideal=1.0, needs="predictions", region=0.01,
        function="labelled_tasks:right",
    )  # fmt: skip
    yield bench.Metric(name="toy-gain", direction="higher", ideal=None, unit="points")


@bench.hookimpl
def bench_datasets():
    yield bench.DatasetSpec(
        name="toy-moons", tasks=("toy-labelled", "classification"), modality="tabular",
        loader="labelled_tasks:load_moons",
    )  # fmt: skip


@bench.hookimpl
def bench_models():
    for name, family, factory, space in (
        ("toy-nearest", "classical", "make_nearest", {"k": [1, 3]}),
        ("toy-guess", "baseline", "make_guess", {}),
    ):
        yield bench.ModelSpec(
            name=name, family=family, does=(("toy-labelled", "tabular"),),
            factory=f"labelled_tasks:{factory}", search_space=space,
        )  # fmt: skip
