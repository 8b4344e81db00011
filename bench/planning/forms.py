"""Plain forms of data: one and the same in memory and in a file, which is mapped, not read.

An array is its bytes; a list of arrays is one array and the lengths; a table is an array for each
type of number that its columns have, and an Arrow file for the other columns. What is packed and
unpacked comes back as it was, but for what no content hangs on: an index is numbered anew, object
arrays of text become arrays of text, and every NaN in a table is the same one.

Mapped arrays can be written to: the process that does so gets pages of its own, and neither the
file nor another process sees it. Arrow's columns cannot; parts of a table are copies anyway.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

_SCALARS = (str, int, float, bool, type(None))
"""What JSON gives back as it was."""


@dataclass(frozen=True)
class Packed:
    """A value in its plain form.

    Parameters
    ----------
    form
        How the pieces are put together, as JSON holds it: its first item is its kind.
    pieces
        An array, an Arrow table or bytes each.
    """

    form: Sequence[Any]
    pieces: Sequence[Any] = ()


def pack(value: Any) -> Packed | None:
    """Return a value in its plain form; None where it has none."""
    import numpy as np

    if value is None:
        return Packed(["none"])
    if isinstance(value, np.ndarray):
        return _pack_array(value)
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return Packed(["strings"], [json.dumps(value).encode()])
    if isinstance(value, list) and value and all(isinstance(item, np.ndarray) for item in value):
        return _pack_arrays(value)
    if hasattr(value, "columns") and hasattr(value, "iloc") and not isinstance(value, type):
        return _pack_table(value)
    return None


def unpack(packed: Packed) -> Any:
    """Return the value of which this is the plain form; arrays are not copied."""
    import numpy as np

    kind, pieces = packed.form[0], packed.pieces
    if kind == "none":
        return None
    if kind == "array":
        return pieces[0]
    if kind == "strings":
        return json.loads(pieces[0])
    if kind == "objects":
        values = np.empty(packed.form[1], object)
        values.reshape(-1)[:] = json.loads(pieces[0])
        return values
    if kind == "arrays":
        return np.split(pieces[0], np.cumsum(packed.form[1])[:-1])
    return _unpack_table(packed)


def write(piece: Any, path: Path) -> None:
    """Write a piece to a file.

    Raises
    ------
    OSError, ValueError, TypeError
        It cannot be written.
    """
    import numpy as np

    if isinstance(piece, bytes):
        path.write_bytes(piece)
    elif isinstance(piece, np.ndarray):
        piece.tofile(path)
    else:
        from pyarrow import feather

        # One chunk: columns in several ones are put together in memory when they are read.
        feather.write_feather(
            piece, str(path), compression="uncompressed", chunksize=max(1, piece.num_rows)
        )


def about(piece: Any) -> list[Any]:
    """Return what `read` must know of a piece, as JSON holds it."""
    import numpy as np

    if isinstance(piece, bytes):
        return ["bytes"]
    if isinstance(piece, np.ndarray):
        return ["array", piece.dtype.str, list(piece.shape)]
    return ["arrow"]


def read(path: Path, said: Sequence[Any]) -> Any:
    """Return a piece that `write` wrote: mapped, so that it takes no memory of this process."""
    import numpy as np

    if said[0] == "bytes":
        return path.read_bytes()
    if said[0] == "arrow":
        from pyarrow import feather

        return feather.read_table(str(path), memory_map=True)
    _, dtype, shape = said
    if 0 in shape:
        return np.empty(shape, dtype)
    with path.open("rb") as file:
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    return np.frombuffer(content, dtype).reshape(shape)


def _pack_array(value: NDArray[Any]) -> Packed | None:
    import numpy as np

    if value.dtype.kind == "O":
        items = value.ravel().tolist()
        if not all(isinstance(item, str) for item in items):
            if not all(type(item) in _SCALARS for item in items):
                return None
            return Packed(["objects", list(value.shape)], [json.dumps(items).encode()])
        value = value.astype(str)
    if value.dtype.hasobject or np.dtype(value.dtype.str) != value.dtype:
        return None
    return Packed(["array"], [np.ascontiguousarray(value).reshape(value.shape)])


def _pack_arrays(value: list[NDArray[Any]]) -> Packed | None:
    import numpy as np

    types, tails = {item.dtype for item in value}, {item.shape[1:] for item in value}
    if len(types) > 1 or len(tails) > 1 or any(item.ndim == 0 for item in value):
        return None
    joined = _pack_array(np.concatenate(value))
    if joined is None or joined.form != ["array"] or joined.pieces[0].dtype not in types:
        return None
    return Packed(["arrays", [len(item) for item in value]], joined.pieces)


def _pack_table(table: pd.DataFrame) -> Packed | None:
    import numpy as np
    import pyarrow as pa

    by_type: dict[str, list[int]] = {}
    others: list[int] = []
    for place, dtype in enumerate(table.dtypes):
        if isinstance(dtype, np.dtype) and dtype.kind in "biuf":
            by_type.setdefault(dtype.str, []).append(place)
        else:
            others.append(place)
    places = [*by_type.values(), others] if others else [*by_type.values()]
    if not places:
        return None
    pieces: list[Any] = [
        _numbers(table if len(group) == table.shape[1] else table.iloc[:, group])
        for group in by_type.values()
    ]
    if others:
        try:
            pieces.append(pa.Table.from_pandas(table.iloc[:, others], preserve_index=False))
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            return None
    names = [str(name) for name in table.columns]
    return Packed(["table", names, places], pieces)


def _numbers(table: pd.DataFrame) -> NDArray[Any]:
    """Return columns of one type as an array (n_columns, n_rows), every NaN the same one."""
    import numpy as np

    values = np.ascontiguousarray(table.to_numpy().T)
    if values.dtype.kind == "f" and np.isnan(values).any():
        values = np.where(np.isnan(values), values.dtype.type(np.nan), values)
    return values


def _unpack_table(packed: Packed) -> pd.DataFrame:
    import pandas as pd

    _, names, places = packed.form
    if len(packed.pieces) == 1 and not _is_arrow(packed.pieces[0]):
        return pd.DataFrame(packed.pieces[0].T, columns=names, copy=False)
    columns: dict[int, Any] = {}
    for group, piece in zip(places, packed.pieces, strict=True):
        if _is_arrow(piece):
            others = piece.to_pandas(split_blocks=True)
            columns |= {place: others.iloc[:, n] for n, place in enumerate(group)}
        else:
            columns |= dict(zip(group, piece, strict=True))
    table = pd.DataFrame({place: columns[place] for place in range(len(names))}, copy=False)
    return table.set_axis(names, axis=1)


def _is_arrow(piece: Any) -> bool:
    return hasattr(piece, "to_pandas")


def without_arrays(value: Any) -> tuple[Any, list[tuple[list[Any], NDArray[Any]]]]:
    """Return a value of mappings and lists with None for each array, and the arrays by place."""
    import numpy as np

    found: list[tuple[list[Any], NDArray[Any]]] = []

    def walk(one: Any, place: list[Any]) -> Any:
        if isinstance(one, np.ndarray):
            found.append((place, one))
            return None
        if isinstance(one, Mapping):
            return {key: walk(item, [*place, key]) for key, item in one.items()}
        if type(one) is list:
            return [walk(item, [*place, n]) for n, item in enumerate(one)]
        return one

    return walk(value, []), found


def with_arrays(value: Any, arrays: Sequence[tuple[Sequence[Any], NDArray[Any]]]) -> Any:
    """Put arrays back in their places, in the value itself; return it."""
    for place, array in arrays:
        if not place:
            return array
        inner = value
        for key in place[:-1]:
            inner = inner[key]
        inner[place[-1]] = array
    return value
