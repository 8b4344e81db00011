"""`bench run`: measure what a suite says."""

from __future__ import annotations

import contextlib
import shlex
import sys
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.execution.engines import ENGINES, make_engine
from bench.execution.opening import open_session
from bench.planning.wanted import Wanted, read_suite
from bench.report.told import Told, count, counted, say
from bench.spec import DEVICES

if TYPE_CHECKING:
    from rich.console import Console

    from bench.execution.engine import Engine
    from bench.execution.session import Session


_LATER = (
    "scipy.special",
    "pyarrow.dataset",
    "bench.report.contents",
    "bench.report.verdicts.several",
    "bench.report.terminal",
)
"""What showing the results needs; it is imported while the fork server starts up."""


def _names(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (value or "").split(",") if part.strip())


def jobs_option(_: click.Context, __: click.Parameter, value: str) -> int | None:
    """Return a number of slots; None for as many as there are cores."""
    if value == "auto":
        return None
    if value.isdecimal() and int(value) > 0:
        return int(value)
    raise click.BadParameter(f"{value!r} is neither a number above zero nor 'auto'.")


@click.command()
@click.argument("suite")
@click.option("--models", callback=_names, metavar="PATTERNS", help="Only these; baselines stay.")
@click.option("--datasets", callback=_names, metavar="PATTERNS", help="Only these.")
@click.option("--sizes", metavar="LIST", help="Training sizes, such as 16,64,all.")
@click.option("--seeds", metavar="N|LIST", help="Outer seeds: how many, or which (0,1,2).")
@click.option("--jobs", default="1", callback=jobs_option, help="Trials at once, or 'auto'.  [1]")
@click.option("--cores", type=click.IntRange(1), help="Cores of each trial.")
@click.option("--timeout", type=float, metavar="SECONDS", help="Time limit of each trial.")
@click.option("--memory", metavar="SIZE", help="Memory limit of each trial, such as '4 GiB'.")
@click.option("--device", type=click.Choice(DEVICES), default="cpu")
@click.option("--engine", type=click.Choice(ENGINES), default="local")
@click.option("--output", type=click.Path(path_type=Path), help="Folder.  [results/SUITE]")
@click.option("--into", type=click.Path(path_type=Path), help="Add to that run of another suite.")
@click.option("--fresh", is_flag=True, help="Begin a new run beside an earlier one.")
@click.option("--dry-run", "is_dry", is_flag=True, help="Show what would be run, and stop.")
@click.option("--json", "as_json", is_flag=True, help="Print a summary for machines.")
@click.pass_context
def run(
    context: click.Context, /, suite: str, engine: str, is_dry: bool, as_json: bool, **options: Any
) -> None:
    """Measure the models and datasets of SUITE, and print a leaderboard.

    SUITE is the name of an installed suite (`bench list suites`) or a TOML file. Running the same
    command again measures what is missing and nothing twice. Patterns are such as 'acme-*,mlp'.
    """
    wanted = Wanted(**options)
    with contextlib.closing(make_engine(engine, jobs=wanted.jobs)) as running:
        if not is_dry:
            running.start()  # it starts up while the suite is read
        context.exit(_run(suite, wanted, is_dry, as_json, running))


def _run(given: str, wanted: Wanted, is_dry: bool, as_json: bool, engine: Engine) -> int:
    """Do what the command says; return the exit code."""
    from bench.registry.lookup import discover
    from bench.report.terminal import make_console

    registry = discover()
    command = ["bench", *sys.argv[1:]]
    session = open_session(
        *read_suite(given, registry), registry, wanted, engine=engine, command=command
    )
    console = make_console(stderr=as_json)
    if is_dry:
        return _dry_run(session, console, as_json)
    if not session.has_begun:
        engine.start()  # it imports what trials need, while we import what the leaderboard needs
        for module in _LATER:
            import_module(module)
    with contextlib.closing(Told(console)) as told:
        progress = session.run(told)
    if progress.statuses:
        say(console, f"Trials: {counted(progress.statuses)}.")
    if progress.interrupted:
        say(console, f"Interrupted: what is finished is in {session.folder}.")
        say(console, f"Go on with the same command: {shlex.join(command)}")
        return 130
    return _finish(session, console, as_json)


def _dry_run(session: Session, console: Console, as_json: bool) -> int:
    """Show the trials, what was left out and why, and how long it may take."""
    from bench.report.planned import planned_json, show_planned

    todo, root = session.todo(), session.folder.parent
    if as_json:
        click.echo(planned_json(session.plan, todo, root, session.n_slots))
    else:
        show_planned(console, session.plan, todo, root, session.n_slots)
    return 0


def _finish(session: Session, console: Console, as_json: bool) -> int:
    """Show the leaderboard and where the results are; return the exit code."""
    from bench.report.terminal import show_leaderboard
    from bench.results import store
    from bench.spec.outcome import FAILED

    finished = store.done(session.folder)
    planned = [finished[i] for i in session.plan.trials.ids() if i in finished]
    statuses = Counter(ended.status for ended in planned)
    n_failed = sum(statuses[status] for status in FAILED)
    if as_json:
        import json

        summary = {"run": str(session.folder), "trials": statuses, "failed": n_failed}
        click.echo(json.dumps(summary))
    else:
        show_leaderboard(store.load(session.folder), console=console)
    say(console, f"Results: {session.folder}")
    if n_failed:
        why = f"`bench show {session.folder}` says why"
        say(console, f"{count(n_failed, 'trial')} failed: {why}.", "red")
    return 1 if n_failed else 0
