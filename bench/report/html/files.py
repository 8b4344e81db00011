"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from bench.spec.errors import ResultsError


def write_text(path: Path, text: str) -> int:
    """Replace a file, or leave the old one as it is; return the size in bytes.

    Parameters
    ----------
    path
        Of the file; folders above it are made.
    text
        Written as UTF-8.

    Raises
    ------
    ResultsError
        It cannot be written.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.parent.mkdir(parents=True, exist_ok=True)
        # A lone surrogate, as of a file name that is no UTF-8, is written out.
        n_bytes = partial.write_bytes(text.encode("utf-8", "backslashreplace"))
        os.replace(partial, path)
    except OSError as error:
        raise ResultsError(f"{path} cannot be written: {error.strerror}.") from error
    return n_bytes
