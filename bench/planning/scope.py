"""What a model says that it is for, in its record: what lies beyond makes no trial."""

from __future__ import annotations

from collections.abc import Sequence

from bench.spec import Column, ModelSpec, Target, Task


def kinds_for(spec: ModelSpec, task: Task) -> tuple[str, ...]:
    """Return the kinds of target of a task that a model is for; empty: the task asks for none."""
    return tuple(kind for kind in task.targets if kind in (spec.targets or task.targets))


def objection(
    spec: ModelSpec, task: Task, modality: str, target: Target | None, columns: Sequence[Column]
) -> str:
    """Return why a model is not for a task on a dataset; an empty string: it is."""
    if (task.name, modality) not in spec.does:
        return f"does no {task.name} of {modality} data"
    asks = bool(spec.targets and task.targets)
    if asks and target is not None and target.kind not in spec.targets:
        return f"is for targets that are {' or '.join(spec.targets)}; this one is {target.kind}"
    if spec.numbers_only and modality == "tabular":
        other = next((column for column in columns if column.kind != "number"), None)
        if other is not None:
            return f"is for columns of numbers alone; {other.name!r} is of kind {other.kind}"
    return ""
