"""What crosses between a trial's process and a worker: messages on a socket, values as Arrow.

A message is two lengths, a JSON header and raw buffers. Arrays are Arrow tensors, tables and texts
Arrow record batches, small plain values JSON. Nothing is pickled. This file is also loaded by the
worker, by its path, in an environment where bench may be of another version or have no such module:
at its top there is nothing but the standard library.
"""

from __future__ import annotations

import json
import signal
import socket
import struct
from collections.abc import Callable, Mapping
from typing import Any, Literal

INTERRUPT = signal.SIGUSR1
"""By which a trial's process says to its worker that the time of the call in progress is over."""

Form = list[Any]
"""How a value is to be put together again: its kind, then what that kind needs."""

_LENGTHS = struct.Struct("!QQ")
_PLAIN = (bool, int, float, str, type(None))
_MOST_HEADER = 1 << 30


class NotTransferableError(TypeError):
    """A value has no form in which it could cross."""


class ClosedError(ConnectionError):
    """The other side is gone."""


# --- messages ------------------------------------------------------------------------------------


def send(connection: socket.socket, header: Mapping[str, Any], buffers: list[Any]) -> None:
    """Send a message, waiting until all of it is taken.

    Raises
    ------
    ClosedError
        The other side is gone.
    """
    views = [memoryview(buffer).cast("B") for buffer in buffers]
    text = json.dumps({**header, "buffers": [len(view) for view in views]}).encode()
    try:
        connection.sendall(_LENGTHS.pack(len(text), sum(map(len, views))) + text)
        for view in views:
            connection.sendall(view)
    except OSError as error:
        raise ClosedError(str(error)) from None


def receive(connection: socket.socket) -> tuple[dict[str, Any], list[Any]]:
    """Return the next message, waiting for it: its header and its buffers.

    Raises
    ------
    ClosedError
        The other side is gone.
    """
    lengths = _filled(connection, bytearray(_LENGTHS.size))
    n_header, _ = _LENGTHS.unpack(lengths)
    if n_header > _MOST_HEADER:
        raise ClosedError("what arrived is no message")
    header = json.loads(_filled(connection, bytearray(n_header)))
    return header, [_filled(connection, _empty(n)) for n in header.pop("buffers")]


def _empty(n_bytes: int) -> Any:
    """Return memory to be written to, not cleared first."""
    import numpy as np

    return np.empty(n_bytes, np.uint8)


def _filled(connection: socket.socket, memory: Any) -> Any:
    view = memoryview(memory)
    while view:
        try:
            n_bytes = connection.recv_into(view)
        except OSError as error:
            raise ClosedError(str(error)) from None
        if not n_bytes:
            raise ClosedError("closed")
        view = view[n_bytes:]
    return memory


# --- values --------------------------------------------------------------------------------------


def encode(
    value: Any, buffers: list[Any], refer: Callable[[Any], Form | None] = lambda value: None
) -> Form:
    """Return the form of a value, and append what is large of it to `buffers`.

    Parameters
    ----------
    value
        None, a number, a text, an array, a pandas table or column, or a list, tuple or dict of
        those.
    buffers
        What the form refers to by position.
    refer
        Asked about objects of other kinds: the form of a reference to one, None if it has none.

    Raises
    ------
    NotTransferableError
        There is no form for it.
    """
    if getattr(type(value), "_is_reference", False) and (form := refer(value)) is not None:
        return form
    if type(value) is list and len(value) > 1:
        if all(type(item) is str for item in value):
            return ["texts", _append(buffers, _column(value))]
        if (form := _encode_ragged(value, buffers)) is not None:
            return form
    if is_plain(value):
        return ["json", value]
    if type(value) in (list, tuple):
        return [type(value).__name__, [encode(item, buffers, refer) for item in value]]
    if type(value) is dict and all(type(key) is str for key in value):
        return ["dict", {key: encode(item, buffers, refer) for key, item in value.items()}]
    if hasattr(value, "iloc"):
        return _encode_table(value, buffers)
    if hasattr(value, "__array__"):
        form = _encode_array(value, buffers)
        return ["scalar", form] if _is_scalar(value) else form
    if (form := refer(value)) is not None:
        return form
    raise NotTransferableError(
        f"an object of type {type(value).__module__}.{type(value).__qualname__} cannot cross "
        "between environments; arrays, tables, lists, texts and numbers can"
    )


def decode(form: Form, buffers: list[Any], look_up: Callable[[Form], Any]) -> Any:
    """Return the value of a form; references are looked up.

    Arrays can be written to, as those of a process of one's own.
    """
    kind, *rest = form
    if kind == "json":
        return rest[0]
    if kind in ("list", "tuple"):
        items = [decode(item, buffers, look_up) for item in rest[0]]
        return items if kind == "list" else tuple(items)
    if kind == "dict":
        return {key: decode(item, buffers, look_up) for key, item in rest[0].items()}
    if kind == "texts":
        return _read_column(buffers[rest[0]]).to_pylist()
    if kind == "ragged":
        import numpy as np

        joined, ends = (decode(part, buffers, look_up) for part in rest)
        return np.split(joined, ends)
    if kind == "tensor":
        dtype, shape, order, at = rest
        return _decode_tensor(dtype, shape, order, buffers[at])
    if kind == "strings":
        import numpy as np

        return np.array(_read_column(buffers[rest[2]]).to_pylist(), rest[0]).reshape(rest[1])
    if kind == "objects":
        import numpy as np

        array = np.empty(len(rest[1]), object)
        array[:] = rest[1]
        return array.reshape(rest[0])
    if kind == "scalar":
        return decode(rest[0], buffers, look_up)[()]
    if kind in ("table", "column"):
        return _decode_table(kind, rest[0], buffers[rest[1]])
    return look_up(form)


def is_plain(value: Any) -> bool:
    """Whether JSON gives a value back as it is."""
    kind = type(value)
    if kind is list:
        return all(is_plain(item) for item in value)
    if kind is dict:
        return all(type(key) is str and is_plain(item) for key, item in value.items())
    return kind in _PLAIN


def _is_scalar(value: Any) -> bool:
    import numpy as np

    return isinstance(value, np.generic)


def _append(buffers: list[Any], buffer: Any) -> int:
    buffers.append(buffer)
    return len(buffers) - 1


def _encode_array(value: Any, buffers: list[Any]) -> Form:
    import numpy as np
    import pyarrow as pa

    array = np.asarray(value)
    kind = array.dtype.kind
    if kind == "O":
        items = array.ravel().tolist()
        if not all(is_plain(item) for item in items):
            strange = next(item for item in items if not is_plain(item))
            raise NotTransferableError(
                f"an array of objects, such as one of type {type(strange).__name__}, cannot cross "
                "between environments; numbers, texts, true, false and None can"
            )
        return ["objects", list(array.shape), items]
    if kind == "U":
        column = _column(array.ravel().tolist())
        return ["strings", array.dtype.str, list(array.shape), _append(buffers, column)]
    if kind not in "biufmMc":
        raise NotTransferableError(
            f"an array of the type {array.dtype} cannot cross between environments"
        )
    if not array.flags.f_contiguous:
        array = np.ascontiguousarray(array)
    order: Literal["C", "F"] = "C" if array.flags.c_contiguous else "F"
    # What Arrow has no tensor of (flags, times, complex numbers) crosses as its bytes.
    if kind not in "iuf" or not array.dtype.isnative:
        plain = array.ravel(order).view(np.uint8)
    else:
        plain = array.ravel(order)
    sink = pa.BufferOutputStream()
    pa.ipc.write_tensor(pa.Tensor.from_numpy(plain), sink)
    buffers.append(sink.getvalue())
    return ["tensor", array.dtype.str, list(array.shape), order, len(buffers) - 1]


def _decode_tensor(dtype: str, shape: list[int], order: Literal["C", "F"], buffer: Any) -> Any:
    """Return the array on top of the buffer that it came in: no copy, and it can be written to."""
    import numpy as np
    import pyarrow as pa

    values = pa.ipc.read_tensor(pa.BufferReader(pa.py_buffer(buffer))).to_numpy()
    offset = values.ctypes.data - buffer.ctypes.data if values.size else 0
    return np.ndarray(shape, dtype, buffer, offset, order=order)


def _encode_ragged(value: list[Any] | tuple[Any, ...], buffers: list[Any]) -> Form | None:
    """Join arrays that differ in their length alone, as series do; None where they differ more."""
    import numpy as np

    first = value[0]
    if type(value) is not list or not isinstance(first, np.ndarray) or first.ndim == 0:
        return None
    alike = (first.dtype, first.shape[1:])
    if first.dtype.kind == "O" or not all(
        type(item) is np.ndarray and item.ndim > 0 and (item.dtype, item.shape[1:]) == alike
        for item in value
    ):
        return None
    ends = np.cumsum([len(item) for item in value])[:-1]
    parts = (np.concatenate(value), ends)
    return ["ragged", *(_encode_array(part, buffers) for part in parts)]


def _stream(table: Any) -> Any:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def _read_stream(buffer: Any) -> Any:
    import pyarrow as pa

    return pa.ipc.open_stream(pa.py_buffer(buffer)).read_all()


def _column(texts: list[str]) -> Any:
    import pyarrow as pa

    return _stream(pa.table({"texts": pa.array(texts, pa.large_string())}))


def _read_column(buffer: Any) -> Any:
    return _read_stream(buffer)["texts"]


def _encode_table(value: Any, buffers: list[Any]) -> Form:
    """Encode a DataFrame, or a Series as a table of one column."""
    import pyarrow as pa

    kind = "table" if hasattr(value, "columns") else "column"
    name = None if kind == "table" else value.name
    try:
        table = value if kind == "table" else value.to_frame("column")
        buffers.append(_stream(pa.Table.from_pandas(table)))
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise NotTransferableError(
            f"a table cannot cross between environments, for Arrow cannot hold it: {error}"
        ) from None
    return [kind, name if is_plain(name) else str(name), len(buffers) - 1]


def _decode_table(kind: str, name: Any, buffer: Any) -> Any:
    table = _read_stream(buffer).to_pandas()
    if kind == "table":
        return table
    return table["column"].rename(name)
