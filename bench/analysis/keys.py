"""Distinct datasets and contenders: numbered, and named so that no two look alike."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def keyed(
    frame: pd.DataFrame, key: Sequence[str], label: str, plain: str
) -> tuple[pd.Series[int], pd.DataFrame]:
    """Number the distinct keys in the order of the names that they are given.

    One that is shown under several labels has all of them in its name.
    """
    key = list(key)
    wanted = [*key, *([label, "pretrained"] if label == "label" else [label, "modality"])]
    number, first = numbered(frame, wanted)
    kinds = frame[wanted].iloc[first].astype(str)
    distinct = kinds.sort_values(wanted).drop_duplicates(key).reset_index(drop=True)
    shown = distinct[label].where(distinct[label].str.len() > 0, distinct[plain])
    shown = shown + pd.Series(_other_labels(kinds, distinct, key, label), dtype=shown.dtype)
    if "pretrained" in distinct:
        said = kinds.assign(pretrained=kinds["pretrained"] == "True")
        told = said.groupby(key, sort=False, dropna=False)["pretrained"].max().rename("told")
        with_told = distinct.merge(told.reset_index(), on=key, how="left")
        distinct["pretrained"] = with_told["told"].to_numpy()
        shown = shown.where(~distinct["pretrained"], shown + " (pretrained)")
    distinct["name"] = _distinct_names(
        distinct, list(shown), [name for name in key if name not in ("task", "task_version")]
    )
    distinct = distinct.sort_values(["name", *key]).reset_index(drop=True)
    code = {tuple(row): at for at, row in enumerate(distinct[key].itertuples(index=False))}
    mapped = [code[tuple(row)] for row in kinds[key].itertuples(index=False)]
    codes = pd.Series(np.array(mapped, dtype=np.int64)[number], index=frame.index, dtype="int64")
    return codes, distinct.rename(columns={"side": "family"})


def _other_labels(
    kinds: pd.DataFrame, distinct: pd.DataFrame, key: Sequence[str], label: str
) -> list[str]:
    """Return what to add to the first label of each key: the others that its rows have."""
    wanted = [*key, label]
    labels: dict[tuple[str, ...], set[str]] = {}
    for *own, name in kinds[wanted].itertuples(index=False):
        labels.setdefault(tuple(own), {""}).add(name)
    others = [
        sorted(labels[tuple(own)] - {"", first})
        for *own, first in distinct[wanted].itertuples(index=False)
    ]
    return [f" (also {', '.join(names)})" if names else "" for names in others]


def numbered(
    frame: pd.DataFrame, columns: Sequence[str]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number the distinct rows; return each row's number, and where each number stands first.

    Much faster than a `groupby` of many columns that are few values.
    """
    number = np.zeros(len(frame), dtype=np.int64)
    for name in columns:
        column = frame[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            code, n = column.cat.codes.to_numpy(np.int64) + 1, len(column.cat.categories) + 1
        else:
            code, distinct = pd.factorize(column, use_na_sentinel=False)
            n = len(distinct)
        number = pd.factorize(number * n + code)[0].astype(np.int64)
    first = np.flatnonzero(~pd.Series(number).duplicated().to_numpy())
    return number, first


def _distinct_names(keys: pd.DataFrame, shown: list[str], details: Sequence[str]) -> list[str]:
    """Add to names that stand for several keys what sets these apart."""
    names = list(shown)
    groups: dict[tuple[str, str], list[int]] = {}
    for at, name in enumerate(shown):
        # The same dataset under two tasks needs no telling apart: boards are per task.
        task = f"{keys['task'].iloc[at]} {keys['task_version'].iloc[at]}" if "task" in keys else ""
        groups.setdefault((task, name), []).append(at)
    for (_, name), rows in groups.items():
        if len(rows) < 2:
            continue
        group = keys.iloc[rows]
        differing = [column for column in details if group[column].nunique() > 1]
        for at in rows:
            parts = [
                _detail(column, str(keys[column].iloc[at]), set(group[column]))
                for column in differing
            ]
            names[at] = f"{name} ({', '.join(part for part in parts if part)})"
    return names


def _detail(column: str, value: str, others: set[str]) -> str:
    """Say in a few words what one key has in this column and its namesakes do not."""
    if column == "search":  # what is not tuned has none, and its tuning says so
        if not parsed(value):
            return ""
        column, others = "params", {other for other in others if parsed(other)}
    if column in ("params", "dataset_params", "conditions"):
        mine, rest = parsed(value), [parsed(other) for other in others]
        differing = sorted(
            {entry for one in rest for entry in one if len({repr(r.get(entry)) for r in rest}) > 1}
        )
        return ", ".join(f"{entry}={mine[entry]}" for entry in differing if entry in mine)
    if column == "dataset_fingerprint":
        return value[:8]
    if column in ("model_version", "dataset_version"):
        return f"version {value}"
    if column == "tuned_for":
        return f"for {value}" if value and len(others - {""}) > 1 else ""
    if column == "cores":
        return f"{value} cores" if value != "1" else "1 core"
    return value


def parsed(text: str) -> dict[str, Any]:
    """Return parameters from their JSON; what is no object stands under an empty name."""
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {"": text}
    return value if isinstance(value, dict) else {"": value}
