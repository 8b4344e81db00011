"""What many tests need: the command, run as a user runs it, with a cache of the tests' own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(sys.executable).with_name("bench")


@pytest.fixture(scope="session", autouse=True)
def _no_configuration(tmp_path_factory):
    """Whoever runs the tests may have switched plugins off, or have some elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BENCH_CONFIG", str(tmp_path_factory.mktemp("configuration") / "none.toml"))
        yield


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """A cache folder that all tests share, so that what is compiled is compiled once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def command(cache):
    """Run `bench` with arguments; return the finished process."""

    def run(*arguments, cwd, env=None, timeout=240):
        environment = {**os.environ, "BENCH_CACHE": str(cache), **(env or {})}
        return subprocess.run(
            [BENCH, *arguments],
            cwd=cwd,
            env=environment,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    return run
