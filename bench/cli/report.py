"""`bench report`: one page, or text and a picture for a README, from one or more runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.analysis.failures import FAILURES
from bench.cli.leaderboard import parse_size

if TYPE_CHECKING:
    from bench.analysis.sizes import Size
    from bench.report.contents import Selection
    from bench.results.store import Results

_DEFAULT = Path("report.html")


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="What is written: report.html unless told otherwise; markdown and svg go to standard "
    "output.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["html", "markdown", "svg"]),
    default="html",
    show_default=True,
    help="A page complete in one file; or text or a picture for a README.",
)
@click.option("--title", default="", help="Of the page.")
@click.option("--task", "tasks", multiple=True, help="This task only; may be repeated.")
@click.option("--models", multiple=True, metavar="GLOB", help="Compare these among themselves.")
@click.option("--datasets", multiple=True, metavar="GLOB", help="Compare on these alone.")
@click.option(
    "--size",
    callback=parse_size,
    metavar="N|common|largest|all",
    default="common",
    show_default=True,
    help="Training rows that the leaderboard looks at.",
)
@click.option(
    "--failures",
    type=click.Choice(FAILURES),
    default="baseline",
    show_default=True,
    help="A failed trial counts as the baseline's score, not at all, or as the worst score.",
)
def report(
    runs: tuple[str, ...],
    output: Path | None,
    format_: str,
    title: str,
    tasks: tuple[str, ...],
    models: tuple[str, ...],
    datasets: tuple[str, ...],
    size: Size,
    failures: Any,
) -> None:
    """Write one page that answers, from one or more runs.

    RUN is a folder, or the name of one under results/. The page holds all that it shows: it can be
    sent, kept, and opened without a network.
    """
    from bench.report.contents import Selection
    from bench.report.html.files import write_text
    from bench.report.text import clean
    from bench.results.store import load

    results = load(*runs)
    selection = Selection(
        tasks=tasks, models=models, datasets=datasets, size=size, failures=failures
    )
    if format_ == "html":
        _write_page(results, selection, output or _DEFAULT, title)
        return
    text = _text(results, selection, format_)
    if output is None:
        click.echo(text.encode(), nl=False)
    else:
        write_text(output, text)
        click.echo(f"Wrote {clean(str(output))}")


def _write_page(results: Results, selection: Selection, path: Path, title: str) -> None:
    from bench.report.html.assets import check_extra
    from bench.report.text import clean

    check_extra()
    from bench.report.html.page import write_page  # it imports what the extra brings

    facts = write_page(results, path, selection=selection, runs=results.runs, title=title)
    if facts.headline:
        click.echo(facts.headline)
    click.echo(
        f"Wrote {clean(str(path))} ({facts.n_bytes / 1e6:.2f} MB, of which "
        f"{facts.script_bytes / 1e6:.2f} MB draw charts)"
    )


def _text(results: Results, selection: Selection, format_: str) -> str:
    from bench.report import formats, picture
    from bench.report.contents import read_contents

    contents = read_contents(results, selection=selection, with_verdicts=format_ != "svg")
    if format_ == "svg":
        return picture.to_svg(contents, "bench report")
    return formats.to_markdown(contents)
