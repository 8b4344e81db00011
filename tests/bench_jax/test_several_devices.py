"""Several devices: a batch is divided over them, and what is learned is the same."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

TRAIN = """
import json, sys
import jax, numpy as np
from bench_jax import engine, programs
from bench_jax.mlp import MlpNetwork
from bench_jax.probe import CompileProbe
from pathlib import Path

programs.share(Path(sys.argv[1]))
probe = CompileProbe()
probe.start("fit")
rng = np.random.default_rng(0)
X = rng.normal(size=(90, 3)).astype(np.float32)
y = (X.sum(1) > 0).astype(np.int32)
design = engine.Design(
    MlpNetwork(3, (4,), "relu", 2), "cross-entropy", 96, 32, batch_size=16, has_dropout=True
)
recipe = engine.Recipe(max_epochs=3, dropout=0.2, seed=1)
trained = engine.train(
    design, recipe, engine.Sample(X[20:], y[20:]), engine.Sample(X[:20], y[:20])
)
found = probe.stop("fit")
print(json.dumps({
    "devices": jax.device_count(),
    "compiled": found["n_compilations"][0],
    "sums": engine._trainer(design).as_text().count("all-reduce"),
    "loss": trained.loss_curve,
    "validation": trained.validation_curve,
    "outputs": engine.predict(design, trained, X).tolist(),
}))
"""


def _trained(cache, n_devices):
    flags = f"--xla_force_host_platform_device_count={n_devices}"
    environment = {**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}
    said = subprocess.run(
        [sys.executable, "-c", TRAIN, str(cache)], env=environment, capture_output=True, text=True
    )
    assert said.returncode == 0, said.stderr
    return json.loads(said.stdout)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """What one device learned, and two, and two with programs from disk."""
    cache = tmp_path_factory.mktemp("programs")
    return [_trained(cache, n) for n in (1, 2, 2)]


def test_two_devices_learn_what_one_learns(trained):
    """Curves and predictions agree to rounding."""
    alone, both, _ = trained
    assert (alone["devices"], both["devices"]) == (1, 2)
    for name in ("loss", "validation"):
        assert both[name] == pytest.approx(alone[name], rel=1e-4)
    np.testing.assert_allclose(both["outputs"], alone["outputs"], rtol=1e-3, atol=1e-4)


def test_a_batch_is_divided_over_the_devices(trained):
    """Gradients of the two halves of a batch are added up in the program."""
    alone, both, _ = trained
    assert both["sums"] > alone["sums"] == 0


def test_programs_for_several_devices_are_shared_too(trained):
    """From disk they compute the same bits."""
    _, both, again = trained
    assert both["compiled"] > again["compiled"] == 0
    assert again["outputs"] == both["outputs"]
