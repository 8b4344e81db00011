"""The parameters that a suite gives to models and loaders: what an identity can hold."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator


def _check(params: dict[str, Any]) -> dict[str, Any]:
    """Refuse what a trial's identity cannot hold, such as the dates of TOML, by its key."""
    for name, value in params.items():
        fault = _not_plain(value, name)
        if fault is not None:
            raise ValueError(fault)
    return params


def _not_plain(value: object, place: str) -> str | None:
    """Return what is wrong with a value of `params`, or None."""
    if value is None or isinstance(value, str | int | float):
        return None
    if isinstance(value, list | tuple):
        faults = (_not_plain(item, f"{place}[{n}]") for n, item in enumerate(value))
    elif isinstance(value, dict):
        faults = (_not_plain(item, f"{place}.{key}") for key, item in value.items())
    else:
        return (
            f"{place} is {value}, a {type(value).__name__}; allowed: text, numbers, true and "
            f'false, lists and tables. Write it as text: "{value}"'
        )
    return next((fault for fault in faults if fault is not None), None)


Params = Annotated[dict[str, Any], AfterValidator(_check)]
