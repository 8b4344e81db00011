"""One run, or one trial, as a person reads it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import click

from bench.report.facts import SHORT
from bench.report.table import show_table
from bench.report.text import clean, shown

_MAX_FAILURES = 20
_MAX_SLICES = 40


def show_run(facts: Mapping[str, Any]) -> None:
    """Print what `bench.report.facts.run_facts` found."""
    counts = ", ".join(f"{n:,} {status}" for status, n in facts["statuses"].items())
    what = [
        ("run", facts["run"]),
        ("suite", facts["suite"]),
        ("created", f"{facts['created']} by bench {facts['bench_version']}"),
        ("command", shlex.join(facts["command"])),
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
    if facts["slices"]:
        _show_slices(facts["slices"])
    if facts["noise"]:
        _heading("Noise")
        show_table(
            ("probe", "name", "n", "median", "lowest", "highest"),
            [
                (
                    *(row["probe"], row["name"], row["n"]),
                    *(f"{shown(row[k])} {row['unit']}" for k in ("median", "lowest", "highest")),
                )
                for row in facts["noise"]
            ],
        )
    for environment in facts["environments"]:
        _show_environment(environment)


def _show_slices(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print means by slice, and of figures across trials, at the largest size of each."""
    _heading(f"By slice ({len(rows):,})")
    show_table(
        ("dataset", "model", "slice", "metric", "mean", "size", "trials"),
        [
            (
                *(row["dataset"], row["model"], row["slice"] or "across trials", row["metric"]),
                *(shown(row["value"]), f"{row['n_train']:,} {row['size_unit']}", row["n_trials"]),
            )
            for row in rows[:_MAX_SLICES]
        ],
    )
    if len(rows) > _MAX_SLICES:
        click.echo(f"... and {len(rows) - _MAX_SLICES:,} more; --json shows all.")


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
            (label, dataset, status, len(alike), alike[0]["trial_id"][:SHORT], _cut(reason))
            for (status, label, dataset, reason), alike in list(groups.items())[:_MAX_FAILURES]
        ],
    )
    if len(groups) > _MAX_FAILURES:
        click.echo(f"... and {len(groups) - _MAX_FAILURES:,} kinds more; --json shows all.")


def show_trial(facts: Mapping[str, Any]) -> None:
    """Print what `bench.report.facts.trial_facts` found."""
    trial = dict(facts["trial"])
    trial["started_at"] = None if trial["started_at"] is None else _time(trial["started_at"])
    show_table(("what", "value"), [(key, shown(v)) for key, v in trial.items() if _is_given(v)])
    if facts["scores"]:
        _heading("Scores")
        show_table(
            ("metric", "part", "slice", "value", "n", "reason"),
            [
                (
                    *(shown(row[key]) for key in ("metric", "part", "slice", "value", "n")),
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
                (*key, len(points), shown(points[0]["value"]), shown(points[-1]["value"]))
                for key, points in curves.items()
            ],
        )
    if facts["measures"]:
        _heading("Measures")
        show_table(
            ("name", "phase", "probe", "value"),
            [
                (row["name"], row["phase"], row["probe"], f"{shown(row['value'])} {row['unit']}")
                for row in facts["measures"]
            ],
        )
    if facts["predictions"]:
        _heading("Predictions")
        click.echo(f"{len(facts['predictions']):,} answers on the test part; --json shows them.")
    if facts["environment"]:
        _show_environment(facts["environment"])
    for title in ("output", "traceback"):
        if facts[title]:
            _heading(title.capitalize())
            click.echo(clean(facts[title].rstrip(), lines=True))


def _show_environment(environment: Mapping[str, Any]) -> None:
    _heading(f"Environment {environment['environment_id']}")
    show_table(
        ("what", "value"),
        [
            (key, shown(value))
            for key, value in environment.items()
            if key != "environment_id" and _is_given(value)
        ],
    )


def _heading(text: str) -> None:
    click.echo()
    click.secho(clean(text), bold=True)


def _is_given(value: object) -> bool:
    return value is not None and value not in ("", [], {})


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 300 else f"{line[:299]}…"


def _time(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
