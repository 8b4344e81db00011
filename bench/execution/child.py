"""The process of one call: its group, cores and outputs are set, the call is made, the answer sent.

A call names a function ``"package.module:function"`` that takes the call's argument (plain values),
the registry, `announce` and a scratch folder, and returns bytes.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import json
import os
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.execution import process, wire
from bench.registry.venvs import remote
from bench.trial import time_left

if TYPE_CHECKING:
    from bench.registry.lookup import Registry


def be(call: Mapping[str, Any], registry: Registry, report: int, output: int, scratch: str) -> None:
    """Become the process of a call; this never returns.

    Parameters
    ----------
    call
        ``function``, ``argument``, ``cores`` (numbers of the cores to be pinned to),
        ``environment`` (variables that say which devices it sees), ``parent``, ``began`` (when its
        limit began, by `time.monotonic`) and ``worker``: the descriptor that leads to the worker of
        another environment, or None; ``is_awaited`` says whether the time until that is there is
        not the call's own.
    registry
        Passed on to the function.
    report, output
        Descriptors that messages and everything printed go to.
    scratch
        The working folder.
    """
    code = 1
    try:
        time_left.begin(call["began"])
        _settle(call, output, scratch)

        def announce(phase: str, anonymous: int) -> None:
            wire.write(report, wire.pack({"phase": phase, "anonymous": anonymous}))

        from bench.registry.lookup import resolve

        function = resolve(call["function"])
        if call.get("worker") is not None:
            remote.attach(socket.socket(fileno=call["worker"]), is_awaited=call["is_awaited"])
        answer = function(call["argument"], registry, announce, Path(scratch))
        _flush()
        wire.write(report, wire.pack({"answer": True}, answer))
        code = 0
    except remote.WorkerLostError:
        _flush()
        code = remote.LOST
    except BaseException:
        sys.excepthook(*sys.exc_info())
        _flush()
    finally:
        os._exit(code)


def _settle(call: Mapping[str, Any], output: int, scratch: str) -> None:
    os.setsid()
    process.die_with_parent(call["parent"])
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    faulthandler.enable(file=2)
    os.chdir(scratch)
    os.environ.update(call["environment"])
    cores = call["cores"]
    if cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)
    n_threads = max(1, len(cores))
    os.environ["OPENBLAS_NUM_THREADS"] = str(n_threads)  # for what is loaded from now on
    if n_threads > 1:
        from threadpoolctl import threadpool_limits

        threadpool_limits(n_threads)
    gc.enable()


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()


def main() -> None:
    """Run as a program, where forking is not possible: the call arrives on standard input."""
    from bench.registry.lookup import discover

    start = json.loads(sys.stdin.buffer.read())
    be(start["call"], discover(), start["report"], start["output"], start["scratch"])


if __name__ == "__main__":
    main()
