"""The public surface, written out in public_surface.txt: changing it is a decision.

``python tests/test_contract.py --write`` writes the file anew.
"""

import dataclasses
import importlib
import inspect
import re
import sys
import types
from collections.abc import Iterator
from difflib import unified_diff
from functools import cached_property
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner

import bench
from bench import spec
from bench.cli import COMMANDS, LazyGroup
from bench.spec import hooks as hookspecs
from bench.spec.records import RENAMED

PINNED = Path(__file__).with_name("public_surface.txt")
ADVICE = """The public surface of bench changed (- pinned, + now):

{difference}

Plugins rest on this, so a change is a decision:
- something was added that no plugin must know of: HOOK_API stays;
- something was removed, renamed, made necessary, or has another meaning or default: raise HOOK_API
  (bench/spec/hooks.py says the policy), and keep a renamed field's old name
  (bench/spec/records.py).
Then write what it brings to users into CHANGELOG.md, and pin it:

    python tests/test_contract.py --write
"""
SPECIAL = ("__len__", "__call__")
ALLOWED = (
    "FAMILIES",
    "MODALITIES",
    "COLUMN_KINDS",
    "TARGET_KINDS",
    "DEVICES",
    "FIT_PARAMS",
    "FEATURES",
    "PARTS",
    "PHASES",
    "CHANGED",
    "DIRECTIONS",
)


def surface() -> str:
    """Return everything that plugins and scripts may rest on, as text."""
    return "\n".join(
        [
            "What plugins and scripts rest on; tests/test_contract.py writes and compares this.",
            "",
            f"HOOK_API = {bench.HOOK_API}",
            *section("exit codes of the command", exit_codes()),
            *section("commands", (f"bench {name}" for name in COMMANDS)),
            *section("hooks", hooks()),
            *section("values of fields", values()),
            *exports("bench"),
            *exports("bench.testing"),
        ]
    )


def section(title: str, lines: Iterator[str]) -> list[str]:
    return ["", f"[{title}]", *lines]


def exit_codes() -> Iterator[str]:
    """Yield how the command ends, by what happened in it."""
    happens = {
        "done": None,
        "the input was wrong": bench.BenchError("wrong"),
        "a fault of bench or of a plugin": RuntimeError("fault"),
        "interrupted": KeyboardInterrupt(),
    }
    for what, raised in happens.items():

        def callback(raised: BaseException | None = raised) -> None:
            if raised is not None:
                raised.__traceback__ = None
                raise raised

        group = OneCommand(callback)
        yield f"{CliRunner().invoke(group, ['do']).exit_code}: {what}"


class OneCommand(LazyGroup):
    """The command line with one command, which does what is told."""

    def __init__(self, callback: Any) -> None:
        super().__init__("bench")
        self.only = click.Command("do", callback=callback)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        return self.only


def hooks() -> Iterator[str]:
    for name, hook in sorted(vars(hookspecs).items()):
        if hasattr(hook, f"{hookspecs.PROJECT}_spec"):
            yield f"{name}{signature(hook)}"


def values() -> Iterator[str]:
    for name in ALLOWED:
        yield f"{name.lower()}: {', '.join(getattr(spec, name))}"


def exports(module_name: str) -> Iterator[str]:
    """Yield a module's public names, and what each of them is."""
    module = importlib.import_module(module_name)
    for name in sorted(module.__all__):
        item = getattr(module, name)
        if inspect.isclass(item):
            yield from section(f"{module_name}.{name}", described(item))
        elif isinstance(item, types.FunctionType):
            yield from section(f"{module_name}.{name}", iter([f"function {signature(item)}"]))
        else:
            yield from section(f"{module_name}.{name}", iter([kind_of(item)]))


def kind_of(item: Any) -> str:
    if isinstance(item, int):
        return "constant"
    return str(item) if hasattr(item, "__args__") else type(item).__name__


def described(item: type) -> Iterator[str]:
    """Yield what a class is made with, and its public attributes."""
    bases = [base.__name__ for base in item.__bases__ if base is not object]
    yield f"class({', '.join(bases)})" if bases else "class"
    names: set[str] = set()
    if item in RENAMED:
        for field in dataclasses.fields(item):
            names.add(field.name)
            default = ""
            if field.default is not dataclasses.MISSING:
                default = f" = {field.default!r}"
            elif field.default_factory is not dataclasses.MISSING:
                default = f" = {field.default_factory()!r}"
            way = " (by name)" if field.kw_only else ""
            yield f"  {field.name}: {field.type}{default}{way}"
    for name, member in sorted(vars(item).items()):
        if name in names or (name.startswith("_") and name not in SPECIAL):
            continue
        yield f"  {name}{shown(item, name, member)}"
    for name, value in sorted(vars(item).get("__annotations__", {}).items()):
        if inspect.isabstract(item) and name not in vars(item):
            yield f"  {name}: {value} (no default)"
    for old, now in RENAMED.get(item, {}).items():
        yield f"  {old} -> {now.to}, gone in HOOK_API {now.gone_in}"


def shown(owner: type, name: str, member: Any) -> str:
    """Return what an attribute of a class is."""
    if isinstance(member, property | cached_property):
        read = member.fget if isinstance(member, property) else member.func
        return f" -> {read.__annotations__.get('return')} (property)"
    if isinstance(member, staticmethod | classmethod):
        return f"{signature(member.__func__)} ({type(member).__name__})"
    if inspect.isfunction(member):
        is_abstract = getattr(member, "__isabstractmethod__", False)
        return signature(member) + (" (abstract)" if is_abstract else "")
    told = owner.__annotations__.get(name)
    return f": {told} = {member!r}" if told else f" = {member!r}"


def signature(item: Any) -> str:
    """Return a signature as it stands in the code, without quotes around annotations."""
    text = str(inspect.signature(item))
    text = text.replace("pathlib._local.", "pathlib.")  # as Python 3.13 calls it
    return re.sub(r"""(: |-> )(['"])(.*?)\2(?=[,)]| = |$)""", r"\1\3", text)


def test_the_public_surface_is_what_is_pinned():
    """Names, fields, hooks, methods and exit codes are those of public_surface.txt."""
    difference = "\n".join(
        unified_diff(
            PINNED.read_text(encoding="utf-8").splitlines(),
            surface().splitlines(),
            "tests/public_surface.txt",
            "now",
            lineterm="",
            n=1,
        )
    )
    assert not difference, ADVICE.format(difference=difference)


def test_what_is_pinned_holds_what_the_design_fixes():
    """The surface has the hooks, a record's fields, a task's methods and the exit codes."""
    lines = surface().splitlines()
    for line in (
        "HOOK_API = 2",
        "bench_models() -> collections.abc.Iterable[bench.spec.models.ModelSpec]",
        "  family: Family (by name)",
        "  version: str = '1' (by name)",
        "  shorten(self, part: Part, n: int) -> Part (abstract)",
        "2: the input was wrong",
        "130: interrupted",
    ):
        assert line in lines


def test_a_change_of_the_surface_is_seen(monkeypatch):
    """A name that bench no longer exports, and one that is new, change the text."""
    before = surface()
    monkeypatch.setattr(bench, "__all__", [n for n in bench.__all__ if n != "Skip"])
    assert set(before.splitlines()) - set(surface().splitlines()) == {"[bench.Skip]"}
    monkeypatch.setattr(bench.Task, "rounds", 3, raising=False)
    assert "  rounds = 3" in surface().splitlines()


def test_old_names_lead_somewhere_and_are_not_overdue():
    """Every old name of a field stands for one that exists, and goes in a later HOOK_API."""
    for made, old_names in RENAMED.items():
        known = {field.name for field in dataclasses.fields(made)}
        for old, now in old_names.items():
            assert now.to in known
            assert old not in known
            assert now.gone_in > bench.HOOK_API, f"{made.__name__}.{old} is overdue: take it away"


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit("python tests/test_contract.py --write writes tests/public_surface.txt anew.")
    PINNED.write_text(surface() + "\n", encoding="utf-8")
