"""Verdicts as the page shows them: the sentence, how sure, at what price; datasets as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.analysis.sides import FAMILIES
from bench.report.html.tables import Cell, Column, Row, Table
from bench.report.text import seconds
from bench.report.verdicts.details import details
from bench.report.verdicts.sentence import sentence
from bench.report.verdicts.words import gain_figures

if TYPE_CHECKING:
    from bench.analysis.prices import Cost
    from bench.analysis.verdict import Verdict

_WORDS = {
    "deep": "deep",
    "classical": "classical",
    "equal": "practically equal",
    "undecided": "too close to call",
    "not-measured": "not enough measured",
}


@dataclass(frozen=True, kw_only=True)
class Share:
    """A part of a bar: `share` of 0 to 1, for a `kind` of decision."""

    kind: str
    text: str
    share: float


@dataclass(frozen=True, kw_only=True)
class Card:
    """A verdict: `shares` are probabilities, or datasets counted; empty where there are none."""

    title: str
    decision: str
    sentence: str
    shares: Sequence[Share]
    details: Sequence[str]
    prices: Table | None


def card(verdict: Verdict, number: int) -> Card:
    """Return one verdict; `number` is unique on the page."""
    # The verdict of all has the suite's name, that of a task the task's.
    return Card(
        title=f"{verdict.scope}: {verdict.name}",
        decision=verdict.decision,
        sentence=sentence(verdict),
        shares=_shares(verdict),
        details=details(verdict),
        prices=_prices(verdict, number),
    )


def _shares(verdict: Verdict) -> list[Share]:
    if verdict.counts is not None:
        total = sum(verdict.counts.values())
        counted = [(kind, verdict.counts.get(kind, 0)) for kind in _WORDS]
        return [
            Share(kind=kind, text=f"{_WORDS[kind]}: {n} of {total}", share=n / total)
            for kind, n in counted
            if n
        ]
    chances = {
        "classical": verdict.p_classical,
        "equal": verdict.p_equal,
        "deep": verdict.p_deep,
    }
    return [
        Share(kind=kind, text=f"{_better(kind)} {_percent(p)}", share=p)
        for kind, p in chances.items()
        if p is not None
    ]


def _better(kind: str) -> str:
    return _WORDS[kind] if kind == "equal" else f"{kind} better"


def _percent(p: float) -> str:
    return "under 1 %" if p < 0.01 else "over 99 %" if p > 0.99 else f"{p:.0%}".replace("%", " %")


def _prices(verdict: Verdict, number: int) -> Table | None:
    rows = []
    for family in FAMILIES:
        price = verdict.price.get(family)
        if price is None:
            continue
        name = verdict.winners.get(family, "") or family
        n = verdict.candidates.get(family, 0)
        if n > 1:
            # Each dataset and seed has a winner of its own: these are not this one's figures.
            name = f"{family} winners (most often {name})"
        rows.append(Row(cells=[Cell(name), *_costs(price.winner)], family=family))
        if n > 1:
            label = f"all {n} {family} candidates"
            rows.append(Row(cells=[Cell(label), *_costs(price.total)], family=family))
    if not rows:
        return None
    titles = ("fit", "cold", "latency", "memory", "parameters")
    return Table(
        name=f"price-{number}",
        caption=f"What a fit costs: {verdict.name}",
        columns=[Column(title="winner", is_text=True), *(Column(title=name) for name in titles)],
        rows=rows,
    )


def _costs(cost: Cost) -> list[Cell]:
    bound = ">" if cost.at_least else ""
    return [
        Cell("—" if cost.warm_seconds is None else bound + seconds(cost.warm_seconds)),
        Cell("—" if cost.cold_seconds is None else bound + seconds(cost.cold_seconds)),
        Cell(seconds(cost.latency_seconds)),
        Cell("—" if cost.memory_bytes is None else f"{cost.memory_bytes / 2**20:,.1f} MiB"),
        Cell("—" if cost.n_parameters is None else f"{cost.n_parameters:,.0f}"),
    ]


def dataset_table(verdicts: Sequence[Verdict]) -> Table | None:
    """Return the verdicts of datasets, a row each; None where there are none."""
    own = [verdict for verdict in verdicts if verdict.scope == "dataset"]
    if not own:
        return None
    rows = [
        Row(
            cells=[
                Cell(verdict.name),
                Cell(verdict.task),
                Cell(_WORDS[verdict.decision]),
                _gain(verdict),
                _size(verdict),
                Cell(sentence(verdict)),
            ],
            family=verdict.decision if verdict.decision in FAMILIES else "",
        )
        for verdict in own
    ]
    return Table(
        name="verdict-datasets",
        caption="The verdict of each dataset",
        columns=[
            Column(title="dataset", is_text=True),
            Column(title="task", is_text=True),
            Column(title="verdict", is_text=True),
            Column(
                title="gain of deep",
                help="The deep representative less the classical one: of skill, unless another "
                "unit is named.",
            ),
            Column(title="training size"),
            Column(title="in words", is_text=True),
        ],
        rows=rows,
    )


def _size(verdict: Verdict) -> Cell:
    if verdict.n_train is None:
        return Cell("")
    return Cell(f"{verdict.n_train:,} {verdict.size_unit}", verdict.n_train)


def _gain(verdict: Verdict) -> Cell:
    if verdict.gain is None:
        return Cell("")
    unit = "" if verdict.has_skill else f" {verdict.unit or verdict.metric}"
    gain, note = gain_figures(verdict)
    return Cell(gain + unit, verdict.gain, note)


def by_scope(verdicts: Sequence[Verdict]) -> Mapping[str, Sequence[Verdict]]:
    """Return verdicts by scope, widest first; without wider ones, the datasets' own are cards."""
    wide = [verdict for verdict in verdicts if verdict.scope != "dataset"]
    return {"cards": wide or list(verdicts)[:6], "datasets": verdicts if wide else ()}
