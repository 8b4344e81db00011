"""What planning needs to know of a dataset: said once by whoever loads it, and kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Any

from bench.planning import copies
from bench.planning.fingerprint import (
    is_rows,
    is_table,
    older_fingerprints,
    target_from_json,
    target_json,
)
from bench.planning.loading import load
from bench.planning.source import FORMAT, Source
from bench.registry.configuration import cache_folder
from bench.spec import Column, Dataset, Split, SplitProtocol, Target, Task
from bench.spec.errors import DatasetError
from bench.spec.hooks import HOOK_API


@dataclass(frozen=True, kw_only=True)
class DatasetFacts:
    """What planning needs to know of a dataset, without its content.

    `older_fingerprints` are those that earlier versions of bench gave the same content.
    """

    fingerprint: str
    n_rows: int
    n_features: int
    has_missing: bool
    task: str
    columns: tuple[Column, ...]
    target: Target | None
    splits: tuple[Split, ...]
    is_streamed: bool = False
    older_fingerprints: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as what JSON can hold."""
        return {
            "fingerprint": self.fingerprint,
            "n_rows": self.n_rows,
            "n_features": self.n_features,
            "has_missing": self.has_missing,
            "is_streamed": self.is_streamed,
            "older_fingerprints": self.older_fingerprints,
            "task": self.task,
            "columns": [[column.name, column.kind] for column in self.columns],
            "target": target_json(self.target),
            "splits": [astuple(split) for split in self.splits],
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> DatasetFacts:
        """Read what `to_json` returned, after a journey through JSON."""
        changed = {
            "columns": tuple(Column(*column) for column in values["columns"]),
            "target": target_from_json(values["target"]),
            "splits": tuple(Split(*split) for split in values["splits"]),
            "older_fingerprints": tuple(values["older_fingerprints"]),
        }
        return cls(**{**values, **changed})


def known_facts(
    source: Source, tasks: Sequence[Task], protocol: SplitProtocol
) -> DatasetFacts | None:
    """Return the facts of a dataset if `describe` said them before and nothing has changed."""
    content = copies.recall(source.key())
    if content is None:
        return None
    try:
        said = json.loads(_facts_file(content, tasks, protocol).read_text())
        facts = DatasetFacts.from_json(said)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return facts if facts.fingerprint == content else None


def _facts_file(content: str, tasks: Sequence[Task], protocol: SplitProtocol) -> Path:
    """Return where facts are kept: of this content, as this code of these tasks says them."""
    asked = json.dumps([FORMAT, HOOK_API, [_code(task) for task in tasks], asdict(protocol)])
    name = f"{content[:20]}-{hashlib.sha256(asked.encode()).hexdigest()[:20]}.json"
    return cache_folder() / "facts" / name


def _code(task: Task) -> list[str]:
    return [task.name, getattr(task, "version", "1")]


def describe(source: Source, tasks: Sequence[Task], protocol: SplitProtocol) -> DatasetFacts:
    """Return the facts of a dataset for the first of the tasks that fits its target.

    They are kept for `known_facts`.

    Raises
    ------
    DatasetError
        The dataset cannot be loaded, or fits none of the tasks.
    """
    facts = _describe(source, tasks, protocol)
    copies.write_small(_facts_file(facts.fingerprint, tasks, protocol), facts.to_json())
    return facts


def _describe(source: Source, tasks: Sequence[Task], protocol: SplitProtocol) -> DatasetFacts:
    dataset, content = load(source)
    kind = dataset.target.kind if dataset.target is not None else None
    task = next((task for task in tasks if not task.targets or kind in task.targets), None)
    if task is None:
        names = ", ".join(task.name for task in tasks)
        raise DatasetError(
            f"dataset {source.name!r}: its target is {kind or 'missing'}, which fits no task of "
            f"{names}. Name a target column (params = {{ target = ... }}) or another task."
        )
    try:
        splits = tuple(task.splits(dataset, protocol))
    except DatasetError as error:
        raise DatasetError(f"dataset {source.name!r}: {error}") from error
    return DatasetFacts(
        fingerprint=content,
        older_fingerprints=tuple(older_fingerprints(dataset)),
        n_rows=_length(dataset.X),
        n_features=n_features(dataset),
        has_missing=has_missing(dataset.X),
        is_streamed=is_rows(dataset.X),
        task=task.name,
        columns=dataset.columns or (),
        target=dataset.target,
        splits=splits,
    )


def n_features(dataset: Dataset) -> int:
    """Return how many numbers or columns one row of X has; 0 where a row has no fixed number."""
    shape = getattr(dataset.X, "shape", None)
    if isinstance(dataset.X, type) or not isinstance(shape, tuple):
        return len(dataset.columns or ())
    size = 1
    for length in shape[1:]:
        size *= int(length)
    return size


def has_missing(X: Any) -> bool:
    """Return whether any value of X is missing; True where that cannot be told."""
    import numpy as np

    if is_rows(X):
        return bool(getattr(X, "has_missing", True))
    if isinstance(X, np.ndarray) and X.dtype.kind in "fiub":
        return bool(X.dtype.kind == "f" and np.isnan(X).any())
    if is_table(X):
        return bool(X.isna().to_numpy().any())
    if isinstance(X, list) and all(isinstance(item, np.ndarray) for item in X):
        return any(item.dtype.kind not in "iub" and has_missing(item) for item in X)
    return not (isinstance(X, list) and all(isinstance(item, str) for item in X))


def _length(X: Any) -> int:
    """Return how many rows X has; a class of what has a length has none itself."""
    return len(X) if hasattr(X, "__len__") and not isinstance(X, type) else 0
