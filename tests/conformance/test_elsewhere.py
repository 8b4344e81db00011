"""Checks of plugins that live in a Python environment of their own."""

import json
import sysconfig
import venv
from pathlib import Path

import pytest

PLANTED = Path(__file__).parent / "planted"
OURS = (sysconfig.get_path("purelib"), Path(__file__).parents[2])
PLUGINS = ("planted-offers-nothing", "planted-global-chance", "planted-fit-crashes")


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """The variables under which some planted plugins live in an environment of their own."""
    folder = tmp_path_factory.mktemp("environment")
    venv.EnvBuilder(symlinks=True).create(folder / "venv")
    (site,) = (folder / "venv").glob("lib/python*/site-packages")
    (site / "places.pth").write_text("".join(f"{place}\n" for place in (PLANTED, *OURS)))
    python = folder / "venv" / "bin" / "python"
    tables = (f'[plugins.{name}]\npython = "{python}"\n' for name in PLUGINS)
    (folder / "config.toml").write_text("".join(tables))
    return {"BENCH_CONFIG": str(folder / "config.toml")}


@pytest.mark.parametrize(
    ("plugin", "check", "seen"),
    [
        ("planted-global-chance", "same-seed-same-result", "two fits of seed"),
        ("planted-fit-crashes", "fits-and-answers", "the process was ended by SIGSEGV"),
        ("planted-offers-nothing", "offers-something", "yields no record"),
    ],
)
def test_a_fault_is_found_elsewhere(command, environment, tmp_path, plugin, check, seen):
    """A fault is found in an environment of its own, too, by the check that is named for it."""
    done = command("check", plugin, "--json", cwd=tmp_path, env=environment)
    assert done.returncode == 1, done.stderr
    failed = [
        (finding["promise"], finding["seen"])
        for subject in json.loads(done.stdout)
        for finding in subject["checks"]
        if finding["outcome"] == "failed"
    ]
    assert [name for name, _ in failed] == [check]
    assert seen in failed[0][1]


def test_what_cannot_be_seen_is_said(command, environment, tmp_path):
    """What a model leaves behind in another environment is skipped, with the reason."""
    options = ("--checks", "leaves-no-thread", "--checks", "keeps-the-order", "-v")
    done = command("check", "planted-global-chance", *options, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stdout
    assert "model planted-global-chance: 1 passed, 1 skipped" in done.stdout
    assert "leaves-no-thread: skipped: it runs in an environment of its own" in done.stdout
