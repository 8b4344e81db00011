"""What is wanted of a suite, by the command or in Python, and the suite changed accordingly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.spec.errors import SuiteError

if TYPE_CHECKING:
    from bench.planning.suite import Suite
    from bench.registry.lookup import Registry


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
    into
        Folder of a run that is gone on with, even if it is of another suite.
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
    into: Path | None = None
    source: str = "command line"


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
    from bench.planning.selection import expand, select
    from bench.planning.suite import override

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
