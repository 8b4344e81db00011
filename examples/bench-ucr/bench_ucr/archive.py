"""Problems of the archives: found in a folder, or fetched from a mirror once, checked and kept."""

from __future__ import annotations

import hashlib
import io
import os
import re
import zipfile
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import numpy as np

import bench
from bench_ucr.ts import Series, parse

VARIABLE = "UCR_ARCHIVE"
DEFAULT = "https://www.timeseriesclassification.com/aeon-toolkit"
TIMEOUT_SECONDS = 30.0
PARTS = {"train": "_TRAIN.ts", "test": "_TEST.ts"}


def load(problem: str, archive: str = "", sha256: str = "") -> bench.Dataset:
    """Return a problem with its official parts.

    Parameters
    ----------
    problem
        Its name in the archives, such as ``"GunPoint"``.
    archive
        A folder that holds ``NAME/NAME_TRAIN.ts`` and ``NAME/NAME_TEST.ts``, those files
        themselves, or ``NAME.zip`` with them; or the address of a mirror with ``NAME.zip``. Empty:
        what the environment variable ``UCR_ARCHIVE`` says, else the archives' own server.
    sha256
        Of ``NAME.zip``, where it is to be checked; the archives publish none.

    Returns
    -------
    bench.Dataset
        X is a list of float64 arrays (length, channels), missing values NaN; y the classes as they
        stand in the files, in the order of their header.

    Raises
    ------
    bench.ParameterError
        The name or the checksum is none.
    bench.DatasetError
        The problem is not there, cannot be fetched, or is not what it should be.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]+", problem):
        raise bench.ParameterError(
            f"problem is {problem!r}; the name of a problem is needed, as in "
            'params = { problem = "GunPoint" }.'
        )
    if sha256 and not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise bench.ParameterError(f"sha256 is {sha256!r}; 64 hexadecimal digits are needed.")
    place = archive or os.environ.get(VARIABLE) or DEFAULT
    if re.match(r"https?://", place):
        texts = _unzipped(_kept(f"{place.rstrip('/')}/{problem}.zip", problem, sha256), problem)
    else:
        texts = _in_folder(Path(place).expanduser(), problem, sha256)
    return _dataset({part: parse(text, f"{problem}{PARTS[part]}") for part, text in texts.items()})


def _dataset(parts: dict[str, Series]) -> bench.Dataset:
    train, test = parts["train"], parts["test"]
    if train.classes != test.classes:
        raise bench.DatasetError(
            f"the training part has the classes {', '.join(train.classes)}, the test part "
            f"{', '.join(test.classes)}."
        )
    return bench.Dataset(
        train.values + test.values,
        np.array(train.labels + test.labels, dtype=object),
        parts=np.repeat(["train", "test"], [len(train.values), len(test.values)]),
        target=bench.Target.of_classes(train.classes),
    )


def _in_folder(folder: Path, problem: str, sha256: str) -> dict[str, str]:
    """Return the text of both parts, from files or from a zip file."""
    for place in (folder / problem, folder):
        files = {part: place / f"{problem}{ending}" for part, ending in PARTS.items()}
        if all(file.is_file() for file in files.values()):
            return {part: file.read_text("utf-8", "replace") for part, file in files.items()}
    zipped = folder / f"{problem}.zip"
    if zipped.is_file():
        content = zipped.read_bytes()
        _check(content, sha256, str(zipped))
        return _unzipped(content, problem)
    there = sorted({file.stem.removesuffix("_TRAIN") for file in folder.rglob("*_TRAIN.ts")})
    raise bench.DatasetError(
        f"there is no {problem}_TRAIN.ts with {problem}_TEST.ts, and no {problem}.zip, in "
        f"{folder}. It holds: {', '.join(there[:20]) or 'no problem'}."
        f"{bench.nearest(problem, there)}"
    )


def _kept(url: str, problem: str, sha256: str) -> bytes:
    """Return a file of a mirror from the cache, fetched where it is not there or was damaged."""
    kept = bench.cache_folder() / "bench-ucr" / hashlib.sha256(url.encode()).hexdigest()[:16]
    file, seal = kept / f"{problem}.zip", kept / f"{problem}.sha256"
    if file.is_file() and seal.is_file():
        content = file.read_bytes()
        if _digest(content) == seal.read_text() and sha256 in ("", seal.read_text()):
            return content
    content = _fetched(url)
    _check(content, sha256, url)
    kept.mkdir(parents=True, exist_ok=True)
    for path, value in ((file, content), (seal, _digest(content).encode())):
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_bytes(value)
        draft.replace(path)
    return content


def _fetched(url: str) -> bytes:
    hint = f"Set {VARIABLE} to a folder or to another mirror."
    try:
        with urlopen(url, timeout=TIMEOUT_SECONDS) as answer:
            content: bytes = answer.read()
    except HTTPError as error:
        error.close()
        raise bench.DatasetError(
            f"{url} answers HTTP {error.code} {error.reason}. {hint}"
        ) from error
    except (URLError, OSError) as error:
        raise bench.DatasetError(f"{url} cannot be fetched ({error}). {hint}") from error
    if not zipfile.is_zipfile(io.BytesIO(content)):
        raise bench.DatasetError(f"{url} is no zip file. {hint}")
    return content


def _check(content: bytes, sha256: str, where: str) -> None:
    if sha256 and _digest(content) != sha256:
        raise bench.DatasetError(
            f"{where} has the SHA-256 {_digest(content)}, but {sha256} was expected: it was "
            "changed or damaged, or the suite names another version."
        )


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _unzipped(content: bytes, problem: str) -> dict[str, str]:
    """Return the text of both parts from a zip file, wherever in it they lie."""
    texts = {}
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        for part, ending in PARTS.items():
            wanted = f"{problem}{ending}"
            found = [name for name in opened.namelist() if name.rpartition("/")[2] == wanted]
            if not found:
                raise bench.DatasetError(f"{problem}.zip holds no {wanted}.")
            texts[part] = opened.read(found[0]).decode("utf-8", "replace")
    return texts
