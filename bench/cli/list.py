"""`bench list`: what is installed, and the runs so far."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import click

from bench.registry.lookup import Entry, PluginInfo, Registry, SuiteFile, discover
from bench.report.table import show_table
from bench.report.text import clean
from bench.spec.tasks import leading

Facts = dict[str, Any]
Columns = dict[str, Callable[[Any], str]]

_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group("list")
def list_() -> None:
    """List what is installed, and the runs so far."""


@list_.command()
@_as_json
def models(as_json: bool) -> None:
    """List the models, and what they can do."""
    registry = discover()
    columns: Columns = {
        "name": lambda entry: entry.record.name,
        "family": lambda entry: entry.record.family,
        "tasks": lambda entry: _distinct(task for task, _ in entry.record.does),
        "modality": lambda entry: _distinct(modality for _, modality in entry.record.does),
        "plugin": lambda entry: entry.plugin,
        "summary": lambda entry: entry.record.summary,
    }
    _show(registry.models.values(), _facts, columns, as_json)
    _hint(registry)


@list_.command()
@_as_json
def datasets(as_json: bool) -> None:
    """List the datasets, and what they are for."""
    registry = discover()
    columns: Columns = {
        "name": lambda entry: entry.record.name + (":PATH" if entry.record.takes_path else ""),
        "tasks": lambda entry: ", ".join(entry.record.tasks),
        "modality": lambda entry: entry.record.modality,
        "license": lambda entry: entry.record.license,
        "plugin": lambda entry: entry.plugin,
        "summary": lambda entry: entry.record.summary,
    }
    _show(registry.datasets.values(), _facts, columns, as_json)
    _hint(registry)


@list_.command()
@_as_json
def tasks(as_json: bool) -> None:
    """List the tasks, and what scores them."""
    registry = discover()
    columns: Columns = {
        "name": lambda entry: entry.record.name,
        "primary metric": lambda entry: ", ".join(leading(entry.record)),
        "other metrics": lambda entry: ", ".join(
            name for name in entry.record.metrics if name not in leading(entry.record)
        ),
        "plugin": lambda entry: entry.plugin,
        "summary": lambda entry: entry.record.summary,
    }
    _show(registry.tasks.values(), _task_facts, columns, as_json)
    _hint(registry)


@list_.command()
@_as_json
def metrics(as_json: bool) -> None:
    """List the metrics, and what they are computed from."""
    registry = discover()
    columns: Columns = {
        "name": lambda entry: entry.record.name,
        "better": lambda entry: entry.record.direction,
        "ideal": lambda entry: str(entry.record.ideal).removesuffix(".0"),
        "needs": lambda entry: entry.record.needs,
        "plugin": lambda entry: entry.plugin,
        "summary": lambda entry: entry.record.summary,
    }
    _show(registry.metrics.values(), _facts, columns, as_json)
    _hint(registry)


@list_.command()
@_as_json
def conditions(as_json: bool) -> None:
    """List the conditions that data can be measured under, beside the clean ones."""
    registry = discover()
    columns: Columns = {
        "key": lambda entry: entry.record.key,
        "shown as": lambda entry: entry.record.label,
        "allowed": lambda entry: entry.record.allowed,
        "does nothing": lambda entry: _value(entry.record.default),
        "plugin": lambda entry: entry.plugin,
        "summary": lambda entry: entry.record.summary,
    }
    _show(registry.conditions.values(), _facts, columns, as_json)
    _hint(registry)


@list_.command()
@_as_json
@click.option("--schema", is_flag=True, help="Print the JSON schema of a suite, for editors.")
def suites(as_json: bool, schema: bool) -> None:
    """List the suites that 'bench run' finds by name."""
    if schema:
        import json

        from bench.planning.suite import json_schema

        click.echo(json.dumps(json_schema(discover()), indent=2))
        return
    registry = discover()
    columns: Columns = {
        "name": lambda suite: suite.path.stem,
        "plugin": lambda suite: suite.plugin,
        "summary": lambda suite: _suite_summary(suite.path),
        "file": lambda suite: str(suite.path),
    }
    _show(registry.suites.values(), _suite_facts, columns, as_json)
    _hint(registry)


@list_.command()
@_as_json
@click.option(
    "--strict",
    is_flag=True,
    help="Exit with 1 if anything is wrong with a plugin, or soon will be.",
)
@click.pass_context
def plugins(ctx: click.Context, as_json: bool, strict: bool) -> None:
    """List the plugins, what they offer, and what is wrong with them."""
    registry = discover()
    columns: Columns = {
        "plugin": lambda plugin: plugin.name,
        "distribution": lambda plugin: plugin.distribution,
        "version": lambda plugin: plugin.version,
        "hook api": lambda plugin: "" if plugin.hook_api is None else str(plugin.hook_api),
        "offers": _offers,
        "state": lambda plugin: plugin.state,
        "environment": lambda plugin: plugin.python or "",
    }
    if all(plugin.python is None for plugin in registry.plugins):
        del columns["environment"]
    probes = [_facts(entry) for entry in registry.probes.values()]

    def facts(plugin: PluginInfo) -> Facts:
        own = [p for p in probes if (p["plugin"], p["distribution"]) == _identity(plugin)]
        return asdict(plugin) | {"probes": own}

    _show(registry.plugins, facts, columns, as_json)
    if not as_json:
        said = [
            (plugin.name, plugin.distribution, reason)
            for plugin in registry.plugins
            for reason in (
                *plugin.reasons,
                *plugin.notes,
                *(f"Deprecated: {text}" for text in plugin.warnings),
            )
        ]
        _show_below(("plugin", "distribution", "reason"), said)
        _show_below(
            ("probe", "plugin", "summary"),
            [(probe["name"], probe["plugin"], probe["summary"]) for probe in probes],
        )
        if ctx.find_root().params.get("debug"):
            for plugin in registry.plugins:
                if plugin.error:
                    click.echo(clean(f"\n{plugin.origin}\n{plugin.error}", lines=True), err=True)
    if strict and any(_is_wrong(plugin) or plugin.warnings for plugin in registry.plugins):
        ctx.exit(1)


@list_.command()
@_as_json
@click.argument(
    "folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path)
)
def runs(folder: Path | None, as_json: bool) -> None:
    """List the runs in FOLDER, by default in results/."""
    from bench.results.runs import RESULTS, list_runs

    folder = folder or RESULTS
    found = list_runs(folder)
    columns: Columns = {
        "run": lambda run: run.name,
        "suite": lambda run: run.suite,
        "created": lambda run: run.created,
        "trials": lambda run: str(run.n_trials),
        "statuses": lambda run: ", ".join(f"{n} {status}" for status, n in run.statuses.items()),
        "problem": lambda run: run.problem,
    }
    if not any(run.problem for run in found):
        del columns["problem"]
    _show(found, asdict, columns, as_json)
    if not found:
        click.echo(clean(f"There are no runs in {folder}."), err=True)


def _show(
    items: Iterable[Any], facts: Callable[[Any], Facts], columns: Columns, as_json: bool
) -> None:
    """Print items: all facts of each as JSON, or those of the columns as a table."""
    if as_json:
        import json

        click.echo(json.dumps([facts(item) for item in items], indent=2, default=_plain))
    else:
        rows = [[cell(item) for cell in columns.values()] for item in items]
        if rows:
            show_table(list(columns), rows)


def _show_below(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a further table, if there is anything in it."""
    if rows:
        click.echo()
        show_table(headers, rows)


def _plain(value: object) -> object:
    """Return what JSON can hold of a value that a plugin gave as a parameter."""
    return dict(value) if isinstance(value, Mapping) else str(value)


def _hint(registry: Registry) -> None:
    """Say in one line that something is missing from a list, and where to read why."""
    wrong = [plugin.origin for plugin in registry.plugins if _is_wrong(plugin)]
    if not registry.plugins:
        click.echo("No plugin is installed, not even bench's own: is crossover-bench?", err=True)
    elif wrong:
        names = ", ".join(wrong[:3]) + (f" and {len(wrong) - 3} more" if len(wrong) > 3 else "")
        click.echo(clean(f"Something is wrong with {names}; see 'bench list plugins'."), err=True)


def _facts(entry: Entry[Any]) -> Facts:
    # Not asdict: it would copy whatever a plugin gives as a parameter.
    record = entry.record
    return {f.name: getattr(record, f.name) for f in fields(record)} | _source(entry)


def _task_facts(entry: Entry[Any]) -> Facts:
    named = ("name", "summary", "metrics", "targets", "size_unit")
    return {name: getattr(entry.record, name) for name in named} | _source(entry)


def _value(value: object) -> str:
    """Return a value as a suite would have it."""
    return str(value).lower() if isinstance(value, bool) else str(value).removesuffix(".0")


def _suite_facts(suite: SuiteFile) -> Facts:
    shown = {"name": suite.path.stem, "summary": _suite_summary(suite.path)}
    return shown | {"path": str(suite.path)} | _source(suite)


def _source(offer: Entry[Any] | SuiteFile) -> Facts:
    return {
        "plugin": offer.plugin,
        "distribution": offer.distribution,
        "distribution_version": offer.version,
    }


def _suite_summary(path: Path) -> str:
    """Return what a suite says of itself, or why it cannot be read."""
    import tomllib

    try:
        suite = tomllib.loads(path.read_text(encoding="utf-8")).get("suite", {})
        return str(suite.get("summary", "")) if isinstance(suite, dict) else ""
    except (OSError, ValueError) as error:
        return f"cannot be read: {error}"


def _identity(plugin: PluginInfo) -> tuple[str, str]:
    return plugin.name, plugin.distribution


def _is_wrong(plugin: PluginInfo) -> bool:
    return plugin.state not in ("ok", "disabled")


def _offers(plugin: PluginInfo) -> str:
    return ", ".join(
        f"{n} {kind.removesuffix('s') if n == 1 else kind}" for kind, n in plugin.offers.items()
    )


def _distinct(words: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(words))
