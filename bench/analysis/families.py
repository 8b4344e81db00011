"""Each family as one contender: at every point its candidate that is best on validation rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.analysis.evidence import COSTS, Evidence
from bench.analysis.intervals import MIN_UNITS
from bench.analysis.sides import FAMILIES

Array = NDArray[np.float64]

SHARE_OF_ROWS = 9
"""A choice among candidates may look at one validation row for so many training rows."""
_GROUP = ["problem", "family", "outer_seed", "n_train"]


@dataclass(frozen=True)
class Represented:
    """The two families at every point.

    Parameters
    ----------
    frame
        A row per ``problem, family, outer_seed, n_train``: ``figure, value, span, failed, late,
        n_validation``, `COSTS` of its representative, ``n_present`` (candidates to choose from).
    others
        The representative's skill by every other metric, rows as in `frame`.
    shares
        A row per point of the evidence, ``share``: 1 for a representative, less where candidates
        tie on validation rows, 0 for the rest.
    unchosen
        Problems and families with several candidates and nothing to choose by, at some point:
        ``problem, family, n_train``, distinct.
    """

    frame: pd.DataFrame
    others: pd.DataFrame
    shares: NDArray[np.float64]
    unchosen: pd.DataFrame


# A page asks for it three times, of the same evidence.
@lru_cache(maxsize=1)
def represent(evidence: Evidence) -> Represented:
    """Choose each family's representative, separately at every outer seed and size.

    Of the candidates that failed least, the one with the best primary metric on the validation rows
    of that seed; where several are equally good, the mean of theirs. Test rows play no part. Since
    the choice is made within an outer seed, whoever resamples outer seeds repeats it.

    Where validation rows are missing, one candidate stands for its family, and several cannot.
    Scores are stored for all validation rows of a split: at sizes of less than nine times as many
    these tell more than a user of so many rows would know, which `too_informed` reports.

    Parameters
    ----------
    evidence
        From `bench.analysis.evidence.read_evidence`.
    """
    points = evidence.points
    usable = points["figure"].notna() | points["value"].notna()
    by_group = [points[name] for name in _GROUP]
    least = points["failed"].where(usable).groupby(by_group).transform("min")
    among = usable & (points["failed"] == least)
    score = points["validation"].where(among)
    best = score.groupby(by_group).transform("max")
    n_among = among.groupby(by_group).transform("sum")
    # All failed, or a single one: nothing is to be chosen.
    trivial = (n_among == 1) | (least >= 1)
    chosen = among & (trivial | (score == best))
    blind = among & ~trivial & best.isna()
    shares = chosen / chosen.groupby(by_group).transform("sum").clip(lower=1)
    columns = ["figure", "value", "span", "failed", "late", "n_validation", *COSTS]
    kept = points.loc[chosen]
    groups = kept.groupby(_GROUP, sort=True)
    frame = groups[columns].mean()
    present = points.loc[usable].groupby(_GROUP).size()
    frame["n_present"] = present.reindex(frame.index).to_numpy()
    others = evidence.others.loc[chosen].groupby([kept[name] for name in _GROUP], sort=True).mean()
    return Represented(
        frame=frame.reset_index(),
        others=others.reset_index(drop=True),
        shares=shares.to_numpy(dtype=np.float64),
        unchosen=points.loc[blind, ["problem", "family", "n_train"]].drop_duplicates(),
    )


def too_informed(n_validation: float, n_train: int) -> bool:
    """Whether a choice saw more validation rows than a ninth of the training rows."""
    return bool(n_validation > np.ceil(n_train / SHARE_OF_ROWS))


def common_sizes(frame: pd.DataFrame) -> pd.Series[int]:
    """Return by problem the largest size at which both families meet often enough.

    That is in five outer seeds, or in all where there are fewer; where no size is in so many, the
    one that is in most. A problem whose families share no size is absent.

    Parameters
    ----------
    frame
        As in `Represented.frame`.
    """
    at = frame.groupby(["problem", "n_train", "outer_seed"])["family"].nunique()
    met = (at == len(FAMILIES)).groupby(level=["problem", "n_train"]).sum()
    met = met.loc[met > 0]
    most = met.groupby(level="problem").transform("max")
    enough = met.loc[met >= most.clip(upper=MIN_UNITS)].reset_index()
    sizes: pd.Series[int] = enough.groupby("problem")["n_train"].max()
    return sizes


def paired(frame: pd.DataFrame, figure: str) -> dict[str, pd.DataFrame]:
    """Return a figure of each family, outer seeds x sizes, the same rows and columns for both.

    Parameters
    ----------
    frame
        Rows of one problem in `Represented.frame`.
    figure
        A column of it.
    """
    wide = {
        family: frame.loc[frame["family"] == family].pivot(
            index="outer_seed", columns="n_train", values=figure
        )
        for family in FAMILIES
    }
    classical, deep = wide["classical"], wide["deep"]
    seeds = classical.index.intersection(deep.index)
    sizes = classical.columns.intersection(deep.columns).sort_values()
    return {family: table.loc[seeds, sizes] for family, table in wide.items()}
