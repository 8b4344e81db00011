"""Rows that a task adds to a suite: its controls, and the yardstick that skill is measured from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from bench.planning.contenders import Contender
from bench.planning.subjects import LeftOut, Subject
from bench.spec import Control
from bench.spec.errors import BenchError

if TYPE_CHECKING:
    from bench.registry.lookup import Registry
    from bench.spec.outcome import Role


def find_controls(
    subjects: Sequence[Subject],
    contenders: Sequence[Contender],
    registry: Registry,
    left_out: list[LeftOut],
) -> dict[str, list[Contender]]:
    """Return what the task of each subject adds to its contenders, by the subject's label.

    A control that is given other data (`Control.variant`) and equals a contender in model and
    parameters is its twin, and is tuned as it is.
    """
    known = {contender.label: contender for contender in contenders}
    found = {}
    for subject in subjects:
        own = [contender for contender in contenders if not subject.objection(contender.spec)]
        added = []
        for control in _asked(subject, own) if own else ():
            for one in _made(control, subject, own, registry, left_out):
                named = _with_free_label(one, known)
                known.setdefault(named.label, named)
                added.append(named)
        found[subject.label] = added
    return found


def role_of(contender: Contender, subject: Subject) -> Role:
    """Return the role of a row: the task's yardstick, a control, a baseline or a contender."""
    if contender.is_control and contender.variant:
        return "control"
    if contender.spec.name == subject.task.yardstick:
        return "yardstick"
    if contender.is_control:
        return "control"
    return "baseline" if contender.spec.family == "baseline" else "contender"


def _asked(subject: Subject, own: Sequence[Contender]) -> Iterator[Control]:
    task = subject.task
    if task.yardstick is not None and all(one.spec.name != task.yardstick for one in own):
        yield Control(task.yardstick, task.yardstick)
    yield from task.controls([replace(one.spec, params=dict(one.params)) for one in own])


def _made(
    control: Control,
    subject: Subject,
    own: Sequence[Contender],
    registry: Registry,
    left_out: list[LeftOut],
) -> Iterator[Contender]:
    try:
        entry = registry.model(control.model)
    except BenchError as error:
        left_out.append(LeftOut(f"{control.label} on {subject.label}", str(error)))
        return
    params = {**entry.record.params, **control.params}
    one = Contender(
        spec=entry.record,
        plugin=entry.distribution,
        plugin_version=entry.version,
        label=control.label,
        params=params,
        given=control.params,
        is_control=True,
        variant=control.variant,
    )
    if why := subject.objection(one.spec):
        what = f"{control.label} on {subject.label}"
        left_out.append(LeftOut(what, f"{control.model} {why}"))
        return
    model, is_twin = entry.record.name, bool(control.variant)
    twins = [c for c in own if is_twin and c.spec.name == model and dict(c.params) == params]
    searches = [twin.search for twin in twins] or [None]
    for search in (s for place, s in enumerate(searches) if s not in searches[:place]):
        mark = " (tuned)" if search is not None else ""
        yield replace(one, search=search, label=control.label + mark)


def _with_free_label(one: Contender, known: Mapping[str, Contender]) -> Contender:
    """Return it under a label that no other row of the run has."""
    for mark in ("", " (control)"):
        label = one.label + mark
        if known.get(label, named := replace(one, label=label)) == named:
            return named
    number = 2
    while f"{one.label} (control {number})" in known:
        number += 1
    return replace(one, label=f"{one.label} (control {number})")
