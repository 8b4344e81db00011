"""`bench run`: measure what a suite says."""

from __future__ import annotations

import contextlib
import sys
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.errors import SuiteError

if TYPE_CHECKING:
    from rich.console import Console

    from bench.execution.local import LocalEngine
    from bench.plan import Plan
    from bench.registry import Registry
    from bench.suite import Suite


def _names(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (value or "").split(",") if part.strip())


def _jobs(_: click.Context, __: click.Parameter, value: str) -> int | None:
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
@click.option("--jobs", default="1", callback=_jobs, help="Trials at once, or 'auto'.  [1]")
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
    from rich.console import Console

    console = Console(stderr=as_json, highlight=False)
    with contextlib.ExitStack() as held:
        session = _Session(console, suite, options, held)
        code = session.dry_run(as_json) if options["dry_run"] else session.run(as_json)
    context.exit(code)


class _Session:
    """One call of `bench run`."""

    def __init__(
        self,
        console: Console,
        given: str,
        options: dict[str, Any],
        held: contextlib.ExitStack,
    ) -> None:
        from bench.execution.local import Server

        # It starts up while the suite is read.
        self._server = None if options["dry_run"] else Server.start()
        if self._server is not None:
            held.callback(self._server.stop)

        from bench.registry import discover
        from bench.suite import parse

        self.console = console
        self._held = held
        self.options = options
        self.registry = discover()
        path = find_suite(given, self.registry)
        try:
            self.text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SuiteError(f"{path}: cannot be read as a suite: {error}.") from None
        self.suite = adapt(parse(self.text, str(path)), self.registry, options)
        self.folder = self._folder()
        self._engine: LocalEngine | None = None

    @property
    def engine(self) -> LocalEngine:
        """The engine, started when it is first needed."""
        if self._engine is None:
            from bench.execution.local import LocalEngine, assign_cores
            from bench.plan import modules

            slots = assign_cores(self.options["jobs"], self.suite.limits.cores)
            self._engine = LocalEngine(slots, modules(self.suite, self.registry), self._server)
            self._held.callback(self._engine.close)
        return self._engine

    def plan(self) -> Plan:
        """Plan the suite; datasets that are not known yet are loaded in a process of their own."""
        from bench.execution.run import facts_from
        from bench.plan import make_plan

        return make_plan(
            self.suite,
            self.registry,
            facts_from(lambda: self.engine, self.suite),
            device=self.options["device"],
        )

    def dry_run(self, as_json: bool) -> int:
        """Show the trials, what was left out and why, and how long it may take."""
        from bench.report.planned import planned_json, show_planned

        plan = self.plan()
        todo = self._todo(plan)
        n_slots = self.engine_slots()
        if as_json:
            click.echo(planned_json(plan, todo, self.folder.parent, n_slots))
        else:
            show_planned(self.console, plan, todo, self.folder.parent, n_slots)
        return 0

    def engine_slots(self) -> int:
        """Return how many trials would run at once."""
        from bench.execution.local import assign_cores

        return len(assign_cores(self.options["jobs"], self.suite.limits.cores))

    def run(self, as_json: bool) -> int:
        """Measure what is missing and show the leaderboard; return the exit code."""
        if not self._has_begun():
            self.engine.start()  # it imports what the trials need while we do the same and plan
        from bench.execution import environment
        from bench.execution.run import check_params, run_trials
        from bench.report.progress import outcome_line, watch
        from bench.results import store
        from bench.results.journal import Journal

        # What the leaderboard will need is imported now, while nothing waits for us.
        for module in ("bench.report.contents", "scipy.special"):
            import_module(module)
        plan = self.plan()
        with contextlib.ExitStack() as held:
            if self._has_begun():
                held.enter_context(store.lock(self.folder))
                store.consolidate(self.folder)
            todo = self._todo(plan)
            if todo:
                check_params(plan, self.engine, todo)
            if not self._has_begun():
                self.folder.mkdir(parents=True, exist_ok=True)
                store.create_run(self.folder, self.suite.name, self.text, sys.argv[1:])
                held.enter_context(store.lock(self.folder))
            self._say_plan(plan, len(todo))
            interrupted = False
            if todo:
                info = store.open_run(self.folder)
                facts = environment.describe(p.distribution for p in self.registry.plugins)
                self._warn_of_changes(store, facts)
                environment_id = store.write_environment(self.folder, facts)
                progress = watch(self.console, len(todo), self.engine.n_slots)
                with Journal.open(self.folder, info.run_id, environment_id) as journal, progress:
                    ended = run_trials(plan, todo, self.engine, journal, progress)
                interrupted = ended.interrupted
                store.consolidate(self.folder)
                self.console.print(f"Trials: {outcome_line(ended.statuses)}.", markup=False)
            results = store.load(self.folder)
        if interrupted:
            return self._interrupted(len(todo) - ended.n_ok - ended.n_failed)
        return self._finish(plan, results, as_json)

    def _finish(self, plan: Plan, results: Any, as_json: bool) -> int:
        from bench.outcome import FAILED
        from bench.report import terminal
        from bench.results import store

        finished = store.done(self.folder)
        found = (finished[t.trial_id].status for t in plan.trials if t.trial_id in finished)
        statuses = dict(Counter(found))
        n_failed = sum(statuses.get(status, 0) for status in FAILED)
        if as_json:
            import json

            summary = {"run": str(self.folder), "trials": statuses, "failed": n_failed}
            click.echo(json.dumps(summary))
        else:
            terminal.show_leaderboard(
                results,
                {name: entry.record for name, entry in self.registry.metrics.items()},
                {name: entry.record for name, entry in self.registry.tasks.items()},
                console=self.console,
            )
        self.console.print(f"Results: {self.folder}", markup=False, soft_wrap=True)
        if n_failed:
            text = f"{n_failed} trials failed: bench show {self.folder} says why."
            self.console.print(text, style="red", markup=False, soft_wrap=True)
        return 1 if n_failed else 0

    def _interrupted(self, n_left: int) -> int:
        again = " ".join(["bench", *sys.argv[1:]])
        self.console.print(
            f"Interrupted: {n_left} trials are left; what is finished is in {self.folder}.\n"
            f"Go on with the same command: {again}",
            markup=False,
            soft_wrap=True,
        )
        return 130

    def _folder(self) -> Path:
        from bench.results.store import RESULTS

        folder: Path = self.options["output"] or RESULTS / self.suite.name
        if not self.options["fresh"]:
            return folder
        number = 2
        fresh = folder
        while fresh.exists():
            fresh = folder.with_name(f"{folder.name}-{number}")
            number += 1
        return fresh

    def _has_begun(self) -> bool:
        return (self.folder / "run.json").exists()

    def _todo(self, plan: Plan) -> list[Any]:
        if not self._has_begun():
            return list(plan.trials)
        from bench.execution.run import is_done
        from bench.results import store

        finished = store.done(self.folder)
        return [trial for trial in plan.trials if not is_done(trial, finished.get(trial.trial_id))]

    def _say_plan(self, plan: Plan, n_todo: int) -> None:
        text = (
            f"{plan.suite.name}: {_count(n_todo, 'trial')} of "
            f"{_count(len(plan.contenders), 'model')} on {_count(len(plan.subjects), 'dataset')}"
        )
        if n_earlier := len(plan.trials) - n_todo:
            text += f"; {n_earlier} more are done already"
        self.console.print(f"{text}.", markup=False, soft_wrap=True)
        for entry in plan.left_out:
            self.console.print(
                f"  left out: {entry.what}: {entry.why}", style="dim", markup=False, soft_wrap=True
            )

    def _warn_of_changes(self, store: Any, facts: dict[str, Any]) -> None:
        for change in changed_versions(store.load(self.folder).environments, facts):
            self.console.print(
                f"Warning: {change} since this run began; its earlier rows stay as they are.",
                style="yellow",
                markup=False,
                soft_wrap=True,
            )


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def changed_versions(environments: Any, facts: dict[str, Any]) -> list[str]:
    """Return what is installed in another version than in the last environment of a run."""
    import json

    rows = environments.to_pylist()
    changes = []
    for kind in ("distributions", "libraries"):
        before = json.loads(rows[-1][kind] or "{}") if rows else {}
        for name, version in facts[kind].items():
            if name in before and before[name] != version:
                changes.append(f"{name} changed from {before[name]} to {version}")
    return changes


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
        raise SuiteError(f"there is no suite file {given!r}; `bench list suites` shows those here.")
    return registry.suite(given).path


def adapt(suite: Suite, registry: Registry, options: dict[str, Any]) -> Suite:
    """Return a suite changed as the options say, with its patterns replaced by names.

    Raises
    ------
    SuiteError
        An option asks for what cannot be had.
    """
    from bench.plan import expand, select
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
