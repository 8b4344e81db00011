"""What the build finds out: parts of the reference, what a command prints, the notebook.

``{generated} columns trials`` stands for a table made by `facts`; ``{output} list models`` for what
``bench list models`` prints where the published runs lie in ``results/``. The example notebook is
copied in, for Sphinx reads only what lies below it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import facts
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).parents[2]
WIDTH = 84
"""Characters that a page has room for."""


class Generated(SphinxDirective):
    """A part of the reference."""

    required_arguments = 1
    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Have the lines read as Markdown."""
        name, *arguments = self.arguments
        lines = facts.PARTS[name](*arguments)
        node = nodes.container(classes=["generated"])
        self.state.nested_parse(StringList(lines, name), self.content_offset, node)
        return [node]


class Output(SphinxDirective):
    """What a command of bench prints."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Run the command."""
        shown = printed(*self.arguments[0].split())
        return [nodes.literal_block(shown, shown, language="text", classes=["output"])]


@cache
def printed(*arguments: str) -> str:
    """Return what `bench` prints, in a folder whose `results/` are the published runs.

    Raises
    ------
    RuntimeError
        The command failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "results").symlink_to(ROOT / "results" / "published")
        ended = subprocess.run(
            [sys.executable, "-m", "bench", *arguments],
            cwd=folder,
            env={**os.environ, "COLUMNS": str(WIDTH), "NO_COLOR": "1", "PYTHONSAFEPATH": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
    if ended.returncode != 0:
        raise RuntimeError(f"bench {' '.join(arguments)}: {ended.stderr}")
    return ended.stdout.strip("\n")


def _bring_notebook(app: Sphinx) -> None:
    """Copy the notebook, unless it has not changed."""
    given = ROOT / "examples" / "notebooks" / "first-run.ipynb"
    copy = Path(app.srcdir) / "how-to" / given.name
    if not copy.exists() or copy.read_bytes() != given.read_bytes():
        copy.write_bytes(given.read_bytes())


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the directives."""
    app.connect("builder-inited", _bring_notebook)
    app.add_directive("generated", Generated)
    app.add_directive("output", Output)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
