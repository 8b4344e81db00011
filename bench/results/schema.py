"""The result tables: their columns, the version of these, and how an older one is upgraded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from bench.results.before import PRIMARY_METRICS
from bench.spec.errors import ResultsError

SCHEMA_VERSION = 3
"""Raised by one with every change of a column, together with an entry in `UPGRADES`."""

VERSION_KEY = b"bench_schema_version"

_TEXT, _WHOLE, _REAL, _YES = pa.string(), pa.int64(), pa.float64(), pa.bool_()

_KEY = [("run_id", _TEXT), ("trial_id", _TEXT)]

SCHEMAS: dict[str, pa.Schema] = {
    "trials": pa.schema(
        [
            *_KEY,
            ("suite", _TEXT),
            ("environment_id", _TEXT),
            ("dataset", _TEXT),
            ("dataset_label", _TEXT),
            ("dataset_version", _TEXT),
            ("dataset_params", _TEXT),
            ("dataset_fingerprint", _TEXT),
            ("task", _TEXT),
            ("modality", _TEXT),
            ("model", _TEXT),
            ("label", _TEXT),
            ("family", _TEXT),
            ("model_version", _TEXT),
            ("params", _TEXT),
            ("plugin", _TEXT),
            ("plugin_version", _TEXT),
            ("tuning", _TEXT),
            ("search", _TEXT),
            ("chosen_params", _TEXT),
            ("conditions", _TEXT),
            ("device", _TEXT),
            ("cores", _WHOLE),
            ("protocol", _TEXT),
            ("outer_seed", _WHOLE),
            ("inner_seed", _WHOLE),
            ("model_seed", _WHOLE),
            ("repeat", _WHOLE),
            ("n_train", _WHOLE),
            ("n_validation", _WHOLE),
            ("n_test", _WHOLE),
            ("n_features", _WHOLE),
            ("status", _TEXT),
            ("reason", _TEXT),
            ("stop_reason", _TEXT),
            ("limit_seconds", _REAL),
            ("limit_bytes", _WHOLE),
            ("started_at", _REAL),
            ("init_seconds", _REAL),
            ("warm_up_seconds", _REAL),
            ("compile_seconds", _REAL),
            ("n_compilations", _WHOLE),
            ("cache_hits", _WHOLE),
            ("compile_saved_seconds", _REAL),
            ("fit_seconds", _REAL),
            ("fit_cpu_seconds", _REAL),
            ("predict_seconds", _REAL),
            ("latency_1_seconds", _REAL),
            ("latency_1000_seconds", _REAL),
            ("peak_anon_bytes", _WHOLE),
            ("peak_device_bytes", _WHOLE),
            ("n_parameters", _WHOLE),
            ("task_version", _TEXT),
            ("primary_metric", _TEXT),
            ("size_unit", _TEXT),
            ("overlap", _REAL),
            ("n_units", _WHOLE),
            ("role", _TEXT),
            ("pretrained", _YES),
            ("threshold", _REAL),
            ("imported_from", _TEXT),
            ("control", _TEXT),
        ]
    ),
    "scores": pa.schema(
        [
            *_KEY,
            ("part", _TEXT),
            ("slice", _TEXT),
            ("metric", _TEXT),
            ("value", _REAL),
            ("n", _WHOLE),
            ("reason", _TEXT),
        ]
    ),
    "predictions": pa.schema(
        [*_KEY, ("row", _WHOLE), ("output", pa.list_(_REAL)), ("text", _TEXT)]
    ),
    "curves": pa.schema(
        [*_KEY, ("step", _WHOLE), ("part", _TEXT), ("name", _TEXT), ("value", _REAL)]
    ),
    "measures": pa.schema(
        [
            *_KEY,
            ("phase", _TEXT),
            ("probe", _TEXT),
            ("name", _TEXT),
            ("value", _REAL),
            ("unit", _TEXT),
        ]
    ),
    "logs": pa.schema([*_KEY, ("output", _TEXT), ("traceback", _TEXT)]),
    "environments": pa.schema(
        [
            ("environment_id", _TEXT),
            ("cpu_model", _TEXT),
            ("n_cores", _WHOLE),
            ("memory_bytes", _WHOLE),
            ("accelerators", _TEXT),
            ("driver", _TEXT),
            ("os", _TEXT),
            ("python", _TEXT),
            ("bench_version", _TEXT),
            ("distributions", _TEXT),
            ("libraries", _TEXT),
            ("threads", _TEXT),
            ("xla_flags", _TEXT),
            ("load", _REAL),
        ]
    ),
    "metrics": pa.schema(
        [
            ("name", _TEXT),
            ("version", _TEXT),
            ("direction", _TEXT),
            ("ideal", _REAL),
            ("unit", _TEXT),
            ("region", _TEXT),
        ]
    ),
}
"""Every table by name. `accelerators`, `distributions`, `libraries`, `threads`: JSON."""

TRIAL_TABLES = ("scores", "predictions", "curves", "measures", "logs", "trials")
"""The tables keyed by trial, in the order in which they are replaced: `trials` last, so that a row
there says that all else of the trial is in place."""

Upgrade = Callable[[str, pa.Table], pa.Table]


def _with_tuning(name: str, table: pa.Table) -> pa.Table:
    """Before version 2 nothing was tuned."""
    if name != "trials":
        return table
    n = table.num_rows
    table = table.append_column("search", pa.array(["{}"] * n, _TEXT))
    return table.append_column("chosen_params", pa.nulls(n, _TEXT))


def _with_roles(name: str, table: pa.Table) -> pa.Table:
    """Before version 3 a unit was a row, no answer a text, and what led a task its first metric."""
    n = table.num_rows
    if name == "predictions":
        return table.append_column("text", pa.nulls(n, _TEXT))
    if name != "trials":
        return table
    is_baseline = pc.equal(table["family"], "baseline")
    added = {
        "task_version": pa.repeat("1", n),
        "primary_metric": _primary_metrics(table["task"]),
        "size_unit": pa.repeat("rows", n),
        "overlap": pa.nulls(n, _REAL),
        "n_units": table["n_test"],
        "role": pc.if_else(is_baseline, "baseline", "contender"),
        "pretrained": pa.repeat(False, n),
        "threshold": pa.nulls(n, _REAL),
        "imported_from": pa.repeat("", n),
        "control": pa.repeat("", n),
    }
    for column, values in added.items():
        table = table.append_column(column, values)
    return table


def _primary_metrics(tasks: pa.ChunkedArray) -> pa.Array:
    """Return what led each task before version 3; empty where bench did not know the task."""
    known = pa.array(PRIMARY_METRICS)
    leading = pa.array([*PRIMARY_METRICS.values(), ""])
    at = pc.fill_null(pc.index_in(tasks.cast(_TEXT), value_set=known), len(known))
    return leading.take(at.combine_chunks() if isinstance(at, pa.ChunkedArray) else at)


UPGRADES: dict[int, Upgrade] = {1: _with_tuning, 2: _with_roles}
"""By version: what makes a table of that version, given its name, one of the next version."""


def stamp(schema: pa.Schema, **more: str) -> pa.Schema:
    """Return the schema with the version, and anything more to be kept, in its metadata."""
    extra = {f"bench_{key}".encode(): value.encode() for key, value in more.items()}
    return schema.with_metadata({VERSION_KEY: str(SCHEMA_VERSION).encode(), **extra})


def version_of(metadata: dict[bytes, bytes] | None, path: Path) -> int:
    """Return the version of a file's tables from its metadata.

    Raises
    ------
    ResultsError
        There is none, or it is newer than this bench.
    """
    try:
        version = int((metadata or {})[VERSION_KEY])
    except (KeyError, ValueError):
        raise ResultsError(
            f"{path} was not written by bench: no {VERSION_KEY.decode()!r} in its metadata. "
            "Move it out of the results folder."
        ) from None
    check_version(version, path)
    return version


def check_version(version: int, path: Path) -> None:
    """Refuse what a newer bench wrote.

    Raises
    ------
    ResultsError
        The version is newer than ours.
    """
    if version > SCHEMA_VERSION:
        raise ResultsError(
            f"{path} has tables of version {version}; this bench reads up to version "
            f"{SCHEMA_VERSION}. Upgrade it: pip install --upgrade crossover-bench"
        )


def conform(name: str, table: pa.Table, version: int, path: Path) -> pa.Table:
    """Return a table of any older version as one of this version.

    Parameters
    ----------
    name
        Of the table, a key of `SCHEMAS`.
    table
        All of its columns, or some of them where `version` is the present one.
    version
        In which it was written.
    path
        The file that it is from, for the message.

    Raises
    ------
    ResultsError
        No upgrade leads to the present version, or a column is missing or of another type.
    """
    is_whole = version < SCHEMA_VERSION
    while version < SCHEMA_VERSION:
        if version not in UPGRADES:
            raise ResultsError(
                f"{path} has tables of version {version}, which this bench cannot upgrade. "
                "Read it with the version of bench that wrote it."
            )
        table = UPGRADES[version](name, table)
        version += 1
    schema = SCHEMAS[name]
    wanted = schema.names if is_whole else [n for n in schema.names if n in table.column_names]
    try:
        return table.select(wanted).cast(pa.schema([schema.field(n) for n in wanted]))
    except (KeyError, pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise ResultsError(
            f"{path} does not hold a table of {name} of version {SCHEMA_VERSION}: {error}"
        ) from error
