"""How the curves of a page go on beyond what was measured, and which are ill-behaved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from bench.analysis import curves
from bench.analysis.failures import Failures

MAX_CURVES = 60
"""So many are extrapolated at most: each takes about 40 ms..."""
MAX_FLAGGED = 500
"""...and so many looked at for ill behaviour, which takes about 1 ms."""
PER_FAMILY = 2
"""Of a dataset: those that the page shows at first."""
_EVERY = 4


def curve_ends(
    lines: Mapping[int, Sequence[int]],
    shown_first: Mapping[int, Sequence[int]],
    points: pd.DataFrame,
    failures: Failures,
) -> dict[tuple[int, int], dict[str, Any]]:
    """Return what the script draws of extrapolated skill, by problem and contender.

    Parameters
    ----------
    lines
        Contenders of each problem, by problem, in their order.
    shown_first
        Those of them that are to be extrapolated.
    points
        From `bench.analysis.points.make_points`.
    failures
        How a failed trial counts in skill.

    Returns
    -------
    dict
        Objects with ``a`` (sizes, values, lows and highs) where the curve can be extrapolated, and
        ``g`` (in which ways it is ill-behaved) where it is.
    """
    wanted = [(number, who) for number, own in lines.items() for who in own][:MAX_FLAGGED]
    first = [(number, who) for number, own in shown_first.items() for who in own][:MAX_CURVES]
    extrapolated = set(first)
    if not wanted:
        return {}
    few = points.loc[points["problem"].isin({number for number, _ in wanted})]
    groups = dict(iter(few.groupby(["problem", "contender"], sort=False)))
    found = {}
    for key in wanted:
        own = groups[key].pivot(index="outer_seed", columns="n_train", values=str(failures))
        own = own.sort_index(axis="columns").dropna(axis="columns", how="all")
        sizes = [int(n) for n in own.columns]
        told: dict[str, Any] = {}
        if flags := curves.flags(sizes, own.to_numpy()):
            told["g"] = list(flags)
        elif key in extrapolated:
            fit = curves.fit(sizes, own.to_numpy(), limits=(-1.0, 1.0))
            if fit.unknown is None:
                told["a"] = [
                    list(row[::_EVERY])
                    for row in (fit.ahead, fit.ahead_values, fit.ahead_lows, fit.ahead_highs)
                ]
        found[key] = told
    return found
