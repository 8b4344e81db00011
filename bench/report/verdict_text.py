"""Verdicts in words: a sentence, its details, lines for a terminal, an object for JSON."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bench.report.text import clean, figure, listed, plural, seconds, span

if TYPE_CHECKING:
    from bench.analysis.crossover import Crossover
    from bench.analysis.intervals import Interval
    from bench.analysis.prices import Cost
    from bench.analysis.verdict import Verdict

MOST_DATASETS = 12
"""So many datasets have a line of their own."""
_OTHER = {"classical": "deep", "deep": "classical"}


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
    where = _crossover_words(verdict.crossover)
    # Whoever is told to take deep learning need only hear from which size on.
    is_news = verdict.crossover is not None and verdict.crossover.outcome == "within"
    if where and (verdict.decision != "deep" or is_news):
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


def _score_words(verdict: Verdict) -> str:
    """Say how the scores compare, from the side of the family that is named first."""
    if verdict.decision in _OTHER:
        return _better_words(verdict)
    if verdict.decision == "equal":
        return f"within {_widest(verdict)}"
    if verdict.choice is None or verdict.counts is not None:
        open_ = _tally(verdict) if verdict.counts is not None else ""
        return open_ or f"{_gain_words(verdict)}, 90 % interval {_interval_words(verdict)}"
    other = _OTHER[verdict.choice]
    p = verdict.p_deep if other == "deep" else verdict.p_classical
    sure = "" if p is None else f" ({_percent(1 - p)} sure)"
    return f"{other} is not better{sure}, with {_gain_words(verdict)}"


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
        return _in_metric(verdict, max(abs(inside.low), abs(inside.high)))
    between = verdict.gain_interval
    reach = verdict.region if between is None else max(abs(between.low), abs(between.high))
    return f"{figure(reach)} of skill"


def _interval_words(verdict: Verdict) -> str:
    between = verdict.gain_interval
    if between is None:
        return "unknown"
    return f"{between.low:+.3f} to {between.high:+.3f} of skill for deep"


def _cost_words(verdict: Verdict) -> str:
    """Return "40 times faster", of the family named first, all candidates together."""
    ratio = verdict.total_ratios.get("warm_seconds")
    if ratio is None or verdict.choice is None:
        return ""
    if verdict.choice == "deep":
        ratio = 1 / ratio
    words = "faster" if ratio > 1 else "slower"
    times = max(ratio, 1 / ratio)
    if times < 1.25:
        return "about as fast"
    bound = _bound(verdict, ratio)
    return f"{bound}{_times(times)} times {words}"


def _bound(verdict: Verdict, ratio: float) -> str:
    """Say "at least" where the slower family ran into its time limit."""
    first = str(verdict.choice)
    slower = _OTHER[first] if ratio > 1 else first
    price = verdict.price.get(slower)
    return "at least " if price is not None and price.total.at_least else ""


def _times(value: float) -> str:
    return f"{value:.1f}" if value < 9.95 else f"{float(f'{value:.2g}'):,.0f}"


def _crossover_words(where: Crossover | None) -> str:
    if where is None or where.outcome in ("not-measured", "unknown"):
        return ""
    if where.outcome == "always":
        return "deep ahead at all sizes"
    if where.outcome == "never":
        reach = where.reach or where.largest
        return f"deep does not overtake up to {_rows(reach)} rows" if reach else ""
    if where.n_cross is None:
        return ""
    ends = [
        f"from {_rows(where.low)}" if where.high is None and where.low is not None else "",
        f"up to {_rows(where.high)}" if where.low is None and where.high is not None else "",
    ]
    between = next((end for end in ends if end), "")
    if where.low is not None and where.high is not None:
        between = f"{_rows(where.low)} to {_rows(where.high)}"
    said = f" ({between})" if between else ""
    if where.outcome == "within" and where.low is not None and where.high is not None:
        return f"deep overtakes at {_rows(where.n_cross)} rows{said}"
    at = "at" if where.outcome == "within" else "beyond"
    return f"deep may overtake {at} {_rows(where.n_cross)} rows{said}"


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
        total = f"; {n} in all {seconds(price.total.warm_seconds)}"
        said.append(f"{family}: {clean(name)}, {_cost(price.winner)}{total}")
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
        said.append(f"deep over classical: {', '.join(found)}")
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
