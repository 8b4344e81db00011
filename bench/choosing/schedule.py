"""What to measure next, within the time that is left: a pure function of what was measured.

It is told scores on validation rows and seconds, and nothing else, so that no choice can hang on a
test row. In the order of what tells most:

1. **look**: every candidate on few rows, and once more where there is time;
2. **climb**: the better half of each family, and at least two, on four times as many rows, again
   and again;
3. **finals**: the best two of each family on the largest number of rows for which five outer seeds
   of them fit the time;
4. **second chances**: there, too, the others, twice each, where that is cheap;
5. **curves**: the best of each family on fewer rows, for where the two cross;
6. **race**: further seeds, for whoever may still be the best and for the best of each family, and
   in between further points of the curves.

The idea of spending little on many and much on few is that of successive halving (Jamieson and
Talwalkar, 2016, arXiv:1502.07943); sizes as its resource, and a guard for each family, are ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from bench.analysis.sides import FAMILIES
from bench.choosing.so_far import Entrant, Seen, SoFar

LOOKS = 2
"""Seeds with which candidates are looked at before the finals."""
FINALISTS = 2
"""Of each family."""
FINAL_SEEDS = 5
"""Below as many outer seeds there is no verdict."""
STEP = 4
"""From one number of rows to the next while climbing, and from one point of a curve to the next."""
MIN_LOOK_ROWS = 200
"""Fewer rows tell little of what happens on all of them."""
MOST_LOOK_OCTAVES = 4
"""How far below all rows the first look may be, where these are not very many."""
ENOUGH_LOOK_ROWS = 2_000
"""More rows are not needed for a first look, and may take too long."""
MIN_CURVE_ROWS = 64
MOST_CURVE_SIZES = 3
ELIMINATED = 1.5
"""Standard errors behind the leader after which a candidate gets no further seed."""

_FINAL_SHARE = 0.85
"""Of the time that is left, what the finals may take."""
_LOOK_SHARE = 0.2
"""Of the time that is left, what another look at everybody may take."""
_CLIMB_SHARE = 0.15
_CHANCE_SHARE = 0.08
_RACE_SHARE = 0.25
"""Of the time that is left, what a single trial of these kinds may take."""
_UNKNOWN_SECONDS = 3.0
"""Of a candidate of which nothing was measured."""
_LIMIT_FACTOR = 4.0
_LEAST_LIMIT = 30.0
FIRST_LIMIT = 60.0
"""Of a candidate of which nothing was measured: it may have to compile."""


class Wanted(NamedTuple):
    """A trial to be started, and after how many seconds it is to be ended."""

    entrant: str
    size: int
    seed: int
    limit_seconds: float


@dataclass(frozen=True, kw_only=True)
class State:
    """All that the schedule knows.

    Parameters
    ----------
    entrants
        The candidates, baselines among them.
    sizes
        Numbers of training rows that were planned, ascending.
    seeds
        Outer seeds that were planned, in the order in which they are to be used.
    seen
        Trials that have ended.
    running
        Trials that have not.
    n_slots
        How many run at once.
    left_seconds
        Until the last trial is to have ended.
    grace_seconds
        How much later a trial may end that took longer than was foreseen.
    """

    entrants: tuple[Entrant, ...]
    sizes: tuple[int, ...]
    seeds: tuple[int, ...]
    seen: tuple[Seen, ...] = ()
    running: tuple[Wanted, ...] = ()
    n_slots: int = 1
    left_seconds: float
    grace_seconds: float = 0.0


class _Wish(NamedTuple):
    entrant: str
    size: int
    seed: int
    share: float = 1.0


@dataclass(frozen=True)
class _View:
    """A state with what is made of it."""

    state: State
    evidence: SoFar
    capacity: float = field(default=0.0)
    """Seconds of all slots together that are left."""

    def finalists(self, n: int = FINALISTS) -> list[str]:
        return [name for family in FAMILIES for name in self.evidence.best(family, n)]

    def seconds(self, entrant: str, size: int) -> float:
        found = self.evidence.forecast(entrant, size)
        return _UNKNOWN_SECONDS if found is None else found


def next_trials(state: State) -> tuple[Wanted, ...]:
    """Return the trials that idle slots should start now.

    Parameters
    ----------
    state
        What is known.

    Returns
    -------
    tuple of Wanted
        At most one for each idle slot. None while something runs: wait until it has ended. None
        while nothing runs: there is nothing left to measure, or no time for it.
    """
    n_idle = state.n_slots - len(state.running)
    if n_idle <= 0 or state.left_seconds <= 0:
        return ()
    view = _view(state)
    taken = {(wanted.entrant, wanted.size, wanted.seed) for wanted in state.running}
    chosen: list[Wanted] = []
    for wish in _wishes(view):
        for wanted in _granted(view, wish, taken):
            chosen.append(wanted)
            taken.add((wanted.entrant, wanted.size, wanted.seed))
            if len(chosen) == n_idle:
                return tuple(chosen)
    return tuple(chosen)


def largest_affordable(state: State) -> int:
    """Return the largest size at which the finals fit the time, else that of the first look."""
    return _largest_affordable(_view(state))


def rungs(sizes: Sequence[int]) -> list[int]:
    """Return the sizes at which candidates are compared on the way up, ascending; the last is all.

    Each is about a quarter of the next; the first has at least `MIN_LOOK_ROWS` rows and a sixteenth
    of all, where the former are there and the latter are no more than `ENOUGH_LOOK_ROWS`.
    """
    chosen = [max(sizes)]
    least = max(MIN_LOOK_ROWS, min(max(sizes) / 2**MOST_LOOK_OCTAVES - 1, ENOUGH_LOOK_ROWS))
    for size in sorted(sizes, reverse=True):
        if size >= least and STEP * size <= chosen[-1] + STEP:
            chosen.append(size)
    return chosen[::-1]


def curve_sizes(sizes: Sequence[int], largest: int) -> list[int]:
    """Return the sizes below `largest` that curves get first, descending, each about a quarter."""
    chosen: list[int] = []
    for size in sorted(sizes, reverse=True):
        if size >= MIN_CURVE_ROWS and STEP * size <= (chosen or [largest])[-1] + STEP:
            chosen.append(size)
    return chosen[:MOST_CURVE_SIZES]


def _view(state: State) -> _View:
    evidence = SoFar(state.entrants, state.seen)
    view = _View(state, evidence)
    pending = sum(view.seconds(w.entrant, w.size) for w in state.running) / 2
    return _View(state, evidence, max(0.0, state.left_seconds * state.n_slots - pending))


def _granted(view: _View, wish: _Wish, taken: set[tuple[str, int, int]]) -> Iterator[Wanted]:
    """Yield what of a wish is open and fits the time; the baseline of its cell comes with it."""
    state, evidence = view.state, view.evidence
    baselines = [e.name for e in state.entrants if e.family not in FAMILIES]
    own = (wish.entrant, wish.size, wish.seed)
    for name in (wish.entrant, *baselines):
        cell = (name, wish.size, wish.seed)
        if cell in evidence.done or cell in taken or evidence.is_out(name, wish.size):
            if cell == own and cell not in evidence.done and cell not in taken:
                return
            continue
        seconds = view.seconds(name, wish.size)
        if seconds > min(state.left_seconds, wish.share * view.capacity):
            return
        is_first = evidence.forecast(name, wish.size) is None
        limit = FIRST_LIMIT if is_first else max(_LEAST_LIMIT, _LIMIT_FACTOR * seconds)
        yield Wanted(*cell, min(limit, state.left_seconds + state.grace_seconds))


def _wishes(view: _View) -> Iterator[_Wish]:
    """Yield trials in the order of what they tell, those among them that have ended already."""
    state, evidence = view.state, view.evidence
    climbing = rungs(state.sizes)
    names = _interleaved(state.entrants)
    looks = _looks(view, names, climbing[0])
    yield from (_Wish(name, climbing[0], seed) for seed in looks for name in names)
    largest = _largest_affordable(view)
    kept = names
    for below, size in pairwise(climbing):
        if size >= largest:
            break
        kept = _better_half(evidence, kept, below)
        yield from (_Wish(name, size, seed, _CLIMB_SHARE) for seed in looks for name in kept)
    finalists = view.finalists()
    for seed in state.seeds[:FINAL_SEEDS]:
        yield from (_Wish(name, largest, seed) for name in finalists)
    others = sorted(names, key=evidence.promise, reverse=True)
    for seed in looks:
        yield from (_Wish(name, largest, seed, _CHANCE_SHARE) for name in others)
    yield from _race(view, largest, state.seeds[:FINAL_SEEDS])
    few = curve_sizes(state.sizes, largest)
    yield from _curves(view, few)
    yield from _race(view, largest, state.seeds[: 2 * FINAL_SEEDS])
    least = min(few, default=largest)
    yield from _curves(view, [size for size in state.sizes if least < size < largest])
    yield from _race(view, largest, state.seeds)


def _looks(view: _View, names: Sequence[str], size: int) -> tuple[int, ...]:
    """Return the seeds of the first look: further ones only where they leave time for the rest."""
    looks = view.state.seeds[:1]
    for seed in view.state.seeds[1:LOOKS]:
        missing = [name for name in names if (name, size, seed) not in view.evidence.done]
        if sum(view.seconds(name, size) for name in missing) <= _LOOK_SHARE * view.capacity:
            looks = (*looks, seed)
    return looks


def _curves(view: _View, sizes: Sequence[int]) -> Iterator[_Wish]:
    for size in sizes:
        for seed in view.state.seeds[:FINAL_SEEDS]:
            yield from (_Wish(name, size, seed, _CHANCE_SHARE) for name in view.finalists(1))


def _race(view: _View, size: int, seeds: Sequence[int]) -> Iterator[_Wish]:
    """Yield seed by seed whoever may be the best, and the best of each family for the verdict."""
    racing = [
        standing.entrant
        for standing in view.evidence.standings(size)
        if standing.shortfall >= -ELIMINATED * standing.error
    ]
    racing += [name for name in view.finalists(1) if name not in racing]
    yield from (_Wish(name, size, seed, _RACE_SHARE) for seed in seeds for name in racing)


def _largest_affordable(view: _View) -> int:
    sizes, seeds = view.state.sizes, view.state.seeds[:FINAL_SEEDS]
    finalists = view.finalists()
    look = rungs(sizes)[0]
    for size in sorted((size for size in sizes if size >= look), reverse=True):
        missing = [
            view.seconds(name, size)
            for name in finalists
            for seed in seeds
            if (name, size, seed) not in view.evidence.done
        ]
        fits = max(missing, default=0.0) <= view.state.left_seconds
        if fits and sum(missing) <= _FINAL_SHARE * view.capacity:
            return size
    return look


def _better_half(evidence: SoFar, names: Sequence[str], size: int) -> list[str]:
    """Return the better half of each family at a size, and at least the finalists."""
    ranks = {s.entrant: rank for rank, s in enumerate(evidence.standings(size))}
    kept = set()
    for family in FAMILIES:
        own = [name for name in names if evidence.families[name] == family]
        own.sort(key=lambda name: ranks.get(name, len(ranks)))
        kept |= set(own[: max(FINALISTS, (len(own) + 1) // 2)])
    return [name for name in names if name in kept]


def _interleaved(entrants: Sequence[Entrant]) -> list[str]:
    """Return the names of candidates, the families in turn: whatever is cut off, both are there."""
    queues = [[e.name for e in entrants if e.family == family] for family in FAMILIES]
    longest = max(map(len, queues), default=0)
    return [queue[at] for at in range(longest) for queue in queues if at < len(queue)]
