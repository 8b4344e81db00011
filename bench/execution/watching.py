"""One process watched from outside: what it says, what it takes, and that it ends in time."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
from dataclasses import dataclass, field
from time import monotonic

from bench.execution import process, wire
from bench.execution.workers import IMPORT_SECONDS, Worker

KEPT_OUTPUT = 32 * 1024
GRACE_SECONDS = 0.5
POLL_SECONDS = 0.02
FIRST_POLLS = (0.005, 0.01)


class SupervisorGoneError(Exception):
    """The other side of the keeper's socket has closed."""


@dataclass
class Tail:
    """The first and the last bytes of an output of any length."""

    first: bytearray = field(default_factory=bytearray)
    last: bytearray = field(default_factory=bytearray)
    length: int = 0

    def feed(self, data: bytes) -> None:
        """Add what has come."""
        self.length += len(data)
        room = KEPT_OUTPUT - len(self.first)
        self.first += data[:room]
        self.last += data[room:][-KEPT_OUTPUT:] if room < len(data) else b""
        del self.last[:-KEPT_OUTPUT]

    def text(self) -> str:
        """Return both ends, with how much is left out between them."""
        left_out = self.length - len(self.first) - len(self.last)
        middle = f"\n[... {left_out:,} bytes left out ...]\n".encode() if left_out else b""
        return (bytes(self.first) + middle + bytes(self.last)).decode(errors="replace")


@dataclass
class Watch:
    """What is known of the call in progress."""

    pid: int
    exit: int
    report: int
    output: int
    limit_bytes: int
    deadline: float
    worker: Worker | None
    inbox: wire.Inbox = field(default_factory=wire.Inbox)
    tail: Tail = field(default_factory=Tail)
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


def follow(watch: Watch, control: socket.socket) -> None:
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


def _has_ended(watch: Watch, ready: set[int]) -> bool:
    if watch.exit >= 0:
        return watch.exit in ready
    return os.waitid(os.P_PID, watch.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _drain(watch: Watch, descriptor: int, *, once: bool = False) -> bool:
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


def _poll_memory(watch: Watch) -> None:
    resident, anonymous = process.memory(p for pid in watch.pids for p in process.family(pid))
    watch.peak_resident = max(watch.peak_resident, resident)
    if watch.phase == "fit":
        watch.peak_anonymous = max(watch.peak_anonymous, anonymous)
    if resident > watch.limit_bytes and not watch.killed_for:
        _end(watch, "memory")


def _end(watch: Watch, why: str) -> None:
    """Ask the process group to end, and see to it that it does."""
    watch.killed_for = why
    if why == "memory":  # it would take more while it is being asked
        _send(watch, signal.SIGKILL)
        return
    _send(watch, signal.SIGTERM)
    watch.kill_at = monotonic() + GRACE_SECONDS
    watch.deadline = float("inf")


def _send(watch: Watch, number: signal.Signals) -> None:
    for pid in watch.pids:
        process.send(pid, number)
