"""Tasks without rows run through the same steps as the built-in ones, on the public bases."""

import inspect

import pytest

import bench
import toy_tasks
from bench.tasks.normalise import normalise
from bench.tasks.scoring import score

PROTOCOL = bench.SplitProtocol(outer_seeds=(0, 1))
FORECASTING, CONTROL = toy_tasks.bench_tasks()


def run(task, dataset, estimator, n_train, outer_seed=0):
    parts = task.prepare(dataset, PROTOCOL, bench.Cell(outer_seed, 0, n_train))
    fitted = task.fit(estimator, parts, {})
    output = task.read(task.ask(fitted, parts.test), parts.test, parts, fitted)
    metric = next(m for m in toy_tasks.bench_metrics() if m.name == task.metrics[0])
    function = getattr(toy_tasks, metric.function.partition(":")[2])
    (found,) = score([(metric, function)], "test", parts.test, output)
    return found


def test_a_task_of_a_plugin_is_short():
    """Dataset, baseline, model and metric included: at most 80 lines each, the hooks apart."""
    source = inspect.getsource(toy_tasks)
    _, forecasting, rest = source.split("# --- ")[:3]
    for section in (forecasting, rest):
        assert len(section.strip().splitlines()) <= 80


def test_datasets_without_rows_are_left_alone():
    """Normalising keeps a class as X, and a series without y."""
    corridor = toy_tasks.load_corridor()
    assert normalise(corridor, "toy-corridor", ("toy-control",)) is corridor
    line = normalise(toy_tasks.load_line(), "toy-line", ("toy-forecasting",))
    assert (line.y, line.target, line.extra) == (None, None, {"horizon": 4})


def test_forecasting_by_hand():
    """On a line of slope 2 drift is exact, and the last value is wrong by 2, 4, 6 and 8."""
    dataset = toy_tasks.load_line()
    assert run(FORECASTING, dataset, toy_tasks.Drift(100), 16).value == pytest.approx(0.0)
    assert run(FORECASTING, dataset, toy_tasks.LastValue(1), 16).value == pytest.approx(5.0)
    assert run(FORECASTING, dataset, toy_tasks.LastValue(1), 16, outer_seed=1).n == 4


def test_control_learns_with_steps():
    """With steps enough for both signs every episode is won; going left wins only half of them."""
    dataset = toy_tasks.load_corridor()
    assert run(CONTROL, dataset, toy_tasks.TableOfSigns("learned", 0), 256).value == 1.0
    assert 0 < run(CONTROL, dataset, toy_tasks.Walk("left", 0), 256).value < 1
