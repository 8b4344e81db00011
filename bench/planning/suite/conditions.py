"""`[[conditions]]`: its keys, their bounds and messages come from the changes that are offered."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, create_model

from bench.planning.suite.tables import CONDITIONS, ConditionTable, Suite, Table
from bench.spec import Change
from bench.tasks.changes import CHANGES

if TYPE_CHECKING:
    from bench.registry.lookup import Registry


def suite_model(registry: Registry | None = None) -> type[Suite]:
    """Return the suite whose `[[conditions]]` has the changes of a registry; of none: bench's own.

    Equal changes give the same class, so that suites can be compared.
    """
    if registry is None:
        return _suite_model(CHANGES)
    return _suite_model(tuple(entry.record for entry in registry.conditions.values()))


@lru_cache(maxsize=8)
def _suite_model(changes: tuple[Change, ...]) -> type[Suite]:
    table = _table("Condition", ((change.key, change) for change in changes), ConditionTable)
    table.changes = changes
    return create_model(
        "Suite",
        __base__=Suite,
        __doc__=Suite.__doc__,
        conditions=(tuple[table, ...], Field((), description=CONDITIONS)),  # type: ignore[valid-type]
    )


def _table(name: str, keys: Iterable[tuple[str, Change]], base: type[Any] = Table) -> type[Any]:
    """Return a table of keys; those with a dot stand in a table of their own within it."""
    groups: dict[str, list[tuple[str, Change]]] = {}
    for key, change in keys:
        group, _, rest = key.partition(".")
        groups.setdefault(group, []).append((rest, change))
    fields: dict[str, Any] = {}
    for number, (key, members) in enumerate(groups.items()):
        first, change = members[0]
        # The name of a field is none that pydantic's models have, whatever plugins call theirs.
        fields[f"key_{number}"] = _group(key, members) if first else _amount(key, change)
    title = "".join(part.title() for part in name.split("-"))
    return create_model(f"{title}Table", __base__=base, __doc__=base.__doc__, **fields)


def _group(key: str, members: list[tuple[str, Change]]) -> tuple[Any, Any]:
    table = _table(key, members)
    table.__doc__ = f"Conditions of the table `{key}`."
    says = BeforeValidator(partial(_says_of_what, table, [name for name, _ in members]))
    what = ", ".join(change.label for _, change in members)
    return Annotated[table, says], Field(default_factory=table, alias=key, description=what)


def _says_of_what(table: type[Table], keys: list[str], value: object) -> object:
    if isinstance(value, dict | table):
        return value
    ways = " or ".join(f"{{ {key} = {value!r} }}" for key in keys)
    both = ", or both" if len(keys) == 2 else ", or several" if len(keys) > 2 else ""
    raise ValueError(f"{value!r} does not say of what; write {ways}{both}")


def _amount(key: str, change: Change) -> tuple[Any, Any]:
    if change.choices:
        allowed: Any = Literal[change.choices]
        return allowed, Field(change.default, alias=key, description=change.summary)
    kind = type(change.default)
    told: dict[str, Any] = {"strict": True, "alias": key, "description": change.summary}
    if kind in (int, float):
        told |= {bound: getattr(change, bound) for bound in ("ge", "gt", "le", "lt")}
    if kind is float:
        told["allow_inf_nan"] = False
    return kind, Field(change.default, **told)
