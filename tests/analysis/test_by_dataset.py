"""Learning curves per dataset."""

import pytest

from analysis.hand_tables import Run, tables
from bench.analysis.by_dataset import dataset_boards
from bench.analysis.cells import read_cells


def boards_of(run, **rules):
    made = tables(run)
    return dataset_boards(read_cells(made.trials, made.scores, made.metrics), **rules)


@pytest.fixture
def board():
    run = Run()
    for n in (16, 32):
        for outer in (0, 1):
            run.add("dummy", "a", 0.5, outer=outer, n=n)
    run.add("lda", "a", 0.7, outer=0, n=16)
    run.add("lda", "a", 0.9, outer=1, n=16)
    run.add("lda", "a", 0.8, outer=0, n=32)
    run.add("lda", "a", None, outer=1, n=32, status="out_of_memory")
    run.add("mlp", "a", 0.6, outer=0, n=16)
    (board,) = boards_of(run)
    return board


def test_a_point_is_mean_and_spread_over_outer_seeds(board):
    """0.7 and 0.9: mean 0.8, standard deviation sqrt(0.02), skill (0.4 + 0.8) / 2."""
    point = board.lines[0].points[16]
    assert board.lines[0].name == "lda"
    assert point.value == pytest.approx(0.8)
    assert point.spread == pytest.approx(0.02**0.5)
    assert point.skill == pytest.approx(0.6)
    assert (point.n_seeds, point.n_trials, point.n_failed) == (2, 2, 0)


def test_a_failure_counts_in_skill_and_not_in_the_metric(board):
    """The metric is that of the trials that have one; skill counts the failure as 0."""
    point = board.lines[0].points[32]
    assert point.value == pytest.approx(0.8)
    assert point.spread is None
    assert point.skill == pytest.approx((0.6 + 0) / 2)
    assert point.statuses == {"ok": 1, "out_of_memory": 1}


def test_what_was_not_run_is_an_empty_point(board):
    """Every line has every size."""
    assert board.sizes == (16, 32)
    mlp = next(line for line in board.lines if line.name == "mlp")
    assert mlp.points[32].n_trials == 0
    assert mlp.points[32].value is None


def test_baselines_stand_last(board):
    """Contenders with a value at the largest size come first, then the others, then baselines."""
    assert [line.name for line in board.lines] == ["lda", "mlp", "dummy"]
    assert board.baseline == "dummy"


def test_without_baseline_the_metric_orders():
    """Of two RMSEs the lower one comes first."""
    run = Run()
    run.add("ridge", "d", 5.0, task="regression")
    run.add("lasso", "d", 4.0, task="regression")
    (board,) = boards_of(run)
    assert [line.name for line in board.lines] == ["lasso", "ridge"]
    assert board.lines[0].points[16].skill is None
