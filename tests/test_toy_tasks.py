"""Tasks without rows run through the same five steps as the built-in ones."""

import numpy as np
import pytest

import bench
import toy_tasks
from bench.tasks.normalise import normalise
from bench.tasks.scoring import score

PROTOCOL = bench.SplitProtocol(outer_seeds=(0, 1))


def run(task, dataset, estimator, n_train, outer_seed=0):
    parts = task.prepare(dataset, PROTOCOL, bench.Cell(outer_seed, 0, n_train))
    fitted = task.fit(estimator, parts, {})
    output = task.read(task.ask(fitted, parts.test), parts.test, parts, fitted)
    metric = next(m for m in toy_tasks.bench_metrics() if m.name == task.metrics[0])
    function = getattr(toy_tasks, metric.function.partition(":")[2])
    (found,) = score([(metric, function)], "test", parts.test, output)
    return found


def test_datasets_without_rows_are_left_alone():
    """Normalising keeps a class as X, and a series without y."""
    corridor = toy_tasks.load_corridor()
    assert normalise(corridor, "toy-corridor", ("toy-control",)) is corridor
    line = normalise(toy_tasks.load_line(), "toy-line", ("toy-forecasting",))
    assert line.y is None
    assert line.target is None
    assert line.extra == {"horizon": 4}


def test_forecasting_splits_are_rolling_origins():
    """60 steps and a horizon of 4: origin 0 has 56 steps of history, origin 1 has 52."""
    task, dataset = toy_tasks.ToyForecasting(), toy_tasks.load_line()
    found = [(split.outer_seed, split.n_train_max) for split in task.splits(dataset, PROTOCOL)]
    assert found == [(0, 56), (1, 52)]


def test_forecasting_by_hand():
    """On a line of slope 2 drift is exact, and the last value is wrong by 2, 4, 6 and 8."""
    task, dataset = toy_tasks.ToyForecasting(), toy_tasks.load_line()
    assert run(task, dataset, toy_tasks.Drift(), 16).value == pytest.approx(0.0)
    assert run(task, dataset, toy_tasks.LastValue(), 16).value == pytest.approx(5.0)
    assert run(task, dataset, toy_tasks.LastValue(), 16, outer_seed=1).n == 4


def test_forecasting_offers_nothing_about_the_history():
    """The training part has no scores, and says what is missing."""
    task, dataset = toy_tasks.ToyForecasting(), toy_tasks.load_line()
    parts = task.prepare(dataset, PROTOCOL, bench.Cell(0, 0, 16))
    drift = toy_tasks.Drift().fit(parts.train.X)
    output = task.read(task.ask(drift, parts.train), parts.train, parts, drift)
    metric = next(iter(toy_tasks.bench_metrics()))
    (found,) = score([(metric, toy_tasks.absolute_error)], "train", parts.train, output)
    assert (found.value, found.reason) == (None, "needs forecast")


def test_control_learns_with_steps():
    """With steps enough for both signs every episode is won; going left wins only half of them."""
    task, dataset = toy_tasks.ToyControl(), toy_tasks.load_corridor()
    assert run(task, dataset, toy_tasks.TableOfSigns(), 256).value == 1.0
    assert 0 < run(task, dataset, toy_tasks.Left(), 256).value < 1


def test_control_may_not_take_more_steps_than_its_size():
    """The environment counts the steps that fit takes."""
    task, dataset = toy_tasks.ToyControl(), toy_tasks.load_corridor()
    parts = task.prepare(dataset, PROTOCOL, bench.Cell(0, 0, 16))

    class Greedy:
        def fit(self, environment):
            environment.reset()
            for _ in range(17):
                environment.step(0)
            return self

    with pytest.raises(RuntimeError, match="no steps left"):
        task.fit(Greedy(), parts, {})


def test_shortened_parts_are_shorter():
    """Both tasks can be warmed up on a few units."""
    for task, dataset in (
        (toy_tasks.ToyForecasting(), toy_tasks.load_line()),
        (toy_tasks.ToyControl(), toy_tasks.load_corridor()),
    ):
        parts = task.prepare(dataset, PROTOCOL, bench.Cell(0, 0, 32))
        assert len(task.shorten(parts.train, 8)) == 8
        assert len(task.shorten(parts.test, 1)) == 1
    history = toy_tasks.ToyForecasting().shorten(bench.Part(np.arange(9.0), None, np.arange(9)), 2)
    assert history.X.tolist() == [7.0, 8.0]
