"""Suites read from TOML, and changed by what a command line or a call says."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from bench.planning.suite.conditions import suite_model
from bench.planning.suite.faults import explain
from bench.planning.suite.tables import Suite
from bench.spec.errors import SuiteError

if TYPE_CHECKING:
    from bench.registry.lookup import Registry


def parse(text: str, source: str, registry: Registry | None = None) -> Suite:
    """Read a suite from TOML.

    Parameters
    ----------
    text
        The TOML.
    source
        Where it stands, for messages.
    registry
        Whose conditions it may have; None: bench's own.

    Raises
    ------
    SuiteError
        It is no TOML, or its keys or values are not allowed: every fault is named.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SuiteError(f"{source}: not valid TOML: {error}.") from None
    model = suite_model(registry)
    try:
        return model.model_validate(tables)
    except ValidationError as error:
        raise SuiteError(explain(error, source, model, registry)) from None


def read(path: Path, registry: Registry | None = None) -> Suite:
    """Read a suite from a file, as `parse` does.

    Raises
    ------
    SuiteError
        The file cannot be read, or is not a suite.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SuiteError(f"{path}: cannot be read as a suite: {error}.") from None
    return parse(text, str(path), registry)


def override(
    suite: Suite,
    *,
    sizes: str | None = None,
    seeds: str | tuple[int, ...] | None = None,
    cores: int | None = None,
    seconds: float | None = None,
    memory: str | None = None,
    source: str = "command line",
) -> Suite:
    """Return a suite with what the command line or a call says in place of what the file says.

    Parameters
    ----------
    sizes
        ``"16,64,all"``; also in place of the datasets' own.
    seeds
        ``"5"`` (how many) or ``"0,1,2"`` (which); or the seeds themselves.
    cores, seconds, memory
        Of each trial.
    source
        Who says it, for messages.

    Raises
    ------
    SuiteError
        One of them is not allowed: every fault is named.
    """
    tables = suite.model_dump(by_alias=True)
    if sizes is not None:
        tables["protocol"]["sizes"] = [_number(part) for part in sizes.split(",")]
        for dataset in tables["datasets"]:
            dataset["sizes"] = None
    if isinstance(seeds, tuple):
        tables["protocol"]["outer_seeds"] = seeds
    elif seeds is not None:
        parts = [_number(part) for part in seeds.split(",")]
        tables["protocol"]["outer_seeds"] = parts if len(parts) > 1 else parts[0]
    limits = {"cores": cores, "seconds": seconds, "memory": memory}
    tables["limits"] |= {key: value for key, value in limits.items() if value is not None}
    model = type(suite)
    try:
        return model.model_validate(tables)
    except ValidationError as error:
        raise SuiteError(explain(error, source, model)) from None


def _number(text: str) -> int | str:
    return int(text) if text.strip().isdecimal() else text.strip()


def json_schema(registry: Registry | None = None) -> dict[str, Any]:
    """Return the JSON schema of a suite, for editors, with the conditions of a registry."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **suite_model(registry).model_json_schema(),
        "title": "bench suite",
    }
