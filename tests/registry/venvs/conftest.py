"""Environments for plugins: made in a second, with our own libraries in their path."""

import contextlib
import os
import selectors
import sysconfig
import venv
from pathlib import Path

import pytest

import bench
from bench.execution import process
from bench.execution.workers import Workers
from bench.registry.lookup import Entry, Registry
from bench.registry.venvs.remote import Connection

ELSEWHERE = Path(__file__).parent / "elsewhere"
OURS = (sysconfig.get_path("purelib"), Path(__file__).parents[3])
"""Where our libraries are, and bench itself."""

THREADS = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}
"""What every keeper is started with: a process with threads could not be forked."""


@pytest.fixture(scope="session")
def make_environment():
    """Return a function that makes an environment with further folders in its path."""
    return _make_environment


def _make_environment(folder, *places):
    """Make a virtual environment; return its interpreter."""
    venv.EnvBuilder(symlinks=True).create(folder)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "places.pth").write_text("".join(f"{place}\n" for place in places))
    return str(folder / "bin" / "python")


@pytest.fixture(scope="session")
def python(tmp_path_factory):
    """The interpreter of an environment that has our libraries and the plugin 'elsewhere'."""
    return _make_environment(tmp_path_factory.mktemp("venv"), ELSEWHERE, *OURS)


@pytest.fixture
def configure(tmp_path, monkeypatch):
    """Return a function that writes the user's configuration."""
    file = tmp_path / "config.toml"
    monkeypatch.setenv("BENCH_CONFIG", str(file))
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path / "cache"))

    def write(text):
        file.write_text(text)
        return file

    return write


@pytest.fixture(scope="session")
def workers(python):
    """What a keeper has, with the models of the plugin 'elsewhere' in its environment."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in THREADS.items():
            patch.setenv(name, value)
        process.adopt_orphans()  # as a keeper does
        record = bench.ModelSpec(
            name="teller",
            family="classical",
            does=(("classification", "tabular"),),
            factory="acme_elsewhere_models:make_teller",
        )
        models = {"teller": Entry(record, "elsewhere", "acme-elsewhere", "2.1", python)}
        workers = Workers(Registry(models=models))
        yield workers
        workers.forget(python)


@pytest.fixture
def hired(workers, tmp_path):
    """A worker in that environment, as its keeper sees it."""
    cores = sorted(os.sched_getaffinity(0))[:1]
    output = os.open(tmp_path / "output", os.O_WRONLY | os.O_CREAT)
    worker = workers.hire(
        {"model": "teller", "cores": cores, "environment": {}}, output, str(tmp_path)
    )
    os.close(output)
    with selectors.DefaultSelector() as selector:
        worker.watch(selector)
        ready = {key.fd for key, _ in selector.select()}
        worker.notice(selector, ready)
    (pid,) = worker.pids
    yield worker
    worker.end(is_lost=False)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)


@pytest.fixture
def worker(hired):
    """The same, as a trial speaks with it."""
    return Connection(hired.channel)
