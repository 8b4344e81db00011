"""`bench leaderboard`: rank the models of one or more runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from bench.analysis.failures import FAILURES
from bench.cli.output import write

if TYPE_CHECKING:
    from bench.analysis.sizes import Size
    from bench.spec import ModelSpec


def parse_size(ctx: click.Context, param: click.Parameter, value: str) -> Size:
    """Return a number of rows, or the word."""
    words: dict[str, Size] = {"common": "common", "largest": "largest", "all": "all"}
    if value in words:
        return words[value]
    if not value.isdecimal() or int(value) < 1:
        raise click.BadParameter(
            f"{value!r} is no size; a number of training rows from 1, or one of common, largest, "
            "all.",
            ctx,
            param,
        )
    return int(value)


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["rich", "markdown", "json", "csv", "svg"]),
    default="rich",
    show_default=True,
    help="How it is written.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option(
    "--by",
    type=click.Choice(["task", "dataset", "features"]),
    default="task",
    show_default=True,
    help="A ranking per task, learning curves per dataset, or what features are worth: raw data, "
    "features by hand and learned ones side by side.",
)
@click.option("--task", "tasks", multiple=True, help="This task only; may be repeated.")
@click.option("--models", multiple=True, metavar="GLOB", help="Rank these among themselves.")
@click.option("--datasets", multiple=True, metavar="GLOB", help="Rank on these alone.")
@click.option(
    "--size",
    callback=parse_size,
    metavar="N|common|largest|all",
    default="common",
    show_default=True,
    help="Training rows: a number; the largest size that all contenders of a dataset have; the "
    "largest that any has; or the mean over all that they share.",
)
@click.option(
    "--failures",
    type=click.Choice(FAILURES),
    default="baseline",
    show_default=True,
    help="A failed trial counts as the baseline's score, not at all, or as the worst score on the "
    "same split.",
)
@click.option(
    "--verdict/--no-verdict",
    default=None,
    help="Whether the verdict stands below the ranking.  [where there are up to 200,000 trials]",
)
def leaderboard(
    runs: tuple[str, ...],
    format_: str,
    as_json: bool,
    by: Any,
    tasks: tuple[str, ...],
    models: tuple[str, ...],
    datasets: tuple[str, ...],
    size: Size,
    failures: Any,
    verdict: bool | None,
) -> None:
    """Rank the models of one or more runs.

    RUN is a folder, or the name of one under results/. Several are read as one; times of different
    machines stand apart.
    """
    from bench.report import feature_gain, formats, picture, terminal
    from bench.report.contents import Selection, read_contents
    from bench.results.store import load

    if as_json:
        format_ = "json"
    if by == "features" and format_ == "svg":
        raise click.UsageError("--by features is written as rich, markdown, json or csv, not svg.")
    results = load(*runs)
    contents = read_contents(
        results,
        models=_models() if by == "features" else None,
        by=by,
        selection=Selection(
            tasks=tasks, models=models, datasets=datasets, size=size, failures=failures
        ),
        with_verdicts=verdict if by == "task" and format_ not in ("csv", "svg") else False,
    )
    form: Any = feature_gain if by == "features" else formats
    what = contents.feature_boards if by == "features" else contents
    if format_ == "json":
        write(form.to_json(what))
    elif format_ == "csv":
        write(form.to_csv(what))
    elif format_ == "markdown":
        write(form.to_markdown(what))
    elif format_ == "svg":
        click.echo(picture.to_svg(contents).encode(), nl=False)  # UTF-8, as XML is by default
    elif by == "features":
        feature_gain.show(contents.feature_boards)
    else:
        terminal.show_contents(contents)


def _models() -> dict[str, ModelSpec]:
    """Return what is installed: the records say what features a model works on, tables do not."""
    from bench.registry.lookup import discover

    return {name: entry.record for name, entry in discover().models.items()}
