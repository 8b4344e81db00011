"""Processes: who descends from whom, how large they are, and that they can all be ended."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from bench.execution import process

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has it")


@pytest.fixture
def tree():
    """A shell with a child of its own and one in another session."""
    shell = subprocess.Popen(
        ["sh", "-c", "sleep 3571 & setsid sleep 3571 & wait"], start_new_session=True
    )
    until(lambda: n_sleeping(shell.pid) == 2)
    yield shell
    process.send(shell.pid, signal.SIGKILL)
    shell.wait()


def n_sleeping(pid):
    """How many children of a process have become the program that they are to be."""
    return sum(psutil.Process(child).name() == "sleep" for child in process.children(pid))


def until(condition):
    """Wait until a condition holds."""
    while not condition():
        time.sleep(0.01)


def test_children_and_family(tree):
    """The children of a process are those that it started; the family begins with itself."""
    assert tree.pid in process.children(os.getpid())
    children = process.children(tree.pid)
    assert len(children) == 2
    family = process.family(tree.pid)
    assert family[0] == tree.pid
    assert set(family) == {tree.pid, *children}


def test_a_process_that_is_gone_has_no_children_and_no_size():
    """A number that no process has is no error."""
    gone = subprocess.Popen(["true"])
    gone.wait()
    assert process.children(gone.pid) == []
    assert process.memory([gone.pid]) == (0, 0)
    process.send(gone.pid, signal.SIGKILL)


def test_memory_adds_up_over_processes(tree):
    """The size of a family is the sum over its members; anonymous memory is a part of it."""
    family = process.family(tree.pid)
    resident, anonymous = process.memory(family)
    assert 0 < anonymous <= resident
    assert resident == pytest.approx(sum(process.memory([p])[0] for p in family), rel=0.1)
    assert resident == pytest.approx(
        sum(psutil.Process(pid).memory_info().rss for pid in family), rel=0.1
    )


def test_a_signal_reaches_the_group_and_the_other_sessions(tree):
    """A child that has left for a session of its own is ended, too."""
    family = process.family(tree.pid)
    process.send(tree.pid, signal.SIGKILL)
    tree.wait()
    until(lambda: not any(psutil.pid_exists(pid) for pid in family) or all_dead(family))


def all_dead(pids):
    """Whether none of these processes runs any more; who is init may be slow to reap them."""
    for pid in pids:
        try:
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                return False
        except psutil.NoSuchProcess:
            continue
    return True


def in_fork(function):
    """Run a function in a fork of this process; return its exit code."""
    pid = os.fork()
    if pid == 0:
        try:
            code = 0 if function() else 1
        except BaseException:
            code = 2
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@LINUX
def test_orphans_are_adopted_and_ended():
    """Grandchildren whose parent has ended become ours, and `end_children` leaves none."""

    def adopt():
        process.adopt_orphans()
        subprocess.run(["sh", "-c", "sleep 3572 & setsid sleep 3572 & exit 0"], check=True)
        adopted = process.children(os.getpid())
        process.end_children()
        return len(adopted) == 2 and not any(map(psutil.pid_exists, adopted))

    assert in_fork(adopt) == 0


def test_those_that_are_spared_live_on():
    """`end_children` ends all but those named."""

    def spare():
        kept, ended = (subprocess.Popen(["sleep", "3573"]) for _ in range(2))
        process.end_children(spared=[kept.pid])
        alive = process.children(os.getpid()) == [kept.pid]
        process.end_children()
        return alive and not psutil.pid_exists(ended.pid) and not psutil.pid_exists(kept.pid)

    assert in_fork(spare) == 0


def test_a_child_dies_with_its_parent():
    """A process that waits for ever ends when the one that started it is killed."""
    reader, writer = os.pipe()
    parent = os.fork()
    if parent == 0:
        me = os.getpid()
        if os.fork() == 0:
            process.die_with_parent(me)
            os.write(writer, b"ready")
            time.sleep(3600)
        time.sleep(3600)
    os.close(writer)
    assert os.read(reader, 5) == b"ready"
    if sys.platform == "linux":
        os.kill(parent, signal.SIGKILL)
        os.waitpid(parent, 0)
        assert os.read(reader, 1) == b""  # the last one that could write is gone
    else:
        process.send(parent, signal.SIGKILL)
        os.waitpid(parent, 0)
    os.close(reader)


def test_a_child_of_another_parent_leaves_at_once():
    """Who finds that the parent has gone already does not stay."""
    assert in_fork(lambda: process.die_with_parent(os.getppid()) is None) == 0
    assert in_fork(lambda: process.die_with_parent(2**22 + 1) is None) == 1


def test_threads_of_the_system_are_counted():
    """A plain interpreter has one thread, and two with another one running."""
    code = (
        "import threading\nfrom bench.execution.process import n_os_threads as n\n"
        "a = n()\nend = threading.Event()\nt = threading.Thread(target=end.wait)\nt.start()\n"
        "b = n()\nend.set()\nt.join()\nprint(a, b)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["1", "2"]


def test_kills_for_want_of_memory_are_counted():
    """The counter of the system is a number that only grows."""
    assert 0 <= process.out_of_memory_kills() <= process.out_of_memory_kills()
