"""Training and prediction: what a program computes, and what it does not depend on."""

import math
import time

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench_jax import engine
from bench_jax.engine import Design, Recipe
from bench_jax.mlp import MlpNetwork

LINEAR = MlpNetwork(2, (), "relu", 1)
SMALL = MlpNetwork(2, (8,), "relu", 2)


def _two_groups(n):
    rng = np.random.default_rng(0)
    y = (np.arange(n) % 2).astype(np.int32)
    return (rng.normal(size=(n, 2)) + 3 * y[:, None]).astype(np.float32), y


def _train(design, X, y, **recipe):
    rows = np.arange(len(X))
    return engine.train(design, Recipe(**recipe), X, y, rows[4:], rows[:4])


def test_a_first_step_moves_each_parameter_as_adamw_says():
    """The first step of AdamW is the sign of the gradient and the decay, times the rate."""
    design = Design(LINEAR, "squared-error", n_rows=2, batch_size=2)
    step, _ = engine._programs(design)
    # One row (1, -2) with y = 5 and kernel (0.5, 0.25): output 0, so the gradient of (0 - 5)^2 is
    # -10 for the bias and (-10, 20) for the kernel; the second place of the batch is empty.
    leaves = (np.zeros(1, np.float32), np.array([[0.5], [0.25]], np.float32))
    order = np.full((design.n_slots, 2), -1, np.int32)
    order[0, 0] = 0
    X = np.array([[1, -2], [7, 7]], np.float32)
    y = np.array([[5], [9]], np.float32)
    rates = np.array([0.1, 0.5, 0, 0], np.float32)
    state = engine._initial_optimizer(LINEAR)
    new, _, total, held_total = step(
        leaves, state, np.float32(0), X, y, order, np.int32(0), np.int32(1),
        order, np.int32(1), rates, np.uint32(0),
    )  # fmt: skip
    bias, kernel = (np.asarray(leaf) for leaf in new)
    np.testing.assert_allclose(bias, [0.1], rtol=1e-5)
    np.testing.assert_allclose(kernel[:, 0], [0.5 * 0.95 + 0.1, 0.25 * 0.95 - 0.1], rtol=1e-5)
    assert float(total) == 25.0
    # With these the output is 0.1 + 0.575 - 2 * 0.1375 = 0.4, and validation sees (5 - 0.4)^2.
    assert float(held_total) == pytest.approx(4.6**2, rel=1e-5)


def test_the_optimizer_starts_at_zero_as_optax_starts_it():
    """The zeros made on the host are what optax would have made."""
    _, parameters = engine._abstract(SMALL)
    zeros = jax.tree.map(lambda leaf: np.ones(leaf.shape, np.float32), parameters)
    theirs = jax.tree.leaves(engine._optimizer(1e-3, 1e-2).init(zeros))
    ours = engine._initial_optimizer(SMALL)
    assert len(ours) == len(theirs)
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(mine, other)
        assert mine.dtype == other.dtype


def test_prediction_is_the_network_worked_out_by_hand():
    """A forward pass is matrix products and rectifiers; rows beyond the batch are no different."""
    rng = np.random.default_rng(0)
    design = Design(SMALL, "cross-entropy", n_rows=64, batch_size=16)
    bias, kernel = rng.normal(size=8), rng.normal(size=(2, 8))
    out_bias, out_kernel = rng.normal(size=2), rng.normal(size=(8, 2))
    leaves = tuple(v.astype(np.float32) for v in (bias, kernel, out_bias, out_kernel))
    X = rng.normal(size=(150, 2)).astype(np.float32)
    expected = np.maximum(X @ kernel + bias, 0) @ out_kernel + out_bias
    np.testing.assert_allclose(engine.predict(design, leaves, X), expected, rtol=1e-4, atol=1e-5)
    assert engine.predict(design, leaves, X[:0]).shape == (0, 2)


def test_padding_changes_nothing():
    """Rows of padding take no part in training."""
    X, y = _two_groups(40)
    trained = [
        _train(Design(SMALL, "cross-entropy", n, batch_size=16), X, y, max_epochs=5)
        for n in (40, 300)
    ]
    assert trained[0].loss_curve == pytest.approx(trained[1].loss_curve, rel=1e-5)
    assert trained[0].validation_curve == pytest.approx(trained[1].validation_curve, rel=1e-5)


def test_looking_at_the_clock_changes_no_bit():
    """A limit that is not reached leaves parameters as they are without one."""
    X, y = _two_groups(100)
    design = Design(SMALL, "cross-entropy", 256, batch_size=16)
    free = _train(design, X, y, max_epochs=3)
    timed = _train(design, X, y, max_epochs=3, max_seconds=1e6, started_at=time.perf_counter())
    for one, other in zip(free.parameters, timed.parameters, strict=True):
        np.testing.assert_array_equal(one, other)
    assert timed.stop_reason == "max_epochs"


def test_the_same_seed_gives_the_same_bits_and_another_one_does_not():
    """Everything random comes from the seed."""
    X, y = _two_groups(40)
    design = Design(SMALL, "cross-entropy", 64, batch_size=16, has_dropout=True)
    first, again, other = (
        _train(design, X, y, max_epochs=2, dropout=0.5, seed=seed) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.parameters[1], again.parameters[1])
    assert (np.asarray(first.parameters[1]) != np.asarray(other.parameters[1])).any()


def test_training_ends_when_validation_no_longer_gains():
    """With labels that mean nothing, the held-out loss stops falling and training ends early."""
    X, _ = _two_groups(60)
    y = np.random.default_rng(1).integers(0, 2, 60).astype(np.int32)
    design = Design(SMALL, "cross-entropy", 64, batch_size=16)
    trained = _train(design, X, y, learning_rate=0.05, max_epochs=200, patience=3)
    assert trained.stop_reason == "early_stopping"
    assert trained.n_epochs == len(trained.loss_curve) == len(trained.validation_curve)
    best = int(np.argmin(trained.validation_curve)) + 1
    assert best < trained.n_epochs


def test_no_time_left_means_no_step():
    """Training that starts after its deadline stops by itself, with parameters to predict with."""
    X, y = _two_groups(20)
    design = Design(SMALL, "cross-entropy", 64, batch_size=16)
    trained = _train(design, X, y, max_seconds=0.0, started_at=time.perf_counter())
    assert trained.stop_reason == "max_seconds"
    assert trained.n_epochs == 0
    assert np.isfinite(engine.predict(design, trained.parameters, X)).all()


def test_parameters_are_counted():
    """2 x 8 + 8 in the hidden layer and 8 x 2 + 2 in the last one are 42."""
    X, y = _two_groups(20)
    design = Design(SMALL, "cross-entropy", 64, batch_size=16)
    assert _train(design, X, y, max_epochs=1).n_parameters == 42


@given(n=st.integers(1, 500), batch_size=st.integers(1, 64), seed=st.integers(0, 5))
def test_an_epoch_passes_over_every_row_equally_often(n, batch_size, seed):
    """Batches hold each row once a pass, are of equal size, and are at least eight."""
    rows = np.arange(10, 10 + n)
    batches = engine._batches(rows, batch_size, np.random.default_rng(seed))
    sizes = [len(batch) for batch in batches]
    passes = len(np.concatenate(batches)) / n
    assert max(sizes) <= batch_size
    assert max(sizes) - min(sizes) <= 1
    assert len(batches) >= engine.MIN_STEPS
    assert (np.unique(np.concatenate(batches), return_counts=True)[1] == passes).all()
    design = Design(SMALL, "cross-entropy", n, batch_size)
    assert len(batches) <= design.n_slots


@settings(max_examples=50)
@given(
    y=st.lists(st.integers(0, 4), min_size=1, max_size=200),
    fraction=st.floats(0, 0.9),
    seed=st.integers(0, 3),
)
def test_held_out_rows_leave_every_class_to_learn_from(y, fraction, seed):
    """The two sides are all rows, disjoint, and each class is among those to learn from."""
    y = np.array(y)
    rng = np.random.default_rng(seed)
    training, held = engine.holdout(y, fraction, keeps_classes=True, rng=rng)
    assert sorted([*training, *held]) == list(range(len(y)))
    assert set(y[training]) == set(y)
    assert len(held) == min(round(fraction * len(y)), len(y) - len(set(y)))


def test_held_out_rows_are_stratified():
    """Of 100 and 50 rows of two classes, a tenth each is held out, but for rounding."""
    y = np.repeat([0, 1], [100, 50])
    rng = np.random.default_rng(0)
    _, held = engine.holdout(y, 0.1, keeps_classes=True, rng=rng)
    assert np.bincount(y[held]).tolist() == [10, 5]


def test_first_kernels_are_within_the_bounds_of_he():
    """Kernels are uniform within sqrt(6 / inputs), the last layer's within a tenth of it."""
    network = MlpNetwork(6, (1000,), "relu", 50)
    leaves = engine._initial_parameters(network, np.random.default_rng(0))
    bias, kernel, out_bias, out = leaves
    assert np.abs(kernel).max() == pytest.approx(1.0, abs=1e-2)
    assert np.abs(out).max() == pytest.approx(math.sqrt(6 / 1000) / 10, rel=1e-2)
    assert not bias.any()
    assert not out_bias.any()
