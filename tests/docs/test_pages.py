"""The documentation, done word for word: each page's commands, programs and files, in order."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from code_blocks import (
    ROOT,
    Reader,
    blocks_of,
    check_bench,
    check_make,
    command_lines,
    commands_in_prose,
    fixtures_of,
)
from reader_files import copy_runs, make_environment, write_churn

DOCS = ROOT / "docs"
PAGES = {
    str(path.relative_to(DOCS)): path.read_text(encoding="utf-8")
    for path in sorted(DOCS.rglob("*.md"))
    if not path.relative_to(DOCS).parts[0].startswith("_")
}
DONE = [name for name, text in PAGES.items() if any(block.is_run for block in blocks_of(text))]


@pytest.fixture
def churn_table(tmp_path):
    """The table of the reader."""
    write_churn(tmp_path)


@pytest.fixture
def published_runs(tmp_path):
    """Runs of the reader."""
    copy_runs(tmp_path)


@pytest.fixture
def own_environment(tmp_path_factory, variables):
    """A virtual environment that the reader has activated."""
    folder = make_environment(tmp_path_factory.mktemp("environment"))
    variables["PATH"] = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    variables["VIRTUAL_ENV"] = str(folder)
    variables |= {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0"}
    variables["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"


@pytest.fixture
def acme_environment(tmp_path, variables, request):
    """A plugin `acme` that is installed in `acme-env` alone."""
    request.getfixturevalue("own_environment")
    folder = make_environment(tmp_path / "acme-env")
    made = ["bench", "new", "plugin", "acme", "--model-only"]
    installed = [folder / "bin" / "pip", "install", "--quiet", "--editable", "bench-acme"]
    for command in (made, installed):
        subprocess.run(command, cwd=tmp_path, env={**os.environ, **variables}, check=True)


@pytest.fixture
def variables(cache, tmp_path):
    """The environment of the reader: the command on the path, a cache and a home of the tests'."""
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "BENCH_CACHE": str(cache),
        "BENCH_CONFIG": str(tmp_path / "config.toml"),
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", DONE)
def test_a_page_can_be_done_as_it_stands(name, tmp_path, variables, request):
    """Every block of the page runs, in order, in one folder, and ends as the page says."""
    for fixture in fixtures_of(PAGES[name]):
        request.getfixturevalue(fixture)
    reader = Reader(tmp_path, variables)
    for block in blocks_of(PAGES[name]):
        if block.is_run:
            reader.do(block)


@pytest.mark.parametrize("name", PAGES)
def test_every_command_is_one(name):
    """Each command of `bench` parses, those that cannot be run here too; `make` has each target."""
    for line in commands_in_prose(PAGES[name]):
        check_bench(line, is_prose=True)
    for line in command_lines(PAGES[name]):
        if line.startswith("bench "):
            check_bench(line)
        elif line.startswith("make "):
            check_make(line)


@pytest.mark.parametrize("name", PAGES)
def test_what_is_not_run_says_why(name):
    """A block is run, is a file that later ones use, or has a note with the reason."""
    for block in blocks_of(PAGES[name]):
        assert block.is_run or block.note.partition(":")[2].strip(), block
        if block.language == "yaml":
            assert yaml.safe_load(block.text)
