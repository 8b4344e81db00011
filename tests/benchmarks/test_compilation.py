"""One compilation for a learning curve, against one for each size."""

import itertools
import os
import subprocess
import sys

from ratios import ratio_of

# What an interpreter needs to import JAX and start its backend is the same for both sides, and is
# not what is compared: the clock begins after it.
CURVE = """
import sys
import time
import jax
import numpy as np
import bench
from bench_jax import mlp

padded = sys.argv[1] == "padded"
sizes = [128, 256, 512, 1024, 2048, 4096, 8192, 16384]
rng = np.random.default_rng(0)
X, y = rng.normal(size=(sizes[-1], 20)), rng.integers(0, 3, sizes[-1])
target = bench.Target("multiclass", classes=(0, 1, 2))
jax.numpy.zeros(1).block_until_ready()
begin = time.perf_counter()
for n in sizes:
    context = bench.ModelContext(
        task="classification", modality="tabular", n_train=n,
        n_train_max=sizes[-1] if padded else n, target=target,
    )
    estimator = mlp.make_mlp(context, hidden=[256, 256], max_epochs=1)
    estimator.fit(X[:n], y[:n])
    estimator.predict_proba(X[:100])
print(time.perf_counter() - begin)
"""


def test_one_compilation_for_eight_sizes(benchmark, tmp_path):
    """Eight sizes with one program take at most 0.35 of the time with a program for each."""
    numbers = itertools.count()

    def curve(name):
        def action():
            # Nothing may be found on disk: each time begins with an empty cache.
            cache = str(tmp_path / str(next(numbers)))
            environment = {**os.environ, "BENCH_CACHE": cache, "JAX_PLATFORMS": "cpu"}
            said = subprocess.run(
                [sys.executable, "-c", CURVE, name],
                env=environment,
                capture_output=True,
                text=True,
                check=True,
            )
            return float(said.stdout)

        return action

    assert ratio_of(benchmark, curve("padded"), curve("each"), rounds=3) <= 0.35
