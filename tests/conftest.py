"""What many tests need: the command, run as a user runs it, with a cache of the tests' own."""

import os
import subprocess
import sys
from pathlib import Path

import hypothesis
import pytest

BENCH = Path(sys.executable).with_name("bench")

# What an example takes is the machine's affair, not the test's.
hypothesis.settings.register_profile(
    "any-machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any-machine")


@pytest.fixture(scope="session", autouse=True)
def _no_configuration(tmp_path_factory):
    """Whoever runs the tests may have switched plugins off, or have some elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BENCH_CONFIG", str(tmp_path_factory.mktemp("configuration") / "none.toml"))
        yield


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Begin with the files of slow tests: none of them is left for one worker at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """A cache folder that all tests share, so that what is compiled is compiled once.

    Workers share it, too: whatever is in it appears whole.
    """
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared-cache"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def refused(cache, monkeypatch):
    """Run `bench` in this process, where it must be refused; return what is said.

    Wrong input is found before anything is measured: a process of its own would be for nothing.
    """

    def run(*arguments, cwd):
        from click.testing import CliRunner

        from bench.cli import main

        monkeypatch.setenv("BENCH_CACHE", str(cache))
        monkeypatch.chdir(cwd)
        ended = CliRunner().invoke(main, list(arguments))
        assert ended.exit_code == 2, ended.output
        assert "Traceback" not in ended.output
        return ended

    return run


@pytest.fixture(scope="session")
def command(cache):
    """Run `bench` with arguments; return the finished process."""

    def run(*arguments, cwd, env=None):
        environment = {**os.environ, "BENCH_CACHE": str(cache), **(env or {})}
        return subprocess.run(
            [BENCH, *arguments],
            cwd=cwd,
            env=environment,
            capture_output=True,
            text=True,
        )

    return run
