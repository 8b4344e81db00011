"""A dataset under examination: loaded by its own loader, never from what bench has kept of it."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.conformance.promise import Broken, Declared, Inapplicable
from bench.conformance.traces import Before, Traces, watch
from bench.planning.fingerprint import fingerprint
from bench.registry.lookup import resolve
from bench.spec import Dataset, DatasetSpec, Task
from bench.spec.errors import BenchError, DatasetError, ParameterError
from bench.tasks.normalise import normalise
from bench.trial.fitting import seed_all

if TYPE_CHECKING:
    from bench.registry.lookup import Entry, Registry

_LOAD_SECONDS = 300.0


@dataclass(frozen=True)
class DatasetCase:
    """A dataset, loaded once, with its default parameters.

    Parameters
    ----------
    entry
        The dataset.
    registry
        Where names are looked up.
    scratch
        A folder of its own.
    before
        How the process was before the plugin did anything.
    """

    entry: Entry[DatasetSpec]
    registry: Registry
    scratch: Path
    before: Before

    @property
    def spec(self) -> DatasetSpec:
        """The dataset's record."""
        return self.entry.record

    @property
    def tasks(self) -> list[Task]:
        """Its tasks that are known."""
        known = self.registry.tasks
        return [known[name].record for name in self.spec.tasks if name in known]

    @cached_property
    def _loaded(self) -> Dataset | BaseException:
        try:
            self._check_loadable()
            seed_all(1)
            loaded = load(self.spec.loader, self.spec.params)
        except BaseException as error:  # a loader may raise anything
            if _is_of_the_network(error):
                return Inapplicable(f"its server is out of reach: {error}")
            if isinstance(error, ParameterError) and not self.spec.params:
                return Inapplicable(f"it loads nothing unless a suite says more: {error}")
            return error
        return loaded

    def _check_loadable(self) -> None:
        if self.spec.takes_path:
            raise Declared("it reads a file of the user's")
        parameters = inspect.signature(resolve(self.spec.loader)).parameters.values()
        needed = [
            one.name
            for one in parameters
            if one.default is one.empty
            and one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)
            and one.name not in self.spec.params
        ]
        if needed:
            raise Declared(f"it loads nothing unless a suite sets {', '.join(needed)}")

    def load(self) -> Dataset:
        """Return what the loader returned, once; raises what it raised."""
        if isinstance(self._loaded, BaseException):
            raise self._loaded
        return self._loaded

    @property
    def loaded(self) -> Dataset:
        """What the loader returned, for promises that build on it.

        Raises
        ------
        Inapplicable
            It cannot be loaded, which is another promise's finding.
        """
        if isinstance(self._loaded, Inapplicable):
            raise self._loaded
        if isinstance(self._loaded, BaseException):
            raise Inapplicable("it cannot be loaded: see loads")
        return self._loaded

    @cached_property
    def _normal(self) -> Dataset | DatasetError:
        try:
            return normalise(self.loaded, self.spec.name, self.spec.tasks)
        except DatasetError as error:
            return error

    @property
    def normal(self) -> Dataset:
        """The dataset in the form that tasks expect.

        Raises
        ------
        Inapplicable
            It cannot be brought into that form, which is another promise's finding.
        """
        if isinstance(self._normal, DatasetError):
            raise Inapplicable("its form is wrong: see has-a-valid-form")
        return self._normal

    def check_form(self) -> None:
        """Raise `Broken` where it cannot be brought into the form that tasks expect."""
        _ = self.loaded
        if isinstance(self._normal, DatasetError):
            raise Broken(str(self._normal))

    @cached_property
    def traces(self) -> Traces:
        """What loading leaves behind."""
        _ = self.loaded
        return watch(
            lambda: load(self.spec.loader, self.spec.params), self.scratch / "watched", self.before
        )

    def fingerprint(self) -> str:
        """Return the fingerprint of what was loaded."""
        return fingerprint(self.normal)

    def fingerprint_elsewhere(self) -> str:
        """Return the fingerprint of what a fresh process loads, in which sets are ordered anew.

        Raises
        ------
        Broken
            It cannot be loaded there.
        """
        spec = self.spec
        asked = [spec.name, spec.loader, dict(spec.params), spec.tasks]
        done = subprocess.run(
            [sys.executable, "-P", "-m", "bench.conformance.dataset_case", json.dumps(asked)],
            env={**os.environ, "PYTHONHASHSEED": "77"},
            check=False,
            capture_output=True,
            text=True,
            timeout=_LOAD_SECONDS,
        )
        if done.returncode:
            raise Broken(f"in a second process it cannot be loaded: {done.stderr.strip()[-300:]}")
        return done.stdout.split()[-1]


def load(loader: str, params: Mapping[str, Any]) -> Dataset:
    """Call a dataset's loader with its parameters.

    Raises
    ------
    Broken
        It returns no `bench.Dataset`.
    """
    dataset = resolve(loader)(**params)
    if not isinstance(dataset, Dataset):
        raise Broken(f"it returns an object of type {type(dataset).__name__}, no bench.Dataset")
    return dataset


def _is_of_the_network(error: BaseException | None) -> bool:
    """Whether a server was out of reach: said by an `OSError` that is not of files."""
    import http.client

    seen = 0
    while error is not None and seen < 10:
        of_files = isinstance(error, FileNotFoundError | PermissionError | IsADirectoryError)
        if isinstance(error, OSError) and not of_files and error.errno is None:
            return True
        if isinstance(error, ConnectionError | TimeoutError | http.client.HTTPException):
            return True
        error, seen = error.__cause__ or error.__context__, seen + 1
    return False


def main() -> None:
    """Load a dataset and print the fingerprint of what came."""
    name, loader, params, tasks = json.loads(sys.argv[1])
    seed_all(2)
    try:
        print(fingerprint(normalise(load(loader, params), name, tasks)))  # noqa: T201 - its answer
    except (BenchError, Broken) as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
