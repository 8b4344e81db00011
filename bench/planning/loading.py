"""Datasets, loaded: from the copy that is kept of their content, or by their plugin's loader."""

from __future__ import annotations

import json
from typing import NamedTuple

from bench.planning import copies
from bench.planning.fingerprint import fingerprint
from bench.planning.source import Source
from bench.registry.lookup import resolve
from bench.spec import Dataset
from bench.spec.errors import BenchError, DatasetError, OtherDataError

READINGS = 3
"""Of data that change while they are read, after which it is said that they do."""


class Loaded(NamedTuple):
    """A dataset in its normal form, and the fingerprint of just this content."""

    dataset: Dataset
    fingerprint: str


def load(source: Source) -> Loaded:
    """Return what a recipe gives: from the copy that is kept, or by its loader.

    Raises
    ------
    DatasetError
        The loader fails or returns no `Dataset`, the content contradicts itself, or the file is
        written to each time that it is read.
    """
    for _ in range(READINGS):
        key = source.key()
        known = copies.recall(key)
        if known is not None and (dataset := copies.find(known)) is not None:
            return Loaded(dataset, known)
        loaded = _made(source)
        if source.key() == key:
            copies.remember(key, loaded.fingerprint)
            return loaded
    raise DatasetError(
        f"dataset {source.name!r} has changed each of {READINGS} times while it was read: another "
        "program writes to it. Wait until that is done, or give a copy of it."
    )


def load_planned(source: Source, planned: str) -> Dataset:
    """Return the very data that a trial was planned on.

    Parameters
    ----------
    source
        The recipe, for where there is no copy.
    planned
        Their fingerprint. A copy is filed under it, and its checksums prove it; what the loader
        gives is hashed.

    Raises
    ------
    OtherDataError
        There is no copy, and the recipe gives other data now.
    DatasetError
        As `load`.
    """
    dataset = copies.find(planned)
    if dataset is not None:
        return dataset
    loaded = _made(source)
    if loaded.fingerprint != planned:
        copies.forget(source.key())  # the next session is to look anew
        raise OtherDataError(
            f"dataset {source.name!r}: these are not the data that the trial was planned on: their "
            f"fingerprint is {loaded.fingerprint[:12]}..., and {planned[:12]}... was planned. "
            "Either the data have changed since, and running the same command again measures them "
            f"as they are now; or the loader {source.spec.loader} gives other data at each call: "
            "let it draw with a fixed seed."
        )
    return loaded.dataset


def _made(source: Source) -> Loaded:
    """Call the loader, and keep a copy of what it returned."""
    dataset = _call(source)
    packed = copies.pack(dataset)
    if packed is None:
        return Loaded(dataset, fingerprint(dataset))
    dataset = packed.into(dataset)
    found = fingerprint(dataset)
    copies.keep(packed, dataset, found)
    return Loaded(copies.find(found) or dataset, found)


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
