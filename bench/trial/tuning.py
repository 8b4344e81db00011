"""Tuning on the clock: which parameters are tried, on which rows, and which of them are taken.

Random search (Bergstra and Bengio, "Random search for hyper-parameter optimization", JMLR 13,
2012) over the model's own space, on the trial's training rows alone: a share of them is held out,
as the task holds out its test rows (groups, time and the shares of classes are kept), and scored by
the dataset's primary metric. The given parameters are the first candidate, so that tuning does
harm by chance only. Everything is drawn from the model seed; nothing but the clock can change it.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from statistics import fmean, median
from time import perf_counter
from typing import Any

from bench.planning.search import Search
from bench.spec import (
    Dataset,
    Direction,
    Metric,
    MetricFunction,
    Part,
    Parts,
    Task,
)
from bench.spec.errors import DatasetError, Skip
from bench.spec.outcome import CurvePoint
from bench.tasks.scoring import score
from bench.trial.deadline import OutOfTimeError, ended_within

HELD_OUT = 0.2
"""Share of the training rows on which candidates are compared."""

ENOUGH_ROWS = 500
"""Held-out rows that tell candidates apart; where one division has fewer, it is repeated."""

MOST_DIVISIONS = 5

REFIT = 2.0
"""How many times as long as a fit on a division the last fit, on all rows, may take.

So much time is kept for it. A learner that does not stop by itself, and whose time grows faster
with its rows than that, may still run into the limit of its trial.
"""

OVERTIME = 1.25
"""How many times its time a candidate may take before it is given up.

Fits that stop by themselves use up their time, and are then still to be asked and scored.
"""

_MISSES = 100
"""After so many candidates in a row that were tried before, the space is taken for exhausted."""

Fit = Callable[[Mapping[str, Any], Parts, float | None], tuple[Any, bool]]
"""Given parameters, parts and seconds: the fitted estimator, and whether time ended its fit."""

Evaluate = Callable[[Mapping[str, Any], float], tuple[float, bool]]
"""Given parameters and seconds: their value, and whether time ended a fit."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Parameters that were tried; `value` is None where they failed, and `reason` says why."""

    params: Mapping[str, Any]
    value: float | None
    reason: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a search found.

    Parameters
    ----------
    params
        The best; the given ones where no candidate has a value.
    candidates
        All that were tried, in order.
    is_cut
        Whether time, and not the number of candidates, ended it or one of its fits.
    """

    params: Mapping[str, Any]
    candidates: tuple[Candidate, ...]
    is_cut: bool

    def curve(self, metric: str) -> Iterator[CurvePoint]:
        """Yield the value of each candidate that has one, by its number."""
        for number, candidate in enumerate(self.candidates, start=1):
            if candidate.value is not None:
                yield CurvePoint(number, "tuning", metric, candidate.value)

    def notes(self, metric: str, space: Collection[str]) -> Iterator[str]:
        """Yield a line for each candidate: what it was, and how it did or why it failed."""
        for number, candidate in enumerate(self.candidates, start=1):
            own = {name: candidate.params[name] for name in space if name in candidate.params}
            shown = json.dumps(own, sort_keys=True, default=str) if number > 1 else "as given"
            how = candidate.reason
            if candidate.value is not None:
                how = f"{metric} {candidate.value:.6g}"
            yield f"tuning: candidate {number}, {shown}: {how}"
        if self.candidates and all(candidate.value is None for candidate in self.candidates):
            yield "tuning: no candidate has a value; the parameters stay as given"


def proposals(asked: Search, given: Mapping[str, Any], seed: int) -> Iterator[dict[str, Any]]:
    """Yield the candidates: what is given, then draws from the space over it, each once.

    Uniform over choices and over a range (``log``: over its logarithm); ``int`` gives whole numbers
    from `low` to `high`. Fewer than ``asked.trials`` come where the space has no more.
    """
    chance = random.Random(seed)
    seen = {json.dumps(given, sort_keys=True)}
    yield dict(given)
    misses = 0
    while len(seen) < asked.trials and misses < _MISSES:
        drawn = {name: _draw(choices, chance) for name, choices in sorted(asked.space.items())}
        params = {**given, **drawn}
        text = json.dumps(params, sort_keys=True)
        if text in seen:
            misses += 1
            continue
        misses = 0
        seen.add(text)
        yield params


def _draw(choices: Any, chance: random.Random) -> Any:
    # Only random() is used: it alone is promised to give the same numbers in every Python.
    place = chance.random()
    if not isinstance(choices, Mapping):
        return choices[int(place * len(choices))]
    low, high = choices["low"], choices["high"]
    if choices.get("log"):
        value = math.exp(math.log(low) + place * (math.log(high) - math.log(low)))
        value = min(max(value, low), high)
        return round(value) if choices.get("int") else value
    if choices.get("int"):
        return int(low) + int(place * (int(high) - int(low) + 1))
    return low + place * (high - low)


def n_divisions(n_train: int) -> int:
    """Return how often so many training rows are divided, to compare candidates on enough rows."""
    return min(MOST_DIVISIONS, max(1, math.ceil(ENOUGH_ROWS / (HELD_OUT * n_train))))


def divisions(task: Task, dataset: Dataset, train: Part, seed: int) -> tuple[Parts, ...]:
    """Divide a training part as its task divides a dataset; the test parts are those held out.

    Parameters
    ----------
    task
        What is asked.
    dataset
        That the part is from: it says what the columns and the target are.
    train
        The training part.
    seed
        Of the draws.

    Raises
    ------
    DatasetError
        The part cannot be divided.
    """
    drawn = task.divide(dataset, train, share=HELD_OUT, seed=seed)
    found = tuple(islice(drawn, n_divisions(len(train))))
    if not found:
        raise DatasetError(
            f"{len(train)} training {task.size_unit} are too few to hold some of them out"
        )
    return found


def tune(
    asked: Search,
    task: Task,
    divided: Collection[Parts],
    fit: Fit,
    metric: tuple[Metric, MetricFunction],
    *,
    given: Mapping[str, Any],
    seed: int,
    budget: float | None,
) -> Found:
    """Search for the parameters with the best mean value on what the divisions hold out.

    Parameters
    ----------
    asked
        The space, and for how long.
    task
        It asks the estimators and checks their answers.
    divided
        From `divisions`.
    fit
        Fits on the training part of one of them.
    metric
        The dataset's primary one, and its function.
    given
        The first candidate, and what all others have outside the space.
    seed
        Of the draws.
    budget
        Seconds for the search and the last fit together; None: no limit.
    """

    def evaluate(params: Mapping[str, Any], seconds: float) -> tuple[float, bool]:
        end = perf_counter() + seconds
        values, is_cut = [], False
        for at, parts in enumerate(divided):
            left = end - perf_counter()
            if left <= 0:
                raise OutOfTimeError
            share = None if math.isinf(left) else left / (len(divided) - at)
            estimator, was_cut = fit(params, parts, share)
            is_cut = is_cut or was_cut
            values.append(_value(task, estimator, parts, metric))
        return fmean(values), is_cut

    return search(
        asked,
        evaluate,
        given=given,
        seed=seed,
        direction=metric[0].direction,
        n_fits=len(divided),
        budget=budget,
    )


def _value(
    task: Task, estimator: Any, parts: Parts, metric: tuple[Metric, MetricFunction]
) -> float:
    part = parts.test
    output = task.read(task.ask(estimator, part), part, parts, estimator)
    (scored,) = score([metric], "validation", part, output)
    if scored.value is None:
        raise ValueError(f"{scored.metric}: {scored.reason}")
    return scored.value


def search(
    asked: Search,
    evaluate: Evaluate,
    *,
    given: Mapping[str, Any],
    seed: int,
    direction: Direction,
    n_fits: int = 1,
    budget: float | None = None,
    clock: Callable[[], float] = perf_counter,
) -> Found:
    """Try candidates until there are enough or time is over; return the best, the first of equals.

    A further candidate is begun only if it can be expected to end within `asked.seconds`, and
    within `budget` with time left for the last fit. One that takes longer all the same is given up
    after `OVERTIME` times its time, as far as `bench.trial.deadline.ended_within` can interrupt it,
    and ends the search. Where none has a value, what is given is returned: its last fit decides.

    Parameters
    ----------
    evaluate
        Returns the value of a candidate; what it raises is the candidate's failure.
    n_fits
        Fits that one evaluation makes.
    clock
        Tells the time in seconds.
    asked, given, seed, direction, budget
        As for `tune`, with the metric's direction.
    """
    begin = clock()
    tried: list[Candidate] = []
    is_cut = False
    for params in proposals(asked, given, seed):
        start = clock()
        allowed = _allowed(asked, tried, n_fits, budget, start - begin)
        usual = median([c.seconds for c in tried if c.value is not None] or [0.0])
        if allowed <= usual:
            is_cut = True
            break
        value, reason, is_over = None, "", False
        try:
            value, was_cut = ended_within(OVERTIME * allowed, partial(evaluate, params, allowed))
            is_cut = is_cut or was_cut
        except OutOfTimeError:
            is_over, reason = True, f"failed: over its time of {allowed:.3g} s"
        except Skip as error:
            reason = f"skipped: {error}"
        except Exception as error:
            reason = f"failed: {type(error).__name__}: {error}"[:500]
        seconds = clock() - start
        tried.append(Candidate(params=params, value=value, reason=reason, seconds=seconds))
        if is_over:
            is_cut = True
            break
    scored = [(c.value, c) for c in tried if c.value is not None]
    best = max if direction == "higher" else min
    chosen = best(scored, key=lambda pair: pair[0])[1].params if scored else given
    return Found(params=chosen, candidates=tuple(tried), is_cut=is_cut)


def _allowed(
    asked: Search, tried: Collection[Candidate], n_fits: int, budget: float | None, elapsed: float
) -> float:
    """Return the seconds that a further candidate may take."""
    seconds = math.inf if asked.seconds is None else asked.seconds - elapsed
    if budget is None:
        return seconds
    left = budget - elapsed
    slowest = max((candidate.seconds for candidate in tried), default=0.0)
    # The last fit may be that of the slowest so far, or of the candidate that is to begin.
    return min(seconds, left - REFIT * slowest / n_fits, left * n_fits / (n_fits + REFIT))
