"""The device that JAX computes on, started once and never silently another; what hangs on it."""

from __future__ import annotations

import functools
import hashlib
import os
import platform as host
from pathlib import Path

import jax
import numpy as np

import bench
from bench_jax import programs


def start(context: bench.ModelContext) -> None:
    """Start JAX on the device of a trial and share compiled programs over the run's processes.

    A factory calls it, so that the start of the backend counts as the trial's ``init``. Calling it
    again costs nothing.

    Raises
    ------
    Skip
        The device is not there, or this process already computes on another one.
    """
    if context.device == "gpu":
        # Memory as needed, so that trials can share a card and its peak can be told; the same bits.
        os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
        flags = os.environ.get("XLA_FLAGS", "")
        if "xla_gpu_deterministic_ops" not in flags:
            os.environ["XLA_FLAGS"] = f"{flags} --xla_gpu_deterministic_ops=true".strip()
    try:
        _start_backend(context.device)
    except RuntimeError as error:
        raise bench.Skip(f"JAX finds no {context.device} here: {error}") from None
    started = jax.default_backend()
    if started != context.device:
        raise bench.Skip(
            f"JAX finds no {context.device} in this process: it computes on {started!r}. Install "
            "JAX for that device (crossover-bench[cuda] or [tpu]), or ask for another one."
        )
    programs.share(cache_folder())


@functools.cache
def _start_backend(device: str) -> None:
    if device != "gpu":  # where a GPU is, JAX takes it by itself, whoever made it
        jax.config.update("jax_platforms", device)  # type: ignore[no-untyped-call]
    jax.device_put(np.zeros(1, np.float32)).block_until_ready()


def cache_folder() -> Path:
    """Return where compiled programs are kept: one folder per jaxlib, processor and cores.

    ``BENCH_CACHE`` names the cache's root; else it is ``crossover-bench`` in the user's cache
    folder. Cores are part of it because XLA cuts its loops for the cores that it sees.
    """
    from jaxlib import version

    root = os.environ.get("BENCH_CACHE")
    if not root:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        root = str(Path(base) / "crossover-bench")
    name = f"{version.__version__}-{_processor()}-{n_cores()}"
    return Path(root).expanduser() / "jax" / name


def n_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@functools.cache
def _processor() -> str:
    """Return a short hash of the processor's model and instruction sets."""
    facts = [host.system(), host.machine(), host.processor()]
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith(("model name", "flags", "Features", "CPU part")):
                    facts.append(line)
                if not line.strip():
                    break
    except OSError:
        pass
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:12]


def prefers_native_convolution() -> bool:
    """Whether the device's own convolution is the fast one.

    XLA's convolution on a CPU loses its threads inside a loop, which makes it 20 to 40 times
    slower than the same sums written as patches times a matrix.
    """
    return jax.default_backend() != "cpu"


def prediction_batch() -> int:
    """Return how many rows are predicted at once: few on a CPU, where padding costs time."""
    return 64 if jax.default_backend() == "cpu" else 1024
