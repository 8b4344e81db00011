"""What the tasks on streams share: series, texts, logs, whose values have an order of their own.

A stream is never shuffled. Its parts are contiguous: what is tested lies after what is learned.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from operator import add
from typing import Any, ClassVar, TypeVar

from bench.spec import Cell, Dataset, Output, Part, Parts, Split, SplitProtocol, Task
from bench.spec.errors import DatasetError, InvalidAnswer
from bench.spec.parts import chosen
from bench.tasks.draws import n_held_out
from bench.tasks.reading import as_numbers

MOST_ORIGINS = 20
"""Of a history to be divided for tuning."""

Several = TypeVar("Several")


@dataclass(frozen=True)
class StreamPart(Part):
    """A block of a stream, or one of each of several.

    Parameters
    ----------
    X
        Its values, as they stand in the stream; of several streams a list with one block each.
    before
        What lies before it in the stream, likewise.
    gap
        How many values lie between the end of the history and it, likewise, where the estimator is
        not given those before it.
    is_train
        Whether the estimator is fitted on it.
    """

    before: Any = None
    gap: Any = 0
    is_train: bool = False


class StreamTask(Task):
    """A task on one stream, or on several: contiguous parts, in order, at rolling origins.

    X is one stream (an array whose first axis is the order, or a text) or a list of several. Outer
    seed o tests on the o-th block from the end: of ``extra["horizon"]`` values where the dataset
    says so, and of the protocol's share of the stream otherwise. By shares a validation block lies
    before the test block; with a horizon there is none, since what a forecast needs most is what
    comes just before. Official parts of one stream are kept, and tested once. `fit` sees the
    history, in which a smaller size is the end of a larger one, and y beside it where the dataset
    has one.

    By default `predict` is asked how the history goes on, as ``predict(n)`` for the n values after
    it up to the end of a block, and what it says of the block is compared with that as
    ``"predictions"``. Of several streams it returns a list with one array each, and a unit is a
    stream; where the size counts streams, all of them are asked about, as ``predict(before, n)``
    with all that lies before the block.
    """

    size_unit: ClassVar[str] = "history"
    counts_streams: ClassVar[bool] = False
    """Whether the size is a number of streams, each with its whole history."""

    def protocol(self, shares: SplitProtocol) -> str:
        """Return the protocol as rolling origins."""
        return "rolling" + shares.name.removeprefix("holdout")

    def blocks(
        self, n: int, dataset: Dataset, protocol: SplitProtocol, outer_seed: int
    ) -> tuple[range, range, range]:
        """Return where the history, the validation and the test block of a stream of `n` lie.

        Raises
        ------
        DatasetError
            The stream is too short for so many origins, or its official parts are in another order.
        """
        if dataset.parts is not None:
            return self._official(n, dataset, protocol)
        horizon = (dataset.extra or {}).get("horizon")
        n_test = int(horizon) if horizon else n_held_out(n, protocol.test)
        end = n - outer_seed * n_test
        start = at = end - n_test
        if not horizon and protocol.validation and start > 0:
            at = start - n_held_out(start, protocol.validation)
        if at < 1:
            raise DatasetError(
                f"outer seed {outer_seed} asks for {outer_seed + 1} test block(s) of {n_test}, one "
                f"before the other, and for some history; a stream has {n} {self.size_unit} in "
                "all. Ask for fewer outer seeds, or for a smaller test share."
            )
        return range(at), range(at, start), range(start, end)

    def splits(self, dataset: Dataset, protocol: SplitProtocol) -> Iterator[Split]:
        """Yield an origin for each outer seed, as far as the streams reach."""
        refused = None
        n_origins = 0
        is_official = dataset.parts is not None
        for outer_seed in (0,) if is_official else protocol.outer_seeds:
            try:
                all_blocks = self._blocks(dataset, protocol, outer_seed)
            except DatasetError as error:
                refused = error
                continue
            n_origins += 1
            tested = sum(len(test) for _, _, test in all_blocks)
            overlap = 0.0 if is_official else tested / (sum(_lengths(dataset)) - tested)
            longest = max(len(history) for history, _, _ in all_blocks)
            n_train_max = len(all_blocks) if self.counts_streams else longest
            # The inner seed draws nothing here.
            yield Split(outer_seed, protocol.inner_seeds[0], n_train_max, overlap=overlap)
        if not n_origins and refused is not None:
            raise refused

    def prepare(self, dataset: Dataset, protocol: SplitProtocol, cell: Cell) -> Parts:
        """Return the end of the history, and the blocks after it.

        Raises
        ------
        DatasetError
            The streams are too short, or fewer, for this cell.
        """
        all_blocks = self._blocks(dataset, protocol, cell.outer_seed)
        sizes = [len(history) for history, _, _ in all_blocks]
        largest = len(sizes) if self.counts_streams else max(sizes)
        if not 1 <= cell.n_train <= largest:
            raise DatasetError(
                f"size {cell.n_train} is not between 1 and {largest}, the {self.size_unit} that "
                f"outer seed {cell.outer_seed} leaves."
            )
        if self.counts_streams:
            history, units = [h for h, _, _ in all_blocks[: cell.n_train]], range(cell.n_train)
        else:
            history = [h[-cell.n_train :] for h, _, _ in all_blocks]
            units = range(largest - cell.n_train, largest)  # the same ones at every size
        train = replace(self._part(dataset, history, is_train=True), rows=units)
        validation = [v for _, v, _ in all_blocks]
        gaps = [0 if self.counts_streams else t.start - h.stop for h, _, t in all_blocks]
        test = self._part(dataset, [t for _, _, t in all_blocks], gaps)
        held_out = self._part(dataset, validation) if any(map(len, validation)) else None
        return Parts(train, held_out, test)

    def divide(self, dataset: Dataset, train: Part, *, share: float, seed: int) -> Iterator[Parts]:
        """Yield rolling origins inside the history; the seed draws nothing.

        Raises
        ------
        DatasetError
            The history is too short.
        """
        inside = Dataset(train.X, train.y, extra=dataset.extra, target=dataset.target)
        protocol = SplitProtocol(test=share, validation=0.0, outer_seeds=tuple(range(MOST_ORIGINS)))
        for split in self.splits(inside, protocol):
            cell = Cell(split.outer_seed, split.inner_seed, split.n_train_max)
            yield self.prepare(inside, protocol, cell)

    def shorten(self, part: Part, n: int) -> Part:
        """Return the first `n` units of a block, or what is nearest to the origin of a history."""
        if n >= len(part):
            return part
        if not getattr(part, "is_train", False):
            return self.subset(part, range(n))
        if self.counts_streams:
            return part.some(slice(n), X=part.X[:n])
        if _are_several(part.X):
            X = [stream[-n:] for stream in part.X]
            y = None if part.y is None else [stream[-n:] for stream in part.y]
            before: Any = [stream[:-n] for stream in part.X]
        else:
            X, y, before = part.X[-n:], _some(part.y, slice(-n, None)), part.X[:-n]
        shorter = replace(part.some(slice(-n, None), X=X), y=y)
        return replace(shorter, before=before) if isinstance(shorter, StreamPart) else shorter

    def subset(self, part: Part, places: Sequence[int]) -> Part:
        """Return some values of a block, or some streams."""
        some = super().subset(part, places)
        X = "".join(chosen(part.X, places)) if isinstance(part.X, str) else chosen(part.X, places)
        if isinstance(some, StreamPart) and _are_several(part.X):
            before, gap = chosen(some.before, places), some.gap and chosen(some.gap, places)
            some = replace(some, before=before, gap=gap)
        return replace(some, X=X)

    def ask(self, estimator: Any, part: Part) -> Any:
        """Ask for the values after the history; nothing is asked about the history itself."""
        if getattr(part, "is_train", False):
            return None
        if self.counts_streams:
            return estimator.predict(getattr(part, "before", None), max(map(len, part.X)))
        gap: Any = getattr(part, "gap", 0)
        if not _are_several(part.X):
            return _after(estimator.predict(gap + len(part.X)), gap)
        gaps = gap or [0] * len(part.X)
        answer = estimator.predict(max(map(add, gaps, map(len, part.X))))
        if not any(gaps) or not hasattr(answer, "__len__") or len(answer) != len(gaps):
            return answer
        return [_after(one, passed) for one, passed in zip(answer, gaps, strict=True)]

    def read(self, answer: Any, part: Part, parts: Parts, estimator: Any) -> Output:
        """Read one finite number for each value of the block."""
        import numpy as np

        n = len(part)
        if answer is None:
            return Output(np.full(n, np.nan), n)
        if not _are_several(part.X):
            shape = (n, *np.shape(part.y)[1:])
            values: Any = as_numbers(answer, "predictions", shape)
            return Output(values, n, {"predictions": values})
        if not hasattr(answer, "__len__") or len(answer) != n:
            told = len(answer) if hasattr(answer, "__len__") else type(answer).__name__
            raise InvalidAnswer(f"predictions of {told} streams; {n} are needed")
        values = []
        longest = _asked_for(part)
        for k, (one, truth) in enumerate(zip(answer, part.y, strict=True)):
            # All streams are asked for as many values as the one that needs most.
            is_long = hasattr(one, "__len__") and len(one) == longest[k]
            shape = (len(truth), *np.shape(truth)[1:])
            own = one[: len(truth)] if is_long else one
            values.append(as_numbers(own, f"predictions of stream {k}", shape))
        return Output(values, n, {"predictions": values})

    def _official(
        self, n: int, dataset: Dataset, protocol: SplitProtocol
    ) -> tuple[range, range, range]:
        """Return the official blocks; where there is none for validation, one is held out."""
        names = list(dataset.parts)
        start, end = names.count("train"), len(names) - names.count("test")
        in_order = ["train"] * start + ["validation"] * (end - start) + ["test"] * (n - end)
        if _are_several(dataset.X) or names != in_order or not 0 < start <= end < n:
            raise DatasetError(
                "the official parts of a stream are those of its values, one stream's, and follow "
                "one another: train, validation, test."
            )
        if start == end and protocol.validation:
            start -= n_held_out(start, protocol.validation)
        return range(start), range(start, end), range(end, n)

    def _blocks(
        self, dataset: Dataset, protocol: SplitProtocol, outer_seed: int
    ) -> list[tuple[range, range, range]]:
        lengths = _lengths(dataset)
        return [self.blocks(n, dataset, protocol, outer_seed) for n in lengths]

    def _part(
        self,
        dataset: Dataset,
        places: Sequence[range],
        gaps: Sequence[int] | None = None,
        *,
        is_train: bool = False,
    ) -> StreamPart:
        """Return a block of each stream; the truth of one that is asked about is y, or itself."""
        several = _are_several(dataset.X)
        streams = dataset.X if several else [dataset.X]
        gaps = gaps or [0] * len(streams)
        X = [_cut(stream, own) for stream, own in zip(streams, places, strict=False)]
        before = [stream[: own.start] for stream, own in zip(streams, places, strict=False)]
        y: Any = None if is_train else X
        if dataset.y is not None:
            truths = dataset.y if several else [dataset.y]
            y = [_cut(truth, own) for truth, own in zip(truths, places, strict=False)]
        if several:
            return StreamPart(X, y, range(len(X)), before=before, gap=gaps, is_train=is_train)
        truth = None if y is None else y[0]
        return StreamPart(X[0], truth, places[0], before=before[0], gap=gaps[0], is_train=is_train)


def _are_several(X: Any) -> bool:
    """Whether X is a list of streams: of arrays, lists or texts."""
    return isinstance(X, list | tuple) and bool(X) and hasattr(X[0], "__len__")


def _after(answer: Any, gap: int) -> Any:
    """Return what is said of the block; what is no sequence is for `StreamTask.read` to refuse."""
    return answer[gap:] if gap and hasattr(answer, "__len__") else answer


def _asked_for(part: Part) -> list[int]:
    """Return how many values are said of each block, and after it, where all are asked at once."""
    lengths = list(map(len, part.X))
    gaps: Any = getattr(part, "gap", 0) or [0] * len(lengths)
    longest = max(map(add, gaps, lengths))
    return [longest - gap for gap in gaps]


def _lengths(dataset: Dataset) -> list[int]:
    X = dataset.X
    if isinstance(X, type) or not hasattr(X, "__len__"):
        raise DatasetError(f"a stream is needed, or a list of them; X is {type(X).__name__!r}.")
    return [len(stream) for stream in X] if _are_several(X) else [len(X)]


def _cut(values: Several, places: range) -> Several:
    return values[places.start : places.stop]  # type: ignore[index, no-any-return]


def _some(values: Any, places: slice) -> Any:
    return None if values is None else values[places]
