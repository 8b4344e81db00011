"""The device: the one asked for or none; imports that start nothing."""

import subprocess
import sys

import numpy as np
import pytest

import bench
from bench_jax import bench_models, platform, programs


def _context(device):
    return bench.ModelContext(
        task="classification", modality="tabular", n_train=10, n_train_max=10, device=device
    )


def test_a_device_that_is_not_there_is_refused():
    """A trial for a TPU is skipped where there is none; it never runs on something else."""
    platform.start(_context("cpu"))
    programs.share(None)
    said = r"device 'tpu' was asked for, but .*crossover-bench\[tpu\], or ask for another device"
    with pytest.raises(bench.Skip, match=said):
        platform.start(_context("tpu"))


def test_the_cache_is_where_the_user_says(tmp_path, monkeypatch):
    """BENCH_CACHE goes before the user's cache folder, and XDG_CACHE_HOME names that one."""
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path / "mine"))
    assert platform.cache_folder().parent == tmp_path / "mine" / "jax"
    monkeypatch.delenv("BENCH_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert platform.cache_folder().parent == tmp_path / "crossover-bench" / "jax"


def test_aligned_arrays_go_to_a_cpu_without_a_copy():
    """What is written into a buffer is what the device computes on."""
    buffer = platform.buffer((1000, 7), np.float32)
    assert buffer.shape == (1000, 7)
    assert not buffer.any()
    assert platform.place(buffer).unsafe_buffer_pointer() == buffer.ctypes.data


PRELOAD = """
import importlib, os, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
from jax._src import xla_bridge
assert not xla_bridge._backends, "a backend was started"
tasks = os.listdir("/proc/self/task")
names = [open(f"/proc/self/task/{task}/comm").read().strip() for task in tasks]
assert len(names) == 1, names
"""


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted in /proc")
def test_what_is_imported_before_forking_starts_no_thread_and_no_backend():
    """After all preloads there is one thread, so that a fork is safe."""
    modules = sorted({module for spec in bench_models() for module in spec.preload})
    # pyarrow, which scikit-learn imports where it is installed, brings an allocator that starts
    # a thread of its own unless told not to; the same goes for OpenBLAS.
    environment = {
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "JE_ARROW_MALLOC_CONF": "background_thread:false",
    }
    answer = subprocess.run(
        [sys.executable, "-c", PRELOAD, *modules], env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr


def test_listing_the_models_imports_no_framework():
    """The plugin's own module needs neither JAX nor NumPy."""
    code = "import sys, bench_jax; list(bench_jax.bench_models()); list(bench_jax.bench_probes())\n"
    code += "assert not {'jax', 'numpy', 'sklearn'} & set(sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert answer.returncode == 0, answer.stderr
