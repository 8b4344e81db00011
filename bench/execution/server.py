"""The fork server: imports once what the run needs, then becomes the parent of every slot's keeper.

It has one thread, starts no backend and runs no trial; what is forked from it shares its memory.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import signal
import socket
import sys

from bench.execution import keeper, process
from bench.registry import discover


def main() -> None:
    """Read what to import and which sockets to serve; serve until they close."""
    start = json.loads(sys.stdin.buffer.readline())
    process.adopt_orphans()
    registry = discover()
    for module in ("bench.execution.calls", *start["preload"]):
        # A module that does not import is the trial's error, with its own row.
        with contextlib.suppress(Exception):
            importlib.import_module(module)
    gc.collect()
    gc.disable()
    gc.freeze()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    controls = [socket.socket(fileno=descriptor) for descriptor in start["controls"]]
    keepers = set()
    for control in controls:
        pid = os.fork()
        if pid == 0:
            for other in controls:
                if other is not control:
                    other.close()
            try:
                keeper.keep(control, registry)
            finally:
                os._exit(0)
        keepers.add(pid)
    for control in controls:
        control.close()
    while keepers:
        pid, _ = os.waitpid(-1, 0)
        keepers.discard(pid)
        process.end_children(spared=keepers)


if __name__ == "__main__":
    main()
