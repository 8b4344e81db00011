"""One self-contained page of one or more runs: verdict first, nothing fetched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import __version__
from bench.report.contents import Contents, HasTables, Selection, read_contents
from bench.report.html import assets, charts, pictures, sections, verdict_cards
from bench.report.html.curve_data import CurveData, curve_data
from bench.report.html.differences import differences_table
from bench.report.html.files import write_text
from bench.report.notes import noise_notes, notes_of_boards, subtitle
from bench.report.text import clean, listed
from bench.report.verdicts.sentence import sentence

if TYPE_CHECKING:
    from bench.analysis.verdict import Verdict
    from bench.results.store import RunInfo


@dataclass(frozen=True, kw_only=True)
class PageFacts:
    """What was written.

    Parameters
    ----------
    path
        The file.
    n_bytes
        Its size, and `script_bytes` of it are the chart library.
    n_datasets, n_datasets_drawn
        Datasets there are, and those whose learning curves are on the page.
    headline
        The first verdict's sentence, or "" where there is none.
    """

    path: Path
    n_bytes: int
    script_bytes: int
    n_datasets: int
    n_datasets_drawn: int
    headline: str = ""


def write_page(
    results: HasTables,
    path: Path,
    *,
    selection: Selection | None = None,
    runs: Sequence[RunInfo] = (),
    title: str = "",
    lead: Sequence[str] = (),
    verdicts: Sequence[Verdict] | None = None,
    library_path: str = "",
    home: str = "",
) -> PageFacts:
    """Write one HTML file that holds everything it shows.

    Parameters
    ----------
    results
        From ``bench.load(...)``.
    path
        Of the file; one that is there is replaced.
    selection
        What is looked at; everything where not given.
    runs
        Whose tables they are (``bench.load(...).runs``), for how to do it again.
    title
        Of the page; made of the suites' names where not given.
    lead
        Sentences that are to stand below the verdict, such as what more minutes would buy.
    verdicts
        Made beforehand; made of the tables where not given.
    library_path
        Of the chart library, relative to the page; where not given it is in the page.
    home
        Of the index that the page belongs to, relative to it; "" where it stands alone.

    Raises
    ------
    ResultsError
        The selection leaves nothing, the file cannot be written, or the extra ``report`` is not
        installed.
    """
    assets.check_extra()
    selection = selection or Selection()
    contents = read_contents(results, selection=selection, with_verdicts=True)
    if verdicts is not None:
        contents = replace(contents, verdicts=tuple(verdicts))
    curves = curve_data(
        contents.cells,
        failures=selection.failures,
        verdicts=contents.verdicts,
        evidence=contents.evidence,
    )
    script = assets.own_text("page.js")
    library = assets.literal("" if library_path else assets.chart_library())
    text = (
        assets.templates()
        .get_template("page.html")
        .render(
            **_view(contents, curves),
            differences=differences_table(contents.evidence),
            title=title or _title(runs),
            lead=lead,
            machines=sections.machines(results.environments),
            origins=sections.origins(runs),
            data=assets.script_json(_data(contents, curves)),
            policy=assets.content_policy([script, library], shared=bool(library_path)),
            style=assets.own_text("style.css"),
            script=script,
            library=library,
            library_path=library_path,
            home=home,
            version=__version__,
            made=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        )
    )
    n_bytes = write_text(path, text)
    return PageFacts(
        path=path,
        n_bytes=n_bytes,
        script_bytes=len(library.encode()),
        n_datasets=curves.n_datasets,
        n_datasets_drawn=curves.n_drawn,
        headline=sentence(contents.verdicts[0]) if contents.verdicts else "",
    )


def _title(runs: Sequence[RunInfo]) -> str:
    suites = list(dict.fromkeys(run.suite for run in runs))
    return f"Classical or deep? {listed(map(clean, suites))}" if suites else "Classical or deep?"


def _view(contents: Contents, curves: CurveData) -> dict[str, Any]:
    """Return what the template shows of the analysis."""
    of_boards, shared = notes_of_boards(contents.boards)
    ranks = [
        (board.task, pictures.compared(board)) for board in contents.boards if board.comparison
    ]
    shared += contents.unread
    groups = verdict_cards.by_scope(contents.verdicts)
    view = {
        "cards": [verdict_cards.card(one, at) for at, one in enumerate(groups["cards"])],
        "dataset_verdicts": verdict_cards.dataset_table(groups["datasets"]),
        "boards": [
            {
                "task": board.task,
                "subtitle": subtitle(board),
                "table": sections.board_table(board, contents.machines),
                "notes": notes,
            }
            for board, notes in zip(contents.boards, of_boards, strict=True)
        ],
        "board_notes": shared,
        "has_curves": curves.n_drawn > 0,
        "curve_notes": curves.notes,
        "has_tradeoff": bool(pictures.tradeoffs(contents.boards, contents.machines)),
        "ranks": ranks,
        "slices": sections.slices_table(contents.slices),
        "failures": sections.failures_table(contents.trials),
        "noise": noise_notes(contents.noise, dict(contents.machines)),
        "measured": sections.measured(contents.trials),
        "versions": sections.versions(contents.trials),
        "subtitle": sections.measured(contents.trials),
    }
    return view | {"sections": _sections(view)}


def _sections(view: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return anchors and names of the sections that the page has."""
    wanted = [
        ("verdict", "Verdict", bool(view["cards"])),
        ("leaderboard", "Leaderboard", True),
        ("curves", "Curves", view["has_curves"]),
        ("tradeoff", "Time", view["has_tradeoff"]),
        ("ranks", "Ranks", bool(view["ranks"])),
        ("slices", "Slices", view["slices"] is not None),
        ("failures-section", "Failures", view["failures"] is not None),
        ("environment", "Environment", True),
        ("again", "Do it again", True),
        ("differences", "Differences", True),
    ]
    return [(anchor, name) for anchor, name, is_there in wanted if is_there]


def _data(contents: Contents, curves: CurveData) -> dict[str, Any]:
    """Return what the page's script draws."""
    ranks = pictures.mean_ranks(contents.boards)
    return {
        "config": charts.config(),
        "curves": curves.object,
        "tradeoffs": pictures.tradeoffs(contents.boards, contents.machines),
        "ranks": ranks,
        "specs": {
            "curves": charts.learning_curves(),
            "tradeoff": charts.tradeoff(),
            "ranks": [
                charts.critical_differences(len(one["points"]) + len(one["groups"]))
                for one in ranks
            ],
        },
    }
