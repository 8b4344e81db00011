"""Which trials have rows in which table: what makes known whose rows a damaged file has lost."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray


def own_ids(name: str, table: pa.Table) -> pa.Array:
    """Return the trials that rows are of, each once; what was rerun for noise is no trial's own."""
    if name == "measures" and "probe" in table.column_names:
        table = table.filter(pc.not_equal(table["probe"], "sentinel"))
    return pc.unique(table["trial_id"])


class Whose:
    """Notes whose rows are written, in little memory."""

    def __init__(self) -> None:
        self._keys: dict[str, list[NDArray[np.uint64]]] = {}

    def note(self, name: str, table: pa.Table) -> None:
        """Take rows of a table into account."""
        ids = table["trial_id"] if name == "trials" else own_ids(name, table)
        self._keys.setdefault(name, []).append(_keys(ids.to_pylist()))

    def bits(self, name: str) -> bytes:
        """Return a bit for each trial, in the order of the table of trials: has it rows there?"""
        if name == "trials" or "trials" not in self._keys:
            return b""
        trials = np.concatenate(self._keys["trials"])
        return np.packbits(np.isin(trials, np.concatenate(self._keys[name]))).tobytes()

    def has_orphans(self) -> bool:
        """Whether there are rows of trials that the table of trials has none of."""
        known = np.concatenate([*self._keys.get("trials", []), _keys([""])])
        return not all(np.isin(keys, known).all() for one in self._keys.values() for keys in one)


def flagged(ids: Iterable[str], bits: bytes) -> list[str]:
    """Return those trials, in the order of the table of trials, whose bit is set."""
    ids = list(ids)
    is_set = np.unpackbits(np.frombuffer(bits, np.uint8), count=len(ids))
    return [key for key, yes in zip(ids, is_set, strict=True) if yes]


def _keys(ids: Iterable[str]) -> NDArray[np.uint64]:
    digests = b"".join(hashlib.blake2b(key.encode(), digest_size=8).digest() for key in ids)
    return np.frombuffer(digests, np.uint64)
