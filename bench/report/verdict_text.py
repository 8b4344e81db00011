"""Verdicts in words: a sentence, its details, lines for a terminal, an object for JSON."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bench.analysis.decisions import SURE
from bench.analysis.prices import CHEAPER
from bench.report.text import clean, figure, listed, plural, seconds, span

if TYPE_CHECKING:
    from bench.analysis.crossover import CostCrossover, Crossover
    from bench.analysis.intervals import Interval
    from bench.analysis.prices import Cost
    from bench.analysis.verdict import Verdict

MOST_DATASETS = 12
"""So many datasets have a line of their own."""
_OTHER = {"classical": "deep", "deep": "classical"}
_SAME_STORY = 2.0
"""Ratios of all candidates and of the winners that differ by less are told as one."""
_LIKELY = 0.5
"""A crossing less likely than this is left to the details."""


def sentence(verdict: Verdict) -> str:
    """Return the verdict as one sentence, the family first.

    As in "classical: within 0.5 points of accuracy, 40 times faster; deep may overtake beyond
    12,000 rows (5,000 to 30,000)". Control characters in names are written out; markup is the
    caller's to escape.

    Parameters
    ----------
    verdict
        From `bench.analysis.verdict.verdicts`.
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


def _these(n: int) -> str:
    return "this trial" if n == 1 else f"these {n:,} trials"


def _score_words(verdict: Verdict) -> str:
    """Say how the scores compare, from the side of the family that is named first."""
    if verdict.decision in _OTHER:
        return _better_words(verdict)
    if verdict.counts is not None:
        return _tally(verdict)
    if verdict.decision == "equal":
        return f"within {_widest(verdict)}"
    if verdict.choice is None:
        return f"{_gain_words(verdict)}, 90 % interval {_interval_words(verdict)}"
    other = _OTHER[verdict.choice]
    p = verdict.p_deep if other == "deep" else verdict.p_classical
    sure = "" if p is None else f" ({_percent(1 - p)} sure)"
    bound = f"{other} is not better by more than {verdict.region:g} of skill"
    return f"{bound}{sure}, {_gain_words(verdict)}"


def _better_words(verdict: Verdict) -> str:
    if verdict.counts is not None:
        return _tally(verdict)
    p = verdict.p_deep if verdict.decision == "deep" else verdict.p_classical
    over = "" if verdict.scope == "dataset" else f" over {plural(verdict.n_units, 'dataset')}"
    sure = "" if p is None else f" ({_percent(p)} sure)"
    return f"better by {_amount(verdict, verdict.gain, verdict.gain_in_metric)}{over}{sure}"


def _tally(verdict: Verdict) -> str:
    counts = verdict.counts or {}
    n = sum(counts.values())
    words = {
        "deep": "deep better",
        "equal": "equal",
        "classical": "classical better",
        "undecided": "undecided",
    }
    if n == 1:
        return f"{next(words[name] for name, one in counts.items() if one)} on the one dataset"
    found = [f"{words[name]} on {counts[name]}" for name in words if counts.get(name)]
    return f"{listed(found)} of {n} datasets" if found else ""


def _gain_words(verdict: Verdict) -> str:
    gain = verdict.gain or 0.0
    side = "deep" if gain > 0 else "classical"
    return f"{side} ahead by {_amount(verdict, verdict.gain, verdict.gain_in_metric)}"


def _amount(verdict: Verdict, skill: float | None, in_metric: float | None) -> str:
    """Return "0.5 points of accuracy" where the metric is a share, else in skill."""
    if in_metric is not None:
        return _in_metric(verdict, abs(in_metric))
    return f"{figure(abs(skill or 0.0))} of skill"


def _in_metric(verdict: Verdict, value: float) -> str:
    name = clean(verdict.metric).replace("-", " ")
    if verdict.is_share:
        points = f"{100 * value:.1f}" if value >= 0.0005 else "0.0"
        return f"{points} {'point' if points == '1.0' else 'points'} of {name}"
    return f"{value:.3g} of {name}"


def _widest(verdict: Verdict) -> str:
    """Return how far the interval of equal families reaches at most."""
    inside = verdict.gain_in_metric_interval
    if inside is not None:
        mean = verdict.gain_in_metric or 0.0
        return _in_metric(verdict, max(abs(inside.low), abs(inside.high), abs(mean)))
    between = verdict.gain_interval
    reach = verdict.region if between is None else max(abs(between.low), abs(between.high))
    return f"{figure(reach)} of skill"


def _interval_words(verdict: Verdict) -> str:
    between = verdict.gain_interval
    if between is None:
        return "unknown"
    return f"{between.low:+.3f} to {between.high:+.3f} of skill for deep"


def _cost_words(verdict: Verdict) -> str:
    """Return "40 times faster", of the family named first, all candidates together.

    The winners' own ratio is named too where it tells another story.
    """
    ratio, own = (among.get("warm_seconds") for among in (verdict.total_ratios, verdict.ratios))
    if ratio is None or verdict.choice is None:
        return ""
    if verdict.choice == "deep":
        ratio, own = 1 / ratio, None if own is None else 1 / own
    times = max(ratio, 1 / ratio)
    said = "about as fast"
    if times >= CHEAPER:
        said = f"{_bound(verdict, ratio)}{_times(times)} times {_faster(ratio)}"
    if own is None or 1 / _SAME_STORY < own / ratio < _SAME_STORY:
        return said
    alone = "about as fast" if max(own, 1 / own) < CHEAPER else ""
    alone = alone or f"{_times(max(own, 1 / own))} times {_faster(own)}"
    return f"{said} with all candidates (its best alone {alone})"


def _faster(ratio: float) -> str:
    return "faster" if ratio > 1 else "slower"


def _bound(verdict: Verdict, ratio: float) -> str:
    """Say "at least" where the slower family ran into its time limit, "at most" the faster."""
    first = str(verdict.choice)
    slower = _OTHER[first] if ratio > 1 else first
    is_bound = {
        family: (price := verdict.price.get(family)) is not None and price.total.at_least
        for family in _OTHER
    }
    if all(is_bound.values()):
        return "as far as the time limit lets see "
    return "at least " if is_bound[slower] else "at most " if is_bound[_OTHER[slower]] else ""


def _times(value: float) -> str:
    return f"{value:.1f}" if value < 9.95 else f"{float(f'{value:.2g}'):,.0f}"


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
        return f"deep does not overtake up to {_rows(reach)} rows" if reach and is_news else ""
    # Whoever is told to take deep learning need only hear from which size on.
    if verdict.choice == "deep" and not (where.is_surely_within and verdict.decision == "deep"):
        return ""
    return crossing_words(where)


def crossing_words(where: Crossover) -> str:
    """Return "deep overtakes at 1,200 rows (800 to 2,000)", or "" where that is not likely.

    Parameters
    ----------
    where
        Of deep over classical.
    """
    p_cross = (where.p_within or 0.0) + (where.p_beyond or 0.0)
    if where.outcome not in ("within", "beyond") or p_cross < _LIKELY:
        return ""
    if where.n_cross is None or where.largest is None:
        return ""
    said = _range_words(where.low, where.high)
    if where.is_surely_within:
        return f"deep overtakes at {_rows(where.n_cross)} rows{said}"
    at = "at" if where.n_cross <= where.largest else "beyond"
    return f"deep may overtake {at} {_rows(where.n_cross)} rows{said}"


def _range_words(low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return ""
    if low is None or high is None:
        return f" (from {_rows(low)})" if low is not None else f" (up to {_rows(high or 0.0)})"
    return f" ({_rows(low)} to {_rows(high)})"


def _rows(value: float) -> str:
    return f"{float(f'{value:.2g}'):,.0f}"


def _percent(p: float) -> str:
    return "> 99 %" if p > 0.99 else f"{100 * p:.0f} %"


def details(verdict: Verdict) -> list[str]:
    """Return what stands below the sentence: probabilities, gain, price, flips, notes.

    Parameters
    ----------
    verdict
        From `bench.analysis.verdict.verdicts`.
    """
    said = []
    if verdict.gain is not None:
        between = verdict.gain_interval
        interval = "" if between is None else f" ({between.low:+.3f} to {between.high:+.3f})"
        where = f" at {span(*verdict.sizes)} rows" if verdict.sizes else ""
        unit = "outer seed" if verdict.scope == "dataset" else "dataset"
        said.append(
            f"gain of deep: {verdict.gain:+.3f} of skill{interval}{where}, "
            f"over {plural(verdict.n_units, unit)}"
        )
    chances = (verdict.p_deep, verdict.p_equal, verdict.p_classical)
    if all(p is not None for p in chances):
        words = zip(("deep better", "practically equal", "classical better"), chances, strict=True)
        text = ", ".join(f"{_percent(p or 0.0)} {word}" for word, p in words)
        said.append(f"probabilities (equal: within {verdict.region:g} of skill): {text}")
    elif verdict.counts is not None and sum(verdict.counts.values()) > 1:
        said.append(_tally(verdict))
    said += _prices(verdict)
    said += crossing_details(verdict)
    if verdict.flips:
        said.append(f"another decision under: {listed(map(clean, verdict.flips), most=20)}")
    if verdict.missing and verdict.decision != "not-measured":
        wanted = listed(map(clean, verdict.missing))
        said.append(f"not measured yet ({plural(verdict.n_missing, 'trial')}): {wanted}")
    if verdict.decision != "not-measured":
        said.append(
            "exploratory: one of several looks"
            if verdict.exploratory
            else "declared in advance: the families at the largest common size, primary metric"
        )
    return said + [clean(note) for note in verdict.notes]


def _prices(verdict: Verdict) -> list[str]:
    said = []
    for family, name in sorted(verdict.winners.items()):
        price = verdict.price.get(family)
        n = plural(verdict.candidates.get(family, 0), "candidate")
        if price is None:
            continue
        bound = ">" if price.total.at_least else ""
        who, total = clean(name), ""
        if verdict.candidates.get(family, 0) > 1:
            # Each dataset and seed has a winner of its own: the figures are not this one's.
            who = f"{who} most often; median of the winners"
            total = f"; all {n} {bound}{seconds(price.total.warm_seconds)}"
        said.append(f"{family}: {who}, {_cost(price.winner)}{total}")
    if verdict.ratios:
        words = {
            "warm_seconds": "warm fit",
            "cold_seconds": "cold fit",
            "latency_seconds": "latency",
            "memory_bytes": "memory",
            "n_parameters": "parameters",
        }
        found = [
            f"{word} {_ratio(verdict.ratios[name])}"
            for name, word in words.items()
            if name in verdict.ratios
        ]
        said.append(f"deep over classical, the winners: {', '.join(found)}")
    in_all = verdict.total_ratios.get("warm_seconds")
    if in_all is not None and max(verdict.candidates.values(), default=0) > 1:
        said.append(f"deep over classical, all candidates: warm fit {_ratio(in_all)}")
    return said


def crossing_details(verdict: Verdict) -> list[str]:
    """Return how likely deep overtakes where, and how the seconds compare by size.

    Parameters
    ----------
    verdict
        From `bench.analysis.verdict.verdicts`.
    """
    said = []
    where, cost = verdict.crossover, verdict.cheaper
    if where is not None and where.smallest is not None and where.largest is not None:
        said += _chances_of_crossing(where, span(where.smallest, where.largest))
    if cost is not None and cost.ratio_largest is not None and cost.ratio_smallest is not None:
        said.append(_cheaper_words(cost))
    return said + _budget_words(verdict)


def _budget_words(verdict: Verdict) -> list[str]:
    """Return what a fit of so many seconds buys, budget by budget."""
    found = []
    for pair in zip(*(verdict.budgets.get(family, ()) for family in _OTHER), strict=True):
        skills = [
            f"{family} nothing" if one.skill is None else f"{family} {figure(one.skill)}"
            for family, one in zip(_OTHER, pair, strict=True)
        ]
        if any(one.skill is not None for one in pair):
            found.append(f"{seconds(pair[0].budget_seconds)}: {', '.join(skills)}")
    return [f"skill that a fit buys: {'; '.join(found)}"] if found else []


def _chances_of_crossing(where: Crossover, measured: str) -> list[str]:
    words = (
        (f"ahead at all of {measured} rows", where.p_always),
        (f"overtakes within {measured} rows", where.p_within),
        (f"overtakes beyond, by {_rows(where.reach or 0.0)} rows", where.p_beyond),
        ("not by then", where.p_never),
        (f"not known beyond{_why(where)}", where.p_unknown),
    )
    found = [f"{_percent(p)} {word}" for word, p in words if p is not None and p >= 0.005]
    return [f"deep: {', '.join(found)}"] if found else []


def _why(where: Crossover) -> str:
    """Return the reason in brackets, by the families' names: `Crossover` knows "a" and "b"."""
    if where.reason is None:
        return ""
    who, space, rest = where.reason.partition(" ")
    who = {"a": "classical", "b": "deep"}.get(who, who)
    return f" ({clean(who + space + rest)})"


def _cheaper_words(cost: CostCrossover) -> str:
    """Return how much longer deep takes at both ends, and from where on it takes less."""
    where = cost.where
    at = [
        f"{_ratio(ratio or 0.0)} at {size:,} rows"
        for ratio, size in (
            (cost.ratio_smallest, where.smallest),
            (cost.ratio_largest, where.largest),
        )
        if size is not None
    ]
    said = f"warm fit, deep over classical by size: {', '.join(at)}"
    if where.outcome in ("within", "beyond") and where.n_cross is not None:
        said += f"; deep cheaper from {_rows(where.n_cross)} rows"
        said += _range_words(where.low, where.high)
    return said


def _ratio(value: float) -> str:
    return f"x{value:.2g}" if value < 9.95 else f"x{_times(value)}"


def _cost(cost: Cost) -> str:
    bound = ">" if cost.at_least else ""
    parts = [
        f"fit {bound}{seconds(cost.warm_seconds)}",
        f"cold {bound}{seconds(cost.cold_seconds)}",
        f"latency {seconds(cost.latency_seconds)}",
    ]
    if cost.memory_bytes is not None:
        parts.append(f"memory {cost.memory_bytes / 2**20:.3g} MiB")
    if cost.n_parameters is not None:
        parts.append(f"{cost.n_parameters:,.0f} parameters")
    return ", ".join(parts)


def lines(verdicts: Sequence[Verdict], width: int) -> list[str]:
    """Return verdicts as lines of a terminal of so many columns.

    The one declared in advance comes with its details; each other one is a sentence.

    Parameters
    ----------
    verdicts
        From `bench.analysis.verdict.verdicts`; one or more suites.
    width
        Columns.
    """
    found: list[str] = []
    of_datasets = [one for one in verdicts if one.scope == "dataset"]
    in_task = Counter(one.task for one in of_datasets)
    # A task's only dataset says more than the count of it does.
    shown = [
        one
        for one in verdicts
        if one.scope == "suite" or (one.scope == "task" and in_task[one.name] != 1)
    ]
    for verdict in [*shown, *of_datasets[:MOST_DATASETS]]:
        label = clean(verdict.name)
        indent = "  " if verdict.scope == "dataset" else ""
        found += _wrapped(f"{indent}{label} · {sentence(verdict)}", width, f"{indent}  ")
        if not verdict.exploratory:
            for detail in details(verdict):
                found += _wrapped(f"  - {detail}", width, "    ")
    left = len(of_datasets) - MOST_DATASETS
    if left > 0:
        found.append(f"  and {plural(left, 'more dataset')}")
    return found


def _wrapped(text: str, width: int, indent: str) -> list[str]:
    return textwrap.wrap(
        text, max(width, 20), subsequent_indent=indent, drop_whitespace=True, break_on_hyphens=False
    )


def to_object(verdict: Verdict) -> dict[str, Any]:
    """Return the verdict as JSON has it: intervals are pairs, what is not known is null.

    Parameters
    ----------
    verdict
        From `bench.analysis.verdict.verdicts`.

    Returns
    -------
    dict
        The fields of `bench.analysis.verdict.Verdict`, and ``sentence``.
    """
    found: dict[str, Any] = _plain(asdict(verdict))
    for name in ("gain_interval", "gain_in_metric_interval"):
        found[name] = _pair(getattr(verdict, name))
    return found | {"sentence": sentence(verdict)}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _pair(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [interval.low, interval.high]
