"""Words and figures that the sentence of a verdict and its details share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.report.text import listed

if TYPE_CHECKING:
    from bench.analysis.verdict import Verdict

OTHER = {"classical": "deep", "deep": "classical"}


def tally(verdict: Verdict) -> str:
    """Return how many datasets were decided how."""
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


def times(value: float) -> str:
    """Return by how much one exceeds the other, in two digits."""
    return f"{value:.1f}" if value < 9.95 else f"{float(f'{value:.2g}'):,.0f}"


def ratio_words(value: float) -> str:
    """Return a ratio: "x40"."""
    return f"x{value:.2g}" if value < 9.95 else f"x{times(value)}"


def percent(p: float) -> str:
    """Return a probability in whole hundredths, never a certain one."""
    return "> 99 %" if p > 0.99 else f"{100 * p:.0f} %"
