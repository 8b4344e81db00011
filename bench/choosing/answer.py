"""What `bench choose` is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.choosing.checks import Finding
from bench.choosing.choice import Choice
from bench.planning.suite import Suite

if TYPE_CHECKING:
    from bench.analysis.verdict import Verdict


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked.

    Parameters
    ----------
    table
        A dataset with its reader, such as ``"csv:PATH"``.
    target, drop
        Names or places of columns: what is to be predicted, and what is to be left out.
    task
        ``"classification"`` or ``"regression"``; found out where None.
    metric
        By which candidates are compared; the task's own where None.
    minutes
        For everything, from the start of the process to the page.
    seed
        Names the outer seeds.
    candidates
        A suite whose models and limits are taken.
    folder
        Of the run.
    command
        The command line, kept with the results.
    """

    table: str
    target: str
    drop: Sequence[str] = ()
    task: str | None = None
    metric: str | None = None
    minutes: float = 5.0
    seed: int = 0
    candidates: Suite
    folder: Path
    command: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What was found; `choice` is None where no candidate has a score."""

    folder: Path
    task: str
    metric: str
    findings: tuple[Finding, ...]
    choice: Choice | None = None
    verdict: Verdict | None = None
    more: tuple[str, ...] = ()
    page: Path | None = None
    page_problem: str = ""
    statuses: Mapping[str, int] = field(default_factory=dict)
    interrupted: bool = False
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return it as what JSON can hold."""
        from bench.report.verdicts.several import to_object

        return {
            "run": str(self.folder),
            "task": self.task,
            "metric": self.metric,
            "findings": [finding.to_json() for finding in self.findings],
            "choice": None if self.choice is None else asdict(self.choice),
            "verdict": None if self.verdict is None else to_object(self.verdict),
            "more": list(self.more),
            "report": None if self.page is None else str(self.page),
            "trials": dict(self.statuses),
            "interrupted": self.interrupted,
            "seconds": self.seconds,
        }
