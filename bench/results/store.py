"""A run's results: what is done, what they were measured on, and all tables of one or more runs.

Nothing in the folder of a run is ever unpickled or executed: `run.json` is JSON, all else is Arrow.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from bench.results.before import METRICS
from bench.results.consolidation import consolidate
from bench.results.figures import read_figures, write_figures
from bench.results.run_tables import read_table, write_table
from bench.results.runs import (
    RESULTS,
    RunInfo,
    RunSummary,
    begin_run,
    check_suite_file,
    create_run,
    find_run,
    keep_suite,
    list_runs,
    lock,
    open_run,
    suite_text,
)
from bench.results.schema import SCHEMAS, TRIAL_TABLES
from bench.results.tables import stream, warn
from bench.spec.errors import ResultsError, nearest

if TYPE_CHECKING:
    from bench.spec.metrics import Metric

__all__ = [
    "RESULTS",
    "Finished",
    "Results",
    "RunInfo",
    "RunSummary",
    "begin_run",
    "check_suite_file",
    "consolidate",
    "create_run",
    "done",
    "environments",
    "find_run",
    "keep_suite",
    "list_runs",
    "load",
    "lock",
    "open_run",
    "suite_text",
    "write_environment",
    "write_figures",
    "write_metrics",
]

_KEYS = {
    "environments": ("environment_id",),
    "metrics": ("name", "version", "direction", "ideal", "unit", "region"),
}
"""Of the tables of runs as a whole: what tells their rows apart."""


class Finished(NamedTuple):
    """How a trial ended, as far as it matters for whether it is to be run again."""

    status: str
    limit_seconds: float
    limit_bytes: int
    reason: str
    stop_reason: str | None = None


def write_environment(folder: Path, facts: Mapping[str, Any]) -> str:
    """Add an environment to those of a run, unless it is there already.

    Parameters
    ----------
    folder
        Of the run.
    facts
        By column of the table of environments, `environment_id` apart; what is not known is left
        out. Values of `accelerators`, `distributions`, `libraries` and `threads` are any JSON.

    Returns
    -------
    str
        The `environment_id`: a hash of the facts that times depend on. Neither `load`, which
        changes from minute to minute, nor `distributions`, the plugins that happen to be installed
        (each trial has the version of its own), is one of them; those of the last call are kept.

    Raises
    ------
    ResultsError
        A fact has no column or does not fit it, or the table is damaged.
    """
    schema = SCHEMAS["environments"]
    known = [name for name in schema.names if name != "environment_id"]
    for key in facts:
        if key not in known:
            raise ResultsError(
                f"Environment: no column {key!r}; allowed: {', '.join(known)}.{nearest(key, known)}"
            )
    try:
        row = {
            key: value if isinstance(value, (str, int, float, type(None))) else _canonical(value)
            for key, value in facts.items()
        }
        stable = {
            key: value
            for key, value in row.items()
            if key not in ("load", "distributions") and value is not None
        }
        environment_id = hashlib.sha256(_canonical(stable).encode()).hexdigest()[:16]
        new = pa.Table.from_pylist([{"environment_id": environment_id, **row}], schema)
    except (pa.ArrowException, TypeError) as error:
        raise ResultsError(f"Environment: a fact does not fit its column: {error}") from error
    there = environments(folder)
    same = pc.equal(there["environment_id"], environment_id)
    if there.filter(same)["distributions"].to_pylist() != new["distributions"].to_pylist():
        kept = there.filter(pc.invert(same))
        write_table(folder, "environments", pa.concat_tables([kept, new]))
    return environment_id


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def environments(folder: Path) -> pa.Table:
    """Return the table of environments of a run."""
    return read_table(folder, "environments", warn)


def write_metrics(folder: Path, metrics: Iterable[Metric]) -> None:
    """Keep what the metrics of a run are, so that its scores can be read without their plugins.

    Parameters
    ----------
    folder
        Of the run.
    metrics
        Each takes the place of an earlier one of its name.

    Raises
    ------
    ResultsError
        The table is damaged.
    """
    schema = SCHEMAS["metrics"]
    new = pa.Table.from_pylist([_metric_row(metric) for metric in metrics], schema)
    there = read_table(folder, "metrics", warn)
    kept = there.filter(pc.invert(pc.is_in(there["name"], value_set=new["name"].combine_chunks())))
    table = pa.concat_tables([kept, new]).sort_by("name")
    if not table.equals(there):
        write_table(folder, "metrics", table)


def _metric_row(metric: Metric) -> dict[str, Any]:
    region = getattr(metric, "region", None)
    return {
        "name": metric.name,
        "version": getattr(metric, "version", "1"),
        "direction": metric.direction,
        "ideal": None if metric.ideal is None else float(metric.ideal),
        "unit": getattr(metric, "unit", ""),
        "region": None if region is None else str(region),
    }


def _known_metrics() -> pa.Table:
    """Return what bench knew of metrics before runs kept it."""
    rows = [
        {"name": name, "version": "1", "direction": direction, "ideal": ideal, "unit": ""}
        for name, direction, ideal in METRICS
    ]
    return pa.Table.from_pylist(rows, SCHEMAS["metrics"])


def done(folder: Path) -> Mapping[str, Finished]:
    """Return how each trial that a run has measured ended, by `trial_id`.

    Trials of which something was lost are left out. Reads few columns: a run of 100,000 trials is
    resumed at once.

    Raises
    ------
    ResultsError
        The run is of a newer bench.
    """
    columns = ["trial_id", "status", "limit_seconds", "limit_bytes", "reason", "stop_reason"]
    finished: dict[str, Finished] = {}
    for _, table in stream(folder, ["trials"], columns, finished=True):
        lists = [table[name].to_pylist() for name in columns]
        finished.update(zip(lists[0], map(Finished, *lists[1:]), strict=True))
    return finished


@dataclass(frozen=True)
class Results:
    """The tables of one or more runs, each read when it is first asked for.

    Each table is a `pyarrow.Table`; the object itself offers its trials to anything that takes an
    Arrow stream (``polars.DataFrame(results)``, ``duckdb.sql("from results")``).

    Parameters
    ----------
    runs
        Whose tables they are.
    """

    runs: tuple[RunInfo, ...]

    def stream(self, name: str) -> Iterator[pa.Table]:
        """Yield a table a bounded number of rows at a time: for what is larger than memory.

        Parameters
        ----------
        name
            ``"trials"``, ``"scores"``, ``"predictions"``, ``"curves"``, ``"measures"``,
            ``"logs"``, ``"environments"`` or ``"metrics"``.
        """
        seen: set[tuple[Any, ...]] = set()
        for run in self.runs:
            if name in TRIAL_TABLES:
                yield from (table for _, table in stream(run.folder, [name]))
                if name == "scores" and (figures := read_figures(run.folder, warn)):
                    yield figures
                continue
            table = read_table(run.folder, name, warn)
            if name == "metrics" and not table.num_rows:
                table = _known_metrics()
            keys = [tuple(row[key] for key in _KEYS[name]) for row in table.to_pylist()]
            yield table.filter(pa.array([key not in seen for key in keys], pa.bool_()))
            seen.update(keys)

    def _table(self, name: str) -> pa.Table:
        schema = SCHEMAS[name]
        return pa.concat_tables([schema.empty_table(), *self.stream(name)]).combine_chunks()

    @cached_property
    def trials(self) -> pa.Table:
        """One row a trial."""
        return self._table("trials")

    @cached_property
    def scores(self) -> pa.Table:
        """One row a trial, part, slice and metric."""
        return self._table("scores")

    @cached_property
    def predictions(self) -> pa.Table:
        """One row a trial and test row."""
        return self._table("predictions")

    @cached_property
    def curves(self) -> pa.Table:
        """One row a trial, step and value that its fit recorded."""
        return self._table("curves")

    @cached_property
    def measures(self) -> pa.Table:
        """One row a trial, phase and value that a probe measured."""
        return self._table("measures")

    @cached_property
    def logs(self) -> pa.Table:
        """One row a trial that printed something or failed."""
        return self._table("logs")

    @cached_property
    def environments(self) -> pa.Table:
        """One row a machine and state of its software."""
        return self._table("environments")

    @cached_property
    def metrics(self) -> pa.Table:
        """One row a metric: which direction is better, what is ideal, in which unit."""
        return self._table("metrics")

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.trials.__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        names = ", ".join(run.folder.name for run in self.runs)
        return f"<Results of {names}: {self.trials.num_rows:,} trials>"


def load(*paths: str | Path) -> Results:
    """Read the results of one or more runs, finished or still going on.

    Parameters
    ----------
    paths
        Folders of runs, or their names under ``results/``. A run given twice is read once.

    Returns
    -------
    Results
        With a table each as attribute: `trials`, `scores`, `predictions`, `curves`, `measures`,
        `logs`, `environments`, `metrics`.

    Raises
    ------
    ResultsError
        No path is given, one is not a run, or it is of a newer bench.

    Warns
    -----
    ResultsWarning
        Something is damaged: the rest is read. Each table but that of trials is read, and may warn,
        when it is first asked for.
    """
    if not paths:
        raise ResultsError("Which run? Give at least one: a folder, or its name under results/.")
    runs: dict[str, RunInfo] = {}
    for path in paths:
        run = open_run(find_run(path))
        first = runs.setdefault(run.run_id, run)
        if first.folder.resolve() != run.folder.resolve() and done(first.folder) != done(
            run.folder
        ):
            raise ResultsError(
                f"{first.folder} and {run.folder} are two different states of one run "
                f"({run.run_id}); give only the newer one."
            )
    results = Results(tuple(runs.values()))
    _ = results.trials
    return results
