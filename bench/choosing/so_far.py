"""What was measured so far, as the schedule may know it: validation scores and seconds only."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import NamedTuple

from bench.analysis.sides import FAMILIES
from bench.spec.outcome import FAILED

_MARGIN = 1.15
"""What a forecast for a size that was measured is raised by, and again for each octave beyond."""
_SLOPES = {"fit": (0.5, 1.2, 3.0), "other": (0.0, 0.5, 1.5)}
"""Least, usual and greatest power of the size with which seconds grow."""
_USUAL_DF = 4
"""Degrees of freedom by which the spread of all entrants counts beside an entrant's own."""


class Entrant(NamedTuple):
    """A candidate: its label and its family."""

    name: str
    family: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A trial that has ended, without anything that was found on test rows.

    Parameters
    ----------
    entrant, size, seed
        Which it was: label, training rows, outer seed.
    status
        As in the tables.
    score
        On validation rows, greater is better; None where there is none.
    fit_seconds
        Of the fit alone.
    other_seconds
        Of all else that it took but compiling: loading, warming up, predicting, scoring.
    compile_seconds
        Of compiling, most of which later trials of the entrant are spared.
    """

    entrant: str
    size: int
    seed: int
    status: str
    score: float | None = None
    fit_seconds: float = 0.0
    other_seconds: float = 0.0
    compile_seconds: float = 0.0

    @property
    def seconds(self) -> float:
        """Return how long it kept its slot."""
        return self.fit_seconds + self.other_seconds + self.compile_seconds


class Beside(NamedTuple):
    """An entrant at a size beside the leader there.

    `shortfall` is the mean over common seeds of (its score - the leader's), `error` the standard
    error of that, `n` how many seeds it has.
    """

    entrant: str
    shortfall: float
    error: float
    n: int


class SoFar:
    """Trials that have ended, looked up by entrant and size.

    Parameters
    ----------
    entrants
        The candidates, baselines among them.
    seen
        What has ended.
    """

    def __init__(self, entrants: Sequence[Entrant], seen: Iterable[Seen]) -> None:
        self.families: Mapping[str, str] = {e.name: e.family for e in entrants}
        self.seen = tuple(seen)
        self.done = {(s.entrant, s.size, s.seed) for s in self.seen}
        self._at: dict[str, dict[int, list[Seen]]] = {name: {} for name in self.families}
        for trial in self.seen:
            if trial.entrant in self._at:
                self._at[trial.entrant].setdefault(trial.size, []).append(trial)
        self._standings: dict[int, list[Beside]] = {}
        self._forecasts: dict[tuple[str, int], float | None] = {}

    def scores(self, entrant: str, size: int) -> dict[int, float]:
        """Return its validation scores by seed."""
        trials = self._at[entrant].get(size, ())
        return {trial.seed: trial.score for trial in trials if trial.score is not None}

    def is_out(self, entrant: str, size: int) -> bool:
        """Whether it need not be tried there again: it fails there, or is too slow or too large.

        What skips, or is killed for its time or memory, at a size does so at every larger one.
        """
        for at, trials in self._at[entrant].items():
            if at > size:
                continue
            limits = [t for t in trials if t.status in ("skipped", "timeout", "out_of_memory")]
            failed = [t for t in trials if t.status in FAILED or t.score is None]
            if 2 * len(limits) > len(trials) or (at == size and 2 * len(failed) > len(trials)):
                return True
        return False

    def standings(self, size: int) -> list[Beside]:
        """Return the entrants with scores at a size, best first; baselines are no entrants.

        The leader is the best of those that have at least five seeds there, or as many as any.
        Differences are paired by seed, so that a hard split is hard for both.
        """
        if size not in self._standings:
            self._standings[size] = self._rank(size)
        return self._standings[size]

    def _rank(self, size: int) -> list[Beside]:
        scores = {
            name: found
            for name, family in self.families.items()
            if family in FAMILIES and (found := self.scores(name, size))
        }
        if not scores:
            return []
        most = max(map(len, scores.values()))
        eligible = [name for name, found in scores.items() if len(found) >= min(5, most)]
        reference = max(
            eligible, key=lambda name: (len(scores[name]), fmean(scores[name].values()))
        )
        leader = max(eligible, key=lambda name: _mean(_paired(scores[name], scores[reference])))
        paired = {name: _paired(found, scores[leader]) for name, found in scores.items()}
        spread = _pooled(paired, leader)
        standings = []
        for name, differences in paired.items():
            n, mean = len(differences), _mean(differences)
            own = sum((d - mean) ** 2 for d in differences) if n > 1 else 0.0
            df = max(0, n - 1)
            variance = (own + _USUAL_DF * spread) / (df + _USUAL_DF)
            error = 0.0 if name == leader else math.sqrt(variance / max(1, n))
            standings.append(Beside(name, mean, error, len(scores[name])))
        return sorted(standings, key=lambda s: (s.entrant != leader, -s.shortfall, s.entrant))

    def promise(self, entrant: str) -> tuple[int, float]:
        """Return the largest size at which it has a score, and its shortfall there.

        Reaching a larger size is itself a promise: only the better ones were sent there.
        """
        for size in sorted(self._at[entrant], reverse=True):
            for standing in self.standings(size):
                if standing.entrant == entrant:
                    return size, standing.shortfall
        return 0, -math.inf

    def best(self, family: str, n: int) -> list[str]:
        """Return the `n` most promising of a family, those without any score left out."""
        names = [name for name, own in self.families.items() if own == family]
        found = [(self.promise(name), name) for name in names]
        found = [(promise, name) for promise, name in found if promise[0]]
        return [name for _, name in sorted(found, key=lambda pair: pair[0], reverse=True)[:n]]

    def forecast(self, entrant: str, size: int) -> float | None:
        """Return for how long at most a trial may be expected to keep its slot.

        None where nothing of the entrant was measured. Fit and all else are laid on a line in
        log-log through the nearest two sizes that were measured; compiling counts with the least
        that it took, since programs are kept.
        """
        key = (entrant, size)
        if key not in self._forecasts:
            self._forecasts[key] = self._forecast(entrant, size)
        return self._forecasts[key]

    def _forecast(self, entrant: str, size: int) -> float | None:
        points = {
            at: ended
            for at, trials in self._at[entrant].items()
            if (ended := [trial for trial in trials if trial.status == "ok"])
        }
        if not points:
            return None
        compiling = [trial.compile_seconds for ended in points.values() for trial in ended]
        parts = (
            ("fit", {at: median(t.fit_seconds for t in ts) for at, ts in points.items()}),
            ("other", {at: median(t.other_seconds for t in ts) for at, ts in points.items()}),
        )
        octaves = max(0.0, math.log2(size / max(points)))
        steady = sum(_extrapolate(seconds, size, *_SLOPES[kind]) for kind, seconds in parts)
        again = min(compiling) if len(compiling) > 1 else 0.0
        return math.pow(_MARGIN, 1 + octaves) * (steady + again)


def _extrapolate(
    seconds: Mapping[int, float], size: int, least: float, usual: float, greatest: float
) -> float:
    if size in seconds:
        return seconds[size]
    near, *others = sorted(seconds, key=lambda at: abs(math.log(at / size)))
    slope = usual
    if others and seconds[near] > 0 and seconds[others[0]] > 0:
        rise = math.log(seconds[near] / seconds[others[0]]) / math.log(near / others[0])
        slope = min(greatest, max(least, rise))
    return seconds[near] * math.pow(size / near, slope)


def _paired(ours: Mapping[int, float], theirs: Mapping[int, float]) -> list[float]:
    return [score - theirs[seed] for seed, score in ours.items() if seed in theirs]


def _mean(differences: Sequence[float]) -> float:
    return fmean(differences) if differences else -math.inf


def _pooled(paired: Mapping[str, Sequence[float]], leader: str) -> float:
    """Return the variance of a difference within an entrant, over all entrants."""
    squares, df = 0.0, 0
    for name, differences in paired.items():
        if name != leader and len(differences) > 1:
            mean = fmean(differences)
            squares += sum((d - mean) ** 2 for d in differences)
            df += len(differences) - 1
    return squares / df if df else math.inf
