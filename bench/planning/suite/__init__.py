"""Suites: TOML files that say which models, datasets, sizes, splits and limits make trials."""

from bench.planning.suite.reading import json_schema, override, parse, read
from bench.planning.suite.tables import (
    ConditionTable,
    DatasetTable,
    ModelTable,
    SizeGrid,
    Suite,
    TuneTable,
)
from bench.planning.suite.values import parse_bytes, parse_seeds

__all__ = [
    "ConditionTable",
    "DatasetTable",
    "ModelTable",
    "SizeGrid",
    "Suite",
    "TuneTable",
    "json_schema",
    "override",
    "parse",
    "parse_bytes",
    "parse_seeds",
    "read",
]
