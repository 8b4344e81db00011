"""Which model to take, what it costs, and what more minutes would buy."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.analysis import curves
from bench.analysis.sides import FAMILIES
from bench.choosing.schedule import ELIMINATED, FINAL_SEEDS, FINALISTS
from bench.choosing.so_far import SoFar
from bench.choosing.steering import by_trial
from bench.report.progress import duration
from bench.report.text import clean, decimals, figure, listed, plural
from bench.report.verdicts.words import scale_of
from bench.spec import Metric

if TYPE_CHECKING:
    from bench.analysis.verdict import Verdict
    from bench.results.store import Results

_UNTRIED_SECONDS = 15.0
"""Of the first trial of a candidate where none of its family was tried."""
_SLOT_SHARE = 0.85
"""Of the time of all slots, what trials get: the rest goes to beginning and end."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The model to take.

    Parameters
    ----------
    model, family
        Its label and family.
    n_train, size_unit, n_seeds
        The size at which candidates were compared, and with how many outer seeds this one.
    metric
        That they were compared by.
    validation
        Its mean on validation rows, by which it was chosen.
    test, test_low, test_high
        Its mean on test rows, which nothing was chosen by, and its 90 % interval; None below five
        outer seeds.
    fit_seconds, cold_seconds, latency_seconds, peak_bytes, n_parameters
        Medians: a warm fit; the same with start and compiling; one prediction; memory; parameters.
        None where not measured.
    as_good
        Others that validation rows do not tell apart from it, best first.
    n_candidates, untried
        How many stood, and those for which there was no time at all: of them nothing is known.
    """

    model: str
    family: str
    n_train: int
    size_unit: str = "rows"
    n_seeds: int
    metric: str
    validation: float
    test: float | None = None
    test_low: float | None = None
    test_high: float | None = None
    fit_seconds: float | None = None
    cold_seconds: float | None = None
    latency_seconds: float | None = None
    peak_bytes: float | None = None
    n_parameters: float | None = None
    as_good: tuple[str, ...] = ()
    n_candidates: int = 0
    untried: tuple[str, ...] = ()


def answer_size(so_far: SoFar, sizes: Iterable[int]) -> int | None:
    """Return the largest size at which candidates can be compared; None where nothing has a score.

    That is where each family that has any score has a candidate with five outer seeds, else four,
    and so on.
    """
    families = [family for family in FAMILIES if so_far.best(family, 1)]
    descending = sorted(sizes, reverse=True)
    for n in range(FINAL_SEEDS, 0, -1):
        for size in descending:
            there = {so_far.families[s.entrant] for s in so_far.standings(size) if s.n >= n}
            if families and there.issuperset(families):
                return size
    return None


def choose(so_far: SoFar, results: Results, metric: Metric, size: int) -> Choice:
    """Return the candidate that is best on validation rows at a size, with its figures.

    Parameters
    ----------
    so_far
        What validation rows say.
    results
        Of the run.
    metric
        That candidates are compared by.
    size
        At which some have a score.
    """
    standings = so_far.standings(size)
    leader = standings[0]
    close = [s.entrant for s in standings[1:] if s.shortfall >= -ELIMINATED * s.error]
    scores = so_far.scores(leader.entrant, size)
    sign = -1.0 if metric.direction == "lower" else 1.0
    tested = test_curve(results, metric, leader.entrant).at(size)
    test = low = high = None
    if isinstance(tested, curves.Estimate):
        test = sign * tested.value
        if tested.low is not None and tested.high is not None:
            # No mean is beyond the ideal, whatever Student's t says of few seeds.
            ends = sign * tested.low, sign * min(tested.high, _best(metric))
            low, high = min(ends), max(ends)
    return Choice(
        model=leader.entrant,
        family=so_far.families[leader.entrant],
        n_train=size,
        size_unit=unit_of(results),
        n_seeds=leader.n,
        metric=metric.name,
        validation=sign * float(np.mean(list(scores.values()))),
        test=test,
        test_low=low,
        test_high=high,
        as_good=tuple(close),
        n_candidates=len(_candidates(so_far)),
        untried=tuple(_untried(so_far)),
        **_price(results.trials, leader.entrant, size),
    )


def test_curve(results: Results, metric: Metric, label: str) -> curves.CurveFit:
    """Return the learning curve of a candidate on test rows, turned so that higher is better."""
    wanted = [("part", "test"), ("slice", ""), ("metric", metric.name)]
    values = by_trial(results.scores, wanted)
    rows = [row for row in _rows(results.trials, label) if values.get(row["trial_id"]) is not None]
    sizes = sorted({row["n_train"] for row in rows})
    seeds = sorted({row["outer_seed"] for row in rows})
    sign = -1.0 if metric.direction == "lower" else 1.0
    figures = np.full((len(seeds), len(sizes)), np.nan)
    for row in rows:
        at = seeds.index(row["outer_seed"]), sizes.index(row["n_train"])
        figures[at] = sign * values[row["trial_id"]]
    return curves.fit(sizes, figures, limits=(-np.inf, _best(metric)))


def unit_of(results: Results) -> str:
    """Return what sizes count in a run of one dataset."""
    return str(results.trials["size_unit"][0].as_py())


def _best(metric: Metric) -> float:
    """Return the ideal, turned so that higher is better; infinity where there is none."""
    if metric.ideal is None:
        return math.inf
    return -metric.ideal if metric.direction == "lower" else metric.ideal


def _rows(trials: pa.Table, label: str) -> list[dict[str, Any]]:
    own = pc.and_(
        pc.equal(trials["label"].cast(pa.string()), label),
        pc.equal(trials["status"].cast(pa.string()), "ok"),
    )
    rows: list[dict[str, Any]] = trials.filter(own).to_pylist()
    return rows


def _price(trials: pa.Table, label: str, size: int) -> dict[str, float | None]:
    rows = [row for row in _rows(trials, label) if row["n_train"] == size]
    for row in rows:
        parts = [row[f"{phase}_seconds"] for phase in ("init", "warm_up", "fit")]
        row["cold_seconds"] = None if row["fit_seconds"] is None else sum(p or 0.0 for p in parts)
    columns = {
        "fit_seconds": "fit_seconds",
        "cold_seconds": "cold_seconds",
        "latency_seconds": "latency_1_seconds",
        "peak_bytes": "peak_anon_bytes",
        "n_parameters": "n_parameters",
    }
    found: dict[str, float | None] = {}
    for name, column in columns.items():
        known = [row[column] for row in rows if row[column] is not None]
        # The first fit compiles, later ones find the program: the dearest is what a cold start is.
        middle = max if name == "cold_seconds" else median
        found[name] = float(middle(known)) if known else None
    return found


def more(
    so_far: SoFar,
    sizes: Sequence[int],
    size: int,
    *,
    n_slots: int,
    unit: str = "rows",
    verdict: Verdict | None = None,
) -> list[str]:
    """Return what more minutes would buy, a sentence each.

    Parameters
    ----------
    so_far
        What was measured.
    sizes
        That were planned.
    size
        At which candidates were compared.
    n_slots
        Trials at once.
    unit
        What sizes count.
    verdict
        Of this table, where there is one.
    """
    finalists = [name for family in FAMILIES for name in so_far.best(family, FINALISTS)]
    n_seeds = max((s.n for s in so_far.standings(size)), default=0)
    found = []
    for larger in sorted(sizes, reverse=True)[:1]:
        if larger > size:
            seconds = _seconds(so_far, dict.fromkeys(finalists, FINAL_SEEDS), larger, n_slots)
            found.append(
                f"{_about(seconds)}: the best two of each family on all {larger:,} training "
                f"{unit}, not on {size:,} alone"
            )
    behind = {s.entrant for s in so_far.standings(size)}
    left = [
        name
        for name, family in so_far.families.items()
        if family in FAMILIES
        and name not in behind
        and so_far.promise(name)[0]
        and not so_far.is_out(name, size)
    ]
    if left:
        seconds = _seconds(so_far, dict.fromkeys(left, FINAL_SEEDS), size, n_slots)
        names = listed(map(clean, left))
        found.append(
            f"{_about(seconds)}: {names} on {size:,} {unit}, too; on fewer they fell behind or "
            "were slow"
        )
    if untried := _untried(so_far):
        seconds = _first_seconds(so_far, untried) / (n_slots * _SLOT_SHARE)
        found.insert(
            0,
            f"{_about(seconds)}: a first look at {plural(len(untried), 'candidate')} that there "
            "was no time for",
        )
    short = [s.entrant for s in so_far.standings(size) if s.n < FINAL_SEEDS]
    if n_seeds < FINAL_SEEDS:
        needed = {s.entrant: FINAL_SEEDS - s.n for s in so_far.standings(size)}
        needed |= {name: FINAL_SEEDS for name in finalists if name not in needed}
        seconds = _seconds(so_far, needed, size, n_slots)
        found.append(
            f"{_about(seconds)}: {FINAL_SEEDS} outer seeds, below which there is no verdict; there "
            f"{'is' if n_seeds == 1 else 'are'} {n_seeds}"
        )
    elif short:
        needed = {s.entrant: FINAL_SEEDS - s.n for s in so_far.standings(size) if s.n < FINAL_SEEDS}
        seconds = _seconds(so_far, needed, size, n_slots)
        found.append(
            f"{_about(seconds)}: {plural(FINAL_SEEDS, 'outer seed')} for "
            f"{listed(map(clean, short))}, which have fewer"
        )
    if verdict is not None and verdict.gain_interval is not None and verdict.n_units:
        n = verdict.n_units
        equal = f" (equal means within {verdict.region:.3g})" if verdict.region else ""
        half = (verdict.gain_interval.high - verdict.gain_interval.low) / 2
        seconds = _seconds(so_far, dict.fromkeys(finalists, n), size, n_slots)
        found.append(
            f"{_about(seconds)}: {2 * n} outer seeds in place of {n}; the gain would be known to "
            f"about ±{half / 2**0.5:.3f} {scale_of(verdict)}, now ±{half:.3f}{equal}"
        )
    return found


def _candidates(so_far: SoFar) -> list[str]:
    return [name for name, family in so_far.families.items() if family in FAMILIES]


def _untried(so_far: SoFar) -> list[str]:
    tried = {trial.entrant for trial in so_far.seen}
    return [name for name in _candidates(so_far) if name not in tried]


def _first_seconds(so_far: SoFar, names: Sequence[str]) -> float:
    """Return how long first trials may take: each as those of its family, which may compile."""
    first: dict[str, float] = {}
    for trial in so_far.seen:
        first.setdefault(trial.entrant, trial.seconds)
    total = 0.0
    for name in names:
        family = so_far.families[name]
        known = [took for other, took in first.items() if so_far.families.get(other) == family]
        total += fmean(known) if known else _UNTRIED_SECONDS
    return total


def ahead(fit: curves.CurveFit, metric: Metric, size: int, unit: str = "rows") -> str:
    """Return what twice the size would bring the chosen model; "" where that is not known."""
    told = fit.at(2 * size)
    if not isinstance(told, curves.Estimate) or told.low is None or told.high is None:
        return ""
    sign = -1.0 if metric.direction == "lower" else 1.0
    low, high = sorted((sign * told.low, sign * told.high))
    places = decimals((low, high))
    return (
        f"With {2 * size:,} training {unit} its {metric.name} may be "
        f"{figure(sign * told.value, places)} ({figure(low, places)} to {figure(high, places)}), "
        "as its learning curve goes"
    )


def _seconds(so_far: SoFar, seeds: Mapping[str, int], size: int, n_slots: int) -> float:
    whole = sum((so_far.forecast(name, size) or 0.0) * n for name, n in seeds.items())
    return whole / (n_slots * _SLOT_SHARE)


def _about(seconds: float) -> str:
    return f"about {duration(max(1.0, seconds))} more"
