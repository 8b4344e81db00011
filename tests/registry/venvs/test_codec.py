"""What crosses between environments: the same value comes out, and nothing else gets through."""

import socket
import threading

import numpy as np
import pandas as pd
import pytest

from bench.registry.venvs import codec


def over_the_wire(value, refer=lambda value: None, look_up=None):
    """Send a value through a socket and return what comes out."""
    buffers = []
    form = codec.encode(value, buffers, refer)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sender = threading.Thread(target=codec.send, args=(ours, {"form": form}, buffers))
        sender.start()
        header, received = codec.receive(theirs)
        sender.join()
    return codec.decode(header["form"], received, look_up)


ARRAYS = {
    "floats": np.array([[1.5, np.nan], [-np.inf, 0.0]]),
    "single": np.arange(6, dtype=np.float32).reshape(1, 2, 3),
    "half": np.array([0.5], np.float16),
    "codes": np.array([0, 2, 1]),
    "bytes": np.arange(256, dtype=np.uint8),
    "flags": np.array([[True], [False]]),
    "columns first": np.asfortranarray(np.arange(12.0).reshape(3, 4)),
    "every other": np.arange(20).reshape(4, 5)[::2, ::2],
    "other order of bytes": np.array([1.0, 2.0], ">f8"),
    "no rows": np.zeros((0, 3)),
    "no axis": np.array(5.0),
    "dates": np.array(["2020-02-29", "NaT"], "datetime64[D]"),
    "spans": np.array([1, 2], "timedelta64[s]"),
    "complex": np.array([1 + 2j]),
    "texts": np.array([["a", "bcd"], ["", "é"]]),
    "no texts": np.array([], "U3"),
    "objects": np.array([["a", None], [True, 3]], object),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_arrives_as_it_was(name):
    """Type, shape, order in memory and every value are kept, and it can be written to."""
    array = ARRAYS[name]
    there = over_the_wire(array)
    assert (there.dtype, there.shape) == (array.dtype, array.shape)
    assert there.flags.f_contiguous == array.flags.f_contiguous or not array.flags.forc
    assert there.flags.writeable
    np.testing.assert_array_equal(there, array)


def test_missing_objects_stay_what_they_were():
    """None, NaN and a text of the same name are three different things in an array of objects."""
    there = over_the_wire(np.array([None, float("nan"), "nan"], object))
    assert there[0] is None
    assert np.isnan(there[1])
    assert there[2] == "nan"


def test_a_table_keeps_its_columns():
    """Categories with their order, missing values, dates, flags, texts and row labels are kept."""
    table = pd.DataFrame(
        {
            "number": [1.5, np.nan, 3.0],
            "count": [1, 2, 3],
            "missing count": pd.array([1, None, 3], dtype="Int64"),
            "ordered": pd.Categorical(["low", None, "high"], ["low", "mid", "high"], ordered=True),
            "category": pd.Categorical(["x", "y", "x"], ["y", "x", "never"]),
            "date": pd.to_datetime(["2020-01-01", None, "2021-06-01"]),
            "flag": [True, False, True],
            "text": ["some words", None, ""],
        },
        index=[7, 3, 5],
    )
    pd.testing.assert_frame_equal(over_the_wire(table), table)


def test_a_column_arrives_with_its_name():
    """A pandas Series is one."""
    column = pd.Series([1.0, np.nan], index=[4, 2], name="age")
    pd.testing.assert_series_equal(over_the_wire(column), column)


PLAIN = {
    "nothing": None,
    "true": True,
    "number": 0.1,
    "infinity": float("-inf"),
    "large": 2**70,
    "text": 'a "quoted" é',
    "texts": ["a", "", "é"],
    "pair": ("a", 1),
    "nested": {"a": [(1, None), {"b": ["x", 2.5]}]},
    "empty": [[], (), {}],
}


@pytest.mark.parametrize("name", PLAIN)
def test_plain_values_arrive_as_they_were(name):
    """Numbers, texts, lists, tuples and mappings of them keep their types."""
    there = over_the_wire(PLAIN[name])
    assert there == PLAIN[name]
    assert type(there) is type(PLAIN[name])


def test_a_number_of_numpy_stays_one():
    """A scalar is no array of no axes."""
    there = over_the_wire(np.float32(0.5))
    assert type(there) is np.float32
    assert there == 0.5


@pytest.mark.parametrize(
    "series",
    [
        [np.ones((3, 2)), np.zeros((0, 2)), np.full((1, 2), 7.0)],
        [np.arange(3), np.arange(2.0)],
        [np.ones((2, 2)), np.ones((2, 3))],
    ],
    ids=["lengths differ", "types differ", "widths differ"],
)
def test_series_of_any_lengths_arrive(series):
    """A list of arrays is one of the same arrays, in order, of whatever shapes and types."""
    there = over_the_wire(series)
    assert type(there) is list
    assert [(a.dtype, a.shape) for a in there] == [(a.dtype, a.shape) for a in series]
    for one, other in zip(there, series, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (object(), "builtins.object"),
        ({1: 2}, "builtins.dict"),
        ([{"a": {1, 2}}], "builtins.set"),
        (np.array([object()]), "objects"),
        (np.zeros(2, [("a", int)]), r"\[\('a'"),
        (pd.DataFrame({"mixed": [1, "a"]}), "table"),
    ],
    ids=["object", "numbered", "set", "array of objects", "records", "mixed column"],
)
def test_what_cannot_cross_is_named(value, named):
    """An object of another kind is refused with its type, not pickled."""
    with pytest.raises(codec.NotTransferableError, match=named):
        codec.encode(value, [])


def test_objects_may_be_referred_to():
    """Whoever keeps an object may send a reference in its place, wherever it stands."""
    kept = object()
    there = over_the_wire(
        {"steps": [("first", kept)]},
        refer=lambda value: ["object", 7] if value is kept else None,
        look_up=lambda form: f"number {form[1]}",
    )
    assert there == {"steps": [("first", "number 7")]}


def test_a_closed_socket_is_told():
    """Neither sending nor receiving waits for somebody who has gone."""
    ours, theirs = socket.socketpair()
    theirs.close()
    with ours, pytest.raises(codec.ClosedError):
        codec.receive(ours)
    ours, theirs = socket.socketpair()
    theirs.close()
    with ours, pytest.raises(codec.ClosedError):
        codec.send(ours, {}, [np.zeros(1_000_000)])


def test_what_is_no_message_is_not_waited_for():
    """Lengths that no message has end the conversation."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"\xff" * 16)
        with pytest.raises(codec.ClosedError, match="no message"):
            codec.receive(ours)
