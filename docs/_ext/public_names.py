"""Names and texts of the code as Sphinx is to read them.

Names of Python are linked under their public name. Docstrings of hooks and help texts of commands
are written for a terminal; here they become reStructuredText.
"""

import re

import click
from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

import bench
import bench.testing


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to what Sphinx reads."""
    app.connect("missing-reference", _resolve)
    app.connect("autodoc-process-docstring", _indent_example)
    app.connect("autodoc-process-signature", _readable)
    for part in ("description", "options"):
        app.connect(f"sphinx-click-process-{part}", _quote)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _resolve(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.TextElement
) -> nodes.reference | None:
    """Resolve `bench.spec.Dataset`, or `Dataset` alone, as `bench.Dataset`."""
    if node.get("refdomain") != "py":
        return None
    name = node["reftarget"].rpartition(".")[2]
    for module in (bench, bench.testing):
        if name in module.__all__:
            target = f"{module.__name__}.{name}"
            domain = env.domains.python_domain
            if target != node["reftarget"] and target in domain.objects:
                return domain.resolve_xref(
                    env, node["refdoc"], app.builder, "obj", target, node, content
                )
    return None


def _indent_example(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Indent the example that is a hook's docstring: there it stands at the margin."""
    if name.startswith("bench.spec.hooks.bench_"):
        begin = next(n for n, line in enumerate(lines) if line.endswith("::")) + 1
        # What numpydoc adds after it is no part of the example.
        end = next((n for n, line in enumerate(lines) if line.startswith("..")), len(lines))
        if not any(line.startswith(" ") for line in lines[begin : begin + 2]):
            lines[begin:end] = [f"    {line}" if line else "" for line in lines[begin:end]]


def _quote(app: Sphinx, context: click.Context, lines: list[str]) -> None:
    """Make what help texts put between backticks code, and a single asterisk nothing but that."""
    lines[:] = [
        re.sub(r"(?<!`)`([^`]+)`(?!`)", r"``\1``", re.sub(r"(?<!\*)\*(?!\*)", r"\\*", line))
        for line in lines
    ]


def _readable(
    app: Sphinx,
    what: str,
    name: str,
    obj: object,
    options: object,
    signature: str | None,
    returns: str | None,
) -> tuple[str | None, str | None] | None:
    """Write what makes a default as an ellipsis: as it is, Sphinx cannot read the signature."""
    if signature is None:
        return None
    return signature.replace("<factory>", "..."), returns
