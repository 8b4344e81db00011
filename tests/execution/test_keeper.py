"""A keeper in a process with a second thread: it must not fork, and does all else the same."""

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from bench.execution.watching import Tail

MARK = f"3{uuid.uuid4().int % 10**9:09d}"
"""A number of seconds that nobody else sleeps for."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks")

# The second thread is the one that asks: the first one is the keeper.
PROGRAM = """
import json, os, socket, sys, threading
from bench.execution import keeper, wire
from bench.registry.lookup import discover

ours, theirs = socket.socketpair()
calls = json.load(sys.stdin)
reports = []

def ask():
    inbox = wire.Inbox()
    for call in calls:
        for limit in call.pop("limits"):  # a busy machine needs longer to come to the fit
            ours.sendall(wire.pack({**call, "limit_seconds": limit}))
            header, answer = wire.receive(ours, inbox)[0]
            if header["phase"] != "start":
                break
        reports.append({**header, "answer": answer.decode()})
    ours.close()

thread = threading.Thread(target=ask)
thread.start()
keeper.keep(theirs, discover())
thread.join()
print(json.dumps(reports))
"""


@pytest.fixture(scope="module")
def reports():
    """How calls end that a keeper with two threads has made, by function."""
    cores = sorted(os.sched_getaffinity(0))[:1]
    functions = {
        "describe": {},
        "began": {},
        "fail": {},
        "die": {},
        "wait": {"mark": MARK},
        "allocate": {"bytes": 400 * 2**20, "times": 10**9},
    }
    calls = [
        {
            "id": name,
            "function": f"engine_calls:{name}",
            "argument": argument,
            "limits": [2.5, 10, 40, 160] if name == "wait" else [600],
            "limit_bytes": 300 * 2**20,
            "cores": cores,
            "environment": {},
        }
        for name, argument in functions.items()
    ]
    found = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps(calls),
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stderr
    return {report["id"]: report for report in json.loads(found.stdout)}


def test_a_new_program_is_started(reports):
    """It is another Python program, set up as a fork would be."""
    found = json.loads(reports["describe"]["answer"])
    assert "bench.execution.child" in found["command"]
    assert found["group"] == found["pid"]
    assert found["cores"] == sorted(os.sched_getaffinity(0))[:1]
    assert found["stdin"] == ""
    assert found["models"] > 5
    assert found["folder"] == os.path.realpath(found["scratch"])


def test_it_knows_when_its_limit_began(reports):
    """Starting a program takes time of the call's: its limit began before that."""
    began, now = json.loads(reports["began"]["answer"])
    assert 0 < now - began <= reports["began"]["seconds"]


def test_it_reports_as_a_fork_does(reports):
    """Failure, signal, timeout and too much memory are told with their phases."""
    assert (reports["fail"]["exit_code"], reports["fail"]["phase"]) == (1, "split")
    assert "out of luck" in reports["fail"]["output"]
    assert (reports["die"]["exit_code"], reports["die"]["phase"]) == (-9, "predict")
    assert (reports["wait"]["killed_for"], reports["wait"]["phase"]) == ("timeout", "fit")
    assert reports["allocate"]["killed_for"] == "memory"
    assert [report["answered"] for report in reports.values()] == [True, True] + [False] * 4


def test_nothing_is_left_behind(reports):
    """Children of such a program are ended with it."""
    found = subprocess.run(["pgrep", "-f", f"^sleep {MARK}$"], capture_output=True, text=True)
    assert found.stdout == ""
    assert reports


def test_a_tail_keeps_both_ends_however_it_is_fed():
    """In pieces of any length, the first and the last 32 KiB are kept, and the rest is counted."""
    data = bytes(range(97, 123)) * 4000
    for step in (1000, 7, 50_000, len(data)):
        tail = Tail()
        for i in range(0, len(data), step):
            tail.feed(data[i : i + step])
        first, middle, last = tail.text().split("\n")
        assert first.encode() == data[: 32 * 1024]
        assert last.encode() == data[-32 * 1024 :]
        assert middle == f"[... {len(data) - 64 * 1024:,} bytes left out ...]"
