"""The values that the fields of records may have, and the checks that refuse others by name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal, get_args

from bench.spec.errors import RecordError, nearest

Family = Literal["classical", "deep", "baseline"]
ColumnKind = Literal["number", "category", "ordinal", "boolean", "date", "text"]
TargetKind = Literal["binary", "multiclass", "multilabel", "continuous", "multioutput"]
Direction = Literal["higher", "lower"]
Changed = Literal["rows", "X", "y"]
Phase = Literal["load", "split", "init", "warm-up", "fit", "predict", "score"]

FAMILIES: tuple[Family, ...] = get_args(Family)
MODALITIES = ("tabular", "image", "text", "audio", "series", "tokens", "environment")
COLUMN_KINDS: tuple[ColumnKind, ...] = get_args(ColumnKind)
TARGET_KINDS: tuple[TargetKind, ...] = get_args(TargetKind)
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)
CHANGED: tuple[Changed, ...] = get_args(Changed)
"""What a condition may change, in the order in which conditions are applied."""
PHASES: tuple[Phase, ...] = get_args(Phase)
"""Of a trial, in their order: what probes measure around."""
DEVICES = ("cpu", "gpu", "tpu")
FIT_PARAMS = ("sample_weight", "groups", "time")
FEATURES = ("raw", "engineered", "learned")
PARTS = ("train", "validation", "test")

NAME = r"[a-z0-9]+(-[a-z0-9]+)*"
"""The form of every name that a suite may write."""

_NAME = re.compile(NAME)
_REFERENCE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


def check_name(record: object, name: object) -> None:
    """Refuse what is no name of a record."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise RecordError(
            f"{type(record).__name__}: name is {name!r}; "
            "lower-case letters, digits and single hyphens are allowed, as in 'acme-forest'."
        )


def check_one_of(record: object, attribute: str, value: object, allowed: Iterable[str]) -> None:
    """Refuse a value that is not allowed, and say what is."""
    allowed = tuple(allowed)
    if value not in allowed:
        name = getattr(record, "name", "")
        raise RecordError(
            f"{type(record).__name__} {name!r}: {attribute} is {value!r}; "
            f"allowed: {', '.join(allowed)}.{nearest(str(value), allowed)}"
        )


def check_reference(record: object, attribute: str, value: object) -> None:
    """Refuse what is no ``"package.module:function"``."""
    if not isinstance(value, str) or not _REFERENCE.fullmatch(value):
        name = getattr(record, "name", "")
        raise RecordError(
            f"{type(record).__name__} {name!r}: {attribute} is {value!r}; "
            "a 'package.module:function' string is needed, so that it is imported only when used."
        )


def check_strings(record: object, attribute: str, value: object) -> None:
    """Refuse what is no tuple of strings."""
    if not isinstance(value, tuple) or not all(isinstance(item, str) for item in value):
        name = getattr(record, "name", "")
        raise RecordError(
            f"{type(record).__name__} {name!r}: {attribute} is {value!r}; "
            "a tuple of strings is needed."
        )


def check_params(record: object, params: object) -> None:
    """Refuse what is no mapping of names to values."""
    if not isinstance(params, Mapping) or not all(isinstance(key, str) for key in params):
        name = getattr(record, "name", "")
        raise RecordError(
            f"{type(record).__name__} {name!r}: params is {params!r}; "
            "a mapping of parameter names to values is needed."
        )
