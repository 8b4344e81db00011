"""Training four architectures: seconds an epoch, against scikit-learn and against PyTorch.

PyTorch is no dependency: ``BENCH_TORCH_PYTHON`` names an interpreter that has it, where this one
has not.
"""

import contextlib
import importlib.util
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ratios import ratio_of
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

HERE = Path(__file__).parent
ARCHITECTURES = ("mlp", "cnn", "lstm", "transformer")
N_EPOCHS = 5
ROUNDS = 3


class Worker:
    """A process that trains an architecture when it is asked to."""

    def __init__(self, python, script, architecture, n_cores):
        self._process = subprocess.Popen(
            [python, str(HERE / script), architecture, str(n_cores)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *error):
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def train(self, n_epochs, seed=0):
        """What training took and came to: seconds and losses."""
        self._process.stdin.write(f"{n_epochs} {seed}\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


def ours(architecture, n_cores):
    return Worker(sys.executable, "epochs_jax.py", architecture, n_cores)


@pytest.fixture(scope="module")
def torchs():
    """Starts PyTorch's side."""
    python = os.environ.get("BENCH_TORCH_PYTHON")
    if python is None and importlib.util.find_spec("torch") is None:
        pytest.skip("PyTorch is not installed; BENCH_TORCH_PYTHON names an interpreter that has it")
    return lambda architecture, n_cores: Worker(
        python or sys.executable, "epochs_torch.py", architecture, n_cores
    )


@pytest.fixture
def sklearns_epochs():
    """Epochs of scikit-learn's network of the mlp's shape, on one core."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20000, 50)).astype(np.float32)
    y = rng.integers(0, 5, len(X))

    def action():
        learner = MLPClassifier((256, 256), batch_size=256, max_iter=N_EPOCHS, alpha=0)
        with threadpool_limits(1), pytest.warns(ConvergenceWarning):
            learner.fit(X, y)

    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(cores)[:1])
    yield action
    os.sched_setaffinity(0, cores)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_seconds_an_epoch(benchmark, sklearns_epochs, architecture):
    """Five epochs, steady, beside five of scikit-learn's MLPClassifier, which the mlp beats."""
    with ours(architecture, 1) as worker:
        cold = worker.train(N_EPOCHS)
        ratio = ratio_of(
            benchmark,
            lambda: worker.train(N_EPOCHS)["seconds"],
            sklearns_epochs,
            rounds=ROUNDS,
            cold_seconds=cold["seconds"],
            epochs=N_EPOCHS,
        )
    assert cold["losses"][-1] < cold["losses"][0]
    if architecture == "mlp":
        assert ratio <= 1.0


@pytest.mark.parametrize(("n_cores", "bar"), [(1, 0.85), (2, 0.95)])
def test_steady_epochs_against_torch(benchmark, torchs, n_cores, bar):
    """Steady epochs take at most 0.85 of PyTorch's on one core, 0.95 on two, and learn as much."""
    if len(os.sched_getaffinity(0)) < n_cores:
        pytest.skip(f"needs {n_cores} cores")
    ratios, losses = {}, {}

    def measure():
        for name in ARCHITECTURES:
            with ours(name, n_cores) as mine, torchs(name, n_cores) as theirs:
                mine.train(1), theirs.train(1)
                pairs = [
                    (mine.train(N_EPOCHS, seed), theirs.train(N_EPOCHS, seed))
                    for seed in range(ROUNDS)
                ]
            ratios[name] = ratio_of_medians(pairs, lambda answer: answer["seconds"])
            losses[name] = ratio_of_medians(pairs, lambda answer: answer["losses"][-1])

    benchmark.pedantic(measure, rounds=1, iterations=1)
    benchmark.extra_info |= {"ratios": ratios, "losses": losses}
    print(f"\n{n_cores} cores, seconds: {ratios}, losses: {losses}")
    assert max(losses.values()) <= 1.02
    assert statistics.geometric_mean(ratios.values()) <= bar


def test_twenty_cold_epochs_against_torch(benchmark, torchs):
    """Twenty epochs in a new process, compilation included, take no longer than PyTorch's."""
    ratios = {}

    def measure():
        for name in ARCHITECTURES:
            pairs = []
            for _ in range(ROUNDS):
                with ours(name, 1) as mine, torchs(name, 1) as theirs:
                    pairs.append((mine.train(20), theirs.train(20)))
            ratios[name] = ratio_of_medians(pairs, lambda answer: answer["seconds"])

    benchmark.pedantic(measure, rounds=1, iterations=1)
    benchmark.extra_info |= {"ratios": ratios}
    print(f"\ncold, seconds: {ratios}")
    assert statistics.geometric_mean(ratios.values()) <= 1.0


def ratio_of_medians(pairs, figure):
    mine, theirs = (statistics.median(map(figure, side)) for side in zip(*pairs, strict=True))
    return mine / theirs
