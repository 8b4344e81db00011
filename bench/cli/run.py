"""`bench run`: measure what a suite says."""

from __future__ import annotations

import contextlib
import shlex
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.errors import SuiteError

if TYPE_CHECKING:
    from rich.console import Console

    from bench.execution.local import Server
    from bench.execution.session import Session
    from bench.plan import Plan
    from bench.registry import Registry
    from bench.report.progress import LiveProgress, PlainProgress
    from bench.suite import Suite


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
@click.option("--device", type=click.Choice(["cpu", "gpu", "tpu"]), default="cpu")
@click.option("--engine", type=click.Choice(["local"]), default="local")
@click.option("--output", type=click.Path(path_type=Path), help="Folder.  [results/SUITE]")
@click.option("--fresh", is_flag=True, help="Begin a new run beside an earlier one.")
@click.option("--dry-run", is_flag=True, help="Show what would be run, and stop.")
@click.option("--json", "as_json", is_flag=True, help="Print a summary for machines.")
@click.pass_context
def run(context: click.Context, /, suite: str, as_json: bool, **options: Any) -> None:
    """Measure the models and datasets of SUITE, and print a leaderboard.

    SUITE is the name of an installed suite (`bench list suites`) or a TOML file. Running the same
    command again measures what is missing and nothing twice. Patterns are such as 'acme-*,mlp'.
    """
    from bench.execution.local import Server

    with contextlib.ExitStack() as held:
        server = None
        if not options["dry_run"]:
            server = Server.start()  # it starts up while the suite is read
            held.callback(server.stop)
        context.exit(_run(suite, as_json, options, server, held))


def _run(
    given: str,
    as_json: bool,
    options: dict[str, Any],
    server: Server | None,
    held: contextlib.ExitStack,
) -> int:
    """Do what the command says; return the exit code."""
    from bench.execution.session import Session
    from bench.registry import discover
    from bench.report.terminal import make_console
    from bench.suite import parse

    registry = discover()
    path = find_suite(given, registry)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SuiteError(f"{path}: cannot be read as a suite: {error}.") from None
    suite = adapt(parse(text, str(path)), registry, options)
    session = held.enter_context(
        Session(
            suite,
            text,
            registry,
            choose_folder(suite.name, options["output"], options["fresh"]),
            jobs=options["jobs"],
            device=options["device"],
            command=["bench", *sys.argv[1:]],
            server=server,
        )
    )
    console = make_console(stderr=as_json)
    if options["dry_run"]:
        return _dry_run(session, console, as_json)
    progress = session.run(_Shown(console, held))
    if progress.statuses:
        _say(console, f"Trials: {counted(progress.statuses)}.")
    if progress.interrupted:
        _say(console, f"Interrupted: what is finished is in {session.folder}.")
        _say(console, f"Go on with the same command: {shlex.join(['bench', *sys.argv[1:]])}")
        return 130
    return _finish(session, registry, console, as_json)


def _dry_run(session: Session, console: Console, as_json: bool) -> int:
    """Show the trials, what was left out and why, and how long it may take."""
    from bench.report.planned import planned_json, show_planned

    todo, root = session.todo(), session.folder.parent
    if as_json:
        click.echo(planned_json(session.plan, todo, root, session.n_slots))
    else:
        show_planned(console, session.plan, todo, root, session.n_slots)
    return 0


def _finish(session: Session, registry: Registry, console: Console, as_json: bool) -> int:
    """Show the leaderboard and where the results are; return the exit code."""
    from bench.outcome import FAILED
    from bench.report.terminal import show_leaderboard
    from bench.results import store

    finished = store.done(session.folder)
    planned = [finished[t.trial_id] for t in session.plan.trials if t.trial_id in finished]
    statuses = Counter(ended.status for ended in planned)
    n_failed = sum(statuses[status] for status in FAILED)
    if as_json:
        import json

        summary = {"run": str(session.folder), "trials": statuses, "failed": n_failed}
        click.echo(json.dumps(summary))
    else:
        show_leaderboard(
            store.load(session.folder),
            {name: entry.record for name, entry in registry.metrics.items()},
            {name: entry.record for name, entry in registry.tasks.items()},
            datasets={name: entry.record for name, entry in registry.datasets.items()},
            console=console,
        )
    _say(console, f"Results: {session.folder}")
    if n_failed:
        why = f"`bench show {session.folder}` says why"
        _say(console, f"{_count(n_failed, 'trial')} failed: {why}.", "red")
    return 1 if n_failed else 0


class _Shown:
    """Prints what a session does."""

    def __init__(self, console: Console, held: contextlib.ExitStack) -> None:
        self._console = console
        self._reading = contextlib.ExitStack()
        if console.is_terminal:
            self._reading.enter_context(console.status("Reading models and datasets"))
        held.enter_context(self._reading)

    def planned(self, plan: Plan, n_todo: int) -> None:
        """Print how much is to be done, and what was left out."""
        self._reading.close()
        text = (
            f"{plan.suite.name}: {_count(n_todo, 'trial')} of "
            f"{_count(len(plan.contenders), 'model')} on {_count(len(plan.subjects), 'dataset')}"
        )
        if n_earlier := len(plan.trials) - n_todo:
            text += f"; {n_earlier} more are done already"
        _say(self._console, f"{text}.")
        for entry in plan.left_out:
            _say(self._console, f"  left out: {entry.what}: {entry.why}", "dim")

    def warned(self, text: str) -> None:
        """Print a warning."""
        _say(self._console, f"Warning: {text}", "yellow")

    def watch(self, n_trials: int, n_slots: int) -> LiveProgress | PlainProgress:
        """Return what shows the progress on this console."""
        from bench.report.progress import watch

        return watch(self._console, n_trials, n_slots)


def _say(console: Console, text: str, style: str | None = None) -> None:
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def choose_folder(suite: str, output: Path | None, fresh: bool) -> Path:
    """Return the folder of a run: the one asked for, the suite's, or a new one beside it."""
    from bench.results.store import RESULTS

    folder = output or RESULTS / suite
    chosen, number = folder, 2
    while fresh and chosen.exists():
        chosen = folder.with_name(f"{folder.name}-{number}")
        number += 1
    return chosen


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def counted(statuses: Mapping[str, int]) -> str:
    """Return how many trials ended in which way, such as "118 ok, 2 timeout"."""
    return ", ".join(f"{count} {status}" for status, count in sorted(statuses.items()))


def find_suite(given: str, registry: Registry) -> Path:
    """Return the file of a suite that is named or whose path is given.

    Raises
    ------
    BenchError
        There is none.
    """
    path = Path(given)
    if path.suffix == ".toml" or "/" in given:
        if path.is_file():
            return path
        what = "is a folder, not a suite" if path.is_dir() else "does not exist"
        raise SuiteError(f"{given!r} {what}; `bench list suites` shows the suites that are here.")
    return registry.suite(given).path


def adapt(suite: Suite, registry: Registry, options: dict[str, Any]) -> Suite:
    """Return a suite changed as the options say, with its patterns replaced by names.

    Raises
    ------
    SuiteError
        An option asks for what cannot be had.
    """
    from bench.selection import expand, select
    from bench.suite import override

    suite = override(
        suite,
        sizes=options["sizes"],
        seeds=options["seeds"],
        cores=options["cores"],
        seconds=options["timeout"],
        memory=options["memory"],
    )
    suite = expand(suite, registry)
    baselines = [n for n, entry in registry.models.items() if entry.record.family == "baseline"]
    return select(
        suite, models=options["models"], datasets=options["datasets"], baselines=baselines
    )
