"""The keeper of one slot: forks a process for each call, watches it from outside, reports its end.

A keeper has one thread and never runs a plugin's code itself. It holds no result: whatever it
learns goes to the supervisor at once. When the supervisor is gone, it ends what it started.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any

from bench.execution import child, process, wire
from bench.execution.environment import steal_seconds
from bench.execution.watching import SupervisorGoneError, Watch, follow
from bench.execution.workers import IMPORT_SECONDS, Workers
from bench.registry.venvs.remote import LOST

if TYPE_CHECKING:
    from bench.registry.lookup import Registry


def keep(control: socket.socket, registry: Registry, *, may_fork: bool = True) -> None:
    """Attend to calls from the control socket until it closes."""
    process.adopt_orphans()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    inbox = wire.Inbox()
    workers = Workers(registry)
    try:
        while True:
            messages = wire.receive(control, inbox)
            if messages is None:
                return
            for call, _ in messages:
                _leave_cores(call["cores"])
                header, answer = _attend(call, control, registry, workers, may_fork)
                wire.write(control.fileno(), wire.pack(header, answer))
    except (SupervisorGoneError, BrokenPipeError):
        pass
    finally:
        process.end_children()


def _leave_cores(cores: list[int]) -> None:
    """Keep away from the cores of the trial, where there are others."""
    if hasattr(os, "sched_setaffinity") and (others := os.sched_getaffinity(0) - set(cores)):
        os.sched_setaffinity(0, others)


def _attend(
    call: dict[str, Any],
    control: socket.socket,
    registry: Registry,
    workers: Workers,
    may_fork: bool,
) -> tuple[dict[str, Any], bytes]:
    """Make one call in a process of its own; return how it ended and its answer."""
    start = monotonic()
    scratch = tempfile.mkdtemp(prefix="bench-")
    kills = process.out_of_memory_kills()
    report, report_end = os.pipe()
    output, output_end = os.pipe()
    call["parent"], call["began"] = os.getpid(), start
    worker = workers.hire(call, output_end, scratch)
    call["worker"] = worker.channel.fileno() if worker else None
    call["is_awaited"] = worker is not None and worker.is_awaited
    ours = [report, output, *(worker.descriptors if worker else ())]
    try:
        pid = _start(call, registry, ours, (report_end, output_end), scratch, may_fork)
        for descriptor in (report_end, output_end):
            os.close(descriptor)
        if worker:
            worker.channel.close()
        for descriptor in (report, output):
            os.set_blocking(descriptor, False)
        watch = Watch(
            pid=pid,
            exit=os.pidfd_open(pid) if hasattr(os, "pidfd_open") else -1,
            report=report,
            output=output,
            limit_bytes=call["limit_bytes"],
            deadline=start + call["limit_seconds"],
            worker=worker,
        )
        if worker and worker.is_awaited:
            watch.deadline += IMPORT_SECONDS
        try:
            follow(watch, control)
        finally:
            process.send(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
            code = os.waitstatus_to_exitcode(status)
            if worker:
                fate = worker.end(is_lost=code == LOST)
                code = code if fate is None else fate
            process.end_children(spared=workers.pids)
            if watch.exit >= 0:
                os.close(watch.exit)
    finally:
        os.close(report)
        os.close(output)
        shutil.rmtree(scratch, ignore_errors=True)
    header = {
        "id": call["id"],
        "exit_code": code,
        "answered": watch.answer is not None,
        "killed_for": watch.killed_for,
        "kernel_out_of_memory": process.out_of_memory_kills() > kills,
        "phase": watch.phase,
        "peak_anon_bytes": max(0, watch.peak_anonymous - watch.before_fit),
        "peak_resident_bytes": watch.peak_resident,
        "output": watch.tail.text(),
        "seconds": monotonic() - start,
        "steal_seconds": steal_seconds(),
    }
    return header, watch.answer or b""


def _start(
    call: dict[str, Any],
    registry: Registry,
    ours: Sequence[int],
    theirs: tuple[int, int],
    scratch: str,
    may_fork: bool,
) -> int:
    """Start the call's process: by a fork where that is safe, as a new program otherwise."""
    if may_fork and sys.platform == "linux" and process.n_os_threads() == 1:
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            for descriptor in ours:
                os.close(descriptor)
            child.be(call, registry, *theirs, scratch)
        return pid
    start = {"call": call, "report": theirs[0], "output": theirs[1], "scratch": scratch}
    program = subprocess.Popen(
        [sys.executable, "-P", "-m", "bench.execution.child"],
        stdin=subprocess.PIPE,
        pass_fds=[*theirs, *([] if call["worker"] is None else [call["worker"]])],
    )
    assert program.stdin is not None
    program.stdin.write(json.dumps(start).encode())
    program.stdin.close()
    program.returncode = 0  # the keeper reaps it by itself
    return program.pid
