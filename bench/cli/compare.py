"""`bench compare`: what changed between two runs."""

from __future__ import annotations

from collections.abc import Sequence

import click

from bench.cli.output import write
from bench.report.text import clean


@click.command()
@click.argument("base")
@click.argument("head")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["rich", "markdown", "json"]),
    default="rich",
    show_default=True,
    help="How it is written; markdown is for a pull request.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option(
    "--equivalence",
    type=click.FloatRange(0, 1, max_open=True),
    metavar="SKILL",
    default=None,
    help="Scores closer than this are practically equal.  [default: 0.01]",
)
@click.option(
    "--fail-on",
    type=click.Choice(["regression", "missing"]),
    multiple=True,
    help="Exit with 1 where a score or a time is worse or a trial newly fails (regression), or "
    "where trials of BASE are missing from HEAD; may be repeated.",
)
def compare(
    base: str,
    head: str,
    format_: str,
    as_json: bool,
    equivalence: float | None,
    fail_on: Sequence[str],
) -> None:
    """Say what changed from one run to another, in scores and in time, beyond noise.

    BASE and HEAD are folders, or names of runs under results/. Their trials are compared in pairs:
    same dataset, model, split and size; versions and parameters of a model may differ. Times are
    compared on one and the same environment alone.
    """
    from bench.analysis import compare as analysis
    from bench.analysis.pairs import Side
    from bench.analysis.significance import ROPE
    from bench.report import compared
    from bench.results.store import load

    runs = [load(name) for name in (base, head)]
    before, after = (Side(r.trials, r.scores, r.measures, r.environments, r.metrics) for r in runs)
    region = ROPE if equivalence is None else equivalence
    comparison = analysis.compare(before, after, region=region)
    names = runs[0].runs[0].folder.name, runs[1].runs[0].folder.name
    if as_json or format_ == "json":
        write(compared.to_json(comparison, *names))
    elif format_ == "markdown":
        write(compared.to_markdown(comparison, *names))
    else:
        compared.show(comparison, *names)
    failed = {"regression": comparison.has_regression, "missing": comparison.has_missing}
    found = [what for what in dict.fromkeys(fail_on) if failed[what]]
    if found:
        click.echo(f"--fail-on {clean(', '.join(found))}: found.", err=True)
        click.get_current_context().exit(1)
