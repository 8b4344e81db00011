"""Values that a suite may have: amounts of memory, seeds, sizes."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, WithJsonSchema

_MAX_SEEDS = 10_000
_SEEDS_END = 2**32
"""The first seed that NumPy's generators don't take."""

_UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}


def parse_bytes(text: object) -> int:
    """Return the number of bytes in a text such as "4 GiB", "500 MB" or a plain number.

    Raises
    ------
    ValueError
        It is no such text.
    """
    if isinstance(text, int) and not isinstance(text, bool):
        amount, unit = float(text), "B"
    else:
        match = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*([A-Za-z]*)\s*", str(text))
        if not match or (match[2] or "B").upper() not in _UNITS:
            raise ValueError(f"{text!r} is no amount of memory; write it as '4 GiB' or '500 MB'")
        amount, unit = float(match[1]), (match[2] or "B").upper()
    size = int(amount * _UNITS[unit])
    if size <= 0:
        raise ValueError(f"{text!r} is no amount of memory; it must be above zero")
    return size


Bytes = Annotated[
    int,
    BeforeValidator(parse_bytes),
    WithJsonSchema({"type": ["string", "integer"], "examples": ["4 GiB", "500 MB"]}),
]


def parse_seeds(value: object) -> tuple[int, ...]:
    """Return the seeds that a count (5 means 0 to 4) or a list stands for.

    Raises
    ------
    ValueError
        It is neither, or names no seed, one twice, or one that is too large.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        if value > _MAX_SEEDS:
            raise ValueError(
                f"{value!r} is how many seeds, and at most {_MAX_SEEDS} are allowed; "
                f"write [{value}] for the seed itself"
            )
        seeds: tuple[int, ...] = tuple(range(value))
    elif isinstance(value, list | tuple) and all(
        type(seed) is int and 0 <= seed < _SEEDS_END for seed in value
    ):
        seeds = tuple(value)
    else:
        raise ValueError(
            f"{value!r} is neither a number of seeds nor a list of seeds from 0 to 2**32-1"
        )
    if not seeds or len(set(seeds)) != len(seeds):
        raise ValueError(f"{value!r} must name at least one seed, and none twice")
    return seeds


Seeds = Annotated[
    tuple[int, ...],
    BeforeValidator(parse_seeds),
    WithJsonSchema(
        {
            "oneOf": [
                {"type": "integer", "minimum": 1, "maximum": _MAX_SEEDS},
                {
                    "type": "array",
                    "items": {"type": "integer", "minimum": 0, "maximum": _SEEDS_END - 1},
                    "minItems": 1,
                },
            ]
        }
    ),
]


def _check_size(value: object) -> object:
    if value == "all" or (type(value) is int and value >= 1):
        return value
    raise ValueError(f"{value!r} is no size; write a number of rows above zero, or 'all'")


Size = Annotated[
    int | Literal["all"],
    BeforeValidator(_check_size),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, {"const": "all"}]}),
]
