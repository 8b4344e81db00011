"""Which sizes of training set a ranking looks at."""

from __future__ import annotations

from typing import Literal

import pandas as pd

Size = int | Literal["common", "largest", "all"]
"""A number of rows; ``"common"``: the largest size that all contenders of a dataset have;
``"largest"``: the largest that any has; ``"all"``: every size that all have, averaged."""


def chosen_sizes(points: pd.DataFrame, size: Size) -> pd.DataFrame:
    """Return the rows ``problem, outer_seed, n_train`` that a ranking looks at.

    One size is taken for all outer seeds of a dataset where one is there in all of them (the
    largest such). Where none is, as with whole groups held out, each outer seed gives its own.
    Where contenders share no size, the sizes that most of them have stand for the shared ones.

    Parameters
    ----------
    points
        A row per ``problem, contender, outer_seed, n_train`` that has a value.
    size
        The rule.
    """
    columns = ["problem", "outer_seed", "n_train"]
    parts = [
        _chosen(group, size).assign(problem=problem)[columns]
        for problem, group in points.groupby("problem", sort=True)
    ]
    if not parts:
        return pd.DataFrame({column: pd.Series(dtype="int64") for column in columns})
    return pd.concat(parts, ignore_index=True)


def _chosen(points: pd.DataFrame, size: Size) -> pd.DataFrame:
    pairs = points[["outer_seed", "n_train"]].drop_duplicates()
    pairs = pairs.sort_values(["outer_seed", "n_train"], ignore_index=True)
    if isinstance(size, int):
        return pairs.loc[pairs["n_train"] == size]
    kept: pd.DataFrame = (
        pairs if size == "largest" else pairs.loc[pairs["n_train"].isin(_shared(points))]
    )
    if size == "all":
        return kept
    n_outer = points["outer_seed"].nunique()
    spread = kept.groupby("n_train")["outer_seed"].nunique()
    everywhere = spread.index[spread == n_outer]
    if len(everywhere):
        one: pd.DataFrame = pairs.loc[pairs["n_train"] == everywhere.max()]
        return one
    own = []
    for _, group in points.groupby("outer_seed", sort=True):
        allowed = group["n_train"] if size == "largest" else _shared(group)
        own.append(group.loc[group["n_train"] == max(allowed), ["outer_seed", "n_train"]].head(1))
    return pd.concat(own, ignore_index=True)


def _shared(points: pd.DataFrame) -> set[int]:
    """Return the sizes that all contenders have, or else those that most of them have."""
    holders = points.groupby("n_train")["contender"].nunique()
    return {int(n) for n in holders.index[holders == holders.max()]}
