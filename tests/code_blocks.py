"""The code in Markdown pages: found, checked and executed as a reader would do it.

A fence of backticks is code. `sh` is run, `python` is run as a program; where the first line is a
comment that names a file (``# churn.toml``), the block is that file, and with ``# more of`` before
the name it is added to it. A comment before a block says what differs::

    <!-- no-run: it needs a GPU -->      not run, but its `bench` commands are parsed
    <!-- exits: 0 or 1 -->               how its last command ends

and ``<!-- fixtures: churn_table -->`` somewhere in a page names what has to lie in the folder.
"""

import os
import re
import shlex
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import click

from bench.cli import main

ROOT = Path(__file__).parents[1]
_BLOCK = re.compile(
    r"(?:^<!-- (?P<note>[^\n]*) -->\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_FILE = re.compile(r"# (?P<more>(?:still )?more of )?(?P<name>[\w./-]+\.(?:toml|py|yml|csv))\n")
_SHORTER = {
    "--minutes 5": "--minutes 0.5 --candidates few.toml",
    "bench run smoke --jobs auto": "bench run smoke --jobs auto --sizes 32",
    "--seeds 5": "--seeds 2",
    "outer_seeds = 5": "outer_seeds = 2",
    'sizes = [32, "all"]': "sizes = [32]",
}
"""What would take too long for a test, in commands and suites, and what is done in its place."""


@dataclass(frozen=True)
class Block:
    """A block of code, and where in its page it stands."""

    language: str
    text: str
    line: int
    note: str = ""

    @property
    def is_run(self):
        return not self.note.startswith("no-run")

    @property
    def exit_codes(self):
        return (
            [int(code) for code in re.findall(r"\d+", self.note)] if "exits" in self.note else [0]
        )

    @property
    def file(self):
        """The file that it is, or is added to; None."""
        named = _FILE.match(self.text)
        return named and named["name"]

    @property
    def is_addition(self):
        named = _FILE.match(self.text)
        return bool(named and named["more"])


def blocks_of(text):
    """Return the blocks of code of a page."""
    return [
        Block(
            found["language"],
            found["text"],
            text.count("\n", 0, found.start("language")) + 1,
            found["note"] or "",
        )
        for found in _BLOCK.finditer(text)
    ]


def fixtures_of(text):
    """Return the names of the fixtures that a page asks for."""
    return [
        name for names in re.findall(r"<!-- fixtures: (.*?) -->", text) for name in names.split()
    ]


def command_lines(text):
    """Return every line of a page's shell blocks and CI files that is a command."""
    lines = []
    for block in blocks_of(text):
        if block.language == "sh":
            lines += block.text.replace("\\\n", " ").splitlines()
        elif block.language == "yaml":
            steps = re.findall(r"^\s*- run: (.*)$", block.text, re.MULTILINE)
            lines += [part.strip() for step in steps for part in step.split("&&")]
    return lines


def commands_in_prose(text):
    """Return every command of bench that a sentence names, with or without arguments."""
    prose = _BLOCK.sub("", text).replace("\n", " ")
    return re.findall(r"`(bench(?: [^`]+)?)`", prose)


def check_bench(line, *, is_prose=False):
    """Parse a line that begins with `bench`: the command is there and takes the arguments.

    A sentence may name a command without any.
    """
    words = shlex.split(re.split(r"\s[|>]", line)[0], comments=True)[1:]
    command, context = main, click.Context(main)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        name, command, words = command.resolve_command(context, words)
        context = click.Context(command, info_name=name, parent=context)
    if words or not is_prose:
        command.make_context(context.info_name, words, parent=context.parent)


def check_make(line):
    """See that the target is in the Makefile."""
    target = line.split()[1]
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE), line


def _shorter(text):
    for long, short in _SHORTER.items():
        text = text.replace(long, short)
    return text


class Reader:
    """Does what a page says, block by block, in one folder.

    Parameters
    ----------
    folder
        Where it begins; a `cd` in a shell block holds for what follows.
    environment
        Variables over those of the tests.
    """

    def __init__(self, folder, environment):
        self.folder = folder
        self._environment = {**os.environ, **environment}
        self._written = {}

    def do(self, block):
        """Run a block, or write the file that it is.

        Returns
        -------
        CompletedProcess or None
            What ran.
        """
        if block.file is not None:
            return self._write(block)
        assert block.language in ("sh", "python"), f"line {block.line}: neither run nor a file"
        if block.language == "python":
            ended = self._run([sys.executable, "-c", block.text])
        else:
            ended = self._shell(block.text)
        said = f"line {block.line}:\n{block.text}\n{ended.stdout[-4000:]}\n{ended.stderr[-4000:]}"
        assert ended.returncode in block.exit_codes, said
        return ended

    def _write(self, block):
        path = self.folder / block.file
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.read_text() if block.is_addition else ""
        path.write_text(before + _shorter(block.text))
        if path.suffix == ".toml":
            tomllib.loads(path.read_text())

    def _shell(self, text):
        where = self.folder / ".where"
        script = f"set -eo pipefail\ntrap 'pwd > {shlex.quote(str(where))}' EXIT\n{_shorter(text)}"
        ended = self._run(["bash", "-c", script])
        self.folder = Path(where.read_text().strip())
        where.unlink()
        return ended

    def _run(self, command):
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
        )
