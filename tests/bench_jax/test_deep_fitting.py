"""Fitting: how rows become padded arrays, and what of them is held out."""

import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from bench_jax import engine, fitting
from bench_jax.mlp import MlpNetwork
from bench_jax.network import row

NETWORK = MlpNetwork(3, (), "relu", 2)


def _estimator(**fields):
    common = {
        "validation_fraction": 0.2,
        "max_epochs": 2,
        "patience": 5,
        "max_seconds": None,
        "n_rows_max": None,
        "random_state": 0,
    }
    return SimpleNamespace(**(common | fields))


def _fit(monkeypatch, X, y, network=NETWORK, estimator=None, **columns):
    """Fit, and return what the engine was given."""
    seen = []
    train = engine.train
    monkeypatch.setattr(engine, "train", lambda *given: seen.append(given) or train(*given))
    fitting.fit(
        estimator or _estimator(), network, "cross-entropy", lambda rows: X[rows], y,
        started_at=0.0, design={"batch_size": 32}, recipe={"learning_rate": 0.01}, **columns,
    )  # fmt: skip
    return seen[0]


def _rows(n):
    """Return rows that say their number, and classes by turns."""
    X = np.zeros((n, 3), np.float32)
    X[:, 0] = np.arange(1, n + 1)
    return X, (np.arange(n) % 2).astype(np.int32)


def test_rows_are_divided_and_padded(monkeypatch):
    """Each row is on one side, with its y and weight; the rest of the arrays is zero."""
    X, y = _rows(100)
    weight = np.arange(1.0, 101.0)
    design, _, training, held = _fit(monkeypatch, X, y, sample_weight=weight)
    assert (len(training), len(held)) == (80, 20)
    assert (len(training.X), len(held.X)) == (design.n_rows, design.n_held) == (256, 64)
    number = {}
    for side in (training, held):
        n = len(side)
        number[n] = side.X[:n, 0].astype(int) - 1
        np.testing.assert_array_equal(side.y[:n], y[number[n]])
        assert not side.X[n:].any()
        assert not side.weight[n:].any()
        ratio = side.weight[:n] / weight[number[n]]
        np.testing.assert_allclose(ratio, ratio[0], rtol=1e-5)
    assert training.weight[:80].mean() == pytest.approx(1.0, rel=1e-5)
    assert sorted([*number[80], *number[20]]) == list(range(100))


def test_rows_that_weigh_nothing_are_left_out(monkeypatch):
    """They are neither learned from nor stopped by."""
    X, y = _rows(60)
    weight = np.repeat([1.0, 0.0], [20, 40])
    _, _, training, held = _fit(monkeypatch, X, y, sample_weight=weight)
    assert (len(training), len(held)) == (16, 4)
    assert max(training.X[:, 0].max(), held.X[:, 0].max()) == 20
    with pytest.raises(ValueError, match="0 for every row"):
        _fit(monkeypatch, X, y, sample_weight=np.zeros(60))


def test_groups_and_time_reach_the_rows_held_out(monkeypatch):
    """The last rows in time are held out, or whole groups."""
    X, y = _rows(60)
    held = _fit(monkeypatch, X, y, time=np.arange(60))[3]
    assert sorted(held.X[:12, 0]) == list(range(49, 61))
    monkeypatch.undo()
    held = _fit(monkeypatch, X, y, groups=np.arange(60) // 4)[3]
    assert len(set((held.X[:12, 0] - 1) // 4)) == 3


def test_inputs_may_be_several_arrays(monkeypatch):
    """Each goes into an array of its own type; many rows are encoded a part at a time."""

    class Pair(MlpNetwork):
        @property
        def inputs(self):
            return row((2,)), row((1,), np.int32)

    monkeypatch.setattr(fitting, "_CHUNK_NUMBERS", 3)
    asked = []

    def encode(rows):
        asked.append(len(rows))
        return np.stack([rows, -rows], 1), rows[:, np.newaxis]

    design = engine.Design(Pair(3, (), "relu", 2), "cross-entropy", 700, 0, 32)
    rows = np.arange(10, 610)
    sample = fitting.sample(design, encode, np.arange(610), None, rows, 700)
    assert max(asked) < 600 == sum(asked)
    numbers, codes = sample.X
    assert (numbers.dtype, codes.dtype) == (np.float32, np.int32)
    np.testing.assert_array_equal(numbers[:600], np.stack([rows, -rows], 1))
    np.testing.assert_array_equal(codes[:600, 0], rows)
    assert sample.weight[:600].min() == 1
    assert len(sample) == 600


@pytest.mark.parametrize(
    ("n", "n_rows_max", "expected"),
    [(10, None, 256), (300, None, 512), (10, 1000, 1024), (1000, 1000, 1024), (20, 10, 256)],
)
def test_rows_are_padded_to_a_curves_largest_size_or_a_power_of_two(n, n_rows_max, expected):
    """Steps of 256 let splits of nearly the same size share a program."""
    assert fitting.n_rows(n, n_rows_max) == expected


def test_room_for_rows_held_out_does_not_hang_on_the_size():
    """It is the share of the padded rows, and more only where more are held out."""
    assert fitting.n_held(1000, 5, 0.1) == fitting.n_held(1000, 100, 0.1) == 128
    assert fitting.n_held(1000, 300, 0.1) == 320
    assert fitting.n_held(1000, 0, 0.0) == 0


MEMORY = """
import resource, sys
from types import SimpleNamespace
import jax, numpy as np
from bench_jax import fitting
from bench_jax.mlp import MlpNetwork

def peak():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM"))

n, width = 200_000, 128
estimator = SimpleNamespace(
    validation_fraction=0.1, max_epochs=1, patience=5, max_seconds=None, n_rows_max=n,
    random_state=0,
)
y = (np.arange(n) % 2).astype(np.int32)
jax.device_put(np.zeros(1)).block_until_ready()
before = peak()
fitting.fit(
    estimator, MlpNetwork(width, (16,), "relu", 2), "cross-entropy",
    lambda rows: np.sin(rows[:, None] + np.arange(width)), y,
    started_at=0.0, design={"batch_size": 1024}, recipe={},
)
print((peak() - before) / (n * width * 4))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read in /proc")
def test_training_rows_are_in_memory_once():
    """A fit takes its arrays once: a tenth more of rows held out, and what compiling takes."""
    said = subprocess.run(
        [sys.executable, "-c", MEMORY], env={**os.environ, "JAX_PLATFORMS": "cpu"},
        capture_output=True, text=True,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    # Compiling takes some hundred megabytes by itself, which a third copy would add to.
    assert float(said.stdout) < 1.2 + 300e6 / (200_000 * 128 * 4)
