"""The local engine: slots on this machine, each a keeper that makes calls in fresh processes."""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import IO

from bench.execution import wire
from bench.execution.engine import Call, Needs, Report, Slot
from bench.execution.slots import deal, visible
from bench.spec.errors import BenchError

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


@dataclass(frozen=True)
class _Server:
    """A fork server that has been started, and the socket on which it waits to be told its work."""

    process: subprocess.Popen[bytes]
    control: socket.socket

    @classmethod
    def start(cls, log: IO[bytes] | int = subprocess.DEVNULL) -> _Server:
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
    jobs
        Calls at once; None: as many as there are cores for.
    node
        The name of this machine, where an engine of several has it.
    """

    def __init__(self, jobs: int | None = 1, *, node: str = "local") -> None:
        self._jobs = jobs
        self._node = node
        self._needs: Needs | None = None
        self._spare: _Server | None = None
        self._slots: dict[int, Slot] = {}
        self._controls: dict[int, socket.socket] = {}
        self._inboxes: dict[int, wire.Inbox] = {}
        self._running: dict[int, str] = {}
        self._servers: list[subprocess.Popen[bytes]] = []
        self._starts: dict[int, int] = {}
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._selector = selectors.DefaultSelector()
        self._has_answered = False

    def prepare(self, needs: Needs) -> None:
        """Be told what calls will need; from here on there are slots, but nothing is started.

        Raises
        ------
        SuiteError
            It cannot be had.
        """
        if needs == self._needs:
            return
        if self._controls:
            raise BenchError("an engine that has started cannot be prepared for something else.")
        self._slots = dict(enumerate(deal(needs, self._jobs, self._node)))
        self._needs = needs

    def start(self) -> None:
        """Start the keepers of all slots, or their server, where it is not known what is needed."""
        missing = [slot for slot in self._slots if slot not in self._controls]
        if missing:
            self._launch(missing)
        elif self._spare is None and not self._slots:
            self._spare = _Server.start(self._log)

    @property
    def slots(self) -> Mapping[int, Slot]:
        """The slots, by number."""
        return self._slots

    @property
    def idle(self) -> list[int]:
        """Slots in which nothing is in progress."""
        return [slot for slot in self._slots if slot not in self._running]

    def submit(self, slot: int, call: Call) -> None:
        """Begin a call in an idle slot."""
        self.start()
        self._running[slot] = call.id
        own = self._slots[slot]
        message = asdict(call) | {
            "cores": own.cores,
            "environment": visible(own.devices, call.device),
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
        if self._spare is not None:
            self._spare.stop()
            self._spare = None
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
            self._starts[slot] = self._starts.get(slot, 0) + 1
            if self._starts[slot] > _MAX_STARTS:
                self._log.seek(0)
                said = self._log.read().decode(errors="replace")[-4000:].strip()
                raise BenchError(f"the process that starts trials keeps dying.\n{said}")
            mine, other = socket.socketpair()
            theirs.append(other)
            self._controls[slot] = mine
            self._inboxes[slot] = wire.Inbox()
            self._selector.register(mine, selectors.EVENT_READ, slot)
        server, self._spare = self._spare or _Server.start(self._log), None
        assert self._needs is not None
        server.serve(theirs, self._needs.preload, self._needs.cores)
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
