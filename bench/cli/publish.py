"""`bench publish`: a static site of many runs."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@click.option("--title", default="", help="Of the index.")
def publish(folder: Path, runs: tuple[str, ...], title: str) -> None:
    """Make a static site of runs in DIR: an index and a page per run.

    RUN is a folder, or the name of one under results/; without any, all that are there. Any web
    host serves the site as it is, and it opens from a disk as well. Called again on the same DIR it
    replaces the pages.
    """
    from bench.report.html.assets import check_extra
    from bench.report.text import clean, plural
    from bench.results.store import RESULTS, list_runs

    check_extra()
    from bench.report.html.site import write_site  # it imports what the extra brings

    chosen: list[str | Path] = list(runs)
    if not runs:
        for run in list_runs(RESULTS):
            if run.problem:
                click.echo(f"Left out: {clean(run.name)}: {clean(run.problem)}", err=True)
            else:
                chosen.append(RESULTS / run.name)
    site = write_site(
        folder,
        chosen,
        title=title,
        progress=lambda name: click.echo(f"{clean(name)} ...", err=True),
    )
    click.echo(
        f"Wrote {clean(str(site.index))} and {plural(len(site.pages), 'page')} "
        f"({site.n_bytes / 1e6:.2f} MB in all)"
    )
