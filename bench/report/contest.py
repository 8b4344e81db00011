"""Who beats whom, as it is shown: ratings, shares, intervals, and what can be told apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from bench.analysis.significance import ROPE
from bench.report.text import clean, listed, plural

if TYPE_CHECKING:
    from bench.analysis.board import Board
    from bench.analysis.distinctions import Distinctions
    from bench.analysis.intervals import Interval


def rating(value: float | None) -> str:
    """Return an Elo rating, or nothing."""
    return "" if value is None else f"{value:.0f}"


def percent(value: float | None) -> str:
    """Return a share as a whole percentage, or nothing."""
    return "" if value is None else f"{100 * value:.0f} %"


def between(interval: Interval | None, shown: Callable[[float], str]) -> str:
    """Return the ends of an interval, or nothing."""
    return "" if interval is None else f"{shown(interval.low)}–{shown(interval.high)}"


def alike(board: Board) -> Mapping[str, str]:
    """Return letters by name, where sharing one is not told apart; none where nobody is."""
    compared = board.comparison
    if compared is None or compared.reason or not any(pair.is_different for pair in compared.pairs):
        return {}
    return compared.letters


def contest_notes(board: Board) -> list[str]:
    """Return what ratings mean, and who can be told from whom."""
    ranked = [line for line in board.standings if line.place is not None]
    if len(ranked) < 2:
        return []
    words = [
        "Elo: from who beats whom on how many datasets (Bradley-Terry; mean 1000, 400 points are "
        "odds of 10 to 1)"
    ]
    if ranked[0].elo_interval is not None:
        words[0] += "; its interval is over other datasets of the kind"
    words.append("Wins: share of the others beaten")
    if board.by_skill:
        words.append("Gap: how much less the best one's error is")
    notes = [". ".join(words) + "."]
    if board.comparison is not None:
        notes += [_told_apart(board.comparison), *_likely(board.comparison)]
    return notes


def _told_apart(compared: Distinctions) -> str:
    if compared.reason:
        return f"Cannot distinguish the contenders: {compared.reason}."
    n, total = sum(pair.is_different for pair in compared.pairs), len(compared.pairs)
    test = "signed-rank test" if total == 1 else "signed-rank tests with Holm's correction"
    how = f"{test} at {percent(compared.alpha)} over {plural(compared.n_datasets, 'dataset')}"
    if not n:
        return f"Cannot distinguish the contenders: {how} call none different."
    told = f"{n} of {plural(total, 'pair')} told apart, by {how}."
    return f"Alike: who shares a letter cannot be told apart; {told}" if compared.groups else told


def _likely(compared: Distinctions) -> list[str]:
    """Say how likely the first is better than the next, where that was asked."""
    chances = compared.pairs[0].chances
    if chances is None:
        return []
    pair = compared.pairs[0]
    words = listed(
        f"{word} {100 * share:.0f} %"
        for word, share in (
            ("better", chances.better),
            ("practically equal", chances.equal),
            ("worse", chances.worse),
        )
    )
    return [
        f"By mean rank {clean(pair.first)} is first and {clean(pair.second)} next; over datasets "
        f"the first is {words} (Bayesian signed-rank test, equal within {ROPE:g} of skill)."
    ]
