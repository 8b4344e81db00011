"""A plugin under examination: what discovery found, and what importing it alone does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from bench.conformance.promise import Broken, Inapplicable

if TYPE_CHECKING:
    from bench.registry.lookup import PluginInfo, Registry

_PROGRAM = """
import json, os, sys, threading, time
import bench
import bench, pluggy, warnings
if hasattr(bench, "BenchDeprecationWarning"):  # an environment of its own may have an older
    warnings.filterwarnings("ignore", category=bench.BenchDeprecationWarning)
before, variables = set(sys.modules), {}

def note(event, arguments):
    if event in ("os.putenv", "os.unsetenv"):
        variables[os.fsdecode(arguments[0])] = True

# Not a comparison: what a variable is set to may be what it is already.
sys.addaudithook(note)
start = time.process_time()
import importlib
module = importlib.import_module(sys.argv[1])
seconds = time.process_time() - start
for name, value in list(vars(module).items()):
    if callable(value) and getattr(value, "bench_impl", None):
        list(value() or ())
answer = {
    "modules": sorted({name.partition(".")[0] for name in set(sys.modules) - before}),
    "seconds": seconds,
    "threads": [one.name for one in threading.enumerate()][1:],
    "variables": sorted(variables),
}
with open(sys.argv[2], "w") as file:
    json.dump(answer, file)
"""
_SECONDS = 60.0


@dataclass(frozen=True)
class Imported:
    """What importing a plugin and reading its records did in a process of its own."""

    modules: tuple[str, ...]
    seconds: float
    threads: tuple[str, ...]
    variables: tuple[str, ...]
    printed: str


@dataclass(frozen=True)
class PluginCase:
    """One entry point.

    Parameters
    ----------
    info
        What discovery says of it.
    registry
        Where names are looked up.
    scratch
        A folder of its own.
    """

    info: PluginInfo
    registry: Registry
    scratch: Any

    @cached_property
    def imported(self) -> Imported:
        """What importing it alone did.

        Raises
        ------
        Broken
            It takes longer than a minute.
        Inapplicable
            It cannot be imported, which is another promise's finding.
        """
        answer = self.scratch / "imported.json"
        environment = {**os.environ, "PYTHONWARNINGS": "default"}
        if self.info.python is not None:
            environment.pop("PYTHONPATH", None)  # it is of our environment
        try:
            done = subprocess.run(
                [
                    self.info.python or sys.executable,
                    "-P",
                    "-c",
                    _PROGRAM,
                    self.info.module,
                    str(answer),
                ],
                env=environment,
                check=False,
                capture_output=True,
                text=True,
                timeout=_SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            raise Broken(f"importing it takes longer than {_SECONDS:.0f} seconds") from error
        if done.returncode or not answer.exists():
            raise Inapplicable("it cannot be imported: see imports")
        told = json.loads(answer.read_text())
        return Imported(
            tuple(told["modules"]),
            told["seconds"],
            tuple(told["threads"]),
            tuple(told["variables"]),
            done.stdout + done.stderr,
        )
