"""`bench choose`: which model fits a table of the user's own."""

from __future__ import annotations

import contextlib
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.cli.run import jobs_option
from bench.execution.engines import make_engine
from bench.execution.opening import choose_folder
from bench.planning.wanted import find_suite

if TYPE_CHECKING:
    from bench.execution.engine import Engine

_MOST_START_UP = 10.0
"""Seconds."""


@click.command()
@click.argument("table")
@click.option("--target", required=True, metavar="COLUMN", help="What is to be predicted.")
@click.option("--minutes", type=float, default=5.0, help="For everything.  [5]")
@click.option("--metric", metavar="NAME", help="By which candidates are compared.")
@click.option("--task", type=click.Choice(["classification", "regression"]), help="If not clear.")
@click.option("--drop", multiple=True, metavar="COLUMN", help="Leave a column out; repeatable.")
@click.option("--jobs", default="auto", callback=jobs_option, help="Trials at once.  [auto]")
@click.option("--seed", type=click.IntRange(0, 100_000), default=0, help="Of the splits.  [0]")
@click.option("--candidates", default="choose", metavar="SUITE", help="Whose models stand.")
@click.option("--output", type=click.Path(path_type=Path), help="Folder.  [results/choose-TABLE]")
@click.option("--fresh", is_flag=True, help="Begin a new run beside an earlier one.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer for machines.")
@click.pass_context
def choose(context: click.Context, /, table: str, as_json: bool, **options: Any) -> None:
    """Find which model fits TABLE, a CSV, Parquet or Arrow file, in a few minutes.

    The table is checked first; then candidates of both families are measured, many of them on few
    rows, few of them on many. Which to take is decided on validation rows; test rows only report.
    Running the same command again goes on where it ended, with as many minutes more.
    """
    began = _began()
    with contextlib.closing(make_engine(jobs=options["jobs"])) as engine:
        engine.start()  # it starts up while the table is looked for
        context.exit(_choose(table, as_json, options, engine, began))


def _choose(
    given: str, as_json: bool, options: dict[str, Any], engine: Engine, began: float
) -> int:
    """Do what the command says; return the exit code."""
    from bench.choosing.answer import Request
    from bench.choosing.command import answer
    from bench.choosing.table import installed, reader_of, slug
    from bench.choosing.telling import say_answer
    from bench.planning.selection import expand
    from bench.planning.suite import read
    from bench.registry.lookup import discover
    from bench.report.terminal import make_console

    registry = discover()
    table = reader_of(given, registry)
    candidates = expand(read(find_suite(options["candidates"], registry), registry), registry)
    candidates, missing = installed(candidates, registry)
    for package in sorted(set(missing.values())):
        names = [name for name, lacking in missing.items() if lacking == package]
        click.echo(f"Left out, for {package!r} is not installed: {', '.join(names)}.", err=True)
    name = f"choose-{slug(Path(table.partition(':')[2]).stem)}"
    request = Request(
        table=table,
        target=options["target"],
        drop=options["drop"],
        task=options["task"],
        metric=options["metric"],
        minutes=options["minutes"],
        seed=options["seed"],
        candidates=candidates,
        folder=choose_folder(name, options["output"], options["fresh"]),
        command=["bench", *sys.argv[1:]],
    )
    console = make_console(stderr=as_json)
    found = answer(request, registry, console, began=began, engine=engine)
    if as_json:
        import json

        click.echo(json.dumps(found.to_json()))
    else:
        say_answer(console, found)
    if found.interrupted:
        return 130
    return 0 if found.choice is not None else 1


def _began() -> float:
    """Return when this command began, in seconds since 1970: what Python imports counts, too."""
    import psutil

    # A process that is older than its start-up can explain has done something else before.
    return max(float(psutil.Process().create_time()), time.time() - _MOST_START_UP)
