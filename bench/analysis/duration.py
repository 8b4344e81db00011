"""How long trials will take, from how long trials like them took."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import pyarrow as pa
import pyarrow.compute as pc

from bench.planning.search import Search
from bench.spec.outcome import Trial
from bench.trial.tuning import HELD_OUT, n_divisions

_PHASES = ("init_seconds", "warm_up_seconds", "fit_seconds", "predict_seconds")
_OVERHEAD_SECONDS = 0.05
_KEY = ("model", "params", "search", "dataset", "dataset_params", "n_train")
_Key = tuple[str, str, str, str, str, int]
_Seconds = tuple[float, float, float, float]
"""Of the phases, in their order."""


@dataclass(frozen=True)
class ExpectedDuration:
    """How long a run may take.

    Parameters
    ----------
    seconds
        Of the trials that are like ones measured before, spread over the slots.
    n_known, n_unknown
        How many trials are like ones measured before, and how many are not.
    at_most_seconds
        If every trial took its whole time limit.
    """

    seconds: float
    n_known: int
    n_unknown: int
    at_most_seconds: float


def expected_duration(todo: Sequence[Trial], earlier: pa.Table, n_slots: int) -> ExpectedDuration:
    """Return how long trials may take.

    A tuned trial unlike any that was measured counts as known where its model was measured untuned:
    each of its fits is taken to last as long as that one, for the rows that it sees.

    Parameters
    ----------
    todo
        What is to be run.
    earlier
        A table of trials, of this machine.
    n_slots
        How many run at once.
    """
    measured: dict[_Key, list[_Seconds]] = defaultdict(list)
    if earlier.num_rows:
        done = earlier.filter(pc.equal(earlier["status"], "ok"))
        keys = zip(*(done[name].to_pylist() for name in _KEY), strict=True)
        phases = zip(*(pc.fill_null(done[name], 0.0).to_pylist() for name in _PHASES), strict=True)
        for key, seconds in zip(keys, phases, strict=True):
            measured[key].append(seconds)
    typical = {key: median(map(_total, several)) for key, several in measured.items()}
    known = []
    for trial in todo:
        data = (trial.dataset, trial.dataset_params, trial.n_train)
        key = (trial.model, trial.params, trial.search, *data)
        default = (trial.model, trial.params, "{}", *data)
        if key in typical:
            known.append(typical[key])
        elif default in measured:
            searching = [_searching(trial, fit) for _, _, fit, _ in measured[default]]
            expected = typical[default] + median(searching)
            known.append(min(expected, trial.limit_seconds))
    return ExpectedDuration(
        seconds=sum(known) / n_slots,
        n_known=len(known),
        n_unknown=len(todo) - len(known),
        at_most_seconds=sum(trial.limit_seconds for trial in todo) / n_slots,
    )


def _total(phases: _Seconds) -> float:
    init, warm_up, fit, predict = phases
    # The test part is asked about twice, and scoring asks about the other parts.
    return init + warm_up + fit + 3 * predict + _OVERHEAD_SECONDS


def _searching(trial: Trial, fit: float) -> float:
    """Return how long a search takes whose every fit takes as long as `fit`, one on all rows."""
    search = Search.from_json(json.loads(trial.search))
    seconds = search.trials * n_divisions(trial.n_train) * (1 - HELD_OUT) * fit
    return seconds if search.seconds is None else min(seconds, search.seconds)
