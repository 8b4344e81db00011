"""What a condition promises: one corruption for all models and sizes of a split, and no more."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from bench.conformance import made_data
from bench.conformance.dataset_case import load
from bench.conformance.promise import Broken, Inapplicable, first_line, promise
from bench.spec import MODALITIES, Cell, Change, Dataset, Part, Parts, SplitProtocol, Task
from bench.spec.conditions import Amount
from bench.spec.errors import BenchError
from bench.tasks.conditions import Condition, facts_for, prepare
from bench.tasks.normalise import normalise
from bench.tasks.views import take

if TYPE_CHECKING:
    from bench.registry.lookup import Entry, Registry

_PROTOCOL = SplitProtocol(test=0.2, validation=0.25, outer_seeds=(0,))
_AMOUNTS = (0.3, 0.7, 1, 2, -0.3, -1)
_FAILS = "it fails: see can-be-applied"


@dataclass(frozen=True)
class _Place:
    """A dataset that a condition has no objection to, and what is asked of it."""

    task: Task
    dataset: Dataset
    n_train_max: int

    def parts(self, change: Change, amount: Amount, n_train: int | None = None) -> Parts:
        """Return the parts of a size, the largest where none is named, under the condition."""
        cell = Cell(0, 0, n_train or self.n_train_max)
        condition = Condition(((change, amount),))
        return prepare(condition, self.task, self.dataset, _PROTOCOL, cell, self.n_train_max)

    def clean(self, n_train: int | None = None) -> Parts:
        """Return the parts of a size as they are without any condition."""
        cell = Cell(0, 0, n_train or self.n_train_max)
        return self.task.prepare(self.dataset, _PROTOCOL, cell)


@dataclass(frozen=True)
class ConditionCase:
    """A condition, and the data that it is tried on: its plugin's own, or made here.

    Parameters
    ----------
    entry
        The condition.
    registry
        Where names are looked up.
    """

    entry: Entry[Change]
    registry: Registry

    @property
    def change(self) -> Change:
        """The condition's record."""
        return self.entry.record

    @cached_property
    def place(self) -> _Place:
        """The first data that it has no objection to.

        Raises
        ------
        PluginError
            Its objection fails.
        Inapplicable
            It objects to all data that there are.
        """
        condition = Condition(((self.change, self.amount),))
        for task, modality, dataset in self._candidates():
            known = SimpleNamespace(
                target=dataset.target, columns=dataset.columns, is_streamed=False
            )
            if condition.objection(facts_for(task, modality, known)) is None:
                split = next(iter(task.splits(dataset, _PROTOCOL)))
                return _Place(task, dataset, split.n_train_max)
        raise Inapplicable(
            "it objects to all data that there are here; a dataset of its plugin would be tried"
        )

    @cached_property
    def changed(self) -> Parts:
        """The parts of the largest size under the condition.

        Raises
        ------
        Inapplicable
            There are no data for it, or it fails, which is another promise's finding.
        """
        return self.under(self.amount)

    def under(self, amount: Amount, n_train: int | None = None) -> Parts:
        """Return the parts of a size under an amount; raises as `changed` does."""
        try:
            return self.place.parts(self.change, amount, n_train)
        except Inapplicable:
            raise
        except Exception as error:
            raise Inapplicable(_FAILS) from error

    @cached_property
    def amount(self) -> Amount:
        """An amount that does something.

        Raises
        ------
        Inapplicable
            None can be made up.
        """
        default, tried = self.change.default, list(self.change.choices)
        if isinstance(default, bool):
            tried.append(not default)
        elif isinstance(default, int | float):
            kind = type(default)
            tried += [kind(amount) for amount in (*_AMOUNTS, default + 1, default - 1)]
            tried += [kind(end) for end in (self.change.ge, self.change.le) if end is not None]
        for amount in tried:
            if amount != default and self.change.allows(amount):
                return amount
        raise Inapplicable("no amount of it is known that does something; its `choices` would be")

    def _candidates(self) -> Iterator[tuple[Task, str, Dataset]]:
        """Yield what may be asked of which data, and their modality."""
        ours = (self.entry.plugin, self.entry.distribution)
        for entry in self.registry.datasets.values():
            spec = entry.record
            if (entry.plugin, entry.distribution) == ours and not spec.takes_path:
                # What is wrong with a dataset is found where that is looked at.
                with suppress(Exception):
                    dataset = normalise(load(spec.loader, spec.params), spec.name, spec.tasks)
                    yield self.registry.task(spec.tasks[0]).record, spec.modality, dataset
        for one in self.registry.tasks.values():
            for kind in one.record.targets or ("multiclass",):
                for modality in MODALITIES:
                    if made_data.has(one.record, modality):
                        made = made_data.dataset(one.record, modality, kind=kind)
                        yield one.record, modality, replace(made, parts=None)


@promise(
    "condition",
    why="A trial under a condition that fails is an error, whatever the model.",
    mend="Correct the function, or have `objection` say what it is not for.",
)
def can_be_applied(case: ConditionCase) -> None:
    """Data that it has no objection to can be changed, and keep their form: columns and parts."""
    try:
        case.place.parts(case.change, case.amount)
    except BenchError as error:
        raise Broken(first_line(error)) from error


@promise(
    "condition",
    why="An amount that does nothing is the clean data, measured once: that must be true.",
    mend="Correct `default`, or the function.",
)
def default_does_nothing(case: ConditionCase) -> None:
    """Applied with its default, it leaves every value as it was."""
    _ = case.changed
    plain, made = case.place.clean(), case.under(case.change.default)
    for name, one, other in _pairs(plain, made):
        if what := _difference(one, other):
            raise Broken(f"with {case.change.default!r}, {what} of the {name} part differ")


@promise(
    "condition",
    why="All models of a split are to meet the same data; what differs by chance cannot be "
    "compared, or measured again.",
    mend="Draw from `chance`, and from nothing else.",
)
def same_chance_same_result(case: ConditionCase) -> None:
    """Twice on the same split, it makes the same of it."""
    for name, one, other in _pairs(case.changed, case.under(case.amount)):
        if what := _difference(one, other):
            raise Broken(f"the second time, {what} of the {name} part differ")


@promise(
    "condition",
    why="A learning curve is one set that grows: what a smaller size has seen, a larger has, too.",
    mend="Draw for all units of the dataset and take those of `part.rows`; measure amounts by "
    "`scale`, not by the part.",
)
def smaller_sizes_are_beginnings(case: ConditionCase) -> None:
    """What it makes of the rows of a smaller size is what it makes of them in a larger one."""
    try:
        same_chance_same_result.look(case)
    except Broken as broken:
        raise Inapplicable("twice is not the same: see same-chance-same-result") from broken
    whole, n = case.changed, max(1, case.place.n_train_max // 2)
    small = case.under(case.amount, n)
    for name, one, other in _pairs(replace(whole, train=small.train), small):
        if what := _difference(one, other):
            raise Broken(f"at half the size, {what} of the {name} part differ")
    import numpy as np

    rows = np.asarray(whole.train.rows)
    there = np.flatnonzero(np.isin(rows, np.asarray(case.place.clean(n).train.rows)))
    if rows[there].tolist() != np.asarray(small.train.rows).tolist():
        raise Broken("at half the size, other rows of the training part are left out")
    if not _is_of_units(whole.train) or not _is_of_units(small.train):
        return
    y = None if whole.train.y is None else np.asarray(whole.train.y)[there]
    expected = Part(take(whole.train.X, there), y, rows[there])
    if what := _difference(expected, small.train):
        raise Broken(f"at half the size, {what} of the same training rows differ")


@promise(
    "condition",
    why="Other conditions, and what trials share, are given the same arrays.",
    mend="Change a copy.",
)
def leaves_what_it_is_given(case: ConditionCase) -> None:
    """The parts that it is given stay as they are."""
    _ = case.changed
    given: list[tuple[Parts, Parts]] = []
    task = copy.copy(case.place.task)

    def watched(*arguments: Any) -> Parts:
        parts = case.place.task.prepare(*arguments)
        given.append((parts, copy.deepcopy(parts)))
        return parts

    task.prepare = watched  # type: ignore[assignment, method-assign]
    replace(case.place, task=task).parts(case.change, case.amount)
    for parts, before in given:
        for name, one, other in _pairs(before, parts):
            if what := _difference(one, other):
                raise Broken(f"{what} of the {name} part that it was given differ afterwards")


def _pairs(one: Parts, other: Parts) -> Iterator[tuple[str, Part, Part]]:
    for name in ("training", "validation", "test"):
        attribute = "train" if name == "training" else name
        parts = getattr(one, attribute), getattr(other, attribute)
        if None not in parts:
            yield name, *parts


def _difference(one: Part, other: Part) -> str:
    """Return what differs between two parts, or an empty text."""
    for name, what in (("rows", "the rows"), ("X", "values of X"), ("y", "values of y")):
        if not _is_same(getattr(one, name), getattr(other, name)):
            return what
    return ""


def _is_same(one: Any, other: Any) -> bool:
    """Whether two things hold the same values, in whatever type; gaps are equal."""
    import numpy as np
    import pandas as pd

    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_is_same, one, other))
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        if one.shape != other.shape:
            return False
        one, other = (pd.DataFrame(each.reshape(len(each), -1)) for each in (one, other))
    if isinstance(one, pd.DataFrame) and isinstance(other, pd.DataFrame):
        one, other = (each.reset_index(drop=True).astype(object) for each in (one, other))
        return bool(one.equals(other))
    return type(one) is type(other) and bool(np.all(one == other))


def _is_of_units(part: Part) -> bool:
    """Whether X has one item for each unit of the part."""
    return hasattr(part.X, "__len__") and len(part.X) == len(part.rows)


PROMISES = (
    can_be_applied,
    default_does_nothing,
    same_chance_same_result,
    smaller_sizes_are_beginnings,
    leaves_what_it_is_given,
)
