"""Frames: messages one after another in a file, each with its length and a checksum.

What cannot be read is skipped: reading goes on at the next intact frame.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

MAGIC = b"\x93bench\r\n"
"""How a frame begins; what comes between two frames that are intact was one."""

_FIELDS = struct.Struct("<8sHQI")  # magic, version, length of the message, its CRC-32
_CHECK = struct.Struct("<I")  # CRC-32 of the fields before it
_HEADER_BYTES = _FIELDS.size + _CHECK.size
_BLOCK = 1 << 20


class Frame(NamedTuple):
    """An intact message, and the version of bench's tables in which it was written."""

    start: int
    version: int
    message: bytes


class Gap(NamedTuple):
    """Bytes that hold no intact frame; cut: the beginning of one that was never finished."""

    start: int
    end: int
    is_cut: bool


def encode(message: bytes | memoryview, version: int) -> bytes:
    """Return a message as a frame."""
    fields = _FIELDS.pack(MAGIC, version, len(message), zlib.crc32(message))
    return b"".join([fields, _CHECK.pack(zlib.crc32(fields)), message])


def scan(descriptor: int, size: int) -> Iterator[Frame | Gap]:
    """Yield the intact frames among the first bytes of an open file, and the gaps between them.

    The file is read, never mapped: one that is shortened meanwhile ends early, and no more.
    """
    at = 0
    gap: int | None = None
    while at < size:
        frame = _frame_at(descriptor, at, size)
        if frame is not None:
            if gap is not None:
                yield Gap(gap, at, is_cut=False)
                gap = None
            yield frame
            at += _HEADER_BYTES + len(frame.message)
            continue
        gap = at if gap is None else gap
        at = _find(descriptor, at + 1, size)
    if gap is not None:
        yield Gap(gap, size, is_cut=_is_cut(descriptor, gap, size))


def has_frames(descriptor: int, size: int) -> bool:
    """Whether a frame begins anywhere among the first bytes of an open file."""
    return _find(descriptor, 0, size) < size


def _header(data: bytes) -> tuple[int, int, int] | None:
    """Return version, length and checksum of a message, None if this is no intact header."""
    if len(data) < _HEADER_BYTES:
        return None
    magic, version, length, checksum = _FIELDS.unpack_from(data)
    (check,) = _CHECK.unpack_from(data, _FIELDS.size)
    if magic != MAGIC or check != zlib.crc32(data[: _FIELDS.size]):
        return None
    return version, length, checksum


def _frame_at(descriptor: int, at: int, size: int) -> Frame | None:
    header = _header(os.pread(descriptor, _HEADER_BYTES, at))
    if header is None:
        return None
    version, length, checksum = header
    if at + _HEADER_BYTES + length > size:
        return None
    message = _read(descriptor, at + _HEADER_BYTES, length)
    return Frame(at, version, message) if zlib.crc32(message) == checksum else None


def _read(descriptor: int, at: int, length: int) -> bytes:
    """Return so many bytes, or fewer where the file ends before."""
    pieces = []
    while length > 0 and (piece := os.pread(descriptor, length, at)):
        pieces.append(piece)
        at, length = at + len(piece), length - len(piece)
    return b"".join(pieces)


def _find(descriptor: int, at: int, size: int) -> int:
    """Return where the next frame seems to begin, or the size where none does."""
    while at < size:
        block = os.pread(descriptor, min(_BLOCK, size - at), at)
        found = block.find(MAGIC)
        if found >= 0:
            return at + found
        if len(block) < len(MAGIC):
            break
        at += len(block) - len(MAGIC) + 1
    return size


def _is_cut(descriptor: int, start: int, size: int) -> bool:
    """Whether what is left at the end of a file is a frame of which some bytes are missing."""
    data = os.pread(descriptor, min(_HEADER_BYTES, size - start), start)
    if len(data) < _HEADER_BYTES:
        return data[: len(MAGIC)] == MAGIC[: len(data)]
    header = _header(data)
    return header is not None and start + _HEADER_BYTES + header[1] > size
