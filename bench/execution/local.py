"""The local engine: slots on this machine, each a keeper that makes calls in fresh processes."""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

import psutil

from bench.execution import wire
from bench.execution.engine import Call, Report
from bench.spec.errors import BenchError, SuiteError

_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
)
_FIXED_ENVIRONMENT = {
    # One thread until a trial has been forked: these start threads when they are imported.
    "OPENBLAS_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "PYTHONHASHSEED": "0",
}
_MAX_STARTS = 5
"""Of a slot, one after the other, without any call that ended."""


def available_cores() -> list[int]:
    """Return the numbers of the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(psutil.cpu_count() or 1))


def assign_cores(jobs: int | None, cores: int) -> list[list[int]]:
    """Return the cores of each slot.

    Parameters
    ----------
    jobs
        Number of slots; None: as many as fit.
    cores
        Cores of each.

    Raises
    ------
    SuiteError
        There are not so many cores.
    """
    have = available_cores()
    fitting = len(have) // cores
    if fitting == 0:
        raise SuiteError(f"a trial asks for {cores} cores; this machine lets us use {len(have)}.")
    if jobs is not None and jobs > fitting:
        raise SuiteError(
            f"--jobs {jobs} with {cores} core(s) a trial asks for {jobs * cores} cores; this "
            f"machine lets us use {len(have)}, which is enough for --jobs {fitting}."
        )
    slots = fitting if jobs is None else jobs
    return [have[slot * cores : (slot + 1) * cores] for slot in range(slots)]


@dataclass(frozen=True)
class Server:
    """A fork server that has been started, and the socket on which it waits to be told its work."""

    process: subprocess.Popen[bytes]
    control: socket.socket

    @classmethod
    def start(cls, log: IO[bytes] | int = subprocess.DEVNULL) -> Server:
        """Start one; it imports what every run needs while it waits."""
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "bench.execution.server"],
                stdin=theirs.fileno(),
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=dict(os.environ) | _FIXED_ENVIRONMENT,
            )
        return cls(process, ours)

    def serve(
        self, controls: Sequence[socket.socket], preload: Sequence[str], n_threads: int
    ) -> None:
        """Have it import modules and serve sockets, one for each slot."""
        start = {
            "preload": list(preload),
            "environment": dict.fromkeys(_THREAD_VARIABLES, str(n_threads)),
        }
        descriptors = [control.fileno() for control in controls]
        # If it has died, the engine finds out and starts another one.
        with contextlib.suppress(OSError), self.control:
            socket.send_fds(self.control, [wire.pack(start)], descriptors)

    def stop(self) -> None:
        """End one that was never told to serve."""
        self.control.close()
        self.process.kill()
        self.process.wait()


class LocalEngine:
    """Slots on this machine.

    Parameters
    ----------
    slots
        The cores of each slot.
    preload
        Modules that are imported once, before calls are forked.
    server
        One that has been started ahead of time.
    """

    def __init__(
        self,
        slots: Sequence[Sequence[int]],
        preload: Sequence[str],
        server: Server | None = None,
    ) -> None:
        self._spare = server
        self._slots = [list(cores) for cores in slots]
        self._preload = list(preload)
        self._controls: dict[int, socket.socket] = {}
        self._inboxes: dict[int, wire.Inbox] = {}
        self._running: dict[int, str] = {}
        self._servers: list[subprocess.Popen[bytes]] = []
        self._starts = dict.fromkeys(range(len(slots)), 0)
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._selector = selectors.DefaultSelector()
        self._has_answered = False

    @property
    def n_slots(self) -> int:
        """How many calls can be in progress at once."""
        return len(self._slots)

    @property
    def idle(self) -> list[int]:
        """Slots in which nothing is in progress."""
        return [slot for slot in range(self.n_slots) if slot not in self._running]

    def start(self) -> None:
        """Start the keepers of all slots; calling it again does nothing."""
        missing = [slot for slot in range(self.n_slots) if slot not in self._controls]
        if missing:
            self._launch(missing)

    def submit(self, slot: int, call: Call) -> None:
        """Begin a call in an idle slot."""
        self.start()
        self._running[slot] = call.id
        cores = self._slots[slot]
        message = {
            "id": call.id,
            "function": call.function,
            "argument": call.argument,
            "limit_seconds": call.limit_seconds,
            "limit_bytes": call.limit_bytes,
            "model": call.model,
            "cores": cores,
        }
        # If the keeper has died, `wait` finds out and says that the call is lost.
        with contextlib.suppress(OSError):
            self._controls[slot].sendall(wire.pack(message))

    def wait(self, timeout: float | None = None) -> list[Report]:
        """Return the calls that have ended, waiting for one at most `timeout` seconds."""
        reports = []
        for key, _ in self._selector.select(timeout):
            slot: int = key.data
            messages = wire.receive(self._controls[slot], self._inboxes[slot])
            if messages is None:
                reports += self._replace(slot)
                continue
            for header, body in messages:
                del self._running[slot]
                self._has_answered = True
                self._starts[slot] = 0
                answered = header.pop("answered")
                reports.append(Report(slot=slot, answer=body if answered else None, **header))
        return reports

    def close(self) -> None:
        """End every process that was started; calls in progress are given up."""
        for control in self._controls.values():
            self._selector.unregister(control)
            control.close()
        self._controls.clear()
        if not self._has_answered:  # it may still be importing what nobody needs any more
            for server in self._servers:
                server.kill()
        self._running.clear()
        for server in self._servers:
            try:
                server.wait(timeout=10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
        self._servers.clear()
        self._selector.close()
        self._log.close()

    def _launch(self, slots: Sequence[int]) -> None:
        theirs = []
        for slot in slots:
            self._starts[slot] += 1
            if self._starts[slot] > _MAX_STARTS:
                self._log.seek(0)
                said = self._log.read().decode(errors="replace")[-4000:].strip()
                raise BenchError(f"the process that starts trials keeps dying.\n{said}")
            mine, other = socket.socketpair()
            theirs.append(other)
            self._controls[slot] = mine
            self._inboxes[slot] = wire.Inbox()
            self._selector.register(mine, selectors.EVENT_READ, slot)
        server, self._spare = self._spare or Server.start(self._log), None
        server.serve(theirs, self._preload, len(self._slots[0]))
        for other in theirs:
            other.close()
        self._servers.append(server.process)

    def _replace(self, slot: int) -> list[Report]:
        """Start a new keeper where one has died; report what it was doing as lost."""
        self._selector.unregister(self._controls[slot])
        self._controls.pop(slot).close()
        lost = self._running.pop(slot, None)
        self._launch([slot])
        return [] if lost is None else [Report(slot=slot, id=lost, lost=True)]
