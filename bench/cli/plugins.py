"""`bench plugins`: switch plugins off and on, and say which have an environment of their own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import click

from bench.registry.configuration import CORE, place, read_configuration, switch
from bench.registry.discovery import plugin_names
from bench.report.text import clean
from bench.spec.errors import PluginError, nearest
from bench.spec.hooks import PROJECT


@click.group()
def plugins() -> None:
    """Switch plugins off and on.

    'bench list plugins' shows which there are, and their state.
    """


@plugins.command()
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
def disable(names: Sequence[str]) -> None:
    """Switch plugins off: they are no longer imported, and nothing of theirs is there."""
    for name in names:
        if name == CORE:
            raise PluginError(
                f"{CORE!r} is bench itself and cannot be switched off: without its tasks and "
                "metrics nothing can be measured."
            )
        _check_known(name)
    path = switch(names, disabled=True)
    click.echo(clean(f"Switched off: {', '.join(names)}. It is written in {path}."))


@plugins.command()
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
def enable(names: Sequence[str]) -> None:
    """Switch plugins on again."""
    for name in names:
        _check_known(name)
    path = switch(names, disabled=False)
    click.echo(clean(f"Switched on: {', '.join(names)}. It is written in {path}."))


@plugins.command()
@click.argument("name", metavar="NAME")
@click.argument("interpreter", metavar="PATH", required=False)
@click.option("--remove", is_flag=True, help="It is installed beside bench again.")
def python(name: str, interpreter: str | None, remove: bool) -> None:
    """Say that a plugin lives in an environment of its own, whose interpreter is PATH.

    Its models are run there, beside those of all other plugins. PATH is checked first: the plugin,
    crossover-bench, numpy and pyarrow must be installed there.
    """
    if (interpreter is None) is not remove:
        raise click.UsageError("Give either PATH, such as /path/bin/python, or --remove.")
    if name == CORE:
        raise PluginError(f"{CORE!r} is bench itself; it has no other environment.")
    if interpreter is None:
        _check_known(name)
        path = place(name, None)
        click.echo(clean(f"{name} is looked for beside bench again. It is written in {path}."))
        return
    from bench.registry.venvs import reading

    # Not resolved: the interpreter of a virtual environment is a link.
    absolute = os.path.abspath(Path(interpreter).expanduser())
    facts = reading.describe(name, absolute)
    path = place(name, absolute)
    origin = f"{facts['distribution']} {facts['version']}"
    click.echo(clean(f"{name} ({origin}) lives in {absolute}. It is written in {path}."))


def _check_known(name: str) -> None:
    """Refuse a name that is neither installed nor in the configuration."""
    known = {*plugin_names(PROJECT), *read_configuration().plugins}
    if name not in known:
        shown = ", ".join(sorted(known))
        raise PluginError(
            f"No plugin is called {name!r}.{nearest(name, known)} The plugins are: {shown}."
        )
