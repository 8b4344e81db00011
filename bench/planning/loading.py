"""Datasets, loaded: from the copy that is kept, or by the loader of their plugin."""

from __future__ import annotations

import json

from bench.planning import copies
from bench.planning.source import Source
from bench.registry.configuration import cache_folder
from bench.registry.lookup import resolve
from bench.spec import Dataset
from bench.spec.errors import BenchError, DatasetError


def load(source: Source, key: str | None = None) -> Dataset:
    """Return the dataset, normalised: from the cache, or by its loader, then cached.

    `key` is `source.key()`, where it is known already.

    Raises
    ------
    DatasetError
        The loader fails or returns no `Dataset`, or the content contradicts itself.
    """
    folder = cache_folder() / "datasets" / (key or source.key())
    cached = copies.read(folder)
    if cached is not None:
        return cached
    dataset = _call(source)
    copies.write(dataset, folder)
    return copies.read(folder) or dataset


def _call(source: Source) -> Dataset:
    """Call the loader and normalise what it returns."""
    from bench.tasks.normalise import normalise

    loader = resolve(source.spec.loader)
    arguments = dict(source.params)
    if source.path is not None:
        arguments["path"] = source.path
    try:
        dataset = loader(**arguments)
    except BenchError:
        raise
    except TypeError as error:
        raise DatasetError(
            f"dataset {source.spec.name!r}: its loader {source.spec.loader} does not take "
            f"params = {json.dumps(dict(source.params), default=str)}: {error}."
        ) from error
    except Exception as error:
        raise DatasetError(
            f"dataset {source.spec.name!r}: its loader {source.spec.loader} failed: "
            f"{type(error).__name__}: {error}"
        ) from error
    if not isinstance(dataset, Dataset):
        raise DatasetError(
            f"dataset {source.spec.name!r}: its loader {source.spec.loader} returned "
            f"{type(dataset).__name__}; a bench.Dataset is needed."
        )
    return normalise(dataset, source.name, source.spec.tasks)
