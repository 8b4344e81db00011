"""Training on rows that are not in memory."""

import numpy as np
import pandas as pd
import pytest

from bench.tasks.views import HeldRows, RowsView
from bench_jax import streaming
from bench_jax.mlp import MlpClassifier, MlpRegressor
from bench_jax.streaming import Windows, look, window_rows


def view_of(n, width=3):
    table = np.arange(n)[:, None] * np.ones(width)
    return RowsView(HeldRows(table, "held"), np.arange(n)[::-1].copy())


def test_windows_give_every_training_row_its_target_and_weight():
    """Each pass holds each row once, encoded, in windows of at most so many, drawn anew."""
    X = view_of(50)
    rows = np.arange(5, 45)
    y, weight = X.rows * 10, X.rows.astype(np.float32)
    stream = Windows(X, lambda table: table[:, 0] + 1, rows, y, weight, 16)
    rng = np.random.default_rng(0)
    passes = [list(stream.windows(rng)) for _ in range(2)]
    for windows in passes:
        assert [len(window) for window in windows] == [16, 16, 8]
        seen = np.concatenate([window.X for window in windows]) - 1
        assert sorted(seen) == sorted(X.rows[rows])
        assert np.concatenate([w.y for w in windows]).tolist() == (seen * 10).tolist()
        assert np.concatenate([w.weight for w in windows]).tolist() == seen.tolist()
    assert stream.n_rows == 40
    assert passes[0][0].X.tolist() != passes[1][0].X.tolist()


def test_windows_without_weights():
    """Where no weights were given, none are made up."""
    X = view_of(5)
    (window,) = Windows(X, lambda table: table, np.arange(5), X.rows, None, 8).windows(
        np.random.default_rng(0)
    )
    assert window.weight is None


def test_the_size_of_a_window_hangs_on_the_width_alone():
    """32 MiB of float32 in steps of 256 rows, 65,536 at most and 256 at least."""
    assert window_rows(250) == 33_536  # 131 x 256; 33,554 would fit
    assert window_rows(1) == 65_536
    assert window_rows(10**6) == 256


def test_a_first_look_is_at_few_rows(monkeypatch):
    """Different rows of the view, drawn at random; all of them where there are few."""
    monkeypatch.setattr(streaming, "SAMPLE_ROWS", 20)
    table = look(view_of(1000), np.random.default_rng(0))
    assert table.shape == (20, 3)
    assert len(np.unique(table[:, 0])) == 20
    assert sorted(look(view_of(4), np.random.default_rng(0))[:, 0]) == [0, 1, 2, 3]


@pytest.fixture(scope="module")
def table():
    """Numbers with gaps and a category that both tell about y, in a view of shuffled rows."""
    rng = np.random.default_rng(0)
    z = rng.standard_normal(3000)
    frame = pd.DataFrame(
        {
            "a": z + 0.1 * rng.standard_normal(3000),
            "b": rng.standard_normal(3000),
            "c": pd.Categorical(np.where(z + rng.standard_normal(3000) > 0, "x", "y")),
        }
    )
    frame.loc[::9, "a"] = np.nan
    rows = rng.permutation(3000)
    return RowsView(HeldRows(frame, "held"), rows), frame.iloc[rows], z[rows]


TINY = {
    "hidden": (16,),
    "max_epochs": 8,
    "batch_size": 64,
    "learning_rate": 1e-2,
    "random_state": 0,
}


def test_a_classifier_learns_from_rows_that_are_not_in_memory(table, monkeypatch):
    """It learns window after window what it learns in memory, and answers about tables."""
    monkeypatch.setattr(streaming, "MOST_WINDOW_ROWS", 512)
    view, frame, z = table
    y = (z > 0).astype(int)
    known = frame["a"].notna().to_numpy()
    streamed = MlpClassifier(**TINY).fit(view, y)
    assert (streamed.predict(frame) == y)[known].mean() > 0.93
    assert streamed.design_.n_rows == 512
    assert len(streamed.loss_curve_) == streamed.n_iter_ == len(streamed.validation_curve_)
    again = MlpClassifier(**TINY).fit(view, y)
    np.testing.assert_array_equal(again.predict_proba(frame), streamed.predict_proba(frame))


def test_a_regressor_learns_from_rows_that_are_not_in_memory(table, monkeypatch):
    """Targets are scaled by all training rows; rows of no weight are left out."""
    monkeypatch.setattr(streaming, "MOST_WINDOW_ROWS", 512)
    view, frame, z = table
    known = frame["a"].notna().to_numpy()
    spoilt = np.arange(3000) % 4 == 0
    y = np.where(spoilt, 1e6, 50 + 10 * z)
    model = MlpRegressor(**{**TINY, "max_epochs": 15})
    model.fit(view, y, sample_weight=np.where(spoilt, 0.0, 2.0))
    wrong = (model.predict(frame) - (50 + 10 * z))[known]
    assert np.sqrt((wrong**2).mean()) < 3
