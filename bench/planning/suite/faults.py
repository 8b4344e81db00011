"""What is wrong with a suite, said with its place and what is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, ValidationError

from bench.spec.errors import nearest

if TYPE_CHECKING:
    from bench.registry.lookup import Registry


def explain(
    error: ValidationError, source: str, model: type[BaseModel], registry: Registry | None = None
) -> str:
    """Say every fault that pydantic found, each with its place and what is allowed.

    Parameters
    ----------
    error
        What it found.
    source
        Where the suite stands.
    model
        What it was to be.
    registry
        Knows which conditions two plugins offer, and what those may offer that cannot be read.
    """
    faults: dict[str, list[str]] = {}
    hints = ""
    for fault in error.errors(include_url=False):
        location = [part for part in fault["loc"] if not _is_branch(part)]
        said = _fault(fault, location, model)
        if registry is not None and _is_unknown_condition(fault, location):
            said = registry.clash("conditions", _place(location[2:])) or said
            hints = registry.hints()
        faults.setdefault(_place(location), []).append(said)
    lines = [
        f"{place}: {'; or '.join(dict.fromkeys(said))}".strip(": ")
        for place, said in faults.items()
    ]
    lines = [line if line.endswith(("?", ".")) else f"{line}." for line in lines]
    if len(lines) == 1:
        return f"{source}: {lines[0]}{hints}"
    listed = "\n".join(f"  {line}" for line in lines)
    return f"{source}: {len(lines)} faults:\n{listed}{hints}"


def _is_branch(part: int | str) -> bool:
    """Whether a part of a location is only pydantic's name for one branch of a union."""
    return isinstance(part, str) and part.startswith("<")


def _place(location: list[int | str]) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _is_unknown_condition(fault: Any, location: list[int | str]) -> bool:
    return fault["type"] == "extra_forbidden" and location[0] == "conditions"


def _fault(fault: Any, location: list[int | str], model: type[BaseModel]) -> str:
    if fault["type"] == "extra_forbidden":
        allowed = _allowed_keys(model, location[:-1])
        return f"no such key; allowed: {', '.join(allowed)}.{nearest(str(location[-1]), allowed)}"
    if fault["type"] == "missing":
        return "is missing"
    message = str(fault["msg"]).removeprefix("Value error, ")
    given = fault.get("input")
    shown = f" (given: {given!r})" if isinstance(given, str | int | float | bool) else ""
    return message + ("" if shown and repr(given) in message else shown)


def _allowed_keys(model: type[BaseModel], location: list[int | str]) -> list[str]:
    """Return the keys of the table that a location names."""
    found: Any = model
    for part in location:
        if isinstance(part, str):
            keys = {entry.alias or name: entry for name, entry in found.model_fields.items()}
            found = _table_in(keys[part].annotation)
    return [entry.alias or name for name, entry in found.model_fields.items()]


def _table_in(annotation: Any) -> Any:
    """Return the table that an annotation names, if it names one."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_table_in, get_args(annotation))), None)
