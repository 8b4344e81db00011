"""Conditions: amounts of changes that are made to a trial's data on purpose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bench.registry.discovery import brief
from bench.registry.lookup import resolve
from bench.spec import CHANGED, Cell, Change, ChangeFacts, Dataset, Part, Parts, SplitProtocol, Task
from bench.spec.conditions import VERSIONS, Amount
from bench.spec.errors import DatasetError, PluginError
from bench.tasks.chance import Chance, Scale

if TYPE_CHECKING:
    from bench.registry.lookup import Registry

_STREAMED = (
    "its X stays where it is read from (bench.Rows), so that only labels and rows can be changed; "
    "where it fits into memory, the dataset's own parameters may have it read"
)


@dataclass(frozen=True)
class Condition:
    """What is done to the data of a trial: amounts of changes; without any, nothing.

    Parameters
    ----------
    amounts
        Changes with their amounts, none of which is the default, in the order in which they are
        shown.
    """

    amounts: tuple[tuple[Change, Amount], ...] = ()

    @classmethod
    def of(cls, amounts: Mapping[str, Amount], changes: Iterable[Change]) -> Condition:
        """Return the condition of amounts by key, in the order of the changes that there are."""
        return cls(
            tuple(
                (change, amounts[change.key])
                for change in changes
                if amounts.get(change.key, change.default) != change.default
            )
        )

    @classmethod
    def from_json(cls, values: Mapping[str, Any], registry: Registry) -> Condition:
        """Read what `to_json` returned.

        Raises
        ------
        PluginError
            No plugin offers one of its keys.
        """
        amounts = dict(flat(values))
        for key in amounts:
            registry.condition(key)
        return cls.of(amounts, (entry.record for entry in registry.conditions.values()))

    def to_json(self) -> dict[str, Any]:
        """Return it in the form of a suite's table: what it does, and nothing that it does not."""
        told: dict[str, Any] = {}
        for change, amount in self.amounts:
            group, dot, key = change.key.partition(".")
            if dot:
                told.setdefault(group, {})[key] = amount
            else:
                told[group] = amount
        versions = {c.key: c.version for c, _ in self.amounts if c.version != "1"}
        return told | {VERSIONS: versions} if versions else told

    @property
    def name(self) -> str:
        """How it is shown, as in "label noise 0.1, missing 0.2"; empty where it does nothing."""
        return ", ".join(f"{change.label}{_shown(amount)}" for change, amount in self.amounts)

    @property
    def makes_missing(self) -> bool:
        """Whether values are missing under it that are not otherwise."""
        return any(change.makes_missing for change, _ in self.amounts)

    def objection(self, facts: ChangeFacts) -> tuple[str, str] | None:
        """Return the key of a change that means nothing for some data, and why; None if all do.

        Raises
        ------
        PluginError
            An objection cannot be found, or fails.
        """
        for change, _ in self.amounts:
            if facts.is_streamed and change.changes == "X":
                return change.key, _STREAMED
            if why := _objection(change, facts):
                return change.key, why
        return None


def flat(values: Mapping[str, Any]) -> Iterator[tuple[str, Amount]]:
    """Yield keys with their amounts from the form of a suite's table."""
    for key, value in values.items():
        if key == VERSIONS:
            continue
        if isinstance(value, Mapping):
            yield from ((f"{key}.{inner}", amount) for inner, amount in value.items())
        else:
            yield key, value


def facts_for(task: Task, modality: str, dataset: Any) -> ChangeFacts:
    """Return what objections are told, of a task and of what is known of a dataset.

    `dataset` has ``target``, ``columns`` and ``is_streamed``, as planning knows them.
    """
    learns = task.learns_from_truth and bool(task.targets) and dataset.target is not None
    return ChangeFacts(
        task=task.name,
        modality=modality,
        learns_from_target=learns,
        target=dataset.target,
        columns=tuple(dataset.columns or ()),
        is_streamed=dataset.is_streamed,
    )


def prepare(
    condition: Condition,
    task: Task,
    dataset: Dataset,
    protocol: SplitProtocol,
    cell: Cell,
    n_train_max: int,
) -> Parts:
    """Return what `Task.prepare` does, under a condition.

    Rows are left out first, by their true labels; then come changes of X, and those of y.

    Parameters
    ----------
    condition
        What is done; it must have no `objection`.
    task, dataset, protocol, cell
        As for `Task.prepare`; the dataset is normalised.
    n_train_max
        The largest size of the split.

    Returns
    -------
    Parts
        With the note ``n_train_kept`` added where rows may have been left out, and
        ``missing_classes`` counted anew.

    Raises
    ------
    DatasetError
        X has no form that a change could be made to, or a change does not keep its form.
    """
    import numpy as np

    parts = clean = task.prepare(dataset, protocol, cell)
    if not condition.amounts:
        return clean

    def largest() -> Part:
        if cell.n_train >= n_train_max:
            return clean.train
        return task.prepare(dataset, protocol, replace(cell, n_train=n_train_max)).train

    scale = Scale(dataset, largest)
    n_units = _n_units(dataset, clean)
    for change, amount in sorted(condition.amounts, key=lambda one: CHANGED.index(one[0].changes)):
        chance = Chance(change.key, cell.outer_seed, cell.inner_seed, n_units)
        parts = _applied(change, amount, parts, chance, scale)
        if change.changes == "rows":
            parts = replace(parts, notes={**parts.notes, "n_train_kept": len(parts.train)})
    if "missing_classes" in parts.notes and dataset.target is not None:
        missing = len(dataset.target.classes) - len(np.unique(parts.train.y))
        parts = replace(parts, notes={**parts.notes, "missing_classes": missing})
    return parts


def _objection(change: Change, facts: ChangeFacts) -> str | None:
    if not change.objection:
        return None
    asked = resolve(change.objection)
    try:
        why = asked(facts)
    except Exception as error:
        raise PluginError(f"{change.key}: {change.objection} failed: {brief(error)}.") from error
    if why is not None and not isinstance(why, str):
        raise PluginError(
            f"{change.key}: {change.objection} returned an object of type {type(why).__name__}; "
            "a sentence or None is needed."
        )
    return why or None


def _applied(change: Change, amount: Amount, parts: Parts, chance: Chance, scale: Scale) -> Parts:
    """Return changed parts, or say that they are none, or of another form than they were."""
    changed = resolve(change.apply)(parts, chance, scale, amount)
    if not isinstance(changed, Parts):
        raise DatasetError(
            f"condition {change.key!r}: {change.apply} returned an object of type "
            f"{type(changed).__name__}; bench.Parts is needed."
        )
    before, after = (getattr(one.train.X, "shape", (0,))[1:] for one in (parts, changed))
    if before != after or (changed.validation is None) != (parts.validation is None):
        raise DatasetError(
            f"condition {change.key!r}: {change.apply} returned parts of another form "
            f"(X of {after} a row in place of {before}); columns and parts stay, and values "
            "that are to go become missing or constant."
        )
    return changed


def _n_units(dataset: Dataset, parts: Parts) -> int:
    """Return how many units `Part.rows` may name: those of X, or as many as the parts name."""
    import numpy as np

    named = [part.rows for part in (parts.train, parts.validation, parts.test) if part is not None]
    highest = max((int(np.max(rows)) + 1 for rows in named if len(rows)), default=0)
    return max(highest, len(dataset.X) if hasattr(dataset.X, "__len__") else 0)


def _shown(amount: Amount) -> str:
    if amount is True:
        return ""
    return f" {amount:.15g}" if isinstance(amount, float) else f" {amount}"
