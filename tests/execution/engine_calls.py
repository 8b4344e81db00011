"""Functions that tests have called in fresh processes: each returns bytes, or does not return."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from bench.trial import time_left


def echo(argument, registry, announce, scratch):
    return json.dumps(argument).encode()


def began(argument, registry, announce, scratch):
    """Say when the limit of this call began, and what time it is."""
    return json.dumps([time_left.began(), time.monotonic()]).encode()


def describe(argument, registry, announce, scratch):
    """Say all that a process is set up with."""
    import threadpoolctl

    for module in argument.get("import", ()):
        __import__(module)
    announce("fit", 0)
    status = Path("/proc/self/status")
    answer = {
        "pid": os.getpid(),
        "parent": os.getppid(),
        "group": os.getpgid(0),
        "cores": sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "pools": [pool["num_threads"] for pool in threadpoolctl.threadpool_info()],
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "scratch": str(scratch),
        "stdin": sys.stdin.read(),
        "models": len(registry.models),
        "modules": sorted(set(sys.modules) & set(argument.get("look for", ()))),
        "command": Path("/proc/self/cmdline").read_text().split("\0") if status.exists() else [],
        "hash": hash("bench"),
    }
    return json.dumps(answer).encode()


def speak(argument, registry, announce, scratch):
    print("on standard output")
    print("on standard error", file=sys.stderr)
    os.system("echo from a child")
    return b"said"


def flood(argument, registry, announce, scratch):
    os.write(1, b"begin" + b"x" * argument["n"] + b"end")
    return b""


def fail(argument, registry, announce, scratch):
    announce("split", 0)
    raise RuntimeError("out of luck")


def leave(argument, registry, announce, scratch):
    announce("fit", 0)
    os._exit(7)


def die(argument, registry, announce, scratch):
    announce("predict", 0)
    os.kill(os.getpid(), signal.SIGKILL)


def wait(argument, registry, announce, scratch):
    """Start a child in the group and one in a session of its own, then wait for ever."""
    start_children(argument)
    if argument.get("stubborn"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    announce("fit", 0)
    while True:
        time.sleep(1)


def leave_orphans(argument, registry, announce, scratch):
    """Leave grandchildren whose own parents have ended, and answer."""
    start_children(argument)
    return b"done"


def start_children(argument):
    for session in ("", "setsid "):
        subprocess.run(["sh", "-c", f"{session}sleep {argument['mark']} & exit 0"], check=True)


def tidy(argument, registry, announce, scratch):
    """Note that SIGTERM came, and leave in time."""

    def end(*_):
        Path(argument["file"]).write_text("asked")
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    announce("fit", 0)
    while True:
        time.sleep(1)


def allocate(argument, registry, announce, scratch):
    announce("fit", 0)
    block = bytearray(argument["bytes"])
    for i in range(0, len(block), 4096):
        block[i] = 1
    wait_until_watched(argument["times"])
    return b"%d" % len(block)


def wait_until_watched(times):
    """Wait until the keeper has looked at this process a few times, which it sleeps between."""
    keeper = psutil.Process(os.getppid())
    before = keeper.num_ctx_switches().voluntary
    while keeper.num_ctx_switches().voluntary < before + times:
        time.sleep(0.01)


def allocate_in_child(argument, registry, announce, scratch):
    """Have a child take the memory."""
    announce("fit", 0)
    code = f"x = bytearray(b'1') * {argument['bytes']}; import time; time.sleep(600)"
    subprocess.run([sys.executable, "-c", code], check=True)
    return b""


def kill_keeper(argument, registry, announce, scratch):
    announce("fit", 0)
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(600)
    return b""


def write_in_scratch(argument, registry, announce, scratch):
    (scratch / "file").write_text("x" * 1000)
    Path("relative").write_text("y")
    return str(scratch).encode()
