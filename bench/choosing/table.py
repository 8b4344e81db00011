"""A user's table as a suite: who reads it, which candidates stand, at which sizes and seeds."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.choosing.schedule import MIN_CURVE_ROWS
from bench.planning.suite import DatasetTable, Suite
from bench.spec.errors import DatasetError, SuiteError, nearest

if TYPE_CHECKING:
    from bench.registry.lookup import Registry

N_SEEDS = 20
"""Outer seeds that are planned; time decides how many are used."""
TASKS = ("classification", "regression")
"""What a column of a table can be the target of."""

_READERS = {
    "tsv": "csv",
    "txt": "csv",
    "data": "csv",
    "gz": "csv",
    "pq": "parquet",
    "feather": "arrow",
    "ipc": "arrow",
    "arrows": "arrow",
}
"""Endings of files in a format that another ending is the name of."""


def reader_of(given: str, registry: Registry) -> str:
    """Return the dataset that reads a table, such as ``"csv:PATH"``.

    Parameters
    ----------
    given
        A file, a folder of Parquet files, or a dataset that names its reader already.
    registry
        Where readers are looked up.

    Raises
    ------
    DatasetError
        There is no such file, or nothing reads files that end so.
    """
    readers = sorted(
        name
        for name, entry in registry.datasets.items()
        if entry.record.takes_path and entry.record.modality == "tabular"
    )
    if given.partition(":")[0] in readers and ":" in given:
        return given
    path = Path(given).expanduser()
    if not path.exists():
        beside = [other.name for other in path.parent.glob("*")] if path.parent.is_dir() else []
        raise DatasetError(
            f"{given}: there is no such file in {path.parent.absolute()}."
            f"{nearest(path.name, beside)}"
        )
    ending = path.suffix.lower().lstrip(".")
    reader = "parquet" if path.is_dir() else _READERS.get(ending, ending)
    if reader not in readers:
        raise DatasetError(
            f"{given}: nothing reads files that end in {path.suffix or 'no suffix'!r}. Say what it "
            f"is, as in '{readers[0] if readers else 'csv'}:{given}'; there are: "
            f"{', '.join(readers)}."
        )
    return f"{reader}:{given}"


def dataset_params(target: str, drop: Sequence[str], task: str | None) -> dict[str, Any]:
    """Return what the reader of a table is told: every reader of files takes these."""
    params: dict[str, Any] = {"target": target}
    if drop:
        params["drop"] = list(drop)
    if task is not None:
        params["kind"] = task
    return params


def installed(candidates: Suite, registry: Registry) -> tuple[Suite, dict[str, str]]:
    """Return the suite without models that need a package which is not there, and which that is.

    Parameters
    ----------
    candidates
        Its models are named one by one.
    registry
        Of the plugins; `ModelSpec.preload` says what a model needs.

    Returns
    -------
    Suite, dict
        Package by name of the model that needs it.
    """
    missing: dict[str, str] = {}
    for model in candidates.models:
        entry = registry.models[model.name]
        preload = entry.record.preload if entry.python is None else ()
        packages = (module.partition(".")[0] for module in preload)
        lacking = next((name for name in packages if find_spec(name) is None), None)
        if lacking is not None:
            missing[model.name] = lacking
    kept = tuple(model for model in candidates.models if model.name not in missing)
    return candidates.model_copy(update={"models": kept}), missing


def suite_for(
    candidates: Suite,
    table: DatasetTable,
    *,
    sizes: Sequence[int] | None,
    seed: int,
    metric: str | None,
) -> Suite:
    """Return the suite of all trials that may be wanted for a table.

    Parameters
    ----------
    candidates
        Whose models and limits are taken.
    table
        The user's.
    sizes
        Numbers of training rows; None: all rows, for as long as it is not known how many.
    seed
        Names the outer seeds: 20 from 20 times itself.
    metric
        That leads, beside those of the task; None: the task's own.
    """
    protocol = candidates.protocol.model_copy(
        update={
            "sizes": "all" if sizes is None else tuple(sizes),
            "outer_seeds": tuple(range(seed * N_SEEDS, (seed + 1) * N_SEEDS)),
            "inner_seeds": (0,),
            "repeats": 1,
        }
    )
    metrics = tuple(dict.fromkeys([*candidates.suite.metrics, *([metric] if metric else [])]))
    about = candidates.suite.model_copy(
        update={
            "name": f"choose-{slug(table.label or table.name)}",
            "summary": f"bench choose {table.name}",
            "seed": seed,
            "metrics": metrics,
            "primary_metric": metric or candidates.suite.primary_metric,
        }
    )
    return candidates.model_copy(
        update={"suite": about, "protocol": protocol, "datasets": (table,), "conditions": ()}
    )


def sizes_of(largest: int) -> list[int]:
    """Return all rows and one half of them after the other, ascending, from about 64 on."""
    sizes = [largest]
    while sizes[-1] >= 2 * MIN_CURVE_ROWS:
        sizes.append(-(-largest // 2 ** len(sizes)))
    return sizes[::-1]


def slug(text: str) -> str:
    """Return a text as a name: lower case, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "table"


def to_toml(suite: Suite) -> str:
    """Return a suite as TOML that reads as the same suite."""
    tables = suite.model_dump(by_alias=True, exclude_none=True, exclude_defaults=True)
    lines: list[str] = []
    for key, value in tables.items():
        several = value if isinstance(value, list | tuple) else [value]
        heading = f"[[{key}]]" if isinstance(value, list | tuple) else f"[{key}]"
        for table in several:
            lines += [heading, *(f"{_key(name)} = {_toml(one)}" for name, one in table.items()), ""]
    return "\n".join(lines)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _toml(name)


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{_key(k)} = {_toml(v)}' for k, v in value.items())} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value).replace("\x7f", "\\u007f")
    return repr(value)


def check_same(folder: Path, text: str) -> None:
    """Raise unless a folder that holds a run holds one of the same table and candidates.

    Raises
    ------
    SuiteError
        It is another one.
    """
    from bench.results.store import suite_text

    if suite_text(folder) != text:
        raise SuiteError(
            f"{folder} holds what was measured with another table, target or seed, other columns "
            "left out, another metric or other candidates. Name another folder with --output, or "
            "begin a new one beside it with --fresh."
        )
