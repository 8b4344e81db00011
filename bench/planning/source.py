"""Where data come from: a recipe with its parameters, and what tells that they have changed."""

from __future__ import annotations

import glob
import hashlib
import importlib.util
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from bench.spec import DatasetSpec
from bench.spec.errors import DatasetError

FORMAT = 5
"""Of what the cache holds of datasets: raised when a new bench cannot use an older one's files."""

MOST_FILES = 200_000
"""Files that a folder given as a dataset may hold: each is looked at before every run, in a second
or two where there are this many."""


@dataclass(frozen=True)
class Source:
    """A dataset's recipe with its parameters resolved: what `load` needs.

    `path` is the user's file or folder, for datasets that take one.
    """

    spec: DatasetSpec
    plugin_version: str
    params: Mapping[str, Any]
    path: str | None = None

    @property
    def name(self) -> str:
        """The name that is part of a trial's identity: a file's stem, else the dataset's name."""
        return Path(self.path).stem if self.path is not None else self.spec.name

    @property
    def registry_name(self) -> str:
        """What the registry looks it up by, as a suite names it."""
        return self.spec.name if self.path is None else f"{self.spec.name}:{self.path}"

    def key(self) -> str:
        """Return a name of what is loaded: it changes when the content may have.

        Of a folder, the sizes and times of all files count, but for hidden ones; of a path at which
        there is nothing, those of the files beside it whose names begin with its own, as a dataset
        of several files may be named by what they have in common.

        Raises
        ------
        DatasetError
            The folder holds more than 200,000 files.
        """
        parts: list[Any] = [
            FORMAT,
            self.spec.name,
            self.spec.version,
            self.plugin_version,
            self.params,
            _stamp(importlib.util.find_spec(self.spec.loader.partition(":")[0])),
        ]
        if self.path is not None:
            given = Path(self.path)
            parts.append(str(given.resolve()))
            for n, file in enumerate(chain([given], _files(given), _beside(given))):
                if n > MOST_FILES:
                    raise DatasetError(
                        f"{self.spec.name}:{self.path} is a folder of more than {MOST_FILES:,} "
                        "files. Name the file, or the folder below it, that holds the data."
                    )
                if file.exists():
                    status = file.stat()
                    parts += [str(file.resolve()), status.st_size, status.st_mtime_ns]
        text = json.dumps(parts, sort_keys=True, default=str)
        return f"{self.spec.name}-{hashlib.sha256(text.encode()).hexdigest()[:20]}"


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files in a folder and in those below it, in a fixed order; no hidden ones."""
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(parent, name) for name in sorted(names) if not name.startswith("."))


def _beside(given: Path) -> Iterator[Path]:
    """Yield the files that a path means which is none: those whose names begin with its name."""
    if not given.exists():
        yield from sorted(given.parent.glob(f"{glob.escape(given.name)}*"))


def _stamp(module: Any) -> list[Any]:
    origin = getattr(module, "origin", None)
    return [origin, os.stat(origin).st_mtime_ns] if origin and os.path.exists(origin) else []
