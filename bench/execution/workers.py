"""Workers of other environments, as a keeper starts them: one beside each trial that needs one.

DESIGN 4.3 has the estimator of such a plugin in a child of the trial's process. Here it is a child
of the keeper: a program of that environment, started once, has imported what models there need and
forks a worker in milliseconds, where a new interpreter would take a second or more for each trial;
and it is the keeper that is to see how a worker ends. In all else it is part of the trial: it is
counted in its memory and against its limits, gets its signals, has its cores and its output, and
ends with it and with the keeper.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from bench.execution import process
from bench.registry.venvs import codec, launching

if TYPE_CHECKING:
    from bench.registry.lookup import Registry

IMPORT_SECONDS = 120.0
"""How long a server may import what the models of its environment need: no trial's time is."""

FATE_SECONDS = 1.0
"""How long a worker may take to be gone once its trial's process has seen it go."""


@dataclass
class _Server:
    """A program of an environment that forks workers."""

    process: subprocess.Popen[bytes]
    control: socket.socket


class Workers:
    """The environments that a keeper has workers in.

    Parameters
    ----------
    registry
        Says in which environment a model lives.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._servers: dict[str, _Server] = {}
        self._threaded: set[tuple[str, ...]] = set()

    @property
    def pids(self) -> list[int]:
        """The servers, which outlive trials."""
        return [server.process.pid for server in self._servers.values()]

    def hire(self, call: Mapping[str, Any], output: int, scratch: str) -> Worker | None:
        """Begin to start a worker for a call; return None where its model needs none.

        Parameters
        ----------
        call
            With the name of the ``model``.
        output
            Descriptor that everything printed goes to.
        scratch
            The working folder.
        """
        entry = self._registry.models.get(call.get("model") or "")
        if entry is None or entry.python is None:
            return None
        record = entry.record
        start = {
            "parent": os.getpid(),
            "cores": call["cores"],
            "environment": call["environment"],
            "scratch": scratch,
            "modules": [*record.preload, record.factory.partition(":")[0]],
        }
        worker = Worker(self, entry.python, start, output)
        for _ in range(2):  # a server may have died since the last trial
            server = self._server(entry.python, start["modules"])
            if server is not None and worker.ask(server):
                return worker
        worker.start()
        return worker

    def avoid(self, python: str, modules: Sequence[str]) -> None:
        """Import these modules in no server of an environment again: they start threads."""
        self._threaded.add((python, *modules))

    def forget(self, python: str) -> None:
        """End the server of an environment; the next trial there gets a new one."""
        if server := self._servers.pop(python, None):
            server.control.close()
            process.send(server.process.pid, signal.SIGKILL)

    def _server(self, python: str, modules: Sequence[str]) -> _Server | None:
        if sys.platform != "linux" or (python, *modules) in self._threaded:
            return None
        if python in self._servers:
            return self._servers[python]
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                program = subprocess.Popen(
                    launching.command(python, "worker", "serve"),
                    stdin=theirs.fileno(),
                    env=launching.environment(),
                    start_new_session=True,
                )
            except OSError:
                ours.close()
                return None
        program.returncode = 0  # the keeper reaps it by itself
        self._servers[python] = _Server(program, ours)
        return self._servers[python]


class Worker:
    """The worker of one call, from when it is asked for."""

    def __init__(self, workers: Workers, python: str, start: dict[str, Any], output: int) -> None:
        self.channel, self._theirs = socket.socketpair()
        """The end of the trial's process, and the worker's."""
        self._workers = workers
        self._python = python
        self._start = start
        self._output = os.dup(output)
        self._server: _Server | None = None
        self._pid: int | None = None

    @property
    def descriptors(self) -> list[int]:
        """What the trial's process must not keep open: it would not notice the worker's end."""
        return [] if self._output < 0 else [self._theirs.fileno(), self._output]

    @property
    def pids(self) -> list[int]:
        """Processes that are part of the trial: the worker, or who is to fork it."""
        if self._pid is not None:
            return [self._pid]
        return [self._server.process.pid] if self._server else []

    def ask(self, server: _Server) -> bool:
        """Ask a server to fork it; return whether the server is there."""
        try:
            socket.send_fds(server.control, [b"w"], [self._theirs.fileno(), self._output])
            codec.send(server.control, self._start, [])
        except OSError:
            self._workers.forget(self._python)
            return False
        self._server = server
        return True

    @property
    def is_awaited(self) -> bool:
        """Whether a server is still to fork it."""
        return self._server is not None

    def watch(self, selector: selectors.BaseSelector) -> None:
        """Have the server's answer noticed."""
        if self._server is not None:
            selector.register(self._server.control.fileno(), selectors.EVENT_READ)

    def notice(self, selector: selectors.BaseSelector, ready: Collection[int]) -> bool:
        """Take the server's answer; return whether it was there just now.

        Where the server cannot fork, the worker is started as a program of its own.
        """
        if self._server is None or self._server.control.fileno() not in ready:
            return False
        selector.unregister(self._server.control.fileno())
        try:
            answer, _ = codec.receive(self._server.control)
        except codec.ClosedError:  # what it imported has ended it
            answer = None
        self._server = None
        if answer is not None and answer["pid"]:
            self._pid = answer["pid"]
            self._let_go()
        else:
            if answer is not None:
                self._workers.avoid(self._python, self._start["modules"])
            self._workers.forget(self._python)
            self.start()
        return True

    def start(self) -> None:
        """Start it as a program of its own."""
        descriptors = (self._theirs.fileno(), self._output)
        start = {**self._start, "connection": descriptors[0], "output": descriptors[1]}
        try:
            program = subprocess.Popen(
                launching.command(self._python, "worker", "work", json.dumps(start)),
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=self._output,
                pass_fds=descriptors,
                env=launching.environment(),
            )
            program.returncode = 0  # the keeper reaps it by itself
            self._pid = program.pid
        except OSError as error:
            with contextlib.suppress(OSError):
                os.write(self._output, f"{self._python} cannot be run: {error}\n".encode())
        self._let_go()

    def end(self, *, is_lost: bool) -> int | None:
        """End it; return its exit code where it had ended by itself before (`is_lost`)."""
        code = self._fate() if is_lost else None
        self.channel.close()
        if self._server is not None:  # it may import for ever
            self._server = None
            self._workers.forget(self._python)
            self._let_go()
        if self._pid is not None:
            process.send(self._pid, signal.SIGKILL)
        return code

    def _fate(self) -> int:
        deadline = monotonic() + FATE_SECONDS
        while self._pid is not None and monotonic() < deadline:
            with contextlib.suppress(ChildProcessError):
                pid, status = os.waitpid(self._pid, os.WNOHANG)
                if pid:
                    self._pid = None
                    return os.waitstatus_to_exitcode(status)
            sleep(0.001)
        return 1

    def _let_go(self) -> None:
        """Close what only the worker is to hold."""
        self._theirs.close()
        os.close(self._output)
        self._output = -1
