"""`bench show` and `bench export`: one run or one trial, and the tables in other formats."""

from __future__ import annotations

from pathlib import Path

import click

from bench.report.text import clean


@click.command()
@click.argument("what", metavar="RUN|TRIAL")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(what: str, as_json: bool) -> None:
    """Show a run, or all that is known of one trial.

    RUN is a folder, or a name under results/. TRIAL is the beginning of a trial's id, at least four
    characters, searched in results/; or RUN/TRIAL.
    """
    from bench.report.facts import find, run_facts, to_json, trial_facts
    from bench.report.show import show_run, show_trial

    run, trial_id = find(what)
    facts = run_facts(run) if trial_id is None else trial_facts(run, trial_id)
    if as_json:
        click.echo(to_json(facts))
    elif trial_id is None:
        show_run(facts)
    else:
        show_trial(facts)


@click.command()
@click.argument("runs", metavar="RUN...", nargs=-1, required=True)
@click.option(
    "--to",
    metavar="FORMAT",
    required=True,
    help="csv (a folder), duckdb (a file) or pytest-benchmark (a JSON file with the times).",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, help="What is written."
)
def export(runs: tuple[str, ...], to: str, output: Path) -> None:
    """Write the tables of one or more runs in another format."""
    from bench.results import export as formats
    from bench.results.store import load

    formats.export(load(*runs), to, output)
    click.echo(f"Wrote {clean(str(output))}")
