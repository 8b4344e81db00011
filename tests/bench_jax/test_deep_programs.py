"""Compiled programs: one for a learning curve, shared by processes, whole or not there."""

import json
import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from bench_jax import programs
from bench_jax.mlp import MlpClassifier
from bench_jax.probe import CompileProbe

CURVE = """
import json, os, sys
import bench, bench_jax.mlp, numpy as np
from bench_jax.probe import CompileProbe

rng = np.random.default_rng(0)
X, y = rng.normal(size=(2048, 5)), rng.integers(0, 3, 2048)

def trial(n):
    probe = CompileProbe()
    probe.start("fit")
    context = bench.ModelContext(
        task="classification", modality="tabular", n_train=n, n_train_max=2048,
        target=bench.Target("multiclass", classes=(0, 1, 2)),
    )
    estimator = bench_jax.mlp.make_mlp(context, hidden=[32], max_epochs=2)
    estimator.fit(X[:32], y[:32])
    estimator.fit(X[:n], y[:n]).predict_proba(X[:100])
    return {name: value for name, (value, _) in probe.stop("fit").items()}

for n in [16, 32, 64, 128, 256, 512, 1024, 2048]:
    process = os.fork()
    if not process:
        print(json.dumps(trial(n)), flush=True)
        os._exit(0)
    os.waitpid(process, 0)
"""


def _run(code, cache, **variables):
    environment = {**os.environ, "BENCH_CACHE": str(cache), "OPENBLAS_NUM_THREADS": "1"}
    answer = subprocess.run(
        [sys.executable, "-c", code], env={**environment, **variables}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def test_a_learning_curve_compiles_once_over_all_its_processes(tmp_path):
    """Of eight sizes in eight fresh processes, only the first compiles: training and prediction."""
    trials = [json.loads(line) for line in _run(CURVE, tmp_path).splitlines()]
    assert [trial["n_compilations"] for trial in trials] == [2] + [0] * 7
    assert [trial["cache_hits"] for trial in trials] == [0] + [2] * 7
    assert all(trial["compile_saved_seconds"] > 0 for trial in trials[1:])


@pytest.fixture
def shared(tmp_path):
    """A folder that programs are shared in."""
    programs.share(tmp_path)
    yield tmp_path
    programs.share(None)


def _obtain(words="x + 1"):
    argument = jax.ShapeDtypeStruct((3,), jnp.float32)
    return programs.obtain("add", lambda x: x + 1, (argument,), words)


def _counts(action):
    probe = CompileProbe()
    probe.start("fit")
    action()
    found = probe.stop("fit")
    return found["n_compilations"][0], found["cache_hits"][0]


def test_a_program_is_found_again(shared):
    """The second time it comes from its file, and computes the same."""
    assert _counts(_obtain) == (1, 0)
    assert _counts(_obtain) == (0, 1)
    assert np.asarray(_obtain()(np.zeros(3, np.float32))).tolist() == [1.0, 1.0, 1.0]
    assert len(list(shared.iterdir())) == 1


def test_another_identity_or_shape_is_another_program(shared):
    """What the function closes over, and the shapes of its arguments, are part of the key."""
    _obtain()
    assert _counts(lambda: _obtain("x + 2")) == (1, 0)
    argument = jax.ShapeDtypeStruct((4,), jnp.float32)
    assert _counts(lambda: programs.obtain("add", lambda x: x + 1, (argument,), "x + 1")) == (1, 0)


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b + b"x"])
def test_a_damaged_file_is_compiled_anew_and_put_right(shared, damage):
    """A cut, empty or altered file costs one compilation and no error."""
    _obtain()
    (path,) = shared.iterdir()
    path.write_bytes(damage(path.read_bytes()))
    assert _counts(_obtain) == (1, 0)
    assert _counts(_obtain) == (0, 1)


def test_a_folder_that_cannot_be_written_is_no_error(shared):
    """Where a file stands in the folder's place, programs are compiled and not kept."""
    path = shared / "file"
    path.touch()
    programs.share(path / "below")
    assert _counts(_obtain) == (1, 0)


def test_nothing_is_kept_unless_asked(tmp_path, monkeypatch):
    """Stand-alone estimators write no file."""
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path))
    programs.share(None)
    _obtain()
    assert not list(tmp_path.iterdir())


def test_the_guard_fails_where_more_is_compiled_than_promised(shared):
    """Its message counts and names the programs; those found on disk don't count."""
    with programs.expect(at_most=1):
        _obtain()
    with programs.expect(at_most=0):
        _obtain()

    def two():
        with programs.expect(at_most=1):
            _obtain("x + 3")
            _obtain("x + 4")

    with pytest.raises(AssertionError, match=r"2 programs .* at most 1 promised: .*lambda"):
        two()


def test_one_program_serves_every_size_and_split():
    """Eight sizes and two splits of them compile a perceptron's two programs once each."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(700, 5)), rng.integers(0, 2, 700)
    with programs.expect(at_most=2):
        for n in (16, 23, 32, 64, 128, 200, 400, 600):
            for first in (0, 100):
                model = MlpClassifier((7,), max_epochs=1, n_classes=2, n_rows_max=600)
                rows = slice(first, first + n)
                model.fit(X[rows], y[rows]).predict(X[:10])


def test_memory_may_be_handed_over(shared):
    """An argument that is donated is gone after the call, also with a program from disk."""
    argument = jax.ShapeDtypeStruct((3,), jnp.float32)
    for _ in range(2):
        program = programs.obtain("add", lambda x: x + 1, (argument,), "x", donated=(0,))
        x = jax.device_put(np.zeros(3, np.float32))
        assert np.asarray(program(x)).tolist() == [1.0, 1.0, 1.0]
        assert x.is_deleted()
