"""How records take their fields: unknown ones are named, renamed ones go on working for a time."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, TypeVar

from bench.spec.errors import BenchDeprecationWarning, RecordError, nearest

RecordT = TypeVar("RecordT")


@dataclass(frozen=True)
class Renamed:
    """A field's new name, and the `HOOK_API` in which the old one goes."""

    to: str
    gone_in: int


@dataclass(frozen=True)
class _Form:
    """Names of a record's fields: all, those that may be given by place, and those that must be."""

    known: tuple[str, ...]
    by_place: tuple[str, ...]
    needed: tuple[str, ...]


RENAMED: dict[type, Mapping[str, Renamed]] = {}
"""Of each record that `record` made: its old names, and what each is now."""


def record(
    *, renamed: Mapping[str, Renamed] | None = None
) -> Callable[[type[RecordT]], type[RecordT]]:
    """Return a decorator of frozen dataclasses that are part of the public surface.

    Fields that are unknown, missing or given twice raise `RecordError` in place of `TypeError`. An
    old name can be given and read as before, and warns.

    Parameters
    ----------
    renamed
        Old names of fields, and what each is now: ``{"old": Renamed("new", gone_in=3)}``.
    """
    old_names = dict(renamed or {})

    def decorate(cls: type[RecordT]) -> type[RecordT]:
        own = [field for field in fields(cls) if field.init]  # type: ignore[arg-type]
        form = _Form(
            known=tuple(field.name for field in own),
            by_place=tuple(field.name for field in own if not field.kw_only),
            needed=tuple(
                field.name
                for field in own
                if field.default is MISSING and field.default_factory is MISSING
            ),
        )
        make = cls.__init__

        @functools.wraps(make)
        def init(self: Any, *args: Any, **given: Any) -> None:
            placed = form.by_place[: len(args)]
            if not old_names.keys().isdisjoint(given):
                given = _with_new_names(cls, old_names, placed, given)
            if fault := _fault(_named(cls, given), form, len(args), given):
                raise RecordError(fault)
            make(self, *args, **given)

        cls.__init__ = init  # type: ignore[method-assign]
        for old, now in old_names.items():
            setattr(cls, old, _old_name(cls, old, now))
        RENAMED[cls] = old_names
        return cls

    return decorate


def _with_new_names(
    cls: type, old_names: Mapping[str, Renamed], placed: tuple[str, ...], given: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the fields under the names that they have now, and warn of each old one."""
    kept = {name: value for name, value in given.items() if name not in old_names}
    for old in given.keys() & old_names.keys():
        now = old_names[old]
        if now.to in kept or now.to in placed:
            raise RecordError(
                f"{_named(cls, given)}: {old} and {now.to} are both given, and are one field; "
                f"leave out {old}, its old name."
            )
        warnings.warn(_notice(cls, given, old, now), BenchDeprecationWarning, stacklevel=3)
        kept[now.to] = given[old]
    return kept


def _old_name(cls: type, old: str, now: Renamed) -> property:
    """Return what reads a field by its old name."""

    def read(self: Any) -> Any:
        notice = _notice(cls, {"name": getattr(self, "name", "")}, old, now)
        warnings.warn(notice, BenchDeprecationWarning, stacklevel=2)
        return getattr(self, now.to)

    return property(read, doc=f"Old name of `{now.to}`.")


def _notice(cls: type, given: Mapping[str, Any], old: str, now: Renamed) -> str:
    return (
        f"{_named(cls, given)}: {old} is now called {now.to}; the old name goes in HOOK_API "
        f"{now.gone_in}."
    )


def _fault(named: str, form: _Form, n_placed: int, given: Mapping[str, Any]) -> str:
    """Return what is wrong with the fields of a record, or an empty string."""
    placed = form.by_place[:n_placed]
    if n_placed > len(form.by_place):
        return (
            f"{named} takes {len(form.by_place) or 'no'} fields by place, and {n_placed} are "
            "given so; write their names, as in "
            f"{form.known[len(form.by_place) % len(form.known)]}=...."
        )
    for name in given:
        if name in placed:
            return f"{named}: {name} is given twice, by its place and by its name."
        if name not in form.known:
            return (
                f"{named} has no field {name!r}; its fields are {', '.join(form.known)}."
                f"{nearest(name, form.known)} If a newer bench has it, upgrade crossover-bench."
            )
    if missing := [name for name in form.needed if name not in given and name not in placed]:
        return f"{named} lacks {', '.join(missing)}, which must be given."
    return ""


def _named(cls: type, given: Mapping[str, Any]) -> str:
    name = given.get("name") or given.get("key")
    return f"{cls.__name__} {name!r}" if isinstance(name, str) and name else cls.__name__
