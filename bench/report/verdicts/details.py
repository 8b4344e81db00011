"""What stands below the sentence of a verdict: probabilities, gain, price, what would turn it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.report.text import clean, listed, plural, seconds, span
from bench.report.verdicts.crossing import crossing_details
from bench.report.verdicts.words import gain_figures, percent, ratio_words, scale_of, tally

if TYPE_CHECKING:
    from bench.analysis.prices import Cost
    from bench.analysis.verdict import Verdict


def details(verdict: Verdict) -> list[str]:
    """Return what stands below the sentence: probabilities, gain, price, flips, notes.

    Parameters
    ----------
    verdict
        From `bench.analysis.judging.judge`.
    """
    said = []
    if verdict.gain is not None:
        gain, between = gain_figures(verdict)
        interval = f" ({between})" if between else ""
        where = f" at {span(*verdict.sizes)} {clean(verdict.size_unit)}" if verdict.sizes else ""
        unit = "outer seed" if verdict.scope == "dataset" else "dataset"
        said.append(
            f"gain of deep: {gain} {scale_of(verdict)}{interval}{where}, "
            f"over {plural(verdict.n_units, unit)}"
        )
    chances = (verdict.p_deep, verdict.p_equal, verdict.p_classical)
    if all(p is not None for p in chances):
        words = zip(("deep better", "practically equal", "classical better"), chances, strict=True)
        text = ", ".join(f"{percent(p or 0.0)} {word}" for word, p in words)
        within = "no region of equivalence is known"
        if verdict.region:
            within = f"equal: within {verdict.region:.3g} {scale_of(verdict)}"
        said.append(f"probabilities ({within}): {text}")
    elif verdict.counts is not None and sum(verdict.counts.values()) > 1:
        said.append(tally(verdict))
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
            f"{word} {ratio_words(verdict.ratios[name])}"
            for name, word in words.items()
            if name in verdict.ratios
        ]
        said.append(f"deep over classical, the winners: {', '.join(found)}")
    in_all = verdict.total_ratios.get("warm_seconds")
    if in_all is not None and max(verdict.candidates.values(), default=0) > 1:
        said.append(f"deep over classical, all candidates: warm fit {ratio_words(in_all)}")
    return said


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
