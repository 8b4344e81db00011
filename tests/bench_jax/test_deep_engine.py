"""Training and prediction: what a program computes, and what it does not depend on."""

import time
from dataclasses import dataclass

import jax
import numpy as np
import pytest
from flax import nnx

from bench_jax import engine, layers, losses, programs, step
from bench_jax.engine import Design, Recipe, Sample
from bench_jax.network import Network, given, parameter, row


@dataclass(frozen=True)
class Line(Network):
    """x times a kernel plus a bias, after a shift that comes from the training rows."""

    members: int = 0
    n: int = 1
    rate: float = 1.0
    decay: float = 1.0
    first: float = 0.0

    @property
    def inputs(self):
        return row((2,))

    @property
    def n_outputs(self):
        return self.n

    def build(self):
        return LineModule(self)

    def start(self, X, rng):
        shape = (2, self.members or 1, self.n)
        return {"center": X.mean(0), "kernel": np.full(shape, self.first)}


class LineModule(nnx.Module):
    def __init__(self, line):
        self.kernel = parameter((2, line.members or 1, line.n), rate=line.rate, decay=line.decay)
        self.bias = parameter((line.n,))
        self.center = given((2,))
        self.members = line.members

    def __call__(self, x, drop):
        x = layers.drop(x - self.center[...], drop, 0)
        output = jax.numpy.einsum("ni,imk->nmk", x, self.kernel[...]) + self.bias[...]
        return output if self.members else output[:, 0]


def _two_groups(n, seed=0):
    rng = np.random.default_rng(seed)
    y = (np.arange(n) % 2).astype(np.int32)
    return (rng.normal(size=(n, 2)) + 3 * y[:, None]).astype(np.float32), y


def _design(network=Line(n=2), loss="cross-entropy", n_rows=64, n_held=64, **fields):
    return Design(network, loss, n_rows, n_held, **{"batch_size": 16, **fields})


DESIGN = _design()


def _train(design, X, y, held=4, **recipe):
    rows = Sample(X[held:], y[held:])
    return engine.train(design, Recipe(**recipe), rows, Sample(X[:held], y[:held]))


def _equal(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one.parameters, other.parameters, strict=True))


class _Steps:
    """A clock that lets a number of steps pass, so many at once."""

    def __init__(self, n, at_once=1):
        self.n, self.at_once = n, at_once

    def __call__(self, recipe):
        return self

    def until(self, now, cap):
        return min(now + self.at_once, self.n, cap)

    def note(self, n_steps):
        pass


# Two rows (1, -2) and (3, 2) have the centre (2, 0): the network sees (-1, -2) and (1, 2).
X_TWO = np.array([[1, -2], [3, 2]], np.float32)
Y_TWO = np.array([[5], [1]], np.float32)


def _first_step(monkeypatch, design, weight=None, **recipe):
    monkeypatch.setattr(engine, "_Clock", _Steps(1))
    trained = engine.train(design, Recipe(**recipe), Sample(X_TWO, Y_TWO, weight))
    return [np.asarray(leaf) for leaf in trained.parameters]


def test_a_first_step_moves_each_array_as_adamw_says_by_its_own_factors(monkeypatch):
    """The first step of AdamW is the sign of the gradient and the decay, times rate and factor."""
    design = _design(Line(rate=0.5, decay=0.25, first=0.5), "squared-error", n_held=0)
    bias, kernel = _first_step(monkeypatch, design, learning_rate=0.1, weight_decay=0.4)
    # The outputs are -1.5 and 1.5, the errors -6.5 and 0.5, and the gradients -6 for the bias
    # and (7, 14) for the kernel: their signs count.
    np.testing.assert_allclose(bias, [0.1], rtol=1e-5)
    moved = 0.5 - 0.1 * 0.5 * (1 + 0.4 * 0.25 * 0.5)
    np.testing.assert_allclose(kernel[:, 0, 0], [moved, moved], rtol=1e-5)


def test_plain_descent_goes_down_the_gradient_of_the_mean_loss(monkeypatch):
    """With `sgd` the step is the gradient itself: of rows by weight, cut where it is too long."""
    design = _design(Line(first=0.5), "squared-error", n_held=0, optimizer="sgd")
    rates = {"learning_rate": 0.1, "weight_decay": 0.0, "beta1": 0.0}
    bias, kernel = _first_step(monkeypatch, design, **rates)
    np.testing.assert_allclose(bias, [0.6], rtol=1e-5)
    np.testing.assert_allclose(kernel[:, 0, 0], [-0.2, -0.9], rtol=1e-5)
    # With weights 2 and 0 the gradients are those of the first row: -13, and (13, 26).
    weight = np.array([2, 0], np.float32)
    bias, kernel = _first_step(monkeypatch, design, weight, **rates)
    np.testing.assert_allclose(bias, [1.3], rtol=1e-5)
    np.testing.assert_allclose(kernel[:, 0, 0], [-0.8, -2.1], rtol=1e-5)
    # Its norm is sqrt(36 + 49 + 196) = 16.763.
    cut = _design(Line(first=0.5), "squared-error", n_held=0, optimizer="sgd", has_clipping=True)
    bias, _ = _first_step(monkeypatch, cut, clip_norm=1.0, **rates)
    np.testing.assert_allclose(bias, [0.1 * 6 / 16.763], rtol=1e-4)


def test_a_schedule_scales_the_rate(monkeypatch):
    """`coslog4` starts at 0: the first step goes nowhere."""
    design = _design(Line(first=0.5), "squared-error", n_held=0, schedule="coslog4")
    bias, kernel = _first_step(monkeypatch, design)
    assert bias.tolist() == [0.0]
    assert kernel[:, 0, 0].tolist() == [0.5, 0.5]


def test_an_average_is_kept_of_the_parameters(monkeypatch):
    """Without rows held out it is the average that comes out: here (0.75 b1 + b2) / 1.75."""
    steps = []
    for averaging in ("none", "ema"):
        design = _design(
            Line(first=0.5), "squared-error", n_held=0, optimizer="sgd", averaging=averaging
        )
        for n in (1, 2):
            monkeypatch.setattr(engine, "_Clock", _Steps(n))
            recipe = Recipe(learning_rate=0.01, weight_decay=0.0, average_decay=0.75)
            trained = engine.train(design, recipe, Sample(X_TWO, Y_TWO))
            steps.append(float(trained.parameters[0][0]))
    first, second, average_of_one, average_of_two = steps
    assert average_of_one == pytest.approx(first, rel=1e-5)
    # Weights 0.25 for the latest and 0.25 * 0.75 for the one before, over their sum.
    assert average_of_two == pytest.approx((0.75 * first + second) / 1.75, rel=1e-5)


@pytest.mark.parametrize("optimizer", sorted(step._OPTIMIZERS))
def test_every_optimizer_starts_at_zero_as_optax_starts_it(optimizer):
    """The zeros made on the host are what optax would have made."""
    design = _design(optimizer=optimizer)
    ones = tuple(np.ones(leaf.shape, np.float32) for leaf in _shapes(design))
    theirs = jax.tree.leaves(step._OPTIMIZERS[optimizer](0.9, 0.99).init(ones))
    ours = engine._first_state(design, ones).optimizer
    assert len(ours) == len(theirs)
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(mine, other)
        assert mine.dtype == other.dtype


def _shapes(design):
    return jax.tree.leaves(step.structure(design.network).parameters)


LOSSES = {
    "cross-entropy": (np.array([0, 1, 1], np.int32), lambda z, y: -_log_softmax(z)[y]),
    "binary-cross-entropy": (
        np.array([[0, 1], [1, 1], [0, 0]], np.float32),
        lambda z, y: np.mean(np.log1p(np.exp(z)) - y * z),
    ),
    "squared-error": (
        np.array([[0, 2], [1, 1], [-3, 0]], np.float32),
        lambda z, y: np.mean((z - y) ** 2),
    ),
}


def _log_softmax(z):
    return z - np.log(np.exp(z).sum())


@pytest.mark.parametrize("members", [0, 3])
@pytest.mark.parametrize("loss", LOSSES)
def test_each_loss_is_what_its_formula_says(loss, members):
    """A row's loss is worked out with NumPy; an ensemble's is the mean over its members."""
    y, formula = LOSSES[loss]
    rng = np.random.default_rng(0)
    output = rng.normal(size=(3, members, 2) if members else (3, 2)).astype(np.float32)
    wide = output.reshape(3, -1, 2)
    expected = [np.mean([formula(z, y[i]) for z in wide[i]]) for i in range(3)]
    np.testing.assert_allclose(losses.of_rows(loss, output, y, 0.0), expected, rtol=1e-5)


def test_an_ensemble_is_judged_by_its_mean_prediction():
    """Validation looks at mean probabilities and at mean numbers, or at what they get wrong."""

    def judged(loss, output, y):
        y = np.asarray(y, np.int32 if loss == "cross-entropy" else np.float32)
        return [float(losses.judged(loss, output, y, by_error=by)[0]) for by in (False, True)]

    logits = np.log(np.array([[[0.2, 0.8], [0.9, 0.1]]], np.float32))
    # The mean probability of class 1 is 0.45.
    assert judged("cross-entropy", logits, [1]) == pytest.approx([-np.log(0.45), 1.0])
    numbers = np.array([[[1.0], [4.0]]], np.float32)
    assert judged("squared-error", numbers, [[2.0]]) == [0.25, 0.25]
    chances = np.array([[[0.5, 0.25], [0.2, 0.8]]], np.float32)
    odds = np.log(chances / (1 - chances))
    # Mean probabilities 0.35 and 0.525: both right, with losses -log 0.65 and -log 0.525.
    expected = [-(np.log(0.65) + np.log(0.525)) / 2, 0.0]
    assert judged("binary-cross-entropy", odds, [[0, 1]]) == pytest.approx(expected, rel=1e-5)


def test_prediction_is_the_network_worked_out_by_hand():
    """A forward pass is a product and a sum; rows beyond a block are no different."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(150, 2)).astype(np.float32)
    for members in (0, 3):
        design = _design(Line(members, n=2), n_rows=256)
        trained = _train(design, X, np.arange(150, dtype=np.int32) % 2, max_epochs=1)
        bias, kernel = (np.asarray(leaf) for leaf in trained.parameters)
        (center,) = trained.given
        expected = np.einsum("ni,imk->nmk", X - np.asarray(center), kernel) + bias
        expected = expected if members else expected[:, 0]
        np.testing.assert_allclose(engine.predict(design, trained, X), expected, atol=1e-5)
        assert engine.predict(design, trained, X[:0]).shape == (0, *expected.shape[1:])


def test_padding_changes_nothing_but_the_order_of_rows():
    """Rows of padding take no part: with all rows in every batch, the same is learned."""
    X, y = _two_groups(12)
    trained = [_train(_design(n_rows=n), X, y, max_epochs=5) for n in (16, 300)]
    for curve in ("loss_curve", "validation_curve"):
        short, long = (getattr(one, curve) for one in trained)
        assert short == pytest.approx(long, rel=1e-3)


def test_how_often_the_host_is_asked_changes_no_bit(monkeypatch):
    """Calls of the program that end within an epoch, or after many, give the same parameters."""
    X, y = _two_groups(60)
    design = _design(has_dropout=True, averaging="ema")
    recipe = {"max_epochs": 5, "dropout": 0.3}
    whole = _train(design, X, y, **recipe)
    timed = _train(design, X, y, **recipe, max_seconds=1e6, started_at=time.perf_counter())
    monkeypatch.setattr(engine, "_Clock", _Steps(1000, at_once=3))
    in_pieces = _train(design, X, y, **recipe)
    for other in (timed, in_pieces):
        assert _equal(whole, other)
        assert other.loss_curve == whole.loss_curve
        assert other.validation_curve == whole.validation_curve
        assert other.stop_reason == "max_epochs"


def test_more_epochs_than_a_call_can_tell_of_are_all_told(monkeypatch):
    """Curves are as long as training, and go on where they ended."""
    X, y = _two_groups(20)
    long, short = (_train(DESIGN, X, y, max_epochs=n, patience=10**6) for n in (600, 300))
    assert len(long.loss_curve) == len(long.validation_curve) == long.n_epochs == 600
    assert long.loss_curve[:300] == short.loss_curve


def test_the_same_seed_gives_the_same_bits_and_another_one_does_not():
    """Everything random comes from the seed."""
    X, y = _two_groups(40)
    design = _design(has_dropout=True)
    first, again, other = (
        _train(design, X, y, max_epochs=2, dropout=0.5, seed=seed) for seed in (1, 1, 2)
    )
    assert _equal(first, again)
    assert not _equal(first, other)


def test_training_ends_when_validation_no_longer_gains():
    """With labels that mean nothing the best epoch comes early, and is the one kept."""
    X, _ = _two_groups(60)
    y = np.random.default_rng(1).integers(0, 2, 60).astype(np.int32)
    rates = {"learning_rate": 0.1, "weight_decay": 0.0}
    trained = _train(DESIGN, X, y, held=20, **rates, max_epochs=200, patience=3)
    assert trained.stop_reason == "early_stopping"
    assert trained.n_epochs == len(trained.loss_curve) == len(trained.validation_curve)
    best = int(np.argmin(trained.validation_curve)) + 1
    assert best < trained.n_epochs
    # The loss of the kept parameters is the best of the curve.
    output = engine.predict(DESIGN, trained, X[:20])
    loss = np.mean(losses.of_rows(DESIGN.loss, output, y[:20], 0.0))
    assert loss == pytest.approx(min(trained.validation_curve), rel=1e-4)


def test_of_epochs_with_equal_error_the_last_is_kept():
    """Where everything is told apart from the start on, the parameters kept still move."""
    X, y = _two_groups(40)
    X[:, 0] += 10 * y
    design = _design(validation="error")
    few, many = (_train(design, X, y, max_epochs=n, patience=100) for n in (20, 30))
    assert many.validation_curve[-1] == min(many.validation_curve) == 0.0
    assert few.validation_curve[-1] == 0.0
    assert not _equal(few, many)


def test_no_rows_held_out_means_the_last_epoch():
    """A design with room for such rows, and none given, runs to the end without a curve."""
    X, y = _two_groups(40)
    rows = Sample(X, y)
    roomy = engine.train(DESIGN, Recipe(max_epochs=4, patience=1), rows)
    strict = engine.train(_design(n_held=0), Recipe(max_epochs=4, patience=1), rows)
    assert roomy.validation_curve == strict.validation_curve == []
    assert roomy.n_epochs == strict.n_epochs == 4
    for one, other in zip(roomy.parameters, strict.parameters, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_no_time_left_means_no_step():
    """Training that starts after its deadline stops by itself, with parameters to predict with."""
    X, y = _two_groups(20)
    trained = _train(DESIGN, X, y, max_seconds=0.0, started_at=time.perf_counter())
    assert trained.stop_reason == "max_seconds"
    assert trained.n_epochs == 0
    assert np.isfinite(engine.predict(DESIGN, trained, X)).all()


def test_parameters_are_counted_and_given_arrays_are_not():
    """A kernel of 2 x 2 and a bias of 2 are 6; the centre was not learned."""
    X, y = _two_groups(20)
    trained = _train(DESIGN, X, y, max_epochs=1)
    assert trained.n_parameters == 6
    np.testing.assert_allclose(trained.given[0], X[4:].mean(0), rtol=1e-5)


def test_half_precision_learns_the_same_roughly():
    """Computing in bfloat16 gives float32 parameters, near those of full precision."""
    X, y = _two_groups(60)
    full, half = (
        _train(_design(precision=kind), X, y, max_epochs=5) for kind in ("float32", "bfloat16")
    )
    assert all(leaf.dtype == np.float32 for leaf in half.parameters)
    assert half.loss_curve != full.loss_curve
    assert half.loss_curve == pytest.approx(full.loss_curve, rel=0.02)


class _Stream:
    """Rows in windows, always in the same order."""

    def __init__(self, X, y, size, n_rows=None):
        self.X, self.y, self.size = X, y, size
        self.n_rows = len(X) if n_rows is None else n_rows
        self.passes = 0

    def windows(self, rng):
        self.passes += 1
        for i in range(0, len(self.X), self.size):
            yield Sample(self.X[i : i + self.size], self.y[i : i + self.size])


def test_a_stream_of_windows_is_learned_in_passes():
    """Each epoch is a pass over all windows, then validation, by the program of rows in memory."""
    X, y = _two_groups(200)
    stream = _Stream(X[20:], y[20:], 60)
    held = Sample(X[:20], y[:20])
    _train(DESIGN, X[:60], y[:60], max_epochs=1)
    with programs.expect(at_most=0):
        trained = engine.train(DESIGN, Recipe(max_epochs=6, learning_rate=0.02), stream, held)
    assert stream.passes == trained.n_epochs == len(trained.validation_curve) == 6
    # The centre comes from the first window.
    np.testing.assert_allclose(trained.given[0], X[20:80].mean(0), rtol=1e-4)
    answers = engine.predict(DESIGN, trained, X).argmax(1)
    assert (answers == y).mean() > 0.95


def test_one_window_is_learned_as_rows_in_memory_are():
    """A stream of a single window takes the same steps: eight batches need no second pass."""
    X, y = _two_groups(60)
    design = _design(batch_size=4)
    recipe = Recipe(max_epochs=3)
    held = Sample(X[:10], y[:10])
    streamed = engine.train(design, recipe, _Stream(X[10:], y[10:], 50), held)
    assert _equal(streamed, engine.train(design, recipe, Sample(X[10:], y[10:]), held))


def test_a_stream_keeps_to_the_clock(monkeypatch):
    """Time may end between windows; the last parameters come out."""
    X, y = _two_groups(200)
    monkeypatch.setattr(engine, "_Clock", _Steps(7))
    trained = engine.train(DESIGN, Recipe(), _Stream(X, y, 60))
    assert trained.stop_reason == "max_seconds"
    assert trained.n_epochs == 0


def test_a_stream_that_gives_other_rows_than_it_says_is_refused():
    """The message says what was said and what was given."""
    X, y = _two_groups(40)
    with pytest.raises(ValueError, match="said 50 rows and gave 40"):
        engine.train(DESIGN, Recipe(), _Stream(X, y, 40, n_rows=50))


def test_more_rows_than_there_is_room_for_are_refused():
    """The message says how many there are and how many there may be."""
    X, y = _two_groups(70)
    with pytest.raises(ValueError, match=r"70 training rows.*room for 64"):
        _train(DESIGN, X, y, held=0)


def test_a_start_that_lacks_an_array_is_refused():
    """The message names the network and the array that is missing."""

    @dataclass(frozen=True)
    class Silent(Line):
        def start(self, X, rng):
            return {"bios": np.zeros(2)}

    X, y = _two_groups(20)
    with pytest.raises(ValueError, match=r"Silent.start.*missing: \['center'\].*\['bios'\]"):
        _train(_design(Silent(n=2)), X, y)


@pytest.mark.parametrize(
    ("field", "name"),
    [("optimizer", "adma"), ("schedule", "cosinus"), ("averaging", "swa"), ("loss", "hinge")],
)
def test_a_name_that_means_nothing_is_refused_with_the_list(field, name):
    """The message says the field, the name, and what is allowed."""
    fields = {
        "network": Line(),
        "loss": "squared-error",
        "n_rows": 16,
        "n_held": 0,
        "batch_size": 4,
    }
    with pytest.raises(ValueError, match=f"{field} is '{name}'; allowed: .*[a-z]"):
        Design(**{**fields, field: name})


def test_one_program_serves_every_size(monkeypatch):
    """Eight sizes and several splits of a design compile one program for training."""
    X, y = _two_groups(64)
    design = _design(Line(n=2, rate=0.9), n_rows=128)
    with programs.expect(at_most=1):
        for n in (8, 9, 16, 23, 32, 45, 60, 64):
            _train(design, X[:n], y[:n], max_epochs=1, learning_rate=n / 1000)


def test_few_rows_are_padded_to_a_power_of_two(monkeypatch):
    """One row has a program of its own, three share that of four; from 64 on there is one."""
    X, y = _two_groups(130)
    design = _design(Line(n=2, rate=0.8), n_rows=128)
    trained = _train(design, X[:64], y[:64], max_epochs=1)
    whole = engine.predict(design, trained, X)
    sizes = []
    make = engine._predictor

    def note(design, size):
        sizes.append(size)
        return make(design, size)

    monkeypatch.setattr(engine, "_predictor", note)
    for n in (1, 2, 3, 5, 33, 64, 65, 130):
        found = engine.predict(design, trained, X[:n])
        assert found.shape == (n, 2)
        np.testing.assert_allclose(found, whole[:n], rtol=1e-5, atol=1e-6)
    assert sizes == [1, 2, 4, 8, 64, 64, 64, 64]
    assert engine.predict(design, trained, X[:0]).shape == (0, 2)
