"""`bench show` and `bench export`: one run or one trial, and the tables in other formats."""

from __future__ import annotations

import json
import math
import re
import statistics
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.cli import literal
from bench.cli.table import show_table
from bench.errors import ResultsError

if TYPE_CHECKING:
    from bench.results.store import Results, RunInfo

_SHORT = 12
_MAX_FAILURES = 20
_NOISE_PROBES = ("sentinel", "calibration")
_ENDING_COLUMNS = [
    *("trial_id", "status", "reason", "label", "dataset_label", "n_train", "outer_seed"),
    *("started_at", "environment_id"),
]
_HEX = re.compile(r"[0-9a-f]{4,64}")


@click.command()
@click.argument("what", metavar="RUN|TRIAL")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(what: str, as_json: bool) -> None:
    """Show a run, or all that is known of one trial.

    RUN is a folder, or a name under results/. TRIAL is the beginning of a trial's id, at least four
    characters, searched in results/; or RUN/TRIAL.
    """
    run, trial_id = _find(what)
    if trial_id is None:
        facts = _run_facts(run)
        _print_json(facts) if as_json else _show_run(facts)
    else:
        facts = _trial_facts(run, trial_id)
        _print_json(facts) if as_json else _show_trial(facts)


@click.command()
@click.argument("runs", metavar="RUN...", nargs=-1, required=True)
@click.option("--to", metavar="FORMAT", required=True, help="csv (a folder) or duckdb (a file).")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, help="What is written."
)
def export(runs: tuple[str, ...], to: str, output: Path) -> None:
    """Write the tables of one or more runs in another format."""
    from bench.results import export as formats
    from bench.results.store import load

    formats.export(load(*runs), to, output)
    click.echo(literal(f"Wrote {output}"))


def _find(what: str) -> tuple[RunInfo, str | None]:
    """Return the run, and the id of the trial if one is meant."""
    from bench.results.store import find_run, open_run

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
    from bench.results.store import RESULTS, list_runs, open_run

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
        places = ", ".join(f"{run.folder.name}/{trial_id[:_SHORT]}" for run in runs)
        raise ResultsError(
            f"Trial {trial_id[:_SHORT]} is in {len(runs)} runs: name one of {places}."
        )
    return runs[0], trial_id


def _beginning_with(run: RunInfo, beginning: str) -> list[str]:
    import pyarrow.compute as pc

    from bench.results.tables import stream

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


def _run_facts(run: RunInfo) -> dict[str, Any]:
    from bench.results.store import load

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
        "failures": [row for row in rows if row["status"] not in ("ok", "skipped")],
        "skipped": [row for row in rows if row["status"] == "skipped"],
        "recovered": [row for row in rows if row["status"] == "ok" and row["reason"]],
        "noise": _noise(results),
        "environments": [_environment(row) for row in results.environments.to_pylist()],
    }


def _noise(results: Results) -> list[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.compute as pc

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


def _trial_facts(run: RunInfo, trial_id: str) -> dict[str, Any]:
    import pyarrow.compute as pc

    from bench.results.store import load

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


def _show_run(facts: Mapping[str, Any]) -> None:
    counts = ", ".join(f"{n:,} {status}" for status, n in facts["statuses"].items())
    what = [
        ("run", facts["run"]),
        ("suite", facts["suite"]),
        ("created", f"{facts['created']} by bench {facts['bench_version']}"),
        ("command", " ".join(facts["command"])),
        ("folder", facts["folder"]),
        ("trials", f"{facts['n_trials']:,}" + (f": {counts}" if counts else "")),
    ]
    if facts["first_started_at"] is not None:
        first, last = _time(facts["first_started_at"]), _time(facts["last_started_at"])
        what.append(("started", f"the first {first}, the last {last}"))
    show_table(("what", "value"), what)
    for title, kind in (("Failures", "failures"), ("Skipped", "skipped")):
        _show_endings(title, facts[kind])
    _show_endings("Failed at first", facts["recovered"])
    if facts["noise"]:
        _heading("Noise")
        show_table(
            ("probe", "name", "n", "median", "lowest", "highest"),
            [
                (
                    *(row["probe"], row["name"], row["n"]),
                    *(f"{_number(row[k])} {row['unit']}" for k in ("median", "lowest", "highest")),
                )
                for row in facts["noise"]
            ],
        )
    for environment in facts["environments"]:
        _show_environment(environment)


def _show_endings(title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print trials by how they ended, those alike in one line."""
    groups: dict[tuple[str, str, str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        key = (row["status"], row["label"], row["dataset_label"], row["reason"] or "")
        groups.setdefault(key, []).append(row)
    if not groups:
        return
    _heading(f"{title} ({len(rows):,})")
    show_table(
        ("model", "dataset", "status", "trials", "for example", "reason"),
        [
            (label, dataset, status, len(alike), alike[0]["trial_id"][:_SHORT], _cut(reason))
            for (status, label, dataset, reason), alike in list(groups.items())[:_MAX_FAILURES]
        ],
    )
    if len(groups) > _MAX_FAILURES:
        click.echo(f"... and {len(groups) - _MAX_FAILURES:,} kinds more; --json shows all.")


def _show_trial(facts: Mapping[str, Any]) -> None:
    trial = dict(facts["trial"])
    trial["started_at"] = None if trial["started_at"] is None else _time(trial["started_at"])
    show_table(("what", "value"), [(key, _shown(v)) for key, v in trial.items() if _is_given(v)])
    if facts["scores"]:
        _heading("Scores")
        show_table(
            ("metric", "part", "slice", "value", "n", "reason"),
            [
                (
                    *(_shown(row[key]) for key in ("metric", "part", "slice", "value", "n")),
                    _cut(row["reason"] or ""),
                )
                for row in facts["scores"]
            ],
        )
    curves: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for point in facts["curves"]:
        curves.setdefault((point["name"], point["part"]), []).append(point)
    if curves:
        _heading("Curves")
        show_table(
            ("name", "part", "points", "first", "last"),
            [
                (*key, len(points), _number(points[0]["value"]), _number(points[-1]["value"]))
                for key, points in curves.items()
            ],
        )
    if facts["measures"]:
        _heading("Measures")
        show_table(
            ("name", "phase", "probe", "value"),
            [
                (row["name"], row["phase"], row["probe"], f"{_number(row['value'])} {row['unit']}")
                for row in facts["measures"]
            ],
        )
    if facts["predictions"]:
        _heading("Predictions")
        click.echo(f"{len(facts['predictions']):,} rows of the test part; --json shows them.")
    if facts["environment"]:
        _show_environment(facts["environment"])
    for title in ("output", "traceback"):
        if facts[title]:
            _heading(title.capitalize())
            click.echo(literal(facts[title].rstrip()))


def _show_environment(environment: Mapping[str, Any]) -> None:
    _heading(f"Environment {environment['environment_id']}")
    show_table(
        ("what", "value"),
        [
            (key, _shown(value))
            for key, value in environment.items()
            if key != "environment_id" and _is_given(value)
        ],
    )


def _heading(text: str) -> None:
    click.echo()
    click.secho(literal(text), bold=True)


def _is_given(value: object) -> bool:
    return value is not None and value not in ("", [], {})


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {item}" for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    if isinstance(value, float):
        return _number(value)
    return "" if value is None else str(value)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 300 else f"{line[:299]}…"


def _time(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _print_json(facts: object) -> None:
    click.echo(json.dumps(_finite(facts), indent=2, allow_nan=False))


def _finite(value: Any) -> Any:
    """Return the value with null for what JSON has no number for."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_finite(item) for item in value]
    return value
