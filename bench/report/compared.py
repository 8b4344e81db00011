"""What changed between two runs, as a person or a pull request reads it."""

from __future__ import annotations

import shutil
import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from bench.analysis.compare import DECISIONS, FALSE_DISCOVERY_RATE
from bench.analysis.intervals import LEVEL, MIN_UNITS
from bench.report import markup
from bench.report.facts import to_json as facts_to_json
from bench.report.notes import noise_notes
from bench.report.table import show_table
from bench.report.text import clean, decimals, figure, listed, markdown, plural, seconds, span

if TYPE_CHECKING:
    from bench.analysis.compare import Comparison, CurveChange, Decision
    from bench.analysis.pairs import Ending

JSON_VERSION = 1

_MOST = 30
_WIDTH = 100
_MEASURES = {"score": "score", "fit_seconds": "fit time", "predict_seconds": "predict time"}
_WORDS: dict[Decision, str] = {
    "worse": "worse",
    "better": "better",
    "undecided": "undecided, for chance may explain it",
    "equal": "practically equal",
    "identical": "identical to the last bit",
    "not-measured": "not enough measured",
}
_CHANGED: tuple[Decision, ...] = ("worse", "better")
_CHANGE_HEADER = ("", "measure", "dataset", "model", "size", "base", "head", "change", "90 %", "p")
_ENDING_HEADER = ("", "dataset", "model", "size", "trials", "base", "head", "reason")


def to_json(comparison: Comparison, base: str, head: str) -> str:
    """Return the comparison as JSON; what is not known is null.

    Top level: ``version`` (of this layout), ``base``, ``head`` (names of the runs),
    ``has_regression``, ``has_missing``, and the fields of `bench.analysis.compare.Comparison`.

    Parameters
    ----------
    comparison
        From `bench.analysis.compare.compare`.
    base, head
        Names of the runs.
    """
    top: dict[str, Any] = {
        "version": JSON_VERSION,
        "base": base,
        "head": head,
        "has_regression": comparison.has_regression,
        "has_missing": comparison.has_missing,
    }
    return facts_to_json(top | asdict(comparison)) + "\n"


def to_markdown(comparison: Comparison, base: str, head: str) -> str:
    """Return the comparison as Markdown, for a pull request.

    Parameters
    ----------
    comparison
        From `bench.analysis.compare.compare`.
    base, head
        Names of the runs.
    """
    parts = [
        f"### bench: {markdown(base)} → {markdown(head)}",
        f"**{markdown(headline(comparison))}**",
        markup.bullets(summary(comparison)),
    ]
    changes, endings = _change_rows(comparison), _ending_rows(comparison)
    if changes:
        parts.append(markup.table(_CHANGE_HEADER, changes, range(4, 10)))
    if endings:
        parts.append(markup.table(_ENDING_HEADER, endings, (3, 4)))
    notes = markup.bullets(notes_of(comparison))
    parts.append(f"<details><summary>How this was compared</summary>\n\n{notes}\n\n</details>")
    return "\n\n".join(parts) + "\n"


def show(comparison: Comparison, base: str, head: str) -> None:
    """Print the comparison.

    Parameters
    ----------
    comparison
        From `bench.analysis.compare.compare`.
    base, head
        Names of the runs.
    """
    click.echo(clean(f"{base} → {head}"))
    click.secho(headline(comparison), bold=True)
    for line in summary(comparison):
        _show_text(line)
    for header, rows in (
        (_CHANGE_HEADER, _change_rows(comparison)),
        (_ENDING_HEADER, _ending_rows(comparison)),
    ):
        if rows:
            click.echo()
            show_table(header, rows)
    click.echo()
    for note in notes_of(comparison):
        _show_text(note)


def headline(comparison: Comparison) -> str:
    """Return the answer in one line."""
    counts = Counter(change.decision for change in _distinct(comparison.changes))
    endings = Counter[str]()
    for ending in comparison.endings:
        endings[ending.kind] += ending.n_trials
    parts = [f"{counts[word]} {word}" for word in _CHANGED if counts[word]]
    kinds = ("newly failing", "missing", "recovered", "new")
    parts += [f"{plural(endings[kind], 'trial')} {kind}" for kind in kinds if endings[kind]]
    if not parts and set(counts) <= {"not-measured"}:
        return f"Not enough measured to call anything a change ({MIN_UNITS} outer seeds at least)."
    if not parts:
        return "Nothing changed by more than chance and noise explain."
    mark = "✗" if comparison.has_regression else "✓" if counts["better"] else "·"
    return f"{mark} {', '.join(parts)}"


def summary(comparison: Comparison) -> list[str]:
    """Return a line for scores and one for times: how many learning curves ended how."""
    lines = []
    for measure, word in _MEASURES.items():
        own = [change for change in comparison.changes if change.measure == measure]
        counts = Counter(change.decision for change in _distinct(own))
        if not counts:
            continue
        # What is equal in time is so by what the sentinels saw, and that may be much.
        words = _WORDS if measure == "score" else _WORDS | {"equal": "within the noise of timing"}
        parts = [f"{counts[key]} {words[key]}" for key in DECISIONS if counts[key]]
        lines.append(f"{word} of {plural(counts.total(), 'learning curve')}: {', '.join(parts)}")
    return lines


def _distinct(changes: Sequence[CurveChange]) -> list[CurveChange]:
    """Return one change per curve and measure, the first: they are sorted by decision."""
    found: dict[tuple[str, ...], CurveChange] = {}
    for change in changes:
        found.setdefault((change.measure, change.task, change.dataset, change.model), change)
    return list(found.values())


def _change_rows(comparison: Comparison) -> list[list[str]]:
    rows = [change for change in comparison.changes if change.decision in _CHANGED]
    return [_change_row(change) for change in rows[:_MOST]]


def _change_row(change: CurveChange) -> list[str]:
    digits = 3
    if change.scale == "ratio":
        base, head = seconds(change.base), seconds(change.head)
        effect = f"{figure(change.effect, 2)}×"
    else:
        places = decimals((change.base, change.head))
        base, head = figure(change.base, places), figure(change.head, places)
        unit = "skill" if change.scale == "skill" else change.unit or change.metric
        if change.scale == "metric":
            digits = decimals((change.effect,))
        effect = f"{change.effect:+.{digits}f} {unit}"
    between = change.interval
    ends = (
        ""
        if between is None
        else f"{figure(between.low, digits)} to {figure(between.high, digits)}"
    )
    measure = change.metric if change.measure == "score" else _MEASURES[change.measure]
    p = change.adjusted_p
    return [
        "✗ worse" if change.decision == "worse" else "✓ better",
        measure,
        change.dataset,
        change.model,
        f"{span(*change.sizes)} {change.size_unit}" + (", mean" if change.scope == "mean" else ""),
        *(base, head, effect, ends),
        "" if p is None else "<0.001" if p < 0.001 else figure(p, 3),
    ]


def _ending_rows(comparison: Comparison) -> list[list[str]]:
    return [_ending_row(ending) for ending in comparison.endings[:_MOST]]


def _ending_row(ending: Ending) -> list[str]:
    reason = " ".join(ending.reason.split())
    return [
        ("✗ " if ending.kind == "newly failing" else "") + ending.kind,
        ending.dataset,
        ending.model,
        f"{span(*ending.sizes)} {ending.size_unit}",
        f"{ending.n_trials:,}",
        (ending.base_status or "—").replace("_", " "),
        (ending.head_status or "—").replace("_", " "),
        textwrap.shorten(reason, 80, placeholder=" …"),
    ]


def notes_of(comparison: Comparison) -> list[str]:
    """Return what a reader must know beside the tables, in sentences."""
    one = comparison
    notes = [
        f"{one.n_pairs:,} pairs of trials (base {one.n_base:,}, head {one.n_head:,}): same "
        "dataset, model, split and size.",
        "Each learning curve is tested at its largest size and on the mean over its sizes, by a "
        f"paired t test over outer seeds (from {MIN_UNITS}); p after Benjamini-Hochberg, false "
        f"discovery rate {FALSE_DISCOVERY_RATE:.0%}, apart for scores and times; intervals "
        f"{LEVEL:.0%}, each on its own. A score is worse or better beyond {one.region:g} of skill; "
        "identical curves are no tests.".replace("%", " %"),
    ]
    left = sum(change.decision in _CHANGED for change in one.changes) - _MOST
    if left > 0:
        notes.append(f"{left:,} more changes are in --format json.")
    if len(one.endings) > _MOST:
        notes.append(f"{len(one.endings) - _MOST:,} more endings are in --format json.")
    unscaled = sorted({change.metric for change in one.changes if change.scale == "metric"})
    if unscaled:
        names = listed(map(clean, unscaled))
        notes.append(
            f"No skill where there is no baseline (add the model 'dummy' to the suite), or where a "
            f"metric has no ideal value: differences are then of the metric itself ({names}), and "
            "equal only where it says what is practically equal."
        )
    if any(change.n_units < MIN_UNITS for change in one.changes):
        notes.append(f"Not enough measured: fewer than {MIN_UNITS} outer seeds.")
    return [*notes, *_time_notes(one), *_recipe_notes(one)]


def _time_notes(comparison: Comparison) -> list[str]:
    timed = [change for change in comparison.changes if change.scale == "ratio"]
    notes = noise_notes(comparison.noise) if timed else []
    notes += [
        f"The calibration load took {drift:.3g} times as long in head; that is added to the noise."
        for drift in comparison.drift.values()
        if f"{drift:.2f}" != "1.00"
    ]
    if timed and all(change.margin is None for change in timed):
        notes.append("No sentinel was timed in either run: what is noise in times is not known.")
    if comparison.n_elsewhere:
        facts = listed(map(clean, comparison.differing_facts), most=10)
        notes.append(
            f"Times of {plural(comparison.n_elsewhere, 'pair')} are not compared, being of "
            f"different environments{f' ({facts})' if facts else ''}."
        )
    return notes


def _recipe_notes(comparison: Comparison) -> list[str]:
    said = {
        "Another version in head": comparison.changed_versions,
        "Other parameters in head": comparison.changed_parameters,
        "The baseline scored otherwise in head (skill is from the mean of both)": (
            comparison.changed_baselines
        ),
        "Not compared, for the data are not the same": comparison.changed_data,
        "Not compared, for the task is of another version": comparison.changed_tasks,
        "Not compared, for the metric that leads is of another version": comparison.changed_metrics,
        "Not compared, for the tables do not say what leads": comparison.unknown_tasks,
    }
    notes = [
        f"{text}: {listed(map(clean, names), most=12)}." for text, names in said.items() if names
    ]
    if comparison.n_superseded:
        notes.append(
            f"{plural(comparison.n_superseded, 'trial')} left out: measured again later in the "
            "same run, with another version."
        )
    return notes


def _show_text(text: str) -> None:
    click.echo(
        textwrap.fill(
            clean(text),
            min(_WIDTH, shutil.get_terminal_size().columns),
            initial_indent="· ",
            subsequent_indent="  ",
            break_on_hyphens=False,
        )
    )
