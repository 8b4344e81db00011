"""One compilation for a learning curve, against one for each size."""

import os
import sys

from ratios import ratio_of, run_program

CURVE = """
import sys
import numpy as np
import bench
from bench_jax import mlp

padded = sys.argv[1] == "padded"
sizes = [128, 256, 512, 1024, 2048, 4096, 8192, 16384]
rng = np.random.default_rng(0)
X, y = rng.normal(size=(sizes[-1], 20)), rng.integers(0, 3, sizes[-1])
target = bench.Target("multiclass", classes=(0, 1, 2))
for n in sizes:
    context = bench.ModelContext(
        task="classification", modality="tabular", n_train=n,
        n_train_max=sizes[-1] if padded else n, target=target,
    )
    estimator = mlp.make_mlp(context, hidden=[256, 256], max_epochs=1)
    estimator.fit(X[:n], y[:n])
    estimator.predict_proba(X[:100])
"""


def test_one_compilation_for_eight_sizes(benchmark, tmp_path):
    """Eight sizes with one program take at most 0.35 of the time with a program for each."""
    environment = {**os.environ, "BENCH_CACHE": str(tmp_path), "JAX_PLATFORMS": "cpu"}
    environment["JAX_ENABLE_COMPILATION_CACHE"] = "false"

    def curve(name):
        def action():
            # Nothing may be found on disk: each time begins with an empty cache.
            folder = tmp_path / f"{name}-{len(list(tmp_path.iterdir()))}"
            folder.mkdir()
            run_program(
                sys.executable, "-c", CURVE, name, env={**environment, "BENCH_CACHE": str(folder)}
            )()

        return action

    ratio = ratio_of(benchmark, curve("padded"), curve("each"), rounds=2)
    assert ratio <= 0.35
