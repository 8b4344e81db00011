"""Verdicts as a notebook shows them: the sentence, what it rests on, the datasets one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.notebook import markup
from bench.report.html import verdict_cards
from bench.report.verdicts import details, sentence, several

if TYPE_CHECKING:
    from bench.analysis import verdict as analysis

_WIDTH = 100


@dataclass(frozen=True, repr=False)
class Verdict:
    """Which family fits, as far as the tables tell.

    Parameters
    ----------
    record
        All figures of it: `bench.analysis.verdict.Verdict`.
    """

    record: analysis.Verdict

    @property
    def sentence(self) -> str:
        """The verdict in one sentence, the family first."""
        return sentence.sentence(self.record)

    @property
    def details(self) -> list[str]:
        """What it rests on: probabilities, gain, price, where it would turn."""
        return details.details(self.record)

    def __str__(self) -> str:
        return self.sentence

    def __repr__(self) -> str:
        return "\n".join([self.sentence, *(f"  - {detail}" for detail in self.details)])

    def _repr_html_(self) -> str:
        return markup.document(card_html(self.record), markup.notes(self.details))


@dataclass(frozen=True, repr=False)
class Verdicts:
    """All verdicts of some tables, widest scope first: the suite, its tasks, its datasets.

    Parameters
    ----------
    records
        As `bench.analysis.judging.verdicts` returns them.
    """

    records: tuple[analysis.Verdict, ...]

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[Verdict]:
        return map(Verdict, self.records)

    def __getitem__(self, at: int) -> Verdict:
        return Verdict(self.records[at])

    def __repr__(self) -> str:
        return "\n".join(several.lines(self.records, _WIDTH)) or NONE

    def _repr_html_(self) -> str:
        groups = verdict_cards.by_scope(self.records)
        return markup.document(_cards_html(groups["cards"]), _datasets_html(groups["datasets"]))


NONE = "No verdict: no trial has ended."


def card_html(record: analysis.Verdict) -> str:
    """Return what a verdict speaks of, and its sentence."""
    card = verdict_cards.card(record, 0)
    shares = " · ".join(share.text for share in card.shares)
    parts = [markup.heading(card.title), markup.paragraph(card.sentence, "sentence")]
    return "".join([*parts, *([markup.paragraph(shares)] if shares else [])])


def _cards_html(records: Sequence[analysis.Verdict]) -> str:
    parts = []
    for record in records:
        parts.append(card_html(record))
        if not record.exploratory:
            parts.append(markup.notes(details.details(record)))
    return "".join(parts) or markup.paragraph(NONE)


def _datasets_html(records: Sequence[analysis.Verdict]) -> str:
    shown = verdict_cards.dataset_table(records)
    return "" if shown is None else markup.table(shown, marked=2)
