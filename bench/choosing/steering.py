"""The schedule at the wheel of a run: its wishes become trials, and it is told how they end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from bench.choosing.schedule import FIRST_LIMIT, State, Wanted, next_trials
from bench.choosing.so_far import Entrant, Seen, SoFar
from bench.planning.plan import Plan
from bench.spec import Metric
from bench.spec.outcome import Outcome, Trial

if TYPE_CHECKING:
    from bench.results.store import Results

_PART = "validation"
"""The only part whose scores reach the schedule."""
_TURN = "turn_seconds"


class Steering:
    """Gives a run its trials one by one, as `bench.choosing.schedule` says.

    Parameters
    ----------
    plan
        Of one dataset, its trials at every size and seed that may be wanted.
    metric
        That candidates are compared by.
    earlier
        Trials that an earlier session of this run has ended.
    n_slots
        How many run at once.
    left
        Returns the seconds until the last trial is to have ended.
    grace_seconds
        How much later a trial may end that took longer than was foreseen.
    """

    def __init__(
        self,
        plan: Plan,
        metric: Metric,
        earlier: Sequence[Seen],
        *,
        n_slots: int,
        left: Callable[[], float],
        grace_seconds: float,
    ) -> None:
        self.entrants = entrants_of(plan)
        self._trials = {(t.label, t.n_train, t.outer_seed): t for t in plan.trials}
        self._sizes = tuple(sorted({trial.n_train for trial in plan.trials}))
        self._seeds = tuple(sorted({trial.outer_seed for trial in plan.trials}))
        self._metric = metric
        self._seen = list(earlier)
        self._running: dict[str, Wanted] = {}
        self._n_slots = n_slots
        self._left = left
        self._grace = grace_seconds
        self._is_over = False

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to measure, or no time for it."""
        return self._is_over

    @property
    def n_seen(self) -> int:
        """How many trials have ended, those of earlier sessions among them."""
        return len(self._seen)

    def take(self) -> Trial | None:
        """Return the trial to be started now; None: wait for one that runs."""
        while wishes := next_trials(self._state()):
            wanted = wishes[0]
            trial = self._trials.get((wanted.entrant, wanted.size, wanted.seed))
            if trial is None:  # its split gives the same rows as another one
                self._seen.append(_skipped(wanted))
                continue
            limit = min(trial.limit_seconds, round(wanted.limit_seconds, 1))
            trial = replace(trial, limit_seconds=limit)
            self._running[trial.trial_id] = wanted
            return trial
        self._is_over = not self._running
        return None

    def ended(self, trial: Trial, outcome: Outcome) -> None:
        """Keep its validation score and its seconds, and nothing of what was found on test rows."""
        del self._running[trial.trial_id]
        self._seen.append(seen_of(trial, outcome, self._metric))

    def _state(self) -> State:
        return State(
            entrants=self.entrants,
            sizes=self._sizes,
            seeds=self._seeds,
            seen=tuple(self._seen),
            running=tuple(self._running.values()),
            n_slots=self._n_slots,
            left_seconds=self._left(),
            grace_seconds=self._grace,
        )


def entrants_of(plan: Plan) -> tuple[Entrant, ...]:
    """Return the candidates of a plan that have a trial, in the order of the suite."""
    # Controls stand beside the candidates, and are none.
    there = {trial.label for trial in plan.trials if trial.role != "control"}
    return tuple(
        Entrant(c.label, c.spec.family) for c in plan.contenders.values() if c.label in there
    )


def seen_of(trial: Trial, outcome: Outcome, metric: Metric) -> Seen:
    """Return what of a trial that has just ended the schedule may know."""
    facts = outcome.facts
    scores = [
        s.value for s in outcome.scores if (s.part, s.slice, s.metric) == (_PART, "", metric.name)
    ]
    turns = [measure.value for measure in outcome.measures if measure.name == _TURN]
    return _seen(
        {
            "label": trial.label,
            "n_train": trial.n_train,
            "outer_seed": trial.outer_seed,
            "status": outcome.status,
            "fit_seconds": facts.fit_seconds,
            "compile_seconds": facts.compile_seconds,
        },
        next(iter(scores), None),
        next(iter(turns), None),
        metric,
    )


def earlier(results: Results, metric: Metric, limit_seconds: float = FIRST_LIMIT) -> list[Seen]:
    """Return what of the trials of a run the schedule may know.

    Parameters
    ----------
    results
        From ``bench.load(...)``.
    metric
        That candidates are compared by.
    limit_seconds
        A trial that was ended after fewer says that a session was over, and nothing of its
        candidate: it is as if it had not been.
    """
    scores = by_trial(results.scores, [("part", _PART), ("slice", ""), ("metric", metric.name)])
    turns = by_trial(results.measures, [("name", _TURN)])
    columns = ["label", "n_train", "outer_seed", "status", "fit_seconds", "compile_seconds"]
    rows = results.trials.select(["trial_id", "limit_seconds", *columns]).to_pylist()
    return [
        _seen(row, scores.get(row["trial_id"]), turns.get(row["trial_id"]), metric)
        for row in rows
        if row["status"] != "timeout" or row["limit_seconds"] >= limit_seconds
    ]


def telling_limit(plan: Plan) -> float:
    """Return the seconds from which a timeout tells of a candidate, not of the end of a session."""
    return min(FIRST_LIMIT, plan.suite.limits.seconds)


def so_far_of(plan: Plan, results: Results, metric: Metric) -> SoFar:
    """Return what the validation rows of a run say of the candidates of a plan."""
    return SoFar(entrants_of(plan), earlier(results, metric, telling_limit(plan)))


def by_trial(table: pa.Table, wanted: Sequence[tuple[str, str]]) -> dict[str, float]:
    """Return the column ``value`` by ``trial_id``, of rows that have these texts in columns."""
    for column, value in wanted:
        texts = pc.fill_null(table[column].cast(pa.string()), "")
        table = table.filter(pc.equal(texts, value))
    return dict(zip(table["trial_id"].to_pylist(), table["value"].to_pylist(), strict=True))


def _seen(row: Mapping[str, Any], score: float | None, turn: float | None, metric: Metric) -> Seen:
    fit, compiling = row["fit_seconds"] or 0.0, row["compile_seconds"] or 0.0
    if score is not None and metric.direction == "lower":
        score = -score
    return Seen(
        entrant=row["label"],
        size=row["n_train"],
        seed=row["outer_seed"],
        status=row["status"],
        score=score if row["status"] == "ok" else None,
        fit_seconds=fit,
        other_seconds=max(0.0, (turn or 0.0) - fit - compiling),
        compile_seconds=compiling,
    )


def _skipped(wanted: Wanted) -> Seen:
    return Seen(entrant=wanted.entrant, size=wanted.size, seed=wanted.seed, status="error")
