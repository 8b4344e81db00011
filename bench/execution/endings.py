"""How a trial ended, as it says itself or as seen from outside, and whether it is run again."""

from __future__ import annotations

import dataclasses
import signal
import time
from typing import TYPE_CHECKING, Any

from bench.execution.engine import Report
from bench.spec.outcome import MAX_BYTES, MAX_SECONDS, OTHER_DATA, Facts, Measure, Outcome, Trial

if TYPE_CHECKING:
    from bench.results.store import Finished

MAX_ATTEMPTS = 3
"""Of a trial that something outside bench has killed."""


def outcome_of(trial: Trial, report: Report) -> Outcome:
    """Return how a trial ended: as it says itself, or as seen from outside if it cannot."""
    outcome = None
    if report.answer is not None:
        try:
            outcome = Outcome.from_bytes(report.answer)
        except (ValueError, KeyError, TypeError):
            outcome = None
    if outcome is None:
        status, reason = _death(trial, report)
        outcome = Outcome(
            trial_id=trial.trial_id,
            status=status,
            reason=reason,
            facts=Facts(started_at=time.time() - report.seconds),
        )
    peak = max(report.peak_anon_bytes, outcome.facts.peak_anon_bytes or 0)
    facts = dataclasses.replace(outcome.facts, peak_anon_bytes=peak)
    turn = Measure("trial", "clock", "turn_seconds", report.seconds, "s")
    resident = Measure("trial", "memory", "peak_resident_bytes", report.peak_resident_bytes, "B")
    return dataclasses.replace(
        outcome,
        facts=facts if report.phase in ("fit", "predict", "score") else outcome.facts,
        measures=(*outcome.measures, turn, resident),
        output=report.output + outcome.output,
    )


def _death(trial: Trial, report: Report) -> tuple[Any, str]:
    """Return status and reason of a process that ended without an answer."""
    where = f"in {report.phase}"
    if report.lost:
        return "crashed", f"the process that watched it was killed {MAX_ATTEMPTS} times"
    if report.killed_for == "timeout":
        return "timeout", f"over its limit of {trial.limit_seconds:g} s, {where}"
    if report.killed_for == "memory":
        limit = trial.limit_bytes / 2**20
        return "out_of_memory", f"over its limit of {limit:,.0f} MiB of memory, {where}"
    if report.exit_code == -signal.SIGKILL and report.kernel_out_of_memory:
        return "out_of_memory", f"the system ran out of memory and killed it, {where}"
    if report.exit_code < 0:
        known = {int(number): number.name for number in signal.Signals}
        name = known.get(-report.exit_code, f"signal {-report.exit_code}")
        return "crashed", f"killed by {name}, {where}"
    return "crashed", f"exited with code {report.exit_code} without a result, {where}"


def killed_by_a_stranger(report: Report) -> bool:
    """Whether something that is neither bench nor the trial itself seems to have ended it."""
    return report.lost or (
        report.answer is None
        and not report.killed_for
        and not report.kernel_out_of_memory
        and report.exit_code == -signal.SIGKILL
    )


def is_done(trial: Trial, earlier: Finished | None) -> bool:
    """Whether an earlier row makes a trial needless.

    Not where it hit a limit lower than now asked, be it that the model stopped by itself or said
    beforehand that it would not do; nor where its data were other ones than planned.
    """
    if earlier is None or earlier.stop_reason == OTHER_DATA:
        return False
    if earlier.status == "timeout" or earlier.stop_reason == MAX_SECONDS:
        return earlier.limit_seconds >= trial.limit_seconds
    if earlier.status == "out_of_memory" or earlier.stop_reason == MAX_BYTES:
        return earlier.limit_bytes >= trial.limit_bytes
    return True
