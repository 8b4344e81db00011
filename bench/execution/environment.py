"""The facts of this machine that times depend on, read once per run."""

from __future__ import annotations

import contextlib
import os
import platform
import re
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

if TYPE_CHECKING:
    from bench.registry.lookup import PluginInfo

_OWN = "crossover-bench"
_THREADS = re.compile(r".*_(NUM|MAXIMUM)_THREADS")
_OF_THE_REPORT = {"altair", "click", "duckdb", "jinja2", "rich", "vl-convert-python"}
"""What bench requires and no trial computes with: installing it makes no other environment."""


def describe_with(plugins: Iterable[PluginInfo]) -> dict[str, Any]:
    """Return the facts of this machine and of what plugins need, here or in their environments."""
    plugins = list(plugins)
    elsewhere: dict[str, str] = {}
    for plugin in plugins:
        if plugin.python is not None and plugin.distribution:
            elsewhere[plugin.distribution] = plugin.version
            for name, version in plugin.libraries.items():
                elsewhere[f"{plugin.distribution}: {name}"] = version
    here = {plugin.distribution for plugin in plugins if plugin.python is None}
    return describe(here - {""}, elsewhere)


def describe(
    distributions: Iterable[str] = (_OWN,), elsewhere: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return the facts of this machine and of what is installed.

    Parameters
    ----------
    distributions
        The distributions of all plugins that are installed beside bench.
    elsewhere
        Versions in the environments of other plugins; they join `distributions`.

    Returns
    -------
    dict
        ``cpu_model, n_cores, memory_bytes, accelerators, driver, os, python, bench_version,
        distributions, libraries, threads, xla_flags, load``.
    """
    versions = {name: _version(name) for name in sorted(set(distributions))}
    versions |= _required_by(set(versions) - {_OWN})
    versions |= elsewhere or {}
    return {
        "cpu_model": _cpu_model(),
        "n_cores": psutil.cpu_count() or 1,
        "memory_bytes": psutil.virtual_memory().total,
        "accelerators": _accelerators(),
        "driver": _first_line("/proc/driver/nvidia/version"),
        "os": platform.platform(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "bench_version": _version(_OWN),
        "distributions": versions,
        "libraries": {
            name: version
            for name, version in _required_by({_OWN}).items()
            if name not in _OF_THE_REPORT
        },
        "threads": {key: value for key, value in os.environ.items() if _THREADS.fullmatch(key)},
        "xla_flags": os.environ.get("XLA_FLAGS", ""),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0,
    }


def steal_seconds() -> float:
    """Return the time that the host gave to others since this machine started; 0 if unknown."""
    return float(getattr(psutil.cpu_times(), "steal", 0.0))


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


def _required_by(distributions: Iterable[str]) -> dict[str, str]:
    """Return the versions of what distributions require, as far as it is installed."""
    names: set[str] = set()
    for distribution in distributions:
        with contextlib.suppress(metadata.PackageNotFoundError):
            for requirement in metadata.requires(distribution) or ():
                names.add(re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0].lower())
    found = {name: _version(name) for name in sorted(names)}
    return {name: version for name, version in found.items() if version}


def _cpu_model() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _accelerators() -> list[str]:
    """Return the models of NVIDIA GPUs and TPU chips, without starting any framework."""
    found = []
    for file in sorted(Path("/proc/driver/nvidia/gpus").glob("*/information")):
        with contextlib.suppress(OSError):
            lines = file.read_text().splitlines()
            found += [line.partition(":")[2].strip() for line in lines if line.startswith("Model:")]
    found += [f"TPU chip {path.name}" for path in sorted(Path("/dev").glob("accel[0-9]*"))]
    return found


def _first_line(path: str) -> str:
    with contextlib.suppress(OSError):
        return Path(path).read_text().partition("\n")[0]
    return ""
