"""Messages between bench's own processes: two lengths, a JSON header and raw bytes."""

from __future__ import annotations

import json
import os
import socket
import struct
from collections.abc import Mapping
from typing import Any

_LENGTHS = struct.Struct("!QQ")


def pack(header: Mapping[str, Any], body: bytes = b"") -> bytes:
    """Return a message as bytes."""
    text = json.dumps(header).encode()
    return _LENGTHS.pack(len(text), len(body)) + text + body


class Inbox:
    """Collects bytes as they arrive and gives back whole messages."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> list[tuple[dict[str, Any], bytes]]:
        """Add bytes; return the messages that they complete.

        Raises
        ------
        ValueError
            What arrived is not a message.
        """
        self._data += data
        messages = []
        while len(self._data) >= _LENGTHS.size:
            n_header, n_body = _LENGTHS.unpack_from(self._data)
            if n_header > 1 << 30 or n_body > 1 << 40:
                raise ValueError("not a message")
            end = _LENGTHS.size + n_header + n_body
            if len(self._data) < end:
                break
            middle = _LENGTHS.size + n_header
            header = json.loads(self._data[_LENGTHS.size : middle])
            messages.append((header, bytes(self._data[middle:end])))
            del self._data[:end]
        return messages


def write(descriptor: int, data: bytes) -> None:
    """Write all bytes to a pipe or a socket."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def receive(connection: socket.socket, inbox: Inbox) -> list[tuple[dict[str, Any], bytes]] | None:
    """Return the messages that have arrived; None when the other side has closed."""
    try:
        data = connection.recv(1 << 20)
    except ConnectionError:
        return None
    return inbox.feed(data) if data else None
