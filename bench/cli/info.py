"""`bench info`: what to say of this installation and machine when asking for help."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from bench import __version__
from bench.report.table import show_table
from bench.report.text import shown


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def info(as_json: bool) -> None:
    """Show versions, this machine, and where things are kept."""
    from bench.execution.environment import describe_with
    from bench.registry.configuration import cache_folder, configuration_path
    from bench.registry.lookup import discover

    plugins = discover().plugins
    facts: dict[str, Any] = {
        "bench": __version__,
        "plugins": {
            f"{plugin.name} of {plugin.distribution or 'nothing installed'}": (
                f"{plugin.version} ({plugin.state})"
            )
            for plugin in plugins
        },
        "configuration": _configuration(configuration_path()),
        "cache": str(cache_folder()),
        **describe_with(plugins),
    }
    del facts["bench_version"]  # it is the first line
    if as_json:
        click.echo(json.dumps(facts, indent=2, default=str))
    else:
        show_table(
            ("what", "value"), [(name, shown(fact) or "none") for name, fact in facts.items()]
        )


def _configuration(path: Path) -> str:
    return str(path) if path.exists() else f"{path} (not there)"
