"""The nodes of a session: each has its own environment, and its slots their own speed and noise."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.execution.engine import Call, Engine, Report
from bench.spec.outcome import Measure

if TYPE_CHECKING:
    from bench.results.journal import Journal

_CALIBRATION = "calibration-"


class Nodes:
    """What belongs to the machines of a session, told by calls that are made there.

    Parameters
    ----------
    engine
        Whose slots they are.
    folder
        Of the run: environments are added to its table.
    journal
        Calibrations and stolen time are written there.
    warned
        Told where something is installed in another version than when the run began.
    """

    def __init__(
        self, engine: Engine, folder: Path, journal: Journal, warned: Callable[[str], None]
    ) -> None:
        self._engine = engine
        self._folder = folder
        self._journal = journal
        self._warned = warned
        self._met: dict[int, str] = {}
        self._environments: dict[str, str] = {}
        self._steal: dict[str, tuple[float, float]] = {}

    def meet(self) -> None:
        """Have each slot calibrated while the others are quiet, and each node describe itself."""
        self._engine.start()
        for slot in sorted(self._engine.slots):
            call = self.first_call(slot)
            if call is not None:
                self._engine.submit(slot, call)
                while not any(self.take(report) for report in self._engine.wait()):
                    pass

    def first_call(self, slot: int) -> Call | None:
        """Return what a slot is to do before all else; None where that is done."""
        if slot in self._met:
            return None
        node = self._engine.slots[slot].node
        return Call(
            id=f"{_CALIBRATION}{slot}",
            function="bench.execution.calls:calibrate",
            argument={"describe": node not in self._environments},
            limit_seconds=60.0,
            limit_bytes=1 << 62,
        )

    def take(self, report: Report) -> bool:
        """Keep what a report says of its node; return whether it answers a first call."""
        is_first = report.id == f"{_CALIBRATION}{report.slot}"
        if is_first and not report.lost:
            node = self._engine.slots[report.slot].node
            self._met[report.slot] = node
            answer = {} if report.answer is None else json.loads(report.answer)
            if "environment" in answer:
                self._environments[node] = self._enter(answer["environment"])
            if "best" in answer:
                self._journal.append_measures(
                    "",
                    [
                        Measure(
                            "calibrate", "calibration", f"slot-{report.slot}", answer["best"], "s"
                        )
                    ],
                )
        node = self._met.get(report.slot, "")
        if not report.lost:
            first, last = self._steal.get(node, (report.steal_seconds, report.steal_seconds))
            self._steal[node] = first, max(last, report.steal_seconds)
        return is_first

    def environment_of(self, slot: int) -> str:
        """Return the `environment_id` of what ran in a slot."""
        node = self._met.get(slot, "")
        if node not in self._environments:  # it could not say what it is
            self._environments[node] = self._enter({})
        return self._environments[node]

    def part(self) -> None:
        """Keep the time that others had of the nodes meanwhile."""
        stolen = sum(last - first for first, last in self._steal.values())
        self._journal.append_measures("", [Measure("run", "noise", "steal_seconds", stolen, "s")])

    def _enter(self, facts: dict[str, Any]) -> str:
        from bench.results import store

        for change in changed_versions(store.environments(self._folder), facts):
            self._warned(f"{change} since this run began; its earlier rows stay as they are.")
        return store.write_environment(self._folder, facts)


def changed_versions(environments: Any, facts: dict[str, Any]) -> list[str]:
    """Return what is installed in another version than in the last environment of a run."""
    rows = environments.to_pylist()
    changes = []
    for kind in ("distributions", "libraries"):
        before = json.loads(rows[-1][kind] or "{}") if rows else {}
        for name, version in facts.get(kind, {}).items():
            if name in before and before[name] != version:
                changes.append(f"{name} changed from {before[name]} to {version}")
    return changes
