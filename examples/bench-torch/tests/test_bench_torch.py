"""The perceptron in PyTorch keeps what plugins promise, and is the network that it says it is."""

import numpy as np
import pandas as pd
import pytest
import torch
from bench_torch.model import make
from bench_torch.table import TableEncoder

import bench
from bench.testing import parametrize_with_checks


@parametrize_with_checks("bench_torch")
def test_keeps_its_promises(check):
    """Every promise of the plugin is kept."""
    check()


def context(**facts):
    """A small trial of classification."""
    given = {"task": "classification", "modality": "tabular", "n_train": 200, "n_train_max": 200}
    return bench.ModelContext(**(given | facts))


def test_it_learns_what_no_line_tells():
    """Two hidden layers tell apart the corners of a square, which a linear model cannot."""
    X = np.random.default_rng(0).uniform(-1, 1, (400, 2))
    y = (X[:, 0] * X[:, 1] > 0).astype(int)
    model = make(context(), hidden=[32, 32], max_epochs=60).fit(X[:300], y[:300])
    assert (model.predict(X[300:]) == y[300:]).mean() > 0.9
    assert sum(p.numel() for p in model.network_.parameters()) == (2 + 2) * 32 + 32 + 33 * 32 + 66


def test_regression_is_in_the_targets_unit():
    """A target in thousands is answered in thousands."""
    X = np.linspace(-1, 1, 200)[:, None]
    y = 5000 + 1000 * X[:, 0]
    model = make(context(task="regression"), hidden=[32], max_epochs=60).fit(X, y)
    assert np.abs(model.predict(X) - y).mean() < 200


def test_the_random_numbers_of_others_stay():
    """Training draws from its own seed, and leaves PyTorch's generator as it was."""
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    make(context(), max_epochs=1).fit(np.eye(20), np.arange(20) % 2)
    assert torch.equal(torch.rand(3), expected)


def test_a_table_becomes_numbers_flags_and_indicators():
    """Quartiles come to 0.67 before clipping; gaps are flagged; new and missing levels differ."""
    X = pd.DataFrame({"n": [0.0, 1.0, 2.0, 3.0, np.nan], "c": ["a", "b", "a", None, "a"]})
    columns = (bench.Column("n"), bench.Column("c", "category"))
    encoder = TableEncoder.fit(X, columns)
    new = pd.DataFrame({"n": [2.25, np.nan], "c": ["z", None]})
    z = 0.6745 / np.sqrt(1 + (0.6745 / 3) ** 2)
    expected = [[z, 0, 0, 0, 0, 1], [0, 1, 0, 0, 1, 0]]
    np.testing.assert_allclose(encoder.transform(new), expected, atol=1e-4)


def test_time_ends_training():
    """Out of time, it ends after the epoch at hand, and says so."""
    model = make(context(max_seconds=1e-9)).fit(np.eye(20), np.arange(20) % 2)
    assert (model.n_iter_, model.stop_reason_) == (1, "max_seconds")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_not_there_is_refused():
    """Asked for a GPU without one, it says so beforehand, and never computes on another device."""
    with pytest.raises(bench.Skip, match="PyTorch finds none"):
        make(context(device="gpu"))
