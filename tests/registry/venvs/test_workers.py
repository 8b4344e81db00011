"""Workers as a keeper starts them: forked where that is safe, and never outliving it."""

import os
import selectors
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

import bench
from bench.execution.workers import Workers
from bench.registry.lookup import Entry, Registry
from bench.registry.venvs.remote import Connection, WorkerLostError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks")

CONTEXT = bench.ModelContext(
    task="classification",
    modality="tabular",
    n_train=1,
    n_train_max=1,
    target=bench.Target("binary"),
)

# A keeper that has one worker, says its number, and waits to be killed.
KEEPER = """
import os, selectors, sys, time
import bench
from bench.execution import process
from bench.execution.workers import Workers
from bench.registry.lookup import Entry, Registry

process.adopt_orphans()
record = bench.ModelSpec(
    name="teller", family="classical", does=(("classification", "tabular"),),
    factory="acme_elsewhere_models:make_teller",
)
registry = Registry(models={"teller": Entry(record, "elsewhere", "acme", "1", sys.argv[1])})
workers = Workers(registry)
worker = workers.hire({"model": "teller", "cores": [], "environment": {}}, 2, sys.argv[2])
with selectors.DefaultSelector() as selector:
    worker.watch(selector)
    worker.notice(selector, {key.fd for key, _ in selector.select()})
print(*workers.pids, *worker.pids, flush=True)
time.sleep(600)
"""


def is_running(pid):
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def wait_until(condition):
    """Wait for what is to come true."""
    while not condition():
        time.sleep(0.01)


def test_neither_worker_nor_server_outlives_the_keeper(workers, python, tmp_path):
    """`kill -9` of the keeper leaves nothing of what it had started."""
    command = [sys.executable, "-c", KEEPER, python, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as keeper:
        pids = [int(pid) for pid in keeper.stdout.readline().split()]
        were_running = [is_running(pid) for pid in pids]
        keeper.kill()
    assert were_running == [True, True]
    wait_until(lambda: not any(is_running(pid) for pid in pids))


def test_a_worker_is_a_fork_with_what_the_server_has_imported(hired, worker, workers):
    """It is a child of the keeper, and began with the modules that its model needs."""
    pid = worker.make("acme_elsewhere_models:make_teller", CONTEXT, {}).facts()["pid"]
    assert hired.pids == [pid]
    assert workers.pids
    assert Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[2] == b"serve"


def test_a_model_without_an_environment_has_no_worker(workers, tmp_path):
    """Neither a model of our own environment nor a call without a model starts anything."""
    for call in (
        {"model": "", "cores": [], "environment": {}},
        {"cores": []},
        {"model": "mlp", "cores": []},
    ):
        assert workers.hire(call, 2, str(tmp_path)) is None


def with_model(workers, python, **changes):
    """The same as `workers`, with another model."""
    (entry,) = workers._registry.models.values()
    record = replace(entry.record, **changes)
    return Workers(Registry(models={"other": Entry(record, "elsewhere", "acme", "1", python)}))


def hire(workers, tmp_path):
    worker = workers.hire({"model": "other", "cores": [], "environment": {}}, 2, str(tmp_path))
    with selectors.DefaultSelector() as selector:
        worker.watch(selector)
        if worker.is_awaited:
            worker.notice(selector, {key.fd for key, _ in selector.select()})
    return worker


def end(workers, worker, python):
    (pid,) = worker.pids
    worker.end(is_lost=False)
    os.waitpid(pid, 0)
    workers.forget(python)


def test_where_a_thread_was_started_nothing_is_forked(workers, python, tmp_path):
    """A module that starts a thread makes each worker a program of its own, which answers alike."""
    others = with_model(workers, python, preload=("acme_threads",), factory="acme_light:make")
    for _ in range(2):
        worker = hire(others, tmp_path)
        (pid,) = worker.pids
        there = Connection(worker.channel).make("acme_light:make", CONTEXT, {})
        assert there.echo("here") == ("here",)
        assert Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[2] == b"work"
        assert others.pids == []
        end(others, worker, python)


def test_a_server_that_has_died_is_replaced(workers, python, tmp_path):
    """The trial after it gets a worker of a new one."""
    others = with_model(workers, python, factory="acme_light:make")
    first = hire(others, tmp_path)
    (server,) = others.pids
    end(others, first, python)
    assert others.pids == []
    os.waitpid(server, 0)
    second = hire(others, tmp_path)
    assert others.pids != [server]
    end(others, second, python)


def test_an_interpreter_that_has_gone_is_a_lost_worker(workers, tmp_path, capfd):
    """An environment that is removed while a run goes on ends the trial, and says why."""
    gone = str(tmp_path / "gone" / "python")
    worker = hire(with_model(workers, gone), tmp_path)
    with pytest.raises(WorkerLostError):
        Connection(worker.channel).make("acme_elsewhere_models:make_teller", CONTEXT, {})
    assert worker.end(is_lost=True) == 1
    assert f"{gone} cannot be run" in capfd.readouterr().err
