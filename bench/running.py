"""A run as it is asked for, by the command or in Python: suite, folder, session, what is said."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import SuiteError

if TYPE_CHECKING:
    from rich.console import Console

    from bench.execution.local import Server
    from bench.execution.run import Observer
    from bench.execution.session import Session
    from bench.plan import Plan
    from bench.registry import Registry
    from bench.suite import Suite


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is wanted of a suite, each the option of `bench run` of that name.

    Parameters
    ----------
    models, datasets
        Patterns; empty: all.
    sizes
        As in ``"16,64,all"``.
    seeds
        As in ``"5"`` (how many) or ``"0,1,2"`` (which); or the seeds themselves.
    jobs
        Trials at once; None: as many as there are cores for.
    cores, timeout, memory
        Of each trial.
    device
        Kind of device for the models that run on it.
    output
        Folder; ``results/SUITE`` where not given.
    fresh
        Whether a new run is begun beside an earlier one.
    source
        Who wants it, for messages.
    """

    models: Sequence[str] = ()
    datasets: Sequence[str] = ()
    sizes: str | None = None
    seeds: str | tuple[int, ...] | None = None
    jobs: int | None = 1
    cores: int | None = None
    timeout: float | None = None
    memory: str | None = None
    device: str = "cpu"
    output: Path | None = None
    fresh: bool = False
    source: str = "command line"


def open_session(
    text: str,
    source: str,
    registry: Registry,
    wanted: Wanted,
    *,
    command: Sequence[str],
    server: Server | None = None,
) -> Session:
    """Return a session that measures what a suite says, changed as it is wanted.

    Parameters
    ----------
    text, source
        The suite's TOML, and where it stands, for messages.
    registry
        Where names are looked up.
    wanted
        What differs from the suite, and where the run goes.
    command
        Kept with the results, to do it again.
    server
        A fork server that was started ahead of time.

    Raises
    ------
    SuiteError
        The suite has a fault, or asks for what cannot be had.
    """
    from bench.execution.session import Session
    from bench.suite import parse

    suite = adapt(parse(text, source), registry, wanted)
    return Session(
        suite,
        text,
        registry,
        choose_folder(suite.name, wanted.output, wanted.fresh),
        jobs=wanted.jobs,
        device=wanted.device,
        command=command,
        server=server,
    )


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


def read_suite(given: str, registry: Registry) -> tuple[str, str]:
    """Return the text of a suite that is named or whose path is given, and where it stands.

    Raises
    ------
    BenchError
        There is none, or it cannot be read.
    """
    path = find_suite(given, registry)
    try:
        return path.read_text(encoding="utf-8"), str(path)
    except (OSError, UnicodeDecodeError) as error:
        raise SuiteError(f"{path}: cannot be read as a suite: {error}.") from None


def adapt(suite: Suite, registry: Registry, wanted: Wanted) -> Suite:
    """Return a suite changed as it is wanted, with its patterns replaced by names.

    Raises
    ------
    SuiteError
        Something is wanted that cannot be had.
    """
    from bench.selection import expand, select
    from bench.suite import override

    suite = override(
        suite,
        sizes=wanted.sizes,
        seeds=wanted.seeds,
        cores=wanted.cores,
        seconds=wanted.timeout,
        memory=wanted.memory,
        source=wanted.source,
    )
    suite = expand(suite, registry)
    baselines = [n for n, entry in registry.models.items() if entry.record.family == "baseline"]
    return select(suite, models=wanted.models, datasets=wanted.datasets, baselines=baselines)


def choose_folder(suite: str, output: Path | None, fresh: bool) -> Path:
    """Return the folder of a run: the one asked for, the suite's, or a new one beside it."""
    from bench.results.store import RESULTS

    folder = output or RESULTS / suite
    chosen, number = folder, 2
    while fresh and chosen.exists():
        chosen = folder.with_name(f"{folder.name}-{number}")
        number += 1
    return chosen


class Told:
    """Prints what a session does; close it when the session is over.

    Parameters
    ----------
    console
        Where to.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self._reading = contextlib.ExitStack()
        if console.is_terminal:
            self._reading.enter_context(console.status("Reading models and datasets"))

    def close(self) -> None:
        """Take away what is shown while models and datasets are read."""
        self._reading.close()

    def planned(self, plan: Plan, n_todo: int) -> None:
        """Print how much is to be done, and what was left out."""
        self.close()
        text = (
            f"{plan.suite.name}: {count(n_todo, 'trial')} of "
            f"{count(len(plan.contenders), 'model')} on {count(len(plan.subjects), 'dataset')}"
        )
        if n_earlier := len(plan.trials) - n_todo:
            text += f"; {n_earlier} more are done already"
        say(self.console, f"{text}.")
        for entry in plan.left_out:
            say(self.console, f"  left out: {entry.what}: {entry.why}", "dim")

    def warned(self, text: str) -> None:
        """Print a warning."""
        say(self.console, f"Warning: {text}", "yellow")

    def watch(self, n_trials: int, n_slots: int) -> AbstractContextManager[Observer]:
        """Return what shows the progress on this console."""
        from bench.report.progress import watch

        return watch(self.console, n_trials, n_slots)


def say(console: Console, text: str, style: str | None = None) -> None:
    """Print a line as it is."""
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def count(n: int, noun: str) -> str:
    """Return "1 trial" or "2 trials"."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def counted(statuses: Mapping[str, int]) -> str:
    """Return how many trials ended in which way, such as "118 ok, 2 timeout"."""
    return ", ".join(f"{n} {status}" for status, n in sorted(statuses.items()))
