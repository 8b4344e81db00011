"""Files that outlive a crash: written whole or not at all, and set aside rather than deleted."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable: a file's own fsync does not reach its entry."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    """Make what was written to a file durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


PARTIAL = re.compile(r"\.(.+)\.partial")
"""What `partial_of` makes of a name."""


def partial_of(path: Path) -> Path:
    """Return the name that a file has until it is to be seen: no pattern of names finds it."""
    return path.with_name(f".{path.name}.partial")


def reveal(path: Path) -> None:
    """Give a file that was written under that name its own, unless something has it already."""
    if not path.exists():
        with suppress(FileNotFoundError):
            os.replace(partial_of(path), path)


def write_file(path: Path, data: bytes) -> None:
    """Write or replace a file: whatever happens, either the old one is there or the new one."""
    partial = partial_of(path)
    try:
        partial.write_bytes(data)
        sync_file(partial)
        os.replace(partial, path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def give_name(path: Path, other: Path) -> None:
    """Give a file a second name; where a file can have only one, a copy has it."""
    other.unlink(missing_ok=True)
    try:
        os.link(path, other)
    except OSError:
        shutil.copyfile(path, other)
        sync_file(other)


def aside_of(path: Path) -> Path:
    """Return the name that a damaged file is given, so that nobody takes it for good."""
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    return aside


def set_aside(path: Path) -> None:
    """Give a file that name."""
    path.rename(aside_of(path))
    sync_folder(path.parent)


def remove(paths: Iterable[Path]) -> None:
    """Delete files that are there."""
    for path in paths:
        path.unlink(missing_ok=True)
