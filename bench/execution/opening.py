"""A session as it is asked for: its suite, changed as it is wanted, and the folder of its run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bench.planning.wanted import Wanted, adapt
from bench.spec.errors import SuiteError

if TYPE_CHECKING:
    from bench.execution.engine import Engine
    from bench.execution.session import Session
    from bench.registry.lookup import Registry


def open_session(
    text: str,
    source: str,
    registry: Registry,
    wanted: Wanted,
    *,
    engine: Engine,
    command: Sequence[str],
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
    engine
        What runs trials; whoever made it closes it.
    command
        Kept with the results, to do it again.

    Raises
    ------
    SuiteError
        The suite has a fault, or asks for what cannot be had.
    ResultsError
        It is that of a run, and damaged.
    """
    from bench.execution.session import Session
    from bench.planning.suite import parse
    from bench.results.store import check_suite_file

    check_suite_file(Path(source))
    suite = adapt(parse(text, source, registry), registry, wanted)
    return Session(
        suite,
        text,
        registry,
        _folder_of(suite.name, wanted),
        engine=engine,
        device=wanted.device,
        command=command,
    )


def _folder_of(suite: str, wanted: Wanted) -> Path:
    """Return the folder of the run: another suite's only where that is wanted.

    Raises
    ------
    SuiteError
        The folder holds a run of another suite, or none where there must be one.
    """
    from bench.results import store

    if wanted.into is not None:
        if wanted.output is not None or wanted.fresh:
            raise SuiteError(
                "--into goes on with the run that is there; leave out --output and --fresh."
            )
        return store.open_run(store.find_run(wanted.into)).folder
    folder = choose_folder(suite, wanted.output, wanted.fresh)
    if (folder / "run.json").exists() and (there := store.open_run(folder).suite) != suite:
        raise SuiteError(
            f"{folder} holds a run of the suite {there!r}, and this is {suite!r}. Name another "
            f"folder with --output, or add to that run with --into {folder}."
        )
    return folder


def choose_folder(suite: str, output: Path | None, fresh: bool) -> Path:
    """Return the folder of a run: the one asked for, the suite's, or a new one beside it."""
    from bench.results.store import RESULTS

    folder = output or RESULTS / suite
    chosen, number = folder, 2
    while fresh and chosen.exists():
        chosen = folder.with_name(f"{folder.name}-{number}")
        number += 1
    return chosen
