"""The device that JAX computes on, started once and never silently another; what hangs on it."""

from __future__ import annotations

import functools
import hashlib
import math
import os
import platform as host
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax import lax
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from numpy.typing import NDArray

import bench
from bench_jax import programs

_ALIGNMENT = 64
"""Bytes that XLA's arrays begin at a multiple of."""


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
        raise bench.Skip(_absent(context.device, f"none could be started: {error}")) from None
    started = jax.default_backend()
    if started != context.device:
        raise bench.Skip(_absent(context.device, f"what this process computes on is {started!r}"))
    programs.share(cache_folder())


def _absent(device: str, found: str) -> str:
    extra = {"gpu": "crossover-bench[cuda]", "tpu": "crossover-bench[tpu]"}.get(device)
    fix = f"On a machine that has one, install {extra}" if extra else "Unset JAX_PLATFORMS"
    return f"device {device!r} was asked for, but {found}. {fix}, or ask for another device."


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
    """Whether the gradient that the device has for convolutions is the fast one."""
    return jax.default_backend() != "cpu"


def sharding() -> NamedSharding | None:
    """Return how arrays lie that every device has whole, or None where there is one device."""
    return _sharding() if jax.device_count() > 1 else None


def place(arrays: Any) -> Any:
    """Put a tree of arrays on every device; on a CPU, aligned ones are not copied."""
    return jax.device_put(arrays, sharding())


def buffer(shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
    """Return zeros whose memory a CPU device can take over without a copy."""
    kind = np.dtype(dtype)
    n_bytes = math.prod(shape) * kind.itemsize
    raw: NDArray[Any] = np.zeros(n_bytes + _ALIGNMENT, np.uint8)
    first = -raw.ctypes.data % _ALIGNMENT
    return np.asarray(raw[first : first + n_bytes].view(kind).reshape(shape))


def spread(batch: Any) -> Any:
    """Say inside a program that a tree of arrays is divided by rows over the devices."""
    if jax.device_count() == 1:
        return batch
    return lax.with_sharding_constraint(batch, _sharding("rows"))  # type: ignore[no-untyped-call]


@functools.cache
def _sharding(*axes: str) -> NamedSharding:
    """Return how arrays lie whose first axes are divided over the devices."""
    mesh = Mesh(np.array(jax.devices()), ("rows",))
    return NamedSharding(mesh, PartitionSpec(*axes))  # type: ignore[no-untyped-call]


def prediction_batch() -> int:
    """Return how many rows are predicted at once: few on a CPU, where padding costs time."""
    return 64 if jax.default_backend() == "cpu" else 1024
