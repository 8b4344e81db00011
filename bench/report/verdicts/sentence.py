"""A verdict in one sentence, the family first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.analysis.decisions import SURE
from bench.analysis.prices import CHEAPER
from bench.report.text import clean, listed, plural
from bench.report.verdicts.crossing import about, crossing_words
from bench.report.verdicts.words import (
    OTHER,
    amount,
    gain_figures,
    of_metric,
    percent,
    scale_of,
    tally,
    times,
)

if TYPE_CHECKING:
    from bench.analysis.verdict import Verdict

_SAME_STORY = 2.0
"""Ratios of all candidates and of the winners that differ by less are told as one."""


def sentence(verdict: Verdict) -> str:
    """Return the verdict as one sentence, the family first.

    As in "classical: within 0.5 points of accuracy, 40 times faster; deep may overtake beyond
    12,000 rows (5,000 to 30,000)". Control characters in names are written out; markup is the
    caller's to escape.

    Parameters
    ----------
    verdict
        From `bench.analysis.judging.judge`.
    """
    if verdict.decision == "not-measured":
        return _not_measured(verdict)
    said = [_score_words(verdict)]
    cost = _cost_words(verdict)
    if cost:
        said.append(cost)
    head = verdict.choice or ("either" if verdict.decision == "equal" else "too close to call")
    parts = [f"{head}: {', '.join(said)}"]
    failed = _failure_words(verdict)
    if failed:
        parts.append(failed)
    where = _crossover_words(verdict)
    if where:
        parts.append(where)
    if verdict.decision == "undecided" and verdict.missing:
        parts.append(f"{listed(verdict.missing)} ({plural(verdict.n_missing, 'trial')}) may tell")
    return "; ".join(parts)


def _not_measured(verdict: Verdict) -> str:
    head = "not enough measured"
    if not verdict.missing:
        return f"{head}: no dataset has enough outer seeds of both families"
    what = "; ".join(clean(text) for text in verdict.missing[:3])
    more = f"; and {len(verdict.missing) - 3} more" if len(verdict.missing) > 3 else ""
    return f"{head}: run {_these(verdict.n_missing)}: {what}{more}"


def _these(n: int) -> str:
    return "this trial" if n == 1 else f"these {n:,} trials"


def _failure_words(verdict: Verdict) -> str:
    """Say which family failed: a difference of skill is then not one between its models."""
    said = []
    for family, n in sorted(verdict.failed.items()):
        if verdict.scope != "dataset":
            said.append(f"{family} failed at some seeds of {plural(n, 'dataset')}")
        elif n >= verdict.n_units:
            said.append(f"{family} failed throughout")
        else:
            said.append(f"{family} failed in {n} of {verdict.n_units} seeds")
    return ", ".join(said)


def _score_words(verdict: Verdict) -> str:
    """Say how the scores compare, from the side of the family that is named first."""
    if verdict.decision in OTHER:
        return _better_words(verdict)
    if verdict.counts is not None:
        return tally(verdict)
    if verdict.decision == "equal":
        return f"within {_widest(verdict)}"
    if verdict.choice is None:
        return f"{_gain_words(verdict)}, 90 % interval {_interval_words(verdict)}"
    other = OTHER[verdict.choice]
    p = verdict.p_deep if other == "deep" else verdict.p_classical
    sure = "" if p is None else f" ({percent(1 - p)} sure)"
    bound = f"{other} is not better"
    if verdict.region:
        bound += f" by more than {verdict.region:.3g} {scale_of(verdict)}"
    return f"{bound}{sure}, {_gain_words(verdict)}"


def _better_words(verdict: Verdict) -> str:
    if verdict.counts is not None:
        return tally(verdict)
    p = verdict.p_deep if verdict.decision == "deep" else verdict.p_classical
    over = "" if verdict.scope == "dataset" else f" over {plural(verdict.n_units, 'dataset')}"
    sure = "" if p is None else f" ({percent(p)} sure)"
    return f"better by {amount(verdict, verdict.gain, verdict.gain_in_metric)}{over}{sure}"


def _gain_words(verdict: Verdict) -> str:
    gain = verdict.gain or 0.0
    side = "deep" if gain > 0 else "classical"
    return f"{side} ahead by {amount(verdict, verdict.gain, verdict.gain_in_metric)}"


def _widest(verdict: Verdict) -> str:
    """Return how far the interval of equal families reaches at most."""
    inside = verdict.gain_in_metric_interval
    if inside is not None:
        mean = verdict.gain_in_metric or 0.0
        return of_metric(verdict, max(abs(inside.low), abs(inside.high), abs(mean)))
    between = verdict.gain_interval
    reach = verdict.region if between is None else max(abs(between.low), abs(between.high))
    return amount(verdict, reach, None)


def _interval_words(verdict: Verdict) -> str:
    _, between = gain_figures(verdict)
    return f"{between} {scale_of(verdict)} for deep" if between else "unknown"


def _cost_words(verdict: Verdict) -> str:
    """Return "40 times faster", of the family named first, all candidates together.

    The winners' own ratio is named too where it tells another story.
    """
    ratio, own = (among.get("warm_seconds") for among in (verdict.total_ratios, verdict.ratios))
    if ratio is None or verdict.choice is None:
        return ""
    if verdict.choice == "deep":
        ratio, own = 1 / ratio, None if own is None else 1 / own
    factor = max(ratio, 1 / ratio)
    said = "about as fast"
    if factor >= CHEAPER:
        said = f"{_bound(verdict, ratio)}{times(factor)} times {_faster(ratio)}"
    if own is None or 1 / _SAME_STORY < own / ratio < _SAME_STORY:
        return said
    alone = "about as fast" if max(own, 1 / own) < CHEAPER else ""
    alone = alone or f"{times(max(own, 1 / own))} times {_faster(own)}"
    return f"{said} with all candidates (its best alone {alone})"


def _faster(ratio: float) -> str:
    return "faster" if ratio > 1 else "slower"


def _bound(verdict: Verdict, ratio: float) -> str:
    """Say "at least" where the slower family ran into its time limit, "at most" the faster."""
    first = str(verdict.choice)
    slower = OTHER[first] if ratio > 1 else first
    is_bound = {
        family: (price := verdict.price.get(family)) is not None and price.total.at_least
        for family in OTHER
    }
    if all(is_bound.values()):
        return "as far as the time limit lets see "
    return "at least " if is_bound[slower] else "at most " if is_bound[OTHER[slower]] else ""


def _crossover_words(verdict: Verdict) -> str:
    """Return where deep overtakes, as far as that is news beside the decision."""
    where = verdict.crossover
    if where is None or where.outcome in ("not-measured", "unknown"):
        return ""
    if where.outcome == "always":
        # Where deep is better that goes without saying.
        is_news = verdict.decision != "deep" and (where.p_always or 0.0) >= SURE
        return "deep slightly ahead at all sizes" if is_news else ""
    if where.outcome == "never":
        # A family taken for its price need not overtake.
        is_news = verdict.choice != "deep" and (where.p_never or 0.0) >= SURE
        reach = where.reach or where.largest
        up_to = f"{about(reach or 0.0)} {clean(verdict.size_unit)}"
        return f"deep does not overtake up to {up_to}" if reach and is_news else ""
    # Whoever is told to take deep learning need only hear from which size on.
    if verdict.choice == "deep" and not (where.is_surely_within and verdict.decision == "deep"):
        return ""
    return crossing_words(where, verdict.size_unit)
