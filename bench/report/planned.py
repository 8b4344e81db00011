"""What `bench run --dry-run` says: the trials, what was left out and why, and how long."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.analysis.duration import ExpectedDuration, expected_duration
from bench.planning.plan import Plan
from bench.planning.subjects import Subject
from bench.report.progress import duration
from bench.report.text import clean
from bench.results import store
from bench.results.schema import SCHEMAS
from bench.spec.outcome import Trial


def estimate(todo: Sequence[Trial], root: Path, n_slots: int) -> ExpectedDuration:
    """Return how long trials may take, from the runs under a folder."""
    runs = [root / run.name for run in store.list_runs(root) if run.n_trials and not run.problem]
    earlier = store.load(*runs).trials if runs else SCHEMAS["trials"].empty_table()
    return expected_duration(todo, earlier, n_slots)


def show_planned(
    console: Console, plan: Plan, todo: Sequence[Trial], root: Path, n_slots: int
) -> None:
    """Print the plan for a person."""
    counts: Counter[tuple[str, str, int]] = Counter(
        (trial.dataset_label, trial.label, trial.n_train) for trial in plan.trials
    )
    for label, subject in plan.subjects.items():
        console.print(Text.assemble((clean(label), "bold"), f": {_facts(subject)}"), soft_wrap=True)
        sizes = sorted({size for dataset, _, size in counts if dataset == label})
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        table.add_column("  model", no_wrap=True, overflow="ellipsis")
        for size in sizes:
            table.add_column(f"n={size}", justify="right")
        for name, contender in plan.contenders.items():
            row = [counts.get((label, name, size), 0) for size in sizes]
            if any(row):
                cells = [str(count) if count else "-" for count in row]
                table.add_row(Text(f"  {clean(name)} ({contender.spec.family})"), *cells)
        console.print(table)
    for entry in plan.left_out:
        console.print(clean(f"left out: {entry.what}: {entry.why}"), markup=False, soft_wrap=True)
    expected = estimate(todo, root, n_slots)
    n_done = len(plan.trials) - len(todo)
    console.print(
        f"{len(plan.trials)} trials, {n_done} of them done already; {_say(expected, n_slots)}.",
        markup=False,
        soft_wrap=True,
    )


def planned_json(plan: Plan, todo: Sequence[Trial], root: Path, n_slots: int) -> str:
    """Return the plan for a machine."""
    waiting = {trial.trial_id for trial in todo}
    return json.dumps(
        {
            "trials": [
                {**asdict(trial), "done": trial.trial_id not in waiting} for trial in plan.trials
            ],
            "left_out": [asdict(entry) for entry in plan.left_out],
            "forecast": asdict(estimate(todo, root, n_slots)),
        }
    )


def _facts(subject: Subject) -> str:
    """Say what a dataset is: its task, size, columns by kind and classes."""
    facts = subject.facts
    kinds = Counter(column.kind for column in facts.columns)
    columns = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    unit = subject.task.size_unit
    most = max((split.n_train_max for split in facts.splits), default=0)
    size = f"{facts.n_rows:,} rows" if unit == "rows" else f"up to {most:,} {unit} for training"
    text = f"{subject.task.name}, {size}"
    if columns:
        text += f", columns: {columns}"
    if facts.target is not None and facts.target.classes:
        names = [clean(str(name)) for name in facts.target.classes]
        shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
        text += f"; {len(names)} classes: {shown}"
    elif facts.target is not None:
        text += f"; target: {facts.target.kind}"
    return text


def _say(expected: ExpectedDuration, n_slots: int) -> str:
    if expected.n_known + expected.n_unknown == 0:
        return "nothing is left to be measured"
    slots = f"with {n_slots} at once" if n_slots > 1 else "one at a time"
    at_most = f"at most {duration(expected.at_most_seconds)} by the limits, {slots}"
    if expected.n_known == 0:
        return f"nothing like them was measured before; {at_most}"
    text = f"about {duration(expected.seconds)}"
    if expected.n_unknown:
        text += f" for the {expected.n_known} that are like ones measured before"
    return f"{text}; {at_most}"
