"""Which models and datasets a suite means: patterns become names, and some are selected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from bench.planning.search import why_untunable
from bench.planning.suite import ModelTable, Suite
from bench.spec.errors import SuiteError, nearest

if TYPE_CHECKING:
    from bench.registry.lookup import Kind, Registry
    from bench.spec import ModelSpec


def select(
    suite: Suite,
    *,
    models: Sequence[str] = (),
    datasets: Sequence[str] = (),
    baselines: Iterable[str] = (),
) -> Suite:
    """Keep the models and datasets whose name or label matches one of the patterns.

    Baselines stay whatever `models` says: without them there is no yardstick.

    Raises
    ------
    SuiteError
        A pattern matches nothing in the suite.
    """
    update: dict[str, Any] = {}
    if models:
        kept = _matching(suite.models, models, "model", suite.name)
        yardsticks = [table for table in suite.models if table.name in set(baselines)]
        update["models"] = tuple(t for t in suite.models if t in kept or t in yardsticks)
    if datasets:
        kept = _matching(suite.datasets, datasets, "dataset", suite.name)
        update["datasets"] = tuple(table for table in suite.datasets if table in kept)
    return suite.model_copy(update=update)


def expand(suite: Suite, registry: Registry) -> Suite:
    """Replace patterns in the suite's models and datasets by the names that they match.

    `tune` in a pattern's entry goes to those of its models that can be tuned.

    Raises
    ------
    SuiteError
        A pattern matches nothing, or is to be tuned and matches nothing that can be.
    """
    update: dict[str, Any] = {}
    both: tuple[tuple[Kind, tuple[Any, ...]], ...] = (
        ("models", suite.models),
        ("datasets", suite.datasets),
    )
    for kind, tables in both:
        expanded: list[Any] = []
        for table in tables:
            if not any(sign in table.name for sign in "*?[") or ":" in table.name:
                expanded.append(table)
                continue
            names = registry.match(kind, table.name)
            if not names:
                raise SuiteError(f"suite {suite.name!r}: {kind}: no name matches {table.name!r}.")
            named = [table.model_copy(update={"name": name}) for name in names]
            expanded += (
                named if kind == "datasets" else _tuned_where_possible(table, named, registry)
            )
        update[kind] = tuple(expanded)
    return suite.model_copy(update=update)


def _matching(
    tables: Sequence[Any], patterns: Sequence[str], kind: str, suite: str
) -> tuple[Any, ...]:
    kept: list[Any] = []
    for pattern in patterns:
        found = [
            table
            for table in tables
            if fnmatchcase(table.name, pattern) or fnmatchcase(table.label or "", pattern)
        ]
        if not found:
            names = sorted({table.label or table.name for table in tables})
            raise SuiteError(
                f"suite {suite!r} has no {kind} that matches {pattern!r}; "
                f"it has: {', '.join(names)}.{nearest(pattern, names)}"
            )
        kept += found
    return tuple(kept)


def _tuned_where_possible(
    pattern: ModelTable, tables: Sequence[ModelTable], registry: Registry
) -> list[ModelTable]:
    """Take `tune` from those of a pattern's models that have nothing to be searched."""
    if pattern.tune is None:
        return list(tables)
    blind = {name for name, entry in registry.tasks.items() if why_untunable(entry.record)}

    def can_be_tuned(table: ModelTable) -> bool:
        spec: ModelSpec = registry.model(table.name).record
        return not table.params.keys() >= spec.search_space.keys() and any(
            task not in blind for task, _ in spec.does
        )

    kept = [t if can_be_tuned(t) else t.model_copy(update={"tune": None}) for t in tables]
    if all(table.tune is None for table in kept):
        raise SuiteError(
            f"models: {pattern.name!r} is to be tuned, and none of what it matches can be: "
            f"{', '.join(table.name for table in tables)}. Leave `tune` out of its entry."
        )
    return kept
