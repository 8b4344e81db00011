"""How long trials will take, from how long trials like them took."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from bench.outcome import Trial

_PHASES = ("init_seconds", "warm_up_seconds", "fit_seconds", "predict_seconds")
_OVERHEAD_SECONDS = 0.05
_KEY = ("model", "params", "dataset", "n_train")


@dataclass(frozen=True)
class Forecast:
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


def forecast(todo: Sequence[Trial], earlier: pa.Table, n_slots: int) -> Forecast:
    """Return how long trials may take.

    Parameters
    ----------
    todo
        What is to be run.
    earlier
        A table of trials, of this machine.
    n_slots
        How many run at once.
    """
    took: dict[tuple[Any, ...], list[float]] = defaultdict(list)
    if earlier.num_rows:
        done = earlier.filter(pc.equal(earlier["status"], "ok"))
        keys = zip(*(done[name].to_pylist() for name in _KEY), strict=True)
        phases = zip(*(pc.fill_null(done[name], 0.0).to_pylist() for name in _PHASES), strict=True)
        for key, (init, warm_up, fit, predict) in zip(keys, phases, strict=True):
            # The test part is asked about twice, and scoring asks about the other parts.
            took[key].append(init + warm_up + fit + 3 * predict + _OVERHEAD_SECONDS)
    typical = {key: median(values) for key, values in took.items()}
    known = [
        typical[key]
        for trial in todo
        if (key := (trial.model, trial.params, trial.dataset, trial.n_train)) in typical
    ]
    return Forecast(
        seconds=sum(known) / n_slots,
        n_known=len(known),
        n_unknown=len(todo) - len(known),
        at_most_seconds=sum(trial.limit_seconds for trial in todo) / n_slots,
    )
