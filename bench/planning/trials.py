"""The trials of a plan, made when they are asked for: what they have in common is kept once."""

from __future__ import annotations

import hashlib
import json
import random
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate
from typing import Any, overload

from bench.spec import Split
from bench.spec.outcome import Trial

_COUNTED = ("outer_seed", "inner_seed", "model_seed", "repeat", "n_train")
"""What tells the trials of one contender on one subject apart: numbers, part of the identity."""


def model_seed(outer_seed: int, inner_seed: int, repeat: int) -> int:
    """Return the seed of every model on one split: a hash, below 2**31."""
    digest = hashlib.sha256(f"{outer_seed}/{inner_seed}/{repeat}".encode()).digest()
    return int.from_bytes(digest[:4]) >> 1


def canonical(value: Any) -> str:
    """Return JSON with sorted keys and no spaces: equal values give equal texts."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)


class Cells:
    """The splits, sizes and repeats of a subject: each cell once, as numbers.

    Parameters
    ----------
    splits
        Of the subject.
    cells
        Place of the split, number of training rows, repeat.
    """

    def __init__(self, splits: Sequence[Split], cells: Iterable[tuple[int, int, int]]) -> None:
        self._splits = splits
        self._places, self._sizes, self._repeats = array("q"), array("q"), array("q")
        self._seed = lru_cache(1 << 16)(model_seed)
        for place, size, repeat in cells:
            self._places.append(place)
            self._sizes.append(size)
            self._repeats.append(repeat)

    def __len__(self) -> int:
        return len(self._places)

    def split(self, at: int) -> Split:
        """Return the split of a cell."""
        return self._splits[self._places[at]]

    def numbers(self, at: int) -> dict[str, Any]:
        """Return what of a cell is part of the identity of its trials."""
        split, repeat = self.split(at), self._repeats[at]
        outer, inner = split.outer_seed, split.inner_seed
        seed = self._seed(outer, inner, repeat)
        return dict(zip(_COUNTED, (outer, inner, seed, repeat, self._sizes[at]), strict=True))

    @property
    def sizes(self) -> list[int]:
        """Every size of a cell, in ascending order."""
        return sorted(set(self._sizes))

    def from_size(self, least: int) -> Cells:
        """Return the cells of this size and of larger ones."""
        cells = zip(self._places, self._sizes, self._repeats, strict=True)
        return Cells(self._splits, (cell for cell in cells if cell[1] >= least))

    def without(self, earlier: Sequence[Cells]) -> Cells:
        """Return the cells that give no trial which one of the earlier cells gives."""
        known = {tuple(cells.numbers(at).values()) for cells in earlier for at in range(len(cells))}
        left = []
        for at in range(len(self)):
            numbers = tuple(self.numbers(at).values())
            if numbers not in known:
                known.add(numbers)
                left.append((self._places[at], self._sizes[at], self._repeats[at]))
        return Cells(self._splits, left)


@dataclass(frozen=True)
class Block:
    """The trials of one contender on one subject.

    `identity` and `shown` are fields that all of them share: those that `trial_id` covers, and the
    others.
    """

    identity: Mapping[str, Any]
    shown: Mapping[str, Any]
    cells: Cells

    def trial(self, at: int) -> Trial:
        """Return the trial of a cell."""
        numbers = self.cells.numbers(at)
        overlap = self.cells.split(at).overlap
        trial_id = self._hashed(numbers)
        return Trial(trial_id=trial_id, overlap=overlap, **self._common, **numbers)

    def trial_id(self, at: int) -> str:
        """Return the identity of the trial of a cell."""
        return self._hashed(self.cells.numbers(at))

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return f"{self.shown['label']} on {self.shown['dataset_label']}"

    @cached_property
    def _common(self) -> dict[str, Any]:
        return {"search": "{}", **self.identity, **self.shown}

    @cached_property
    def _text(self) -> str:
        """The canonical JSON of an identity, with places for its numbers."""
        fields: dict[str, str] = {
            key: canonical(value).replace("%", "%%") for key, value in self.identity.items()
        }
        fields |= {key: f"%({key})d" for key in _COUNTED}
        items = (f"{canonical(key)}:{fields[key]}" for key in sorted(fields))
        return "{" + ",".join(items) + "}"

    def _hashed(self, numbers: Mapping[str, Any]) -> str:
        return hashlib.sha256((self._text % numbers).encode()).hexdigest()


def distinct(
    blocks: Iterable[Block], repeated: Callable[[Block, Block], None] | None = None
) -> Iterator[Block]:
    """Yield the blocks without trials that an earlier one has, and without those left empty.

    `repeated` is told each block that has some, and the first that has its identity.
    """
    seen: dict[str, list[Block]] = {}
    for block in blocks:
        earlier = seen.setdefault(canonical(block.identity), [])
        cells = block.cells.without([one.cells for one in earlier]) if earlier else block.cells
        if len(cells) < len(block.cells) and earlier and repeated is not None:
            repeated(block, earlier[0])
        own = Block(block.identity, block.shown, cells)
        earlier.append(own)
        if len(cells):
            yield own


class Trials(Sequence[Trial]):
    """Trials in an order, each made when it is asked for.

    Parameters
    ----------
    blocks
        They hold each trial once.
    order
        Numbers of trials, counted through all blocks; all of them in turn where not given.
    """

    def __init__(self, blocks: Sequence[Block], order: array[int] | None = None) -> None:
        self._blocks = blocks
        self._ends = list(accumulate(len(block.cells) for block in blocks))
        if order is None:
            order = array("q", range(self._ends[-1] if self._ends else 0))
        self._order = order

    def shuffled(self, seed: int) -> Trials:
        """Return them in an order of chance."""
        order = self._order[:]
        random.Random(seed).shuffle(order)
        return Trials(self._blocks, order)

    def __len__(self) -> int:
        return len(self._order)

    @overload
    def __getitem__(self, at: int) -> Trial: ...
    @overload
    def __getitem__(self, at: slice) -> Trials: ...
    def __getitem__(self, at: int | slice) -> Trial | Trials:
        if isinstance(at, slice):
            return Trials(self._blocks, self._order[at])
        block, cell = self._find(self._order[at])
        return block.trial(cell)

    def __iter__(self) -> Iterator[Trial]:
        for number in self._order:
            block, cell = self._find(number)
            yield block.trial(cell)

    def ids(self) -> Iterator[str]:
        """Yield the identities, for which no trial need be made."""
        for number in self._order:
            block, cell = self._find(number)
            yield block.trial_id(cell)

    def only(self, places: Iterable[int]) -> Trials:
        """Return those at some places."""
        return Trials(self._blocks, array("q", (self._order[place] for place in places)))

    def one_of_each(self) -> Iterator[Trial]:
        """Yield the first trial of each contender on each subject."""
        seen = set()
        for number in self._order:
            place = bisect_right(self._ends, number)
            if place not in seen:
                seen.add(place)
                block, cell = self._find(number)
                yield block.trial(cell)
                if len(seen) == len(self._blocks):
                    return

    def _find(self, number: int) -> tuple[Block, int]:
        place = bisect_right(self._ends, number)
        block = self._blocks[place]
        return block, number - (self._ends[place] - len(block.cells))
