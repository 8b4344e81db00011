"""Which sizes of training set a ranking looks at."""

from __future__ import annotations

from typing import Literal

import pandas as pd

Size = int | Literal["common", "largest", "all"]
"""A number of rows; ``"common"``: the largest size that all contenders of a dataset have;
``"largest"``: the largest that any has; ``"all"``: every size that all have, averaged."""

_UNIT = ["problem", "outer_seed", "n_train"]


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
    pairs = points[_UNIT].drop_duplicates().sort_values(_UNIT, ignore_index=True)
    if isinstance(size, int):
        return pairs.loc[pairs["n_train"] == size]
    shared = pairs if size == "largest" else _shared(points, ["problem"])
    kept = pairs.merge(shared[["problem", "n_train"]].drop_duplicates())
    if size == "all":
        return kept
    n_outer = pairs.groupby("problem")["outer_seed"].nunique()
    spread = kept.groupby(["problem", "n_train"]).size().reset_index(name="n")
    everywhere = spread.loc[spread["n"] == spread["problem"].map(n_outer)]
    one = kept.merge(everywhere.groupby("problem")["n_train"].max().reset_index())
    rest = points.loc[~points["problem"].isin(one["problem"])]
    own = rest if size == "largest" else _shared(rest, ["problem", "outer_seed"])
    each = own.groupby(["problem", "outer_seed"])["n_train"].max().reset_index()
    return pd.concat([one, each], ignore_index=True).sort_values(_UNIT, ignore_index=True)


def _shared(points: pd.DataFrame, within: list[str]) -> pd.DataFrame:
    """Return the sizes that all contenders have, or else those that most of them have."""
    held = points[[*within, "n_train", "contender"]].drop_duplicates()
    holders = held.groupby([*within, "n_train"]).size().reset_index(name="n")
    most = holders.groupby(within)["n"].transform("max")
    return holders.loc[holders["n"] == most]
