"""Words and figures that the sentence of a verdict and its details share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.report.text import clean, decimals, figure, listed

if TYPE_CHECKING:
    from bench.analysis.verdict import Verdict

OTHER = {"classical": "deep", "deep": "classical"}


def amount(verdict: Verdict, gain: float | None, in_metric: float | None) -> str:
    """Return "0.5 points of accuracy" where a figure of the metric is known, else of skill."""
    if in_metric is None and verdict.has_skill:
        return f"{figure(abs(gain or 0.0))} of skill"
    return of_metric(verdict, abs(gain or 0.0) if in_metric is None else abs(in_metric))


def of_metric(verdict: Verdict, value: float) -> str:
    """Return a figure of the primary metric: in points where it is a share, else in its unit."""
    name = clean(verdict.metric).replace("-", " ")
    if verdict.is_share:
        points = f"{100 * value:.1f}" if value >= 0.0005 else "0.0"
        return f"{points} {'point' if points == '1.0' else 'points'} of {name}"
    unit = f" {clean(verdict.unit)}" if verdict.unit else ""
    return f"{value:.3g}{unit} of {name}"


def gain_figures(verdict: Verdict) -> tuple[str, str]:
    """Return the gain with its sign, and its interval: "+0.012", "-0.003 to +0.027".

    Of a metric without skill with as many decimals as its size asks for; what is not known is "".
    """
    gain, interval = verdict.gain, verdict.gain_interval
    ends = [] if interval is None else [interval.low, interval.high]
    places = 3 if verdict.has_skill else decimals([*ends, gain or 0.0])
    return (
        "" if gain is None else f"{gain:+.{places}f}",
        " to ".join(f"{end:+.{places}f}" for end in ends),
    )


def scale_of(verdict: Verdict) -> str:
    """Return what follows a gain: "of skill", or where there is none "nats of log likelihood"."""
    if verdict.has_skill:
        return "of skill"
    name = clean(verdict.metric).replace("-", " ")
    return f"{clean(verdict.unit)} of {name}" if verdict.unit else f"of {name}"


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
