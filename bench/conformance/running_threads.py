"""How many threads compute at once while something runs, as a process beside it sees."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from time import perf_counter, process_time

from bench.conformance.promise import Broken, Inapplicable

_PROGRAM = """
import os, sys, time
pid, counts = int(sys.argv[1]), {}
def family(pid):
    yield pid
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/children") as file:
            for child in map(int, file.read().split()):
                if child != os.getpid():
                    yield from family(child)
print("ready", flush=True)
os.set_blocking(0, False)
while True:
    n = 0
    try:
        for member in family(pid):
            for thread in os.listdir(f"/proc/{member}/task"):
                with open(f"/proc/{member}/task/{thread}/stat") as file:
                    n += file.read().rpartition(")")[2].split()[0] == "R"
    except OSError:
        pass
    counts[n] = counts.get(n, 0) + 1
    try:
        if os.read(0, 1) == b"":
            break
    except BlockingIOError:
        pass
    time.sleep(0.004)
print(" ".join(f"{n}:{count}" for n, count in counts.items()))
"""
_SECONDS = 0.3
_MOST_SECONDS = 6.0
"""By the clock."""

_MOST_FITS = 10
_SHARE = 0.25
"""Of the moments looked at in which more threads may run than allowed: some start and end."""

_ENOUGH = 12
"""Moments."""


def check(code: Callable[[], object], *, most: int) -> None:
    """Run code for a third of a second, and look how many of its threads want to run at once.

    On a busy machine it goes on until that is what the code has computed for.

    Raises
    ------
    Broken
        More than `most`, in a quarter of all moments.
    Inapplicable
        This machine does not tell, or the code is over too soon.
    """
    if not os.path.exists("/proc/self/task"):
        raise Inapplicable("only Linux tells which threads run")
    kept = os.sched_getaffinity(0)
    watcher = subprocess.Popen(
        [sys.executable, "-S", "-E", "-c", _PROGRAM, str(os.getpid())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert watcher.stdin is not None
    assert watcher.stdout is not None
    try:
        watcher.stdout.readline()
        # More cores than threads allowed, so that code which takes all cores can be seen to.
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
        start, computed, n_fits = perf_counter(), process_time(), 0
        # On a busy machine neither this process nor the one that looks comes to compute for long.
        while n_fits < _MOST_FITS:
            seconds = perf_counter() - start
            if seconds >= (_SECONDS if process_time() - computed >= _SECONDS else _MOST_SECONDS):
                break
            code()
            n_fits += 1
    finally:
        os.sched_setaffinity(0, kept)
        told, _ = watcher.communicate()
    counts = {int(n): int(count) for n, _, count in (one.partition(":") for one in told.split())}
    n_moments = sum(counts.values())
    if n_moments < _ENOUGH:
        raise Inapplicable("fitting is over too soon to be looked at")
    above = sum(count for n, count in counts.items() if n > most)
    if above > _SHARE * n_moments:
        raise Broken(
            f"up to {max(counts)} threads computed at once, more than {most} in {above} of "
            f"{n_moments} moments"
        )
