"""The fork server: imports once what the run needs, then becomes the parent of every slot's keeper.

It has one thread, starts no backend and runs no trial; what is forked from it shares its memory.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import signal
import socket
import sys
from typing import Any

from bench.execution import keeper, process, wire
from bench.registry.lookup import discover

_MAX_SLOTS = 1024


def main() -> None:
    """Be told what to import and which sockets to serve; serve until they close."""
    gc.disable()  # for good, here: imports are faster, and children share more memory
    process.adopt_orphans()
    registry = discover()
    importlib.import_module("bench.execution.calls")
    importlib.import_module("numpy")
    start, controls = _receive_work()
    os.environ.update(start["environment"])
    for module in start["preload"]:
        # A module that does not import is the trial's error, with its own row.
        with contextlib.suppress(Exception):
            importlib.import_module(module)
    # What imports have left behind is not collected: trials would fill the holes, each in a copy of
    # its own of a page that is shared as it is.
    gc.freeze()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    # A keeper, forked, has one thread whatever we have: only here can it be seen.
    may_fork = process.n_os_threads() == 1
    keepers = set()
    for control in controls:
        pid = os.fork()
        if pid == 0:
            for other in controls:
                if other is not control:
                    other.close()
            try:
                keeper.keep(control, registry, may_fork=may_fork)
            finally:
                os._exit(0)
        keepers.add(pid)
    for control in controls:
        control.close()
    while keepers:
        pid, _ = os.waitpid(-1, 0)
        keepers.discard(pid)
        process.end_children(spared=keepers)


def _receive_work() -> tuple[dict[str, Any], list[socket.socket]]:
    inbox = wire.Inbox()
    descriptors: list[int] = []
    with socket.socket(fileno=os.dup(0)) as control:
        while True:
            data, received, _, _ = socket.recv_fds(control, 1 << 16, _MAX_SLOTS)
            if not data:
                sys.exit(0)
            descriptors += received
            for start, _ in inbox.feed(data):
                return start, [socket.socket(fileno=descriptor) for descriptor in descriptors]


if __name__ == "__main__":
    main()
