"""Processes as the system shows them: descent, size, and how to end them."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Iterable

import psutil

_LINUX = sys.platform == "linux"
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def die_with_parent(parent: int) -> None:
    """Have this process killed when its parent ends; exit at once if it already has."""
    if _LINUX:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends."""
    if _LINUX:
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def n_os_threads() -> int:
    """Return how many threads of the operating system this process has."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return int(psutil.Process().num_threads())


def children(pid: int) -> list[int]:
    """Return the direct children of a process; none if it has ended."""
    try:
        found: list[int] = []
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as file:
                found += [int(child) for child in file.read().split()]
        return found
    except OSError:
        pass
    try:
        return [child.pid for child in psutil.Process(pid).children()]
    except psutil.Error:
        return []


def family(pid: int) -> list[int]:
    """Return a process and all its descendants."""
    found, waiting = [], [pid]
    while waiting:
        member = waiting.pop()
        found.append(member)
        waiting += children(member)
    return found


def memory(pids: Iterable[int]) -> tuple[int, int]:
    """Return the resident bytes of processes, and the anonymous and shared ones among them."""
    resident = anonymous = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/status", "rb") as file:
                text = file.read()
        except OSError:
            if not _LINUX:
                with contextlib.suppress(psutil.Error):
                    size = psutil.Process(pid).memory_info().rss
                    resident += size
                    anonymous += size
            continue
        for key in (b"RssAnon:", b"RssFile:", b"RssShmem:"):
            start = text.find(key)
            if start >= 0:
                size = int(text[start + len(key) :].split(None, 1)[0]) * 1024
                resident += size
                anonymous += 0 if key == b"RssFile:" else size
    return resident, anonymous


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process, its group and its descendants, as far as they still exist."""
    members = family(pid)
    with contextlib.suppress(OSError):
        os.killpg(pid, number)
    for member in members:
        with contextlib.suppress(OSError):
            os.kill(member, number)


def end_children(spared: Iterable[int] = ()) -> None:
    """Kill and reap every child of this process but the spared ones, adopted orphans included."""
    spared = set(spared)
    me = os.getpid()
    while True:
        left = [child for child in children(me) if child not in spared]
        if not left and (spared or not _has_children()):
            return
        for child in left:
            send(child, signal.SIGKILL)
        for child in left:
            with contextlib.suppress(OSError):
                os.waitpid(child, 0)


def _has_children() -> bool:
    """Whether there is any child: /proc may leave one out while another one ends."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def out_of_memory_kills() -> int:
    """Return how many processes the kernel has killed for want of memory since it started."""
    with contextlib.suppress(OSError), open("/proc/vmstat", "rb") as file:
        for line in file:
            if line.startswith(b"oom_kill "):
                return int(line.split()[1])
    return 0
