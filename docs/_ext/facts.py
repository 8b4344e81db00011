"""The generated parts of the reference, as Markdown: what is installed says what is written."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from bench.conformance.catalogue import PROMISES
from bench.planning.suite import json_schema
from bench.registry.lookup import Entry, Registry, discover
from bench.results.schema import SCHEMAS
from bench.spec import DatasetSpec, ModelSpec
from bench.spec.tasks import leading

COLUMNS = Path(__file__).parents[1] / "reference" / "columns.toml"
_TYPES = {"string": "text", "int64": "whole number", "double": "number", "bool": "true or false"}


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a Markdown table."""
    lines = [headers, ["---"] * len(headers), *rows]
    return ["| " + " | ".join(map(_cell, line)) + " |" for line in lines]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _values(params: Any) -> str:
    """Return parameters as a suite would write them, each on its own."""
    return ", ".join(f"`{name} = {json.dumps(value)}`" for name, value in dict(params).items())


def columns(name: str) -> list[str]:
    """Return the columns of a result table: name, type and meaning."""
    meanings = tomllib.loads(COLUMNS.read_text(encoding="utf-8"))[name]
    return table(
        ("column", "type", "meaning"),
        ((_code(field.name), _type(field.type), meanings[field.name]) for field in SCHEMAS[name]),
    )


def _type(type_: pa.DataType) -> str:
    if pa.types.is_list(type_):
        return f"list of {_type(type_.value_type)}s"
    return _TYPES[str(type_)]


def _first_party(entries: Iterable[Entry[Any]]) -> list[Any]:
    """Return the records of bench itself: whoever builds these pages may have plugins."""
    return [entry.record for entry in entries if entry.distribution == "crossover-bench"]


def models(registry: Registry, family: str) -> list[str]:
    """Return the models of a family that come along."""
    found: list[ModelSpec] = _first_party(registry.models.values())
    return table(
        ("model", "what it is", "does", "defaults"),
        (
            (
                _linked(model.name, model.reference),
                model.summary,
                "; ".join(_does(model)),
                _values(model.params),
            )
            for model in found
            if model.family == family
        ),
    )


def _does(model: ModelSpec) -> list[str]:
    tasks: dict[str, list[str]] = {}
    for task, modality in model.does:
        tasks.setdefault(task, []).append(modality)
    return [f"{task} ({', '.join(modalities)})" for task, modalities in tasks.items()]


def _linked(name: str, reference: str) -> str:
    return f"[`{name}`]({reference})" if reference.startswith("http") else _code(name)


def datasets(registry: Registry, modality: str) -> list[str]:
    """Return the datasets of a modality that come along."""
    found: list[DatasetSpec] = _first_party(registry.datasets.values())
    return table(
        ("dataset", "what it is", "tasks", "licence", "source"),
        (
            (
                _code(dataset.name + (":PATH" if dataset.takes_path else "")),
                dataset.summary,
                ", ".join(dataset.tasks),
                dataset.license,
                f"<{dataset.source}>" if dataset.source.startswith("http") else dataset.source,
            )
            for dataset in found
            if dataset.modality == modality
        ),
    )


def tasks(registry: Registry) -> list[str]:
    """Return the tasks and their metrics."""
    return table(
        ("task", "question", "primary metric", "other metrics"),
        (
            (
                _code(task.name),
                task.summary,
                ", ".join(map(_code, leading(task))),
                ", ".join(_code(name) for name in task.metrics if name not in leading(task)),
            )
            for task in _first_party(registry.tasks.values())
        ),
    )


def metrics(registry: Registry) -> list[str]:
    """Return the metrics."""
    return table(
        ("metric", "what it is", "better", "ideal", "equal within", "computed from"),
        (
            (
                _code(m.name),
                m.summary,
                m.direction,
                "none" if m.ideal is None else f"{m.ideal:g}",
                "" if m.region is None else str(m.region),
                m.needs,
            )
            for m in _first_party(registry.metrics.values())
        ),
    )


def suites(registry: Registry) -> list[str]:
    """Return the suites that come along."""
    found = [s for s in registry.suites.values() if s.distribution == "crossover-bench"]
    rows = []
    for suite in sorted(found, key=lambda suite: suite.path.stem):
        told = tomllib.loads(suite.path.read_text(encoding="utf-8"))["suite"]
        rows.append((_code(suite.path.stem), told.get("summary", "")))
    return table(("suite", "what it measures"), rows)


def checks(kind: str) -> list[str]:
    """Return the promises that are made of a kind of subject."""
    return table(
        ("check", "promise", "why"),
        ((_code(one.name), one.what, one.why) for one in PROMISES if one.kind == kind),
    )


def suite_table(name: str) -> list[str]:
    """Return the keys of a table of a suite, from its JSON schema."""
    schema = json_schema()
    found = schema["$defs"][name]
    needed = found.get("required", [])
    rows = []
    for key, value in found["properties"].items():
        default = "needed" if key in needed else _default(value)
        rows.append((_code(key), _allowed(value, schema), default, value.get("description", "")))
    return table(("key", "allowed", "default", "meaning"), rows)


def _default(value: dict[str, Any]) -> str:
    default = value.get("default")
    if default in (None, "", [], {}):
        return ""
    if value.get("examples") and isinstance(default, int):
        return _code(f'"{default // 2**30} GiB"')
    return _code(json.dumps(default))


def _allowed(value: dict[str, Any], schema: dict[str, Any]) -> str:
    """Return in words what a value may be."""
    if "$ref" in value:
        return f"a table, [see below](#{_anchor(value['$ref'])})"
    for several in ("anyOf", "oneOf"):
        if several in value:
            words = [_allowed(v, schema) for v in value[several] if v != {"type": "null"}]
            return ", or ".join(dict.fromkeys(words))
    if "const" in value:
        return _code(json.dumps(value["const"]))
    if "enum" in value:
        return ", ".join(_code(json.dumps(entry)) for entry in value["enum"])
    if "examples" in value:
        return "such as " + ", ".join(_code(json.dumps(e)) for e in value["examples"])
    kind = value["type"]
    if kind == "array":
        items = _allowed(value["items"], schema)
        return f"a list of ({items})" if ", or " in items else f"a list: {items}"
    return {"object": "a table", "string": "text", "boolean": "`true`, `false`"}.get(
        kind
    ) or _number(value, kind)


def _number(value: dict[str, Any], kind: str) -> str:
    words = ["whole number" if kind == "integer" else "number"]
    for key, said in (
        ("minimum", "from"),
        ("exclusiveMinimum", "above"),
        ("maximum", "to"),
        ("exclusiveMaximum", "below"),
    ):
        if key in value:
            words.append(f"{said} {value[key]:,}")
    return " ".join(words)


def _anchor(reference: str) -> str:
    return reference.rpartition("/")[2].lower()


PARTS: dict[str, Callable[..., list[str]]] = {
    "columns": columns,
    "suite-table": suite_table,
    "checks": checks,
    "models": lambda family: models(discover(), family),
    "datasets": lambda modality: datasets(discover(), modality),
    "tasks": lambda: tasks(discover()),
    "metrics": lambda: metrics(discover()),
    "suites": lambda: suites(discover()),
}
"""By name, as a page asks for it."""
