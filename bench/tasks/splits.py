"""Which rows are training, validation and test rows, and which training sizes there are.

The default protocol is that of the Learning Curve Database 1.1 (Mohr, Viering, Loog and van Rijn,
"LCDB 1.0", ECML PKDD 2022, and its successor): shuffle, hold out a test part by the outer seed and
of the rest a validation part by the inner seed; a training set of size n is the first n rows of
what remains. What a dataset says about its rows comes before it:

- ``parts``: the official test part, and the official validation part where there is one, are kept;
  there is one outer seed, 0. An official validation part is kept even for ``validation = 0``, so
  that the training part is the official one.
- ``folds``: outer seed o tests on fold o.
- ``time``: outer seed o is the o-th rolling origin, counted from the end. The test part of origin
  0 is the latest rows, that of origin 1 the equally many before them, and so on; the validation
  part lies just before the test part, and a training set of size n is the n rows just before that.
  Rows of one moment are never divided, so that parts may be somewhat larger than asked for.
- ``groups``: whole groups are drawn, and `test` and `validation` are shares of the groups. The
  training rows are then shuffled one by one, so that small sizes hold rows of many groups.

Where the inner seed draws no validation rows (``validation = 0``, or an official validation part)
it shuffles the training rows instead, which changes all sizes but the largest.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.spec import Dataset, Split, SplitProtocol
from bench.spec.errors import DatasetError
from bench.tasks.draws import can_stratify, draw, left_over, n_held_out, stratified_draw

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STEPS_PER_OCTAVE = (1, 2, 4, 8)


@dataclass(frozen=True)
class Division:
    """The rows of the three parts of one split at its largest size.

    `stratified` is None where nobody asked for it, and otherwise whether it could be had.
    """

    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]
    in_time: bool = False
    stratified: bool | None = None

    def first(self, n: int) -> NDArray[np.int64]:
        """Return the training set of size `n`: with time, the last `n` rows before validation."""
        return self.train[len(self.train) - n :] if self.in_time else self.train[:n]

    @property
    def full_set(self) -> str:
        """What identifies the three index sets at the largest size, whatever their order."""
        import numpy as np

        return _digest(np.sort(self.train), np.sort(self.validation), np.sort(self.test))


def size_grid(start: int, per_octave: int, up_to: int) -> list[int]:
    """Return the sizes of the grid ``ceil(16 * 2**(k/8))`` from `start` to `up_to`.

    Parameters
    ----------
    start
        The smallest size wanted; the grid begins at 16, and a start between two of its sizes
        begins at the larger.
    per_octave
        How many sizes from one to its double: 1, 2, 4 or 8. The sizes kept are the same for every
        start: with 1 they are 16, 32, 64, and so on.
    up_to
        The largest size allowed.

    Raises
    ------
    ValueError
        `start` or `per_octave` is not allowed.
    """
    if per_octave not in STEPS_PER_OCTAVE:
        raise ValueError(f"per_octave is {per_octave}; allowed: 1, 2, 4, 8.")
    if start < 1:
        raise ValueError(f"the first size is {start}; at least 1 row is needed.")
    sizes = []
    k = 0
    while (size := math.ceil(16 * 2 ** (k / 8))) <= up_to:
        if size >= start:
            sizes.append(size)
        k += 8 // per_octave
    return sizes


def splits(dataset: Dataset, protocol: SplitProtocol, *, stratify: bool = False) -> Iterator[Split]:
    """Yield every split of the protocol that the dataset allows, each different from the others.

    Splits that give every size the same rows in the same order are one. Two that differ only in
    the order of the training rows have the same `Split.full_set`.

    Parameters
    ----------
    dataset
        As `bench.tasks.normalise.normalise` returns it.
    protocol
        The shares and seeds.
    stratify
        Whether parts keep the shares of the classes; `dataset.y` then holds codes (n_rows,).

    Raises
    ------
    DatasetError
        The dataset allows none of the outer seeds.
    """
    seen = set()
    refused: DatasetError | None = None
    for outer_seed in outer_seeds(dataset, protocol):
        for inner_seed in protocol.inner_seeds:
            try:
                division = divide(dataset, protocol, outer_seed, inner_seed, stratify=stratify)
            except DatasetError as error:
                refused = error
                break
            ordered = _digest(division.train, division.validation, division.test)
            if ordered not in seen:
                seen.add(ordered)
                n_train, overlap = len(division.train), _overlap(dataset, division)
                yield Split(outer_seed, inner_seed, n_train, division.full_set, overlap)
    if not seen and refused is not None:
        raise refused


def _overlap(dataset: Dataset, division: Division) -> float:
    """Return n_test / (N - n_test) of what the outer seeds redraw: rows, or groups; of K folds
    1 / (K - 1); 0 of an official test part, which they do not redraw.
    """
    import numpy as np

    if dataset.parts is not None:
        return 0.0
    if dataset.folds is not None:
        return 1 / (len(np.unique(dataset.folds)) - 1)
    n_all, n_test = len(dataset.X), len(division.test)
    if dataset.groups is not None:
        groups = np.asarray(dataset.groups)
        n_all, n_test = len(np.unique(groups)), len(np.unique(groups[division.test]))
    return n_test / (n_all - n_test)


def outer_seeds(dataset: Dataset, protocol: SplitProtocol) -> tuple[int, ...]:
    """Return the outer seeds that make a difference: only 0 where the test part is official."""
    return (0,) if dataset.parts is not None else protocol.outer_seeds


def divide(
    dataset: Dataset,
    protocol: SplitProtocol,
    outer_seed: int,
    inner_seed: int,
    *,
    stratify: bool = False,
) -> Division:
    """Return the rows of one split.

    Parameters
    ----------
    dataset
        As `bench.tasks.normalise.normalise` returns it.
    protocol
        Its `test` and `validation` shares are used; the seeds are the next two arguments.
    outer_seed, inner_seed
        As the head of this module says.
    stratify
        Whether parts keep the shares of the classes. It is done as scikit-learn does it, and not
        done where scikit-learn would raise: a class with one row, or a part with fewer rows than
        there are classes. Groups and time come before it.

    Raises
    ------
    DatasetError
        There are too few rows, groups or moments, or `outer_seed` names no fold or origin.
    """
    import numpy as np

    n_rows = len(dataset.X)
    if n_rows < 3:
        raise DatasetError(f"the dataset has {n_rows} row(s); a split needs at least 3.")
    if dataset.groups is not None and dataset.time is not None:
        raise DatasetError(
            "the dataset has both groups and time, and a split can keep only one of them whole: "
            "leave one of them out in its loader."
        )
    codes = None
    if stratify and dataset.y is not None and dataset.groups is None and dataset.time is None:
        codes = np.asarray(dataset.y)
    rest, test, stratified = _outer(dataset, protocol, outer_seed, codes)
    if dataset.parts is not None and (np.asarray(dataset.parts) == "validation").any():
        names = np.asarray(dataset.parts)
        rest, validation = np.flatnonzero(names == "train"), np.flatnonzero(names == "validation")
        drawn = False
    elif protocol.validation == 0:
        validation, drawn = np.empty(0, np.int64), False
    else:
        rest, validation, also = _hold_out(
            dataset, rest, protocol.validation, inner_seed, codes, "validation"
        )
        stratified = also if stratified is None else stratified and also
        drawn = True
    if dataset.time is not None:
        rest = rest[np.argsort(np.asarray(dataset.time)[rest], kind="stable")]
    elif not drawn or dataset.groups is not None:
        rest = np.random.RandomState(inner_seed).permutation(rest)
    return Division(rest, validation, test, dataset.time is not None, stratified)


def _outer(
    dataset: Dataset, protocol: SplitProtocol, seed: int, codes: NDArray[Any] | None
) -> tuple[NDArray[np.int64], NDArray[np.int64], bool | None]:
    """Return the rows that are left, the test rows, and whether they are stratified."""
    import numpy as np

    rows = np.arange(len(dataset.X))
    if dataset.parts is not None:
        official = np.asarray(dataset.parts) == "test"
        return rows[~official], rows[official], None
    if dataset.folds is not None:
        held_out = np.asarray(dataset.folds) == seed
        if not held_out.any() or held_out.all():
            there = np.unique(dataset.folds).tolist()
            raise DatasetError(
                f"outer seed {seed} asks for fold {seed} as the test part, which the dataset "
                f"cannot give; its folds are {there}, and at least two are needed."
            )
        return rows[~held_out], rows[held_out], None
    if dataset.time is not None:
        return _origin(dataset, protocol.test, seed)
    return _hold_out(dataset, rows, protocol.test, seed, codes, "test")


def _hold_out(
    dataset: Dataset,
    rows: NDArray[np.int64],
    share: float,
    seed: int,
    codes: NDArray[Any] | None,
    part: str,
) -> tuple[NDArray[np.int64], NDArray[np.int64], bool | None]:
    """Divide `rows` into those that are left and those held out, in the order of the draw."""
    import numpy as np

    if dataset.time is not None:
        return *_before(dataset, rows, n_held_out(len(rows), share), part), None
    units = len(rows)
    if dataset.groups is not None:
        groups, group_of_row = np.unique(np.asarray(dataset.groups)[rows], return_inverse=True)
        units = len(groups)
    n_left = math.floor(left_over(share) * units)
    if n_left == 0 or n_left == units:
        unit = "rows" if dataset.groups is None else "groups"
        raise DatasetError(
            f"{units} {unit} are too few to hold out a share of {share:g} as {part}: "
            "one side would be empty."
        )
    chance = np.random.RandomState(seed)
    if dataset.groups is not None:
        left, held_out = draw(units, n_left, chance)
        return rows[np.isin(group_of_row, left)], rows[np.isin(group_of_row, held_out)], None
    stratified = None if codes is None else can_stratify(codes[rows], n_left)
    if codes is not None and stratified:
        left, held_out = stratified_draw(codes[rows], n_left, chance)
    else:
        left, held_out = draw(units, n_left, chance)
    return rows[left], rows[held_out], stratified


def _before(
    dataset: Dataset, rows: NDArray[np.int64], n_held_out: int, part: str
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Hold out the latest of `rows`, and all rows of a moment together; both sides in time."""
    import numpy as np

    order = rows[np.argsort(np.asarray(dataset.time)[rows], kind="stable")]
    time = np.asarray(dataset.time)[order]
    start = int(np.searchsorted(time, time[len(rows) - n_held_out], side="left"))
    if start == 0:
        raise DatasetError(
            f"no row is left for training before the {part} part: the {len(rows)} row(s) to be "
            f"divided are of {len(np.unique(time))} moment(s). Ask for fewer outer seeds, or for "
            "smaller shares."
        )
    return order[:start], order[start:]


def _origin(
    dataset: Dataset, share: float, origin: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], None]:
    """Return the rows before the test part of the `origin`-th rolling origin, and that part."""
    import numpy as np

    n_rows = len(dataset.X)
    size = n_held_out(n_rows, share)
    rest = np.arange(n_rows)
    test = rest[:0]
    for step in range(origin + 1):
        if len(rest) <= size:
            raise DatasetError(
                f"outer seed {origin} asks for {origin + 1} test parts of {size} row(s), one "
                f"before the other, and the {n_rows} rows of the dataset allow {step}. Ask for "
                "fewer outer seeds, or for a smaller test share."
            )
        rest, test = _before(dataset, rest, size, "test")
    return rest, test, None


def _digest(*arrays: NDArray[np.int64]) -> str:
    """Return a short name for these arrays of row numbers, in this order."""
    import numpy as np

    whole = hashlib.sha256()
    for rows in arrays:
        whole.update(len(rows).to_bytes(8, "little"))
        whole.update(np.ascontiguousarray(rows, "<i8").tobytes())
    return whole.hexdigest()[:16]
