"""The keeper of one slot: forks a process for each call, watches it from outside, reports its end.

A keeper has one thread and never runs a plugin's code itself. It holds no result: whatever it
learns goes to the supervisor at once. When the supervisor is gone, it ends what it started.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any

from bench.execution import child, process, wire
from bench.execution.workers import IMPORT_SECONDS, Worker, Workers
from bench.registry.venvs.remote import LOST

if TYPE_CHECKING:
    from bench.registry.lookup import Registry

KEPT_OUTPUT = 32 * 1024
GRACE_SECONDS = 0.5
POLL_SECONDS = 0.02
FIRST_POLLS = (0.005, 0.01)


class SupervisorGoneError(Exception):
    """The other side of the keeper's socket has closed."""


@dataclass
class _Tail:
    """The first and the last bytes of an output of any length."""

    first: bytearray = field(default_factory=bytearray)
    last: bytearray = field(default_factory=bytearray)
    length: int = 0

    def feed(self, data: bytes) -> None:
        self.length += len(data)
        room = KEPT_OUTPUT - len(self.first)
        self.first += data[:room]
        self.last += data[room:][-KEPT_OUTPUT:] if room < len(data) else b""
        del self.last[:-KEPT_OUTPUT]

    def text(self) -> str:
        left_out = self.length - len(self.first) - len(self.last)
        middle = f"\n[... {left_out:,} bytes left out ...]\n".encode() if left_out else b""
        return (bytes(self.first) + middle + bytes(self.last)).decode(errors="replace")


@dataclass
class _Watch:
    """What is known of the call in progress."""

    pid: int
    exit: int
    report: int
    output: int
    limit_bytes: int
    deadline: float
    worker: Worker | None
    inbox: wire.Inbox = field(default_factory=wire.Inbox)
    tail: _Tail = field(default_factory=_Tail)
    phase: str = "start"
    before_fit: int = 0
    peak_anonymous: int = 0
    peak_resident: int = 0
    answer: bytes | None = None
    killed_for: str = ""
    kill_at: float = float("inf")

    @property
    def pids(self) -> list[int]:
        """The processes of the trial that are not each other's children."""
        return [self.pid, *(self.worker.pids if self.worker else ())]


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
        watch = _Watch(
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
            _watch(watch, control)
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


def _watch(watch: _Watch, control: socket.socket) -> None:
    """Follow the process until it ends; end it when it is over a limit or nobody waits for it."""
    with selectors.DefaultSelector() as selector:
        for descriptor in (watch.report, watch.output, control.fileno()):
            selector.register(descriptor, selectors.EVENT_READ)
        if watch.exit >= 0:
            selector.register(watch.exit, selectors.EVENT_READ)
        if watch.worker:
            watch.worker.watch(selector)
        began = monotonic()
        polls = iter(FIRST_POLLS)
        next_poll = monotonic() + next(polls)
        while True:
            timeout = max(0.0, min(next_poll, watch.deadline, watch.kill_at) - monotonic())
            ready = {key.fd for key, _ in selector.select(timeout)}
            if control.fileno() in ready and not control.recv(1, socket.MSG_PEEK):
                raise SupervisorGoneError
            for descriptor in (watch.report, watch.output):
                if descriptor in ready and not _drain(watch, descriptor):
                    selector.unregister(descriptor)
            if watch.worker and watch.worker.notice(selector, ready):
                watch.deadline -= IMPORT_SECONDS - (monotonic() - began)
            if _has_ended(watch, ready):
                while _drain(watch, watch.report, once=True):
                    pass
                _drain(watch, watch.output)
                return
            now = monotonic()
            if now >= next_poll:
                _poll_memory(watch)
                next_poll = monotonic() + next(polls, POLL_SECONDS)
            if now >= watch.deadline and not watch.killed_for:
                _end(watch, "timeout")
            if now >= watch.kill_at:
                watch.kill_at = now + GRACE_SECONDS
                _send(watch, signal.SIGKILL)


def _has_ended(watch: _Watch, ready: set[int]) -> bool:
    if watch.exit >= 0:
        return watch.exit in ready
    return os.waitid(os.P_PID, watch.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _drain(watch: _Watch, descriptor: int, *, once: bool = False) -> bool:
    """Read what has arrived; return False at the end of it (`once`: when nothing was there)."""
    try:
        data = os.read(descriptor, 1 << 20)
    except BlockingIOError:
        return not once
    if not data:
        return False
    if descriptor == watch.output:
        watch.tail.feed(data)
        return True
    with contextlib.suppress(ValueError, KeyError, TypeError):
        for header, body in watch.inbox.feed(data):
            if header.get("answer"):
                watch.answer = body
            else:
                watch.phase = str(header["phase"])
                if watch.phase == "fit":
                    watch.before_fit = int(header["anonymous"])
                    watch.peak_anonymous = watch.before_fit
    return True


def _poll_memory(watch: _Watch) -> None:
    resident, anonymous = process.memory(p for pid in watch.pids for p in process.family(pid))
    watch.peak_resident = max(watch.peak_resident, resident)
    if watch.phase == "fit":
        watch.peak_anonymous = max(watch.peak_anonymous, anonymous)
    if resident > watch.limit_bytes and not watch.killed_for:
        _end(watch, "memory")


def _end(watch: _Watch, why: str) -> None:
    """Ask the process group to end, and see to it that it does."""
    watch.killed_for = why
    if why == "memory":  # it would take more while it is being asked
        _send(watch, signal.SIGKILL)
        return
    _send(watch, signal.SIGTERM)
    watch.kill_at = monotonic() + GRACE_SECONDS
    watch.deadline = float("inf")


def _send(watch: _Watch, number: signal.Signals) -> None:
    for pid in watch.pids:
        process.send(pid, number)
