"""Messages between processes: whole or not at all, however the bytes arrive."""

import os
import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.execution import wire

HEADERS = st.dictionaries(st.text(max_size=5), st.none() | st.integers() | st.text(max_size=5))
MESSAGES = st.lists(st.tuples(HEADERS, st.binary(max_size=50)), max_size=5)


@settings(max_examples=30)
@given(MESSAGES, st.data())
def test_messages_arrive_whole_however_they_are_cut(messages, data):
    """Bytes that come in pieces of any length give the same messages in the same order."""
    stream = b"".join(wire.pack(header, body) for header, body in messages)
    inbox, found = wire.Inbox(), []
    while stream:
        n = data.draw(st.integers(1, len(stream)))
        found += inbox.feed(stream[:n])
        stream = stream[n:]
    assert found == messages


@given(st.binary(min_size=1, max_size=50))
def test_a_message_that_is_not_complete_is_kept_back(body):
    """Without its last byte a message is not given out."""
    data = wire.pack({"a": 1}, body)
    inbox = wire.Inbox()
    assert inbox.feed(data[:-1]) == []
    assert inbox.feed(data[-1:]) == [({"a": 1}, body)]


def test_what_is_no_message_is_refused():
    """Lengths that no message has are told at once, not waited for."""
    with pytest.raises(ValueError, match="not a message"):
        wire.Inbox().feed(b"\xff" * 16)


def test_what_is_sent_through_a_socket_is_received():
    """Two messages at once are received together; the end of the other side is None."""
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            wire.write(theirs.fileno(), wire.pack({"n": 1}) + wire.pack({"n": 2}, b"body"))
            inbox = wire.Inbox()
            assert wire.receive(ours, inbox) == [({"n": 1}, b""), ({"n": 2}, b"body")]
        assert wire.receive(ours, inbox) is None


def test_all_bytes_are_written():
    """A pipe that takes little at a time gets all of it."""
    reader, writer = os.pipe()
    data = os.urandom(3_000_000)
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        wire.write(writer, data)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        assert file.read() == data
    os.waitpid(pid, 0)
