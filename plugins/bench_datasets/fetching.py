"""Files fetched over HTTP once, checked, and read from the cache ever after, network or not."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import os
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bench
from bench import DatasetError

if TYPE_CHECKING:
    from urllib.error import HTTPError, URLError

TIMEOUT_SECONDS = 30.0
"""Longest silence of the server."""

WAITS_SECONDS = (1.0, 4.0)
"""Before the second and the third attempt, where the first one broke off."""

SILENT_SECONDS = 10.0
"""For how long a server that was out of reach is not asked again: a suite names many data sets."""

MOST_BYTES = 2**30
"""Of one file that is fetched."""


def answer_of(error: HTTPError, url: str) -> str:
    """Return what is said of an answer that refuses, where the server gives no reason."""
    error.close()
    return f"{url} answers HTTP {error.code} {error.reason}."


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where files come from, as messages and the cache see it.

    Parameters
    ----------
    folder
        In the cache, for what is kept.
    server
        Address of the server, such as ``https://example.org``.
    mirror
        How the user names another: what follows "or" in messages.
    owner
        Whose answers are expected, in the genitive.
    refusal
        Says why the server refused.
    """

    folder: Path
    server: str
    mirror: str
    owner: str
    refusal: Callable[[HTTPError, str], str] = answer_of

    @property
    def silent(self) -> Path:
        """The file whose age says when the server was out of reach."""
        host = self.server.partition("://")[2].replace("/", "_").replace(":", "_")
        return self.folder / f"{host}.unreachable"


def kept(
    origin: Origin, file: Path, what: str, url: str, is_whole: Callable[[bytes], bool]
) -> bytes:
    """Return what is kept, or fetch it and keep it; what is not whole is fetched again.

    Parameters
    ----------
    origin
        Where it comes from.
    file
        Where it is kept.
    what
        What messages call it.
    url
        Its address.
    is_whole
        Whether a content is what it should be.

    Raises
    ------
    DatasetError
        It is not kept, and the server is out of reach, refuses, or gives no whole answer.
    """
    with contextlib.suppress(OSError):
        content = file.read_bytes()
        if is_whole(content):
            return content
    content = _fetch(origin, what, url, is_whole)
    with contextlib.suppress(OSError):  # a cache that cannot be written only costs time
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(f".{os.getpid()}")
        try:
            draft.write_bytes(content)
            draft.replace(file)
        finally:
            draft.unlink(missing_ok=True)
    return content


def _fetch(origin: Origin, what: str, url: str, is_whole: Callable[[bytes], bool]) -> bytes:
    """Return what the server answers, asked again where the connection broke off."""
    from urllib.error import HTTPError, URLError

    _check_not_silent(origin, what)
    for wait in (*WAITS_SECONDS, None):
        try:
            content = _get(url, origin)
            if is_whole(content):
                return content
            fault = f"the answer is damaged or not {origin.owner}"
        except HTTPError as error:
            if error.code < 500 and error.code not in (408, 429):
                raise DatasetError(f"{what}: {origin.refusal(error, url)}") from error
            fault = f"HTTP {error.code} {error.reason}"
            error.close()
        except URLError as error:
            raise _unreachable(origin, what, url, error) from error
        except (OSError, EOFError, zlib.error, http.client.HTTPException) as error:
            fault = f"{type(error).__name__}: {error}"
        if wait is not None:
            time.sleep(wait)
    raise DatasetError(
        f"{what}: {url} could not be fetched in {len(WAITS_SECONDS) + 1} attempts ({fault}). "
        f"Try later, or {origin.mirror}."
    )


def _get(url: str, origin: Origin) -> bytes:
    from urllib.request import Request, urlopen

    if not url.startswith(("https://", "http://")):
        raise DatasetError(
            f"{url!r} is named as the place of {origin.owner} data; only http is followed."
        )
    headers = {"Accept-Encoding": "gzip", "User-Agent": f"crossover-bench/{bench.__version__}"}
    with urlopen(Request(url, headers=headers), timeout=TIMEOUT_SECONDS) as response:
        return body(response)


def body(response: Any) -> bytes:
    """Return what a server sent, unzipped where it was zipped on the way.

    Raises
    ------
    DatasetError
        It is more than 1 GiB.
    """
    said = response.headers.get("Content-Length")
    # Asked for a number of bytes, an answer that is cut short would be taken for whole.
    is_bounded = said is not None and int(said) <= MOST_BYTES
    content: bytes = response.read() if is_bounded else response.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise DatasetError(f"{response.url} sends more than {MOST_BYTES // 2**20:,} MiB.")
    is_zipped = response.headers.get("Content-Encoding") == "gzip"
    return gzip.decompress(content) if is_zipped else content


def _unreachable(origin: Origin, what: str, url: str, error: URLError) -> DatasetError:
    """Return what to say of a server that is out of reach, and remember it for a moment."""
    with contextlib.suppress(OSError):
        origin.silent.parent.mkdir(parents=True, exist_ok=True)
        origin.silent.touch()
    return DatasetError(
        f"{what}: {url} cannot be reached ({error.reason}). What was fetched before loads "
        f"without a network; connect once to fetch the rest, or {origin.mirror}."
    )


def _check_not_silent(origin: Origin, what: str) -> None:
    with contextlib.suppress(OSError):
        if abs(time.time() - origin.silent.stat().st_mtime) < SILENT_SECONDS:
            raise DatasetError(
                f"{what}: not asked for, as {origin.server} could not be reached a moment ago. "
                f"Connect, or {origin.mirror}, and run again."
            ) from ConnectionError(f"{origin.server} is out of reach")
