"""Results that show themselves: summary, leaderboard, learning curves, verdict, report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from bench.results import store
from bench.spec.errors import ResultsError, nearest

if TYPE_CHECKING:
    from bench.analysis.failures import Failures
    from bench.analysis.sizes import Size
    from bench.notebook.boards import Leaderboard
    from bench.notebook.curves import LearningCurves, Measure
    from bench.notebook.verdicts import Verdict, Verdicts
    from bench.report.contents import Contents, Selection

MOST_JUDGED = 2_000
"""Results of more trials are displayed without a verdict, which takes most of the time..."""
MOST_RANKED = 20_000
"""...and those of still more without a ranking: each is there when it is asked for."""
_ROWS = 10
_FAILURES = 5


@dataclass(frozen=True, repr=False)
class Results(store.Results):
    """The tables of one or more runs, and what they say.

    Each table is a `pyarrow.Table`, read when it is first asked for: `trials`, `scores`,
    `predictions`, `curves` (of each fit: its losses by step), `measures`, `environments`, `logs`.
    The object itself offers its trials to anything that takes an Arrow stream
    (``polars.DataFrame(results)``, ``duckdb.sql("from results")``). In a notebook it shows a
    summary.

    Parameters
    ----------
    runs
        Whose tables they are.
    """

    def leaderboard(
        self,
        *,
        tasks: Sequence[str] = (),
        models: Sequence[str] = (),
        datasets: Sequence[str] = (),
        size: Size = "common",
        failures: Failures = "baseline",
    ) -> Leaderboard:
        """Rank the models: the table of ``bench leaderboard``.

        Parameters
        ----------
        tasks
            Names of tasks; empty: all.
        models, datasets
            Glob patterns of names; empty: all. Ranks are among what is selected; baselines stay.
        size
            Training size: a number; ``"common"``, the largest size that all contenders of a dataset
            have; ``"largest"``; or ``"all"``, the mean over all that they share.
        failures
            How a failed trial counts: as the ``"baseline"``, not at all (``"drop"``), or as the
            ``"worst"`` score on the same split.

        Raises
        ------
        ResultsError
            The selection names something that is not in the tables, or leaves nothing.
        """
        from bench.notebook.boards import Leaderboard
        from bench.report.contents import Selection

        return Leaderboard(
            self._read(
                Selection(
                    tasks=_several(tasks),
                    models=_several(models),
                    datasets=_several(datasets),
                    size=size,
                    failures=failures,
                )
            )
        )

    def learning_curves(
        self, dataset: str | None = None, *, models: Sequence[str] = (), measure: Measure = "skill"
    ) -> LearningCurves:
        """Draw quality by training size, with 90 % intervals.

        Parameters
        ----------
        dataset
            A name or a glob pattern; None: the first four.
        models
            Glob patterns of names; empty: the two best of each family, "best by validation"
            among them where a family has several candidates.
        measure
            ``"skill"`` (0 is the baseline, 1 is perfect), or ``"metric"``, the primary one.

        Raises
        ------
        ResultsError
            The extra ``report`` is not installed, or there is nothing of that name.
        """
        from bench.notebook.curves import MEASURES, check_installed, draw
        from bench.report.contents import Selection
        from bench.report.html.curve_data import curve_data

        check_installed("altair", "altair")
        if measure not in MEASURES:
            raise ResultsError(
                f"measure={measure!r} is not allowed; allowed: {', '.join(MEASURES)}."
                f"{nearest(str(measure), MEASURES)}"
            )
        if dataset is None and not models:
            contents = self._judged
        else:
            chosen = () if dataset is None else (dataset,)
            selection = Selection(datasets=chosen, models=_several(models))
            contents = self._read(selection, with_verdicts=True)
        data = curve_data(
            contents.cells,
            verdicts=contents.verdicts,
            evidence=contents.evidence,
        )
        if not data.n_drawn:
            raise ResultsError("No learning curve: no trial has ended well.")
        return draw(data, measure=measure, models=_several(models))

    def verdict(self, name: str | None = None) -> Verdict:
        """Return which family fits: overall, or on one task or dataset.

        Parameters
        ----------
        name
            Of a task or a dataset; None: the verdict of the widest scope, the one that was declared
            in advance.

        Raises
        ------
        ResultsError
            There is none of that name, or nothing was measured.
        """
        from bench.notebook.verdicts import NONE, Verdict

        records = self._judged.verdicts
        if not records:
            raise ResultsError(NONE)
        if name is None:
            return Verdict(records[0])
        # The verdict of all has the suite's name; one name may be a task's and a dataset's.
        found = [record for record in records if record.name == name]
        if not found:
            names = list(dict.fromkeys(record.name for record in records))
            raise ResultsError(
                f"no verdict of {name!r}; there: {', '.join(names)}.{nearest(name, names)}"
            )
        return Verdict(found[0])

    def verdicts(self) -> Verdicts:
        """Return all verdicts, widest scope first: of the suite, of its tasks, of its datasets."""
        from bench.notebook.verdicts import Verdicts

        return Verdicts(self._judged.verdicts)

    def report(self, path: str | Path = "report.html", *, title: str = "") -> Path:
        """Write the page of ``bench report``: complete in one file, to be opened without a network.

        Parameters
        ----------
        path
            Of the file; one that is there is replaced.
        title
            Of the page; made of the suites' names where not given.

        Returns
        -------
        pathlib.Path
            The file.

        Raises
        ------
        ResultsError
            The extra ``report`` is not installed, or the file cannot be written.
        """
        from bench.report.html.assets import check_extra

        check_extra()
        from bench.report.html.page import write_page  # it imports what the extra brings

        return write_page(self, Path(path), runs=self.runs, title=title).path

    @cached_property
    def _judged(self) -> Contents:
        return self._read(None, with_verdicts=True)

    def _read(self, selection: Selection | None, *, with_verdicts: bool = False) -> Contents:
        from bench.report.contents import read_contents

        return read_contents(self, selection=selection, with_verdicts=with_verdicts)

    def _repr_html_(self) -> str:
        from bench.notebook import markup
        from bench.report.html.sections import failures_table, measured
        from bench.report.text import listed

        names = ", ".join(run.folder.name for run in self.runs)
        parts = [markup.heading(f"Results of {names}", measured(self.trials))]
        parts += self._answers(self.trials.num_rows)
        bad = failures_table(self.trials)
        if bad is not None:
            parts.append(markup.heading("Failed or skipped"))
            parts.append(markup.table(bad, marked=0, most=_FAILURES))
            where = listed((f"'bench show {_shown(run.folder)}'" for run in self.runs), most=3)
            parts.append(markup.notes([f"All of them: {where}; tables trials and logs."]))
        return markup.document(*parts)

    def _answers(self, n_trials: int) -> list[str]:
        """Return the verdict and the best of each task, as far as they are there at once."""
        from bench.notebook import markup
        from bench.notebook.boards import boards_html
        from bench.notebook.verdicts import Verdict

        if n_trials > MOST_RANKED:
            left_out = (
                f"More than {MOST_RANKED:,} trials: leaderboard() and verdict() take a while, and "
                "are made when asked for."
            )
            return [markup.paragraph(left_out)]
        is_judged = n_trials <= MOST_JUDGED
        contents = self._judged if is_judged else self._read(None)
        sentences = [Verdict(record).sentence for record in contents.verdicts[:1]]
        more = ["More: leaderboard(), learning_curves(), verdicts(), report('page.html')."]
        if not is_judged:
            more.append(f"More than {MOST_JUDGED:,} trials: a verdict is made when asked for.")
        return [
            *(markup.paragraph(text, "sentence") for text in sentences),
            boards_html(contents, most_rows=_ROWS),
            markup.notes(more),
        ]


def _shown(folder: Path) -> str:
    """Return the path of a folder as a command in the current one takes it."""
    here = Path.cwd()
    return str(folder.relative_to(here) if folder.is_relative_to(here) else folder)


def _several(given: Sequence[str]) -> Sequence[str]:
    """Return names; a single one may be given by itself."""
    return (given,) if isinstance(given, str) else given


def load(*paths: str | Path) -> Results:
    """Read the results of one or more runs, finished or still going on.

    Parameters
    ----------
    paths
        Folders of runs, or their names under ``results/``. A run given twice is read once.

    Returns
    -------
    Results
        With a table each as attribute: `trials`, `scores`, `predictions`, `curves`, `measures`,
        `environments`, `logs`; and what the commands make of them: `leaderboard`,
        `learning_curves`, `verdict`, `verdicts`, `report`.

    Raises
    ------
    ResultsError
        No path is given, one is not a run, or its table of trials is damaged or newer than this
        bench. The other tables are read, and may raise it, when they are first asked for.

    Examples
    --------
    >>> results = bench.load("results/smoke")  # doctest: +SKIP
    >>> results.leaderboard()  # doctest: +SKIP
    """
    read = store.load(*paths)
    # A notebook may change its folder before a table is first asked for.
    results = Results(tuple(replace(run, folder=run.folder.absolute()) for run in read.runs))
    results.__dict__["trials"] = read.trials  # they are read already
    return results
