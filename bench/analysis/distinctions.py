"""Who can be told from whom across datasets: Friedman, Wilcoxon-Holm, groups, probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from string import ascii_letters

import numpy as np

from bench.analysis.intervals import Array, ranks
from bench.analysis.significance import (
    ALPHA,
    Chances,
    friedman,
    holm,
    least_datasets,
    runs_alike,
    signed_rank,
    wilcoxon,
)

MIN_DATASETS = 12
"""Below as many datasets there are counts across them, and no probabilities."""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two contenders over the ranked datasets.

    Parameters
    ----------
    first, second
        Names; the first has the better mean rank (of equals, the name that sorts first).
    gain
        Mean over datasets of the first one's skill minus the second one's.
    wins, ties, losses
        Datasets on which the first is better, equal and worse.
    p_value, p_adjusted
        Of the two-sided signed-rank test, alone and by Holm among all pairs of the board.
    is_different
        Whether the two are called different: `p_adjusted` at most `Distinctions.alpha`, and
        nothing in `Distinctions.reason`.
    chances
        Of the Bayesian signed-rank test that the first is better, practically equal or worse, for
        pairs with the contender of the best mean rank. None for other pairs, and below
        `MIN_DATASETS` datasets.
    """

    first: str
    second: str
    gain: float
    wins: int
    ties: int
    losses: int
    p_value: float
    p_adjusted: float
    is_different: bool
    chances: Chances | None = None


@dataclass(frozen=True, kw_only=True)
class Distinctions:
    """What can be said of differences between the ranked contenders of a board.

    The rank test of all comes first and the pairs only after it, for these have more ways to be
    wrong (Demsar 2006, JMLR 7:1-30); pairs are compared by their own differences and not by mean
    ranks, which depend on who else is there (Benavoli, Corani & Mangili 2016, "Should We Really Use
    Post-Hoc Tests Based on Mean-Ranks?", JMLR 17:1-10).

    Parameters
    ----------
    names, ranks
        The ranked contenders, best mean rank first, and these ranks.
    n_datasets
        How many datasets were compared on.
    least_datasets
        How many it takes before any pair of so many contenders can be called different.
    alpha
        How often contenders that do not differ may be called different.
    friedman_p
        Of Friedman's test; None for two contenders, who need no test of all.
    pairs
        Every pair, in the order of `names`.
    groups
        Names of neighbours by mean rank of whom no two are called different, two and more, none
        within another: the bars of a critical-difference diagram.
    reason
        Why nobody is told apart; empty where the pairs' own tests decide.
    """

    names: tuple[str, ...]
    ranks: tuple[float, ...]
    n_datasets: int
    least_datasets: int
    alpha: float
    friedman_p: float | None
    pairs: tuple[Pair, ...]
    groups: tuple[tuple[str, ...], ...]
    reason: str = ""

    @property
    def letters(self) -> Mapping[str, str]:
        """For each contender a letter per group that it is in: sharing one is not told apart."""
        signs = [*ascii_letters, *(f"({n})" for n in range(len(ascii_letters), len(self.groups)))]
        return {
            name: "".join(
                sign for sign, group in zip(signs, self.groups, strict=False) if name in group
            )
            for name in self.names
        }


def distinguish(
    names: Sequence[str], figures: Array, *, alpha: float = ALPHA
) -> Distinctions | None:
    """Compare contenders on the datasets that all of them have.

    Parameters
    ----------
    names
        Of the contenders.
    figures
        (n_contenders, n_datasets): skill, one figure per dataset.
    alpha
        How often contenders that do not differ may be called different.

    Returns
    -------
    Distinctions or None
        None for fewer than two contenders, or no dataset.
    """
    n_datasets = figures.shape[1]
    if len(names) < 2 or not n_datasets:
        return None
    mean_ranks = ranks(figures.T).mean(axis=0)
    order = sorted(range(len(names)), key=lambda at: (round(mean_ranks[at], 12), names[at]))
    names, figures, mean_ranks = [names[at] for at in order], figures[order], mean_ranks[order]
    sides = list(combinations(range(len(names)), 2))
    first, second = np.array(sides).T
    differences = np.round(figures[first] - figures[second], 12)
    p_values = wilcoxon(differences)
    adjusted = holm(p_values)
    least, of_all = least_datasets(len(sides), alpha), friedman(figures)
    reason = _reason(n_datasets, least, len(sides), of_all, alpha)
    differ = (adjusted <= alpha) & (not reason)
    square = np.zeros((len(names), len(names)), dtype=bool)
    square[first, second] = square[second, first] = differ
    chances: list[Chances | None] = [None] * len(sides)
    if n_datasets >= MIN_DATASETS:
        # The pairs with the first of all stand first.
        chances[: len(names) - 1] = signed_rank(differences[: len(names) - 1])
    return Distinctions(
        names=tuple(names),
        ranks=tuple(mean_ranks.tolist()),
        n_datasets=n_datasets,
        least_datasets=least,
        alpha=alpha,
        friedman_p=of_all,
        pairs=tuple(
            Pair(
                first=names[a],
                second=names[b],
                gain=float(differences[at].mean()),
                wins=int((differences[at] > 0).sum()),
                ties=int((differences[at] == 0).sum()),
                losses=int((differences[at] < 0).sum()),
                p_value=float(p_values[at]),
                p_adjusted=float(adjusted[at]),
                is_different=bool(differ[at]),
                chances=chances[at],
            )
            for at, (a, b) in enumerate(sides)
        ),
        groups=tuple(tuple(names[at] for at in run) for run in runs_alike(square.tolist())),
        reason=reason,
    )


def _reason(n_datasets: int, least: int, n_pairs: int, of_all: float | None, alpha: float) -> str:
    if n_datasets < least:
        pairs = "one pair" if n_pairs == 1 else f"{n_pairs} pairs"
        there = "there is 1" if n_datasets == 1 else f"there are {n_datasets}"
        return f"for {pairs} it takes at least {least} datasets, and {there}"
    if of_all is not None and of_all > alpha:
        return f"Friedman's test of all finds no difference (p = {of_all:.2g})"
    return ""
