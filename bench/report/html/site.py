"""A static site of many runs, for any web host: an index and a page per run."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench import __version__
from bench.report.html import assets
from bench.report.html.files import write_text
from bench.report.html.page import PageFacts, write_page
from bench.report.html.tables import Cell, Column, Row, Table
from bench.report.text import listed
from bench.results.store import Results, load
from bench.spec.errors import ResultsError

_GENERATOR = 'name="generator" content="crossover-bench'
_MAX_NAME = 80


@dataclass(frozen=True, kw_only=True)
class SiteFacts:
    """What was written: the index, a page per run, and how large all of it is."""

    index: Path
    pages: tuple[PageFacts, ...]
    n_bytes: int


def write_site(
    folder: Path,
    runs: Sequence[str | Path],
    *,
    title: str = "",
    progress: Callable[[str], None] = lambda name: None,
) -> SiteFacts:
    """Write an index of runs and a page for each; the chart library is there once for all.

    Parameters
    ----------
    folder
        Of the site: new, empty, or one that this function wrote before, or began to.
    runs
        Folders of runs, or their names under ``results/``.
    title
        Of the index.
    progress
        Called with a run's name before its page is made.

    Raises
    ------
    ResultsError
        No run is given, one cannot be read, the folder holds something else or cannot be written,
        or the extra ``report`` is not installed.
    """
    assets.check_extra()
    if not runs:
        raise ResultsError("No run to publish: name some, or make one with 'bench run quick'.")
    _check_folder(folder)
    library = assets.chart_library()
    digest = hashlib.sha256(library.encode()).hexdigest()[:12]
    shared = f"charts-{digest}.js"
    n_bytes = write_text(folder / shared, library)
    pages: dict[str, tuple[Results, PageFacts]] = {}
    for run in runs:
        results = load(run)
        name = _page_name(results.runs[0].folder.name, pages)
        progress(results.runs[0].folder.name)
        facts = write_page(
            results,
            folder / name,
            runs=results.runs,
            library_path=shared,
            home="index.html",
        )
        pages[name] = (results, facts)
    script = assets.own_text("page.js")
    text = (
        assets.templates()
        .get_template("index.html")
        .render(
            title=title or "Classical or deep? Measured",
            subtitle="",
            runs=_index(pages),
            policy=assets.content_policy([script]),
            style=assets.own_text("style.css"),
            script=script,
            version=__version__,
            made=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        )
    )
    n_bytes += write_text(folder / "index.html", text)
    facts_of_pages = tuple(facts for _, facts in pages.values())
    return SiteFacts(
        index=folder / "index.html",
        pages=facts_of_pages,
        n_bytes=n_bytes + sum(facts.n_bytes for facts in facts_of_pages),
    )


def _check_folder(folder: Path) -> None:
    """Refuse to write among files that are not ours."""
    try:
        there = sorted(path.name for path in folder.iterdir()) if folder.exists() else []
        # One that was not finished has no index yet.
        if _is_ours(folder / "index.html") or all(_is_ours(folder / name) for name in there):
            return
    except OSError as error:
        raise ResultsError(f"{folder} cannot be read: {error.strerror}.") from error
    raise ResultsError(
        f"{folder} is not empty, and holds no site of bench's: {listed(there, most=4)}. "
        "Name a new or an empty folder."
    )


def _is_ours(path: Path) -> bool:
    if re.fullmatch(r"charts-[0-9a-f]{12}\.js", path.name):
        return True
    is_page = path.suffix == ".html" and path.is_file()
    return is_page and _GENERATOR in path.read_text(encoding="utf-8", errors="replace")


def _page_name(run: str, taken: Mapping[str, object]) -> str:
    """Return a file name that every host and file system takes."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", run).strip("-.")[:_MAX_NAME] or "run"
    stem = f"{stem}-run" if stem == "index" else stem
    name, n = f"{stem}.html", 2
    while name in taken:
        name, n = f"{stem}-{n}.html", n + 1
    return name


def _index(pages: Mapping[str, tuple[Results, PageFacts]]) -> Table:
    rows = []
    for name, (results, facts) in pages.items():
        run = results.runs[0]
        trials = results.trials
        machines = sorted(
            {str(cpu) for cpu in results.environments["cpu_model"].to_pylist() if cpu}
        )
        rows.append(
            Row(
                cells=[
                    Cell(run.folder.name, link=name),
                    Cell(run.suite),
                    Cell(facts.headline or "nothing to judge"),
                    Cell(f"{trials.num_rows:,}", trials.num_rows),
                    Cell(f"{facts.n_datasets:,}", facts.n_datasets),
                    Cell(run.created.replace("T", " ")[:16]),
                    Cell(listed(machines, most=3)),
                ]
            )
        )
    return Table(
        name="runs",
        caption="Runs",
        columns=[
            Column(title="run", is_text=True),
            Column(title="suite", is_text=True),
            Column(title="verdict", is_text=True),
            Column(title="trials"),
            Column(title="datasets"),
            Column(title="made (UTC)", is_text=True),
            Column(title="machine", is_text=True),
        ],
        rows=rows,
    )
