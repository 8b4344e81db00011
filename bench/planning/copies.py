"""Copies of datasets: what loaders returned, kept on disk in plain formats."""

from __future__ import annotations

import json
import shutil
import tempfile
import zlib
from pathlib import Path
from typing import Any

from bench.planning.fingerprint import PER_ROW, target_from_json, target_json
from bench.spec import Column, Dataset, Rows


def write(dataset: Dataset, folder: Path) -> None:
    """Keep a copy where X and every per-row array have a plain format; otherwise keep none."""
    if isinstance(dataset.X, Rows) or not _is_plain(dataset.extra):
        return
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=folder.parent))
    except OSError:
        return
    try:
        forms = {name: _save(getattr(dataset, name), draft / name) for name in ("X", *PER_ROW)}
        if all(form is not None for form in forms.values()):
            meta = {
                "forms": forms,
                "columns": [[c.name, c.kind] for c in dataset.columns or ()],
                "target": target_json(dataset.target),
                "extra": dataset.extra,
                "checksums": {file.name: zlib.crc32(file.read_bytes()) for file in draft.iterdir()},
            }
            (draft / "meta.json").write_text(json.dumps(meta))
            draft.rename(folder)
    except (OSError, TypeError, ValueError):
        pass  # full disk, a name that JSON cannot hold, or another process was first: no copy kept
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def read(folder: Path) -> Dataset | None:
    """Return the cached dataset; None where there is none or it is not whole."""
    try:
        meta = json.loads((folder / "meta.json").read_text())
        values = {}
        for name, form in meta["forms"].items():
            content = b"" if form[0] == "none" else (folder / name).read_bytes()
            if zlib.crc32(content) != meta["checksums"].get(name, 0):
                raise ValueError(f"{name} is not what was written")
            values[name] = _open(form, content)
    except (OSError, ValueError, KeyError):
        shutil.rmtree(folder, ignore_errors=True)  # what is not whole must not stand in the way
        return None
    return Dataset(
        values["X"],
        values["y"],
        parts=values["parts"],
        folds=values["folds"],
        groups=values["groups"],
        time=values["time"],
        sample_weight=values["sample_weight"],
        columns=tuple(Column(*column) for column in meta["columns"]),
        target=target_from_json(meta["target"]),
        extra=meta["extra"],
    )


def _is_plain(extra: Any) -> bool:
    """Return whether JSON gives it back as it is."""
    try:
        return bool(json.loads(json.dumps(extra)) == extra)
    except (TypeError, ValueError):
        return False


def _save(value: Any, path: Path) -> list[Any] | None:
    """Write one array, table or list; return its form, or None where it has no plain one."""
    import numpy as np

    if value is None:
        return ["none"]
    if isinstance(value, np.ndarray):
        if value.dtype.kind == "O":
            if not all(isinstance(item, str) for item in value.ravel()):
                return None
            value = value.astype(str)
        path.write_bytes(np.ascontiguousarray(value).tobytes())
        return ["array", value.dtype.str, value.shape]
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        path.write_text(json.dumps(value))
        return ["strings"]
    if isinstance(value, list) and value and all(isinstance(item, np.ndarray) for item in value):
        types, tails = {item.dtype for item in value}, {item.shape[1:] for item in value}
        if len(types) > 1 or len(tails) > 1 or any(item.ndim == 0 for item in value):
            return None
        joined = np.concatenate(value)
        if joined.dtype.kind == "O":
            return None
        path.write_bytes(joined.tobytes())
        return ["arrays", joined.dtype.str, joined.shape, [len(item) for item in value]]
    if hasattr(value, "columns") and hasattr(value, "iloc"):
        import pyarrow as pa
        from pyarrow import feather

        feather.write_feather(
            pa.Table.from_pandas(value, preserve_index=False), str(path), compression="uncompressed"
        )
        return ["table"]
    return None


def _open(form: list[Any], content: bytes) -> Any:
    """Read what `_save` wrote."""
    import numpy as np

    kind = form[0]
    if kind == "none":
        return None
    if kind == "array":
        # A copy of its own: arrays on top of `content` could not be written to.
        return np.frombuffer(bytearray(content), form[1]).reshape(form[2])
    if kind == "strings":
        return json.loads(content)
    if kind == "arrays":
        joined = np.frombuffer(bytearray(content), form[1]).reshape(form[2])
        return np.split(joined, np.cumsum(form[3])[:-1])
    import pyarrow as pa
    from pyarrow import feather

    return feather.read_table(pa.BufferReader(content)).to_pandas()
