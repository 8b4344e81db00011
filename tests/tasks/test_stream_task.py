"""Streams: contiguous parts in order, rolling origins, one stream or several."""

import dataclasses

import numpy as np
import pytest

import bench
from bench.spec.errors import DatasetError

PROTOCOL = bench.SplitProtocol(outer_seeds=(0, 1))


class Ahead(bench.StreamTask):
    name, metrics = "ahead", ("error",)


class Across(bench.StreamTask):
    name, metrics, counts_streams, size_unit = "across", ("error",), True, "series"


class Flat:
    def fit(self, history, *truth):
        self.told = (history, *truth)
        return self

    def predict(self, *asked):
        *histories, n = asked
        return [np.full(n, h[-1]) for h in histories[0]] if histories else np.zeros(n)


ONE = bench.Dataset(np.arange(60.0), extra={"horizon": 4})
SEVERAL = bench.Dataset([np.arange(20.0), np.arange(100.0, 130.0)], extra={"horizon": 4})


def parts_of(task, dataset, n_train, outer_seed=0, protocol=PROTOCOL):
    return task.prepare(dataset, protocol, bench.Cell(outer_seed, 0, n_train))


def test_outer_seeds_are_rolling_origins():
    """60 steps, a horizon of 4: origin 0 has 56 steps of history, origin 1 has 52; 4 of 60 test."""
    found = [(s.outer_seed, s.n_train_max, s.overlap) for s in Ahead().splits(ONE, PROTOCOL)]
    assert found == [(0, 56, 4 / 56), (1, 52, 4 / 56)]
    assert Ahead().protocol(PROTOCOL) == "rolling(test=0.1, validation=0.1)"


def test_a_smaller_history_is_the_end_of_a_larger_one():
    """What is asked about comes right after it, and says what lies before."""
    parts = parts_of(Ahead(), ONE, 3, outer_seed=1)
    assert parts.train.X.tolist() == [49, 50, 51]
    assert (parts.train.y, parts.validation) == (None, None)
    assert parts.test.y.tolist() == [52, 53, 54, 55]
    assert list(parts.test.rows) == [52, 53, 54, 55]
    assert parts.test.before.tolist() == list(range(52))


def test_a_step_has_one_number_whatever_the_size():
    """Rows of the history are its steps, counted to the origin, also where it is shortened."""
    small, large = (parts_of(Ahead(), ONE, n).train for n in (3, 20))
    assert list(small.rows) == [53, 54, 55] == list(large.rows)[-3:]
    assert list(Ahead().shorten(large, 2).rows) == [54, 55]
    assert list(parts_of(Across(), SEVERAL, 1).train.rows) == [0]


def test_slices_go_with_the_steps_of_a_history():
    """What tells the steps apart is shortened with them, from the same end."""
    train = parts_of(Ahead(), ONE, 4).train
    labelled = dataclasses.replace(train, slices={"day": list("abcd")})
    assert Ahead().shorten(labelled, 2).slices == {"day": ["c", "d"]}


def test_blocks_by_shares_have_one_for_validation():
    """Of 100 characters 10 are tested, 9 validate, and the 81 before are learned from."""
    text = bench.Dataset("ab" * 50)
    (split, _) = Ahead().splits(text, PROTOCOL)
    parts = parts_of(Ahead(), text, split.n_train_max)
    assert [len(part) for part in (parts.train, parts.validation, parts.test)] == [81, 9, 10]
    assert parts.train.X + parts.validation.X + parts.test.X == text.X
    assert parts.test.before == text.X[:90]
    assert Ahead().subset(parts.test, [0, 2]).X == "aa"


class Onwards:
    """Counts on from the end of its history, however many values it is asked for."""

    def fit(self, history):
        self.ends = [h[-1] for h in history] if isinstance(history, list) else history[-1]
        return self

    def predict(self, n):
        steps = np.arange(1.0, n + 1)
        if isinstance(self.ends, list):
            return [end + steps for end in self.ends]
        return self.ends + steps


@pytest.mark.parametrize("stream", [np.arange(100.0), [np.arange(100.0), np.arange(500.0, 540.0)]])
def test_a_block_is_compared_with_what_is_said_of_it(stream):
    """Between the history and a test block by shares lies that for validation: it is passed over.

    Who counts on rightly is right about every part, shortened or not.
    """
    dataset = bench.Dataset(stream)
    task = Ahead()
    parts = parts_of(task, dataset, 30)
    fitted = task.fit(Onwards(), parts, {})
    few = [task.shorten(parts.test, 1)] if isinstance(stream, np.ndarray) else []
    for part in (parts.test, parts.validation, *few):
        output = task.read(task.ask(fitted, part), part, parts, fitted)
        assert np.concatenate(list(map(np.atleast_1d, output.values))).tolist() == (
            np.concatenate(list(map(np.atleast_1d, part.y))).tolist()
        )


def test_blocks_of_unlike_lengths_are_asked_about_at_once():
    """By shares, streams that are given what lies before are asked for the longest block."""
    streams = bench.Dataset([np.arange(100.0), np.arange(500.0, 540.0)])
    parts = parts_of(Across(), streams, 2)
    fitted = Across().fit(Flat(), parts, {})
    answer = Across().ask(fitted, parts.test)
    assert [len(one) for one in answer] == [10, 10]
    output = Across().read(answer, parts.test, parts, fitted)
    assert [one.tolist() for one in output.values] == [[89.0] * 10, [535.0] * 4]


def test_a_task_that_asks_about_the_block_itself_is_answered_so():
    """Such as one that scores each value of it: one number for each, whatever lies before."""

    class Strangeness(Ahead):
        def ask(self, estimator, part):
            return np.abs(part.X)

    parts = parts_of(Strangeness(), bench.Dataset(np.arange(100.0)), 30)
    answer = Strangeness().ask(None, parts.test)
    assert Strangeness().read(answer, parts.test, parts, None).values.tolist() == (
        list(range(90, 100))
    )


def test_as_many_values_as_the_block_has_are_too_few_where_others_lie_between():
    """They would be those of the validation block."""
    parts = parts_of(Ahead(), bench.Dataset(np.arange(100.0)), 30)

    class Short(Onwards):
        def predict(self, n):
            return super().predict(10)

    fitted = Ahead().fit(Short(), parts, {})
    with pytest.raises(bench.InvalidAnswer, match=r"the shape \(1,\); \(10,\) is needed"):
        Ahead().read(Ahead().ask(fitted, parts.test), parts.test, parts, fitted)


@pytest.mark.parametrize(
    ("n_validation", "share", "expected"),
    [
        (10, 0.1, (70, 10, 20)),
        (10, 0.0, (70, 10, 20)),
        (0, 0.1, (72, 8, 20)),
        (0, 0.0, (80, 0, 20)),
    ],
)
def test_official_parts_of_a_stream_are_kept(n_validation, share, expected):
    """There is one origin then, which shares nothing with others; validation may be held out."""
    names = ["train"] * (80 - n_validation) + ["validation"] * n_validation + ["test"] * 20
    dataset = bench.Dataset(np.arange(100.0), parts=np.array(names))
    protocol = bench.SplitProtocol(validation=share)
    (split,) = Ahead().splits(dataset, protocol)
    assert (split.outer_seed, split.n_train_max, split.overlap) == (0, expected[0], 0.0)
    parts = parts_of(Ahead(), dataset, split.n_train_max, protocol=protocol)
    blocks = (parts.train, parts.validation or (), parts.test)
    assert tuple(map(len, blocks)) == expected
    assert parts.test.X.tolist() == list(range(80, 100))


@pytest.mark.parametrize(
    "dataset",
    [
        bench.Dataset(np.arange(3.0), parts=["test", "train", "train"]),
        bench.Dataset(np.arange(3.0), parts=["train", "train", "train"]),
        bench.Dataset([np.arange(9.0), np.arange(9.0)], parts=["train", "test"]),
    ],
)
def test_official_parts_in_another_order_are_refused(dataset):
    """What is tested lies after what is learned; official parts of several streams are none."""
    with pytest.raises(DatasetError, match="follow one another: train, validation, test"):
        list(Ahead().splits(dataset, PROTOCOL))


def test_truth_beside_a_stream_goes_with_its_block():
    """Such as which values are anomalies: `fit` sees that of the history, if it may."""
    labelled = bench.Dataset(np.arange(20.0), np.arange(20) % 2)
    parts = parts_of(Ahead(), labelled, 5, protocol=bench.SplitProtocol(validation=0))
    assert Ahead().fit(Flat(), parts, {}).told[1].tolist() == [1, 0, 1, 0, 1]

    class Blind(Ahead):
        learns_from_truth = False

    assert len(Blind().fit(Flat(), parts, {}).told) == 1


def test_streams_too_short_are_refused_by_name():
    """Origins that a stream does not reach are left out; where none is left, it is said why."""
    assert (
        len(list(Ahead().splits(bench.Dataset(np.arange(7.0), extra={"horizon": 4}), PROTOCOL)))
        == 1
    )
    with pytest.raises(DatasetError, match="a stream has 4 history in all"):
        list(Ahead().splits(bench.Dataset(np.arange(4.0), extra={"horizon": 4}), PROTOCOL))
    with pytest.raises(DatasetError, match="size 57 is not between 1 and 56"):
        parts_of(Ahead(), ONE, 57)
    with pytest.raises(DatasetError, match="a stream is needed"):
        list(Ahead().splits(bench.Dataset(Flat), PROTOCOL))


def test_several_streams_end_together():
    """Each gives its last values as history and the next as truth; a unit is a stream."""
    parts = parts_of(Ahead(), SEVERAL, 2)
    assert [x.tolist() for x in parts.train.X] == [[14, 15], [124, 125]]
    assert [y.tolist() for y in parts.test.y] == [[16, 17, 18, 19], [126, 127, 128, 129]]
    assert list(parts.test.rows) == [0, 1]
    (split, _) = Ahead().splits(SEVERAL, PROTOCOL)
    assert split.n_train_max == 26


def test_the_size_may_count_streams():
    """The first of them are learned from, all are asked about, each with what lies before."""
    task = Across()
    assert [s.n_train_max for s in task.splits(SEVERAL, PROTOCOL)] == [2, 2]
    parts = parts_of(task, SEVERAL, 1)
    assert (len(parts.train.X), len(parts.test)) == (1, 2)
    fitted = task.fit(Flat(), parts, {})
    output = task.read(task.ask(fitted, parts.test), parts.test, parts, fitted)
    assert [values.tolist() for values in output.values] == [[15.0] * 4, [125.0] * 4]
    (second,) = task.subset(parts.test, [1]).y
    assert second.tolist() == [126, 127, 128, 129]
    assert len(task.shorten(parts_of(task, SEVERAL, 2).train, 1).X) == 1


def test_a_history_is_divided_at_earlier_origins():
    """For tuning: the last values of the history are held out, then those before them."""
    parts = parts_of(Ahead(), ONE, 20)
    found = list(Ahead().divide(ONE, parts.train, share=0.2, seed=7))
    assert [list(one.test.y) for one in found[:2]] == [[52, 53, 54, 55], [48, 49, 50, 51]]
    assert [len(one.train) for one in found] == [16, 12, 8, 4]
    assert all(one.train.X[-1] + 1 == one.test.y[0] for one in found)


@pytest.mark.parametrize("dataset", [ONE, SEVERAL, bench.Dataset("ab" * 50)])
def test_parts_can_be_shortened(dataset):
    """A history to what is nearest to its origin, a block to what comes first."""
    parts = parts_of(Ahead(), dataset, 10)
    few = Ahead().shorten(parts.train, 3)
    assert (len(few), len(parts.train)) == (3, 10)
    assert few.X[-1:] == parts.train.X[-1:] if isinstance(few.X, str) else True
    assert len(Ahead().shorten(parts.test, 1)) == 1
    assert Ahead().shorten(parts.test, 99) is parts.test


@pytest.mark.parametrize(
    ("dataset", "answer", "message"),
    [
        (ONE, np.zeros(3), r"predictions of the shape \(3,\); \(4,\) is needed"),
        (ONE, [0, 0, 0, np.nan], "predictions with NaN or infinity, first in row 3"),
        (SEVERAL, [np.zeros(4)], "predictions of 1 streams; 2 are needed"),
        (SEVERAL, [np.zeros(4), np.zeros(2)], "predictions of stream 1 of the shape"),
        (SEVERAL, [np.zeros(4), np.zeros(9)], "predictions of stream 1 of the shape"),
        (SEVERAL, [np.zeros(4), 3.0], "predictions of stream 1 of the shape"),
        (SEVERAL, 3.0, "predictions of float streams; 2 are needed"),
    ],
)
def test_answers_that_are_no_continuation_are_refused(dataset, answer, message):
    """They are invalid, and named."""
    parts = parts_of(Ahead(), dataset, 10)
    with pytest.raises(bench.InvalidAnswer, match=message):
        Ahead().read(answer, parts.test, parts, None)


def test_nothing_is_asked_about_the_history():
    """It offers nothing, which leaves the scores of the training part empty, with the reason."""
    parts = parts_of(Ahead(), ONE, 10)
    questions = dict(Ahead().questions(parts))
    assert list(questions) == ["test", "train"]
    fitted = Ahead().fit(Flat(), parts, {})
    answer = Ahead().ask(fitted, questions["train"])
    assert Ahead().read(answer, questions["train"], parts, fitted).offers == {}
