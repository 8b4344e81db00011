"""What a task promises of itself and of how it divides data: parts that share nothing."""

from __future__ import annotations

import re
from itertools import combinations, islice
from typing import Any

from bench.conformance.models_fitted import same
from bench.conformance.promise import Broken, Declared, Inapplicable, first_line, promise
from bench.conformance.task_case import TaskCase
from bench.spec import TARGET_KINDS, Part, Parts, Task
from bench.spec.errors import BenchError, DatasetError
from bench.spec.fields import NAME

_FEW = (1, 5)
_SHARE = 0.25
_SEVERAL = 3


# --- what it says of itself ----------------------------------------------------------------------


@promise(
    "task",
    why="A task without a metric that exists cannot be scored.",
    mend="Name metrics of bench's (`bench list metrics`) or of the plugin's own, and kinds of "
    f"target among {', '.join(TARGET_KINDS)}.",
)
def task_names_what_exists(case: TaskCase) -> None:
    """Every metric of the task exists, and so does every kind of target."""
    task = case.task
    try:
        for metric in task.metrics:
            case.registry.metric(metric)
    except BenchError as error:
        raise Broken(first_line(error)) from error
    strange = set(task.targets) - set(TARGET_KINDS)
    if strange:
        raise Broken(f"targets names {', '.join(sorted(strange))}")


@promise(
    "task",
    why="Models and datasets name a task as they name one another.",
    mend="Use lower-case letters, digits and single hyphens, and say in `summary` what is asked.",
)
def task_is_named(case: TaskCase) -> None:
    """The task's name can be written in a suite, and its summary says what is asked."""
    task = case.task
    if not re.fullmatch(NAME, task.name):
        raise Broken(f"its name is {task.name!r}")
    if not task.summary:
        raise Broken("its summary is empty")


# --- how data are divided ------------------------------------------------------------------------


@promise(
    "task",
    why="A unit that stands on two sides is learned by heart: what is scored then is memory.",
    mend="Draw each unit into one part; in a stream test what lies after the history; take other "
    "seeds for the episodes that judge than for those in which `fit` learns.",
)
def parts_share_nothing(case: TaskCase) -> None:
    """Training, validation and test part share no unit; in a stream they follow one another."""
    for split in case.splits:
        parts = case.parts(split=split)
        fault = _shared(case, parts)
        if fault:
            raise Broken(f"outer seed {split.outer_seed}: {fault}")


@promise(
    "task",
    why="A learning curve compares sizes: a larger one is to know all that a smaller one knows, "
    "and both are to be asked the same.",
    mend="Cut a smaller training part out of the largest, at one end, and draw the other parts "
    "before that.",
)
def sizes_are_nested(case: TaskCase) -> None:
    """A smaller training part lies in a larger one, and what is asked about is the same."""
    largest = case.largest
    if largest < 2:
        raise Inapplicable("its dataset allows one size alone")
    wanted = largest // 2
    small, large = case.parts(wanted), case.parts(largest)
    n = len(small.train)
    # Of labels, say, a size counts some of the units that are learned from.
    if case.task.size_unit == "rows" and n != wanted:
        raise Broken(f"asked for {wanted} rows to learn from, it gives {n}")
    if not _lies_in(small.train, large.train):
        raise Broken(f"of {n} units to learn from, some are not among the {len(large.train)}")
    for name, part in case.named_parts(small):
        other = getattr(large, name)
        if name != "train" and (other is None or _units(part) != _units(other)):
            raise Broken(f"the {name} part changes with the size")


@promise(
    "task",
    why="Resuming, merging and comparing rest on it: the same cell is the same data.",
    mend="Draw from a generator of the cell's seeds, made anew in `prepare`.",
)
def prepares_the_same(case: TaskCase) -> None:
    """Prepared twice, a cell has the same parts."""
    first, again = case.parts(), case.parts()
    for name, part in case.named_parts(first):
        other = getattr(again, name)
        if other is None or _units(part) != _units(other):
            raise Broken(f"the units of the {name} part differ from one call to the next")
        for field in ("X", "y"):
            if not same(getattr(part, field), getattr(other, field)):
                raise Broken(f"{field} of the {name} part differs from one call to the next")


@promise(
    "task",
    why="Warming up and latency are measured on a few units.",
    mend="Return a part of `n` units, whose X, y and slices are as long, or the part itself where "
    "it has no more.",
)
def shortens_parts(case: TaskCase) -> None:
    """`shorten` returns a part of as many units as asked for, whatever stands beside them too."""
    for name, part in case.named_parts(case.parts()):
        for n in (*_FEW, len(part), len(part) + 1):
            short = case.task.shorten(part, n)
            wanted = min(n, len(part))
            if len(short) != wanted:
                raise Broken(f"shortened to {n} of {len(part)}, the {name} part has {len(short)}")
            for field in ("y", "groups", "time", "sample_weight"):
                values, whole = getattr(short, field), getattr(part, field)
                if _has_length(whole, len(part)) and not _has_length(values, wanted):
                    raise Broken(f"shortened to {n}, the {name} part keeps {field} as it was")


@promise(
    "task",
    why="A slice is scored by the units of one label; a label more or less moves them all.",
    mend="Give each name in `Part.slices` one label a unit, in the order of `rows`.",
)
def slices_have_one_label_a_unit(case: TaskCase) -> None:
    """Every slice of a part has one label for each unit."""
    seen = False
    parts = case.parts()
    for name, part in case.named_parts(parts):
        for key, labels in part.slices.items():
            seen = True
            if len(labels) != len(part):
                raise Broken(
                    f"the slice {key!r} of the {name} part has {len(labels)} labels for "
                    f"{len(part)} units"
                )
    if not seen:
        raise Declared("its parts have no slices")


@promise(
    "task",
    why="Tuning chooses by what it holds out of the training part.",
    mend="Yield parts whose training and test units are different ones of the training part, or "
    "leave `divide` out: then nothing is tuned.",
)
def divides_apart(case: TaskCase) -> None:
    """For tuning, `divide` yields parts that share nothing, within the training part."""
    try:
        parts_share_nothing.look(case)
    except Broken as broken:
        raise Inapplicable("its parts share units: see parts-share-nothing") from broken
    train = case.parts().train
    try:
        divided = list(
            islice(case.task.divide(case.dataset, train, share=_SHARE, seed=0), _SEVERAL)
        )
    except DatasetError as error:
        if type(case.task).divide is Task.divide:
            raise Declared("it does not say how a training part is divided") from error
        raise Broken(f"a training part of {len(train)} units is not divided: {error}") from error
    if not divided:
        raise Broken(f"a training part of {len(train)} units is divided in no way")
    for parts in divided:
        if not len(parts.train) or not len(parts.test):
            raise Broken(f"it leaves {len(parts.train)} units to learn, {len(parts.test)} to test")
        if len(parts.train) > len(train):
            raise Broken(f"of {len(train)} units it makes {len(parts.train)} to learn from")
        fault = _shared(case, parts)
        if fault:
            raise Broken(fault)


def _units(part: Part) -> list[Any]:
    return list(map(_plain, part.rows))


def _has_length(values: Any, n: int) -> bool:
    return values is not None and hasattr(values, "__len__") and len(values) == n


def _shared(case: TaskCase, parts: Parts) -> str:
    """Return what two parts share, or an empty string."""
    named = dict(case.named_parts(parts))
    if all(hasattr(part, "before") for part in named.values()):
        return _out_of_order(parts)
    seeds = {getattr(parts.train, "seed", None)} - {None}
    for (name, part), (other_name, other) in combinations(named.items(), 2):
        ours, theirs = _identities(name, part, seeds), _identities(other_name, other, seeds)
        if both := ours & theirs:
            return (
                f"{name} and {other_name} part share {len(both)} of their units, such as "
                f"{min(both, key=repr)}"
            )
    return ""


def _identities(name: str, part: Part, seeds: set[Any]) -> set[Any]:
    """Return what tells the units of a part apart; of steps, the seed with which they begin."""
    return seeds if name == "train" and seeds else set(_units(part))


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def _out_of_order(parts: Parts) -> str:
    """Return how blocks of a stream do not follow one another, or an empty string."""
    for train, before in zip(_streams(parts.train.X), _streams(_before(parts.test)), strict=False):
        if len(train) > len(before):
            return f"{len(train)} values are learned; {len(before)} lie before the test block"
        tail = before[len(before) - len(train) :]
        if parts.validation is None and not same(tail, train):
            return "what is learned does not lie just before the test block"
    if parts.validation is not None:
        checked = zip(
            _streams(_before(parts.validation)),
            _streams(parts.train.X),
            _streams(parts.validation.X),
            _streams(_before(parts.test)),
            strict=False,
        )
        for before, train, block, whole in checked:
            if not same(before[len(before) - len(train) :], train):
                return "what is learned does not lie just before the validation block"
            if not same(whole[len(whole) - len(block) :], block):
                return "the validation block does not lie just before the test block"
    return ""


def _before(part: Part) -> Any:
    return part.before  # type: ignore[attr-defined]


def _streams(X: Any) -> list[Any]:
    several = isinstance(X, list | tuple) and bool(X) and hasattr(X[0], "__len__")
    return list(X) if several else [X]


def _lies_in(small: Part, large: Part) -> bool:
    if hasattr(small, "before"):
        pairs = zip(_streams(small.X), _streams(large.X), strict=False)
        return all(same(a, b[len(b) - len(a) :]) or same(a, b[: len(a)]) for a, b in pairs)
    return set(_units(small)) <= set(_units(large))


PROMISES = (
    task_names_what_exists,
    task_is_named,
    parts_share_nothing,
    sizes_are_nested,
    prepares_the_same,
    shortens_parts,
    slices_have_one_label_a_unit,
    divides_apart,
)
