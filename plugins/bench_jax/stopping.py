"""Which training rows are held out to stop by: strata, whole groups, or the last in time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.intp]


def holdout(
    y: NDArray[Any],
    fraction: float,
    *,
    keeps_classes: bool,
    rng: np.random.Generator,
    groups: NDArray[Any] | None = None,
    time: NDArray[Any] | None = None,
) -> tuple[Rows, Rows]:
    """Divide rows into those to learn from and those to stop by.

    Parameters
    ----------
    y
        (n,) codes of classes or numbers: both sides get equal shares of classes, or of high and
        low numbers.
    fraction
        Share to hold out.
    keeps_classes
        Whether every class keeps a row to be learned from.
    rng
        Random numbers.
    groups
        (n,): no group is on both sides.
    time
        (n,): the last rows are held out, and no moment is on both sides.

    Returns
    -------
    The rows to learn from and those to stop by, both sorted; the latter are about
    ``fraction * n``, fewer where groups or moments don't fit, and more only where the smallest
    group is larger.
    """
    n_held = round(fraction * len(y))
    if not n_held:
        held = np.zeros(0, np.intp)
    elif time is not None:
        held = _last(np.asarray(time), n_held, groups)
    elif groups is not None:
        held = _grouped(y if keeps_classes else np.zeros(len(y), int), n_held, groups, rng)
    else:
        held = _stratified(y, n_held, keeps_classes, rng)
    is_held = np.zeros(len(y), bool)
    is_held[held] = True
    return np.flatnonzero(~is_held), np.flatnonzero(is_held)


def _stratified(
    y: NDArray[Any], n_held: int, keeps_classes: bool, rng: np.random.Generator
) -> Rows:
    """Hold out every k-th row in the order of y, ties in random order."""
    shuffled = rng.permutation(len(y))
    candidates = shuffled[np.argsort(y[shuffled], kind="stable")]
    if keeps_classes:
        candidates = np.delete(candidates, np.unique(y[candidates], return_index=True)[1])
    n_held = min(n_held, len(candidates))
    places = (np.arange(n_held) + 0.5) * len(candidates) / max(n_held, 1)
    return np.asarray(candidates[places.astype(np.intp)])


def _grouped(
    classes: NDArray[Any], n_held: int, groups: NDArray[Any], rng: np.random.Generator
) -> Rows:
    """Hold out groups in random order, as many as fit and leave every class to be learned."""
    _, codes, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    _, classes = np.unique(classes, return_inverse=True)
    left = np.bincount(classes)
    members = np.split(np.argsort(codes, kind="stable"), np.cumsum(sizes)[:-1])
    held: list[Rows] = []
    room = n_held
    order = rng.permutation(len(sizes))
    if sizes.min() > room:
        # None fits. The smallest is held out all the same, unless most rows would be.
        order = np.argsort(sizes, kind="stable")[:1]
        room = max(room, len(codes) // 2)
    for group in order:
        lost = np.bincount(classes[members[group]], minlength=len(left))
        if sizes[group] <= room and (left[lost > 0] > lost[lost > 0]).all():
            held.append(members[group])
            left = left - lost
            room -= sizes[group]
    return np.concatenate(held) if held else np.zeros(0, np.intp)


def _last(time: NDArray[Any], n_held: int, groups: NDArray[Any] | None) -> Rows:
    """Hold out the last rows, but no moment or group that is also learned from."""
    order = np.argsort(time, kind="stable")
    taught, held = order[:-n_held], order[-n_held:]
    if len(taught):
        held = held[time[held] > time[taught[-1]]]
        if groups is not None:
            groups = np.asarray(groups)
            held = held[~np.isin(groups[held], groups[taught])]
    return held
