"""Fitted estimators as files: a zip of JSON and NumPy arrays, which nothing can be executed from.

``estimator.json`` holds the class, its parameters and what `fit` left; ``arrays/N.npy`` the arrays.
Records and classes are told by their names, which must be among those listed here.
"""

from __future__ import annotations

import dataclasses
import importlib
import io
import json
import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import NotFittedError

import bench

FORMAT = "crossover-bench estimator"
VERSION = 1
"""Raised when a file means something else than before; older ones must still load."""

ESTIMATORS = {
    "FtTransformerClassifier": "bench_jax.ft_transformer",
    "FtTransformerRegressor": "bench_jax.ft_transformer",
    "MlpClassifier": "bench_jax.mlp",
    "MlpRegressor": "bench_jax.mlp",
    "RawClassifier": "bench_jax.raw",
    "RawRegressor": "bench_jax.raw",
    "RealMlpClassifier": "bench_jax.realmlp",
    "RealMlpRegressor": "bench_jax.realmlp",
    "ResNetClassifier": "bench_jax.resnet_tabular",
    "ResNetRegressor": "bench_jax.resnet_tabular",
    "TabMClassifier": "bench_jax.tabm",
    "TabMRegressor": "bench_jax.tabm",
}
RECORDS = {
    "Category": "bench_jax.preprocessing",
    "CnnNetwork": "bench_jax.cnn",
    "CnnSizes": "bench_jax.cnn",
    "Column": "bench",
    "ConvolutionalNetwork": "bench_jax.resnet",
    "Design": "bench_jax.engine",
    "Encoding": "bench_jax.preprocessing",
    "FcnSizes": "bench_jax.resnet",
    "FtTransformerNetwork": "bench_jax.ft_transformer",
    "ImageEncoder": "bench_jax.signals",
    "Layout": "bench_jax.preprocessing",
    "LinearScaler": "bench_jax.scaling",
    "MlpNetwork": "bench_jax.mlp",
    "RankScaler": "bench_jax.scaling",
    "RealMlpNetwork": "bench_jax.realmlp",
    "RecurrentNetwork": "bench_jax.recurrent_network",
    "RecurrentSizes": "bench_jax.recurrent_network",
    "ResNetNetwork": "bench_jax.resnet_tabular",
    "ResNetSizes": "bench_jax.resnet",
    "SequenceEncoder": "bench_jax.signals",
    "Signal": "bench_jax.signals",
    "Standard": "bench_jax.fitting",
    "TabMNetwork": "bench_jax.tabm",
    "TableEncoder": "bench_jax.preprocessing",
    "TextCnnNetwork": "bench_jax.text_cnn",
    "TextCnnSizes": "bench_jax.text_cnn",
    "TokenEncoder": "bench_jax.tokens",
    "Trained": "bench_jax.engine",
    "TransformerNetwork": "bench_jax.transformer",
    "TransformerSizes": "bench_jax.transformer",
}

_FACTS = "estimator.json"


def save(estimator: Any, path: str | os.PathLike[str]) -> None:
    """Write a fitted estimator to a file, which appears whole or not at all.

    Parameters
    ----------
    estimator
        Of a class in `ESTIMATORS`.
    path
        Where; a file that is there is replaced.

    Raises
    ------
    NotFittedError
        It is not fitted.
    BenchError
        It is of another class, or a parameter is none that JSON can hold.
    """
    name = type(estimator).__name__
    if _named(name, ESTIMATORS) is not type(estimator):
        raise bench.BenchError(
            f"{type(estimator).__module__}.{name} cannot be saved; allowed: "
            f"{', '.join(ESTIMATORS)}."
        )
    if not hasattr(estimator, "trained_"):
        raise NotFittedError(f"This {name} is not fitted; call fit before save.")
    arrays: list[NDArray[Any]] = []
    fitted = {
        key: value
        for key, value in vars(estimator).items()
        if key.endswith("_") and not key.startswith("_")
    }
    facts = {
        "format": FORMAT,
        "version": VERSION,
        "class": name,
        "params": {
            key: _packed(value, arrays, f"{name}: parameter {key}")
            for key, value in estimator.get_params(deep=False).items()
        },
        "fitted": {key: _packed(value, arrays, f"{name}: {key}") for key, value in fitted.items()},
    }
    path = Path(path)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file, zipfile.ZipFile(file, "w") as archive:
            archive.writestr(_FACTS, json.dumps(facts))
            for number, array in enumerate(arrays):
                with archive.open(_array_name(number), "w", force_zip64=True) as entry:
                    np.lib.format.write_array(entry, array, allow_pickle=False)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def load(path: str | os.PathLike[str], kind: type | None = None) -> Any:
    """Read an estimator that `save` wrote; on the same device its predictions are the same bits.

    Parameters
    ----------
    path
        The file.
    kind
        The class that it must be of; None: any in `ESTIMATORS`.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    BenchError
        The file is damaged, was not written by `save` or by a later version of it, or holds an
        estimator of another class.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            facts = json.loads(archive.read(_FACTS))
            _check_facts(facts, path)
            return _restored(facts, archive, path, kind)
    except bench.BenchError:
        raise
    except FileNotFoundError:
        raise
    except Exception as error:  # whatever a damaged file may lead to
        raise bench.BenchError(
            f"{os.fspath(path)!r} is no saved estimator, or it is damaged "
            f"({type(error).__name__}: {error}); save it again from where it was fitted."
        ) from error


def _check_facts(facts: Any, path: str | os.PathLike[str]) -> None:
    if not isinstance(facts, dict) or facts.get("format") != FORMAT:
        raise bench.BenchError(f"{os.fspath(path)!r} was not written by an estimator's save.")
    version = facts.get("version")
    if not isinstance(version, int) or not 1 <= version <= VERSION:
        raise bench.BenchError(
            f"{os.fspath(path)!r} is of version {version!r}; allowed: 1 to {VERSION}. Install a "
            "crossover-bench as new as the one that wrote it."
        )


def _restored(
    facts: dict[str, Any], archive: zipfile.ZipFile, path: str | os.PathLike[str], kind: type | None
) -> Any:
    there = _named(facts["class"], ESTIMATORS)
    if there is None or (kind is not None and not issubclass(there, kind)):
        wanted = ", ".join(ESTIMATORS) if kind is None else kind.__name__
        raise bench.BenchError(
            f"{os.fspath(path)!r} holds a {facts['class']!r}; allowed here: {wanted}."
        )
    estimator = there(**{key: _unpacked(value, archive) for key, value in facts["params"].items()})
    for key, value in facts["fitted"].items():
        if not key.isidentifier() or not key.endswith("_") or key.startswith("_"):
            raise bench.BenchError(f"{os.fspath(path)!r} holds {key!r}, which no fit leaves.")
        setattr(estimator, key, _unpacked(value, archive))
    return estimator


def _packed(value: Any, arrays: list[NDArray[Any]], where: str) -> Any:
    """Return a value as JSON; arrays go into the list and are named by their place."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, list | tuple):
        items = [_packed(item, arrays, where) for item in value]
        return items if isinstance(value, list) else {"tuple": items}
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {"dict": {key: _packed(item, arrays, where) for key, item in value.items()}}
    if dataclasses.is_dataclass(value) and _named(type(value).__name__, RECORDS) is type(value):
        fields = {
            field.name: _packed(getattr(value, field.name), arrays, where)
            for field in dataclasses.fields(value)
        }
        return {"record": type(value).__name__, "fields": fields}
    if hasattr(value, "__array__"):
        array = np.asarray(value)
        if array.dtype == object and all(isinstance(item, str) for item in array.flat):
            return {"strings": array.tolist()}
        if array.dtype != object:
            arrays.append(array)
            return {"array": len(arrays) - 1}
    raise bench.BenchError(
        f"{where} is of type {type(value).__name__}, which a file without pickle cannot hold; "
        "numbers, words, arrays of them, lists and the like are allowed."
    )


def _unpacked(value: Any, archive: zipfile.ZipFile) -> Any:
    """Return what `_packed` was given."""
    if isinstance(value, list):
        return [_unpacked(item, archive) for item in value]
    if not isinstance(value, dict):
        return value
    if "tuple" in value:
        return tuple(_unpacked(item, archive) for item in value["tuple"])
    if "dict" in value:
        return {key: _unpacked(item, archive) for key, item in value["dict"].items()}
    if "strings" in value:
        return np.array(value["strings"], dtype=object)
    if "array" in value:
        content = archive.read(_array_name(int(value["array"])))
        return np.load(io.BytesIO(content), allow_pickle=False)
    record = _named(value["record"], RECORDS)
    if record is None:
        raise bench.BenchError(f"a record {value['record']!r} in the file is none of ours.")
    return record(**{key: _unpacked(item, archive) for key, item in value["fields"].items()})


def _named(name: Any, allowed: dict[str, str]) -> Any:
    """Return a class by its name, or None where the name is not allowed."""
    if name not in allowed:
        return None
    return getattr(importlib.import_module(allowed[name]), name)


def _array_name(number: int) -> str:
    return f"arrays/{number}.npy"
