"""Verdicts of several scopes: as lines of a terminal, and as JSON has them."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bench.report.text import clean, plural
from bench.report.verdicts.details import details
from bench.report.verdicts.sentence import sentence

if TYPE_CHECKING:
    from bench.analysis.intervals import Interval
    from bench.analysis.verdict import Verdict

MOST_DATASETS = 12
"""So many datasets have a line of their own."""


def lines(verdicts: Sequence[Verdict], width: int) -> list[str]:
    """Return verdicts as lines of a terminal of so many columns.

    The one declared in advance comes with its details; each other one is a sentence.

    Parameters
    ----------
    verdicts
        From `bench.analysis.judging.judge`; one or more suites.
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
    namesakes = Counter(one.name for one in of_datasets)
    for verdict in [*shown, *of_datasets[:MOST_DATASETS]]:
        label = clean(verdict.name)
        if verdict.scope == "dataset" and namesakes[verdict.name] > 1:
            label = f"{label} ({clean(verdict.task)})"
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
        From `bench.analysis.judging.judge`.

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
