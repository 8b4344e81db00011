"""What is known of one run, or of one trial: read from the tables, for `bench.report.show`."""

from __future__ import annotations

import json
import math
import re
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from bench.analysis.slices import SliceScore, apart, read_slices
from bench.results.store import RESULTS, Results, RunInfo, find_run, list_runs, load, open_run
from bench.results.tables import stream
from bench.spec.errors import ResultsError
from bench.spec.outcome import FAILED

SHORT = 12
"""Characters of a trial's id that are shown where there is little room."""

_NOISE_PROBES = ("sentinel", "calibration")
_ENDING_COLUMNS = [
    *("trial_id", "status", "reason", "label", "dataset_label", "n_train", "outer_seed"),
    *("started_at", "environment_id"),
]
_HEX = re.compile(r"[0-9a-f]{4,64}")


def find(what: str) -> tuple[RunInfo, str | None]:
    """Return the run, and the id of the trial if one is meant.

    Parameters
    ----------
    what
        A folder, a name under ``results/``, the beginning of a trial's id, or run/beginning.

    Raises
    ------
    ResultsError
        There is no such run or trial, or there are several.
    """
    try:
        return open_run(find_run(what)), None
    except ResultsError as error:
        where, _, beginning = what.rpartition("/")
        if not _HEX.fullmatch(beginning) or Path(what).exists():
            raise
        no_run = error
    if where:
        run = open_run(find_run(where))
        return run, _only(beginning, _beginning_with(run, beginning), f"in {run.folder}")
    return _find_everywhere(beginning, no_run)


def _find_everywhere(beginning: str, no_run: ResultsError) -> tuple[RunInfo, str]:
    found: dict[str, list[RunInfo]] = {}
    unreadable = []
    for summary in list_runs(RESULTS):
        if summary.problem:
            unreadable.append(summary.name)
            continue
        run = open_run(RESULTS / summary.name)
        for trial_id in _beginning_with(run, beginning):
            found.setdefault(trial_id, []).append(run)
    if not found:
        left_out = f" Not searched, being damaged: {', '.join(unreadable)}." if unreadable else ""
        raise ResultsError(
            f"{no_run} No trial in {RESULTS} has an id that begins with it either.{left_out}"
        ) from no_run
    trial_id = _only(beginning, list(found), f"in {RESULTS}")
    runs = found[trial_id]
    if len(runs) > 1:
        places = ", ".join(f"{run.folder.name}/{trial_id[:SHORT]}" for run in runs)
        raise ResultsError(
            f"Trial {trial_id[:SHORT]} is in {len(runs)} runs: name one of {places}."
        )
    return runs[0], trial_id


def _beginning_with(run: RunInfo, beginning: str) -> list[str]:
    found: list[str] = []
    for _, table in stream(run.folder, ["trials"], ["trial_id"]):
        ids = table["trial_id"]
        found += ids.filter(pc.starts_with(ids, beginning)).to_pylist()
    return found


def _only(beginning: str, found: Sequence[str], where: str) -> str:
    if not found:
        raise ResultsError(f"No trial {where} has an id that begins with {beginning!r}.")
    if len(found) > 1:
        shown = ", ".join(trial_id[:20] for trial_id in found[:5])
        more = ", ..." if len(found) > 5 else ""
        raise ResultsError(
            f"{len(found)} trials {where} have an id that begins with {beginning!r}: {shown}{more}."
        )
    return found[0]


def run_facts(run: RunInfo) -> dict[str, Any]:
    """Return what is to be said of a run: what it is, how its trials ended, noise, machines."""
    results = load(run.folder)
    rows = results.trials.select(_ENDING_COLUMNS).to_pylist()
    started = [row["started_at"] for row in rows if row["started_at"] is not None]
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["status"]] = counts.get(row["status"], 0) + 1
    return {
        "run": run.folder.name,
        "run_id": run.run_id,
        "folder": str(run.folder),
        "suite": run.suite,
        "created": run.created,
        "bench_version": run.bench_version,
        "command": list(run.argv),
        "n_trials": len(rows),
        "statuses": counts,
        "first_started_at": min(started, default=None),
        "last_started_at": max(started, default=None),
        "failures": [row for row in rows if row["status"] in FAILED],
        "skipped": [row for row in rows if row["status"] == "skipped"],
        "recovered": [row for row in rows if row["status"] == "ok" and row["reason"]],
        "slices": [asdict(one) for one in _slices(results)],
        "noise": _noise(results),
        "environments": [_environment(row) for row in results.environments.to_pylist()],
    }


def _slices(results: Results) -> tuple[SliceScore, ...]:
    rest = [apart(part) for part in results.stream("scores")]
    if not any(len(part) for part in rest):
        return ()
    from bench.analysis.cells import read_cells

    try:
        cells = read_cells(results.trials, results.stream("scores"), results.metrics)
    except ResultsError:
        # A metric that leads is of several versions: leaderboards say so, and means there are none.
        return ()
    return read_slices(cells, rest)


def _noise(results: Results) -> list[dict[str, Any]]:
    is_noise = pc.is_in(results.measures["probe"], value_set=pa.array(_NOISE_PROBES))
    groups: dict[tuple[str, str, str], list[float]] = {}
    for row in results.measures.filter(is_noise).to_pylist():
        groups.setdefault((row["probe"], row["name"], row["unit"]), []).append(row["value"])
    return [
        {
            "probe": probe,
            "name": name,
            "unit": unit,
            "n": len(values),
            "median": statistics.median(values),
            "lowest": min(values),
            "highest": max(values),
        }
        for (probe, name, unit), values in sorted(groups.items())
    ]


def _environment(row: Mapping[str, Any]) -> dict[str, Any]:
    facts = dict(row)
    for name in ("accelerators", "distributions", "libraries", "threads"):
        try:
            facts[name] = json.loads(facts[name] or "null")
        except ValueError:
            continue
    return facts


def trial_facts(run: RunInfo, trial_id: str) -> dict[str, Any]:
    """Return all that the tables of a run hold on one of its trials."""
    results = load(run.folder)

    def rows(name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for table in results.stream(name):
            found += table.filter(pc.equal(table["trial_id"], trial_id)).to_pylist()
        return [
            {key: row[key] for key in row if key not in ("run_id", "trial_id")} for row in found
        ]

    (trial,) = results.trials.filter(pc.equal(results.trials["trial_id"], trial_id)).to_pylist()
    logs = rows("logs")
    return {
        "run": run.folder.name,
        "trial": trial,
        "scores": rows("scores"),
        "curves": rows("curves"),
        "measures": rows("measures"),
        "predictions": rows("predictions"),
        "output": logs[0]["output"] if logs else "",
        "traceback": logs[0]["traceback"] if logs else "",
        "environment": next(
            (
                _environment(row)
                for row in results.environments.to_pylist()
                if row["environment_id"] == trial["environment_id"]
            ),
            None,
        ),
    }


def to_json(facts: object) -> str:
    """Return facts as JSON, with null for what JSON has no number for."""
    return json.dumps(_finite(facts), indent=2, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_finite(item) for item in value]
    return value
