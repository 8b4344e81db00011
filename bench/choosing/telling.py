"""What `bench choose` says: the table, what is noteworthy about it, and the answer."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console

from bench.analysis.sides import FAMILIES
from bench.choosing.checks import Finding
from bench.choosing.choice import Choice
from bench.planning.describing import DatasetFacts
from bench.planning.plan import Plan
from bench.report.progress import duration
from bench.report.text import clean, endings, figure, listed, plural, seconds

if TYPE_CHECKING:
    from bench.choosing.answer import Answer

_MIB = 2**20


def say_table(console: Console, name: str, facts: DatasetFacts) -> None:
    """Print what the table was taken for."""
    kinds = Counter(column.kind for column in facts.columns)
    columns = ", ".join(f"{n} {kind}" for kind, n in kinds.most_common())
    text = f"{clean(name)}: {facts.task}"
    if facts.target is not None and facts.target.classes:
        classes = [clean(str(label)) for label in facts.target.classes]
        text += f" of {len(classes)} classes ({listed(classes)})"
    text += f", {plural(facts.n_rows, 'row')}, {plural(len(facts.columns), 'column')} ({columns})."
    say(console, text)


def say_findings(console: Console, findings: Sequence[Finding]) -> None:
    """Print what is noteworthy about a table, warnings first."""
    for finding in findings:
        style = "yellow" if finding.level == "warning" else None
        text = f"  {finding.level}: {clean(finding.what)}: {clean(finding.why)}."
        if finding.advice:
            text += f" What to do: {clean(finding.advice)}."
        say(console, text, style)


def say_plan(console: Console, plan: Plan, n_done: int, left: float, n_slots: int) -> None:
    """Print who stands, for how long, and on how much."""
    there = {trial.label for trial in plan.trials}
    families = Counter(str(c.spec.family) for c in plan.contenders.values() if c.label in there)
    shown = " and ".join(f"{families[family]} {family}" for family in FAMILIES)
    largest = max(plan.trials, key=lambda trial: trial.n_train)
    text = (
        f"Measuring {shown} candidates for {duration(max(0.0, left))}, {n_slots} at once, on at "
        f"most {largest.n_train:,} training {clean(largest.size_unit)}."
    )
    if n_done:
        text += f" {plural(n_done, 'trial')} of an earlier session count."
    say(console, text)


def say_answer(console: Console, found: Answer) -> None:
    """Print the answer: which model, the verdict, what more minutes would buy, and where it is."""
    from bench.report.verdicts.details import details
    from bench.report.verdicts.sentence import sentence

    if found.interrupted:
        say(console, "Interrupted. The same command goes on where this ended.", "yellow")
    if found.statuses:
        say(console, f"Trials: {endings(found.statuses, sorted(found.statuses))}.")
    if found.choice is None:
        say(console, "No candidate has a score: there is nothing to choose from.", "red")
    else:
        first, *rest = describe_choice(found.choice)
        say(console, "")
        say(console, first, "bold")
        for line in rest:
            say(console, f"  {line}")
    if found.verdict is not None:
        say(console, "")
        say(console, f"Verdict: {sentence(found.verdict)}", "bold")
        for line in details(found.verdict):
            say(console, f"  {line}")
    if found.more:
        say(console, "")
        say(console, "What more would buy:")
        for line in found.more:
            say(console, f"  {line}.")
    say(console, "")
    if found.page is not None:
        say(console, f"Report: {found.page}")
    elif found.page_problem:
        say(console, f"No report: {clean(found.page_problem)}")
    say(console, f"Results: {found.folder} (`bench leaderboard {found.folder}`)")


def describe_choice(choice: Choice) -> list[str]:
    """Return the model to take and what is known of it, a line each."""
    lines = [f"Take {clean(choice.model)} ({choice.family})."]
    unit = clean(choice.size_unit)
    basis = (
        f"chosen on validation {unit} ({figure(choice.validation)}, "
        f"{plural(choice.n_seeds, 'outer seed')}, {choice.n_train:,} training {unit})"
    )
    if choice.test is None:
        lines.append(f"{choice.metric}: {basis}; not scored on test {unit}")
    else:
        within = ""
        if choice.test_low is not None and choice.test_high is not None:
            within = f" ({figure(choice.test_low)} to {figure(choice.test_high)})"
        lines.append(f"{choice.metric} {figure(choice.test)}{within} on test {unit}; {basis}")
    price = [f"a fit takes {seconds(choice.fit_seconds)}"] if choice.fit_seconds is not None else []
    if choice.cold_seconds is not None:
        price.append(f"from a cold start {seconds(choice.cold_seconds)}")
    if choice.latency_seconds is not None:
        price.append(f"a prediction {seconds(choice.latency_seconds)}")
    if choice.peak_bytes is not None:
        price.append(f"{_mebibytes(choice.peak_bytes)} of memory")
    if choice.n_parameters is not None:
        price.append(f"{choice.n_parameters:,.0f} parameters")
    if price:
        lines.append(", ".join(price))
    if choice.untried:
        lines.append(
            f"not tried for want of time: {listed(map(clean, choice.untried))} "
            f"({len(choice.untried)} of {plural(choice.n_candidates, 'candidate')})"
        )
    if choice.as_good:
        others = listed(map(clean, choice.as_good))
        lines.append(f"validation {unit} do not tell it apart from {others}")
    return lines


def lead(found: Answer) -> list[str]:
    """Return the sentences that stand below the verdict on the page."""
    sentences = [] if found.choice is None else describe_choice(found.choice)
    sentences += [
        f"{finding.level}: {clean(finding.what)}: {clean(finding.why)}"
        for finding in found.findings
    ]
    return [*sentences, *(f"What more would buy: {line}" for line in found.more)]


def _mebibytes(value: float) -> str:
    size = value / _MIB
    return f"{size:,.0f} MiB" if size >= 100 else f"{size:.3g} MiB"


def say(console: Console, text: str, style: str | None = None) -> None:
    """Print a text, in a terminal between words, what goes on indented; elsewhere as one line."""
    if console.is_terminal:
        indent = " " * (len(text) - len(text.lstrip()) + 2)
        text = textwrap.fill(
            text,
            console.width,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)
