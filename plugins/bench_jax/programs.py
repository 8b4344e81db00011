"""Compiled programs: made at most once per process, and shared with other processes on disk.

JAX's own compilation cache saves the compiling but not the tracing, which is the larger part for
small networks, and a process killed while writing leaves it a broken entry for good. Here the
finished executable is kept, under a key that needs no tracing, in files that appear whole.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import os
import pickle
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import metadata
from pathlib import Path
from typing import Any

import jax
from jax import monitoring
from jax.experimental import serialize_executable
from jax.experimental.compilation_cache import compilation_cache

_log = logging.getLogger(__name__)
_shared: Path | None = None

# The events of JAX's own cache (jax/_src/compiler.py), so that one probe understands both.
HIT = "/jax/compilation_cache/cache_hits"
MISS = "/jax/compilation_cache/cache_misses"
SAVED = "/jax/compilation_cache/compile_time_saved_sec"
COMPILE = "/jax/core/compile/backend_compile_duration"


def share(folder: Path | None) -> None:
    """Keep programs compiled from now on in a folder, and look for them there; None: don't."""
    global _shared
    if folder == _shared:
        return
    _shared = folder
    if folder is not None and _setting("jax_enable_compilation_cache"):
        # An executable that came out of JAX's cache cannot be serialised a second time.
        jax.config.update("jax_enable_compilation_cache", False)  # type: ignore[no-untyped-call]
        compilation_cache.reset_cache()


def obtain(
    name: str,
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
    identity: str,
    *,
    donated: tuple[int, ...] = (),
    sharding: jax.sharding.Sharding | None = None,
) -> Callable[..., Any]:
    """Return a function compiled for arguments of given shapes, from the shared folder if it can.

    Parameters
    ----------
    name
        What the program does, for the file's name.
    function
        Pure; takes and returns tuples and arrays only.
    arguments
        Its arguments, as anything with a shape and a dtype.
    identity
        Everything that the function closes over, in words: two functions of one name and one
        identity are the same.
    donated
        Numbers of the arguments whose memory results may take.
    sharding
        How all arguments and results lie on several devices; None: on the one there is.
    """
    path = None
    if _shared is not None:
        digest = _digest(name, arguments, f"{identity} {donated}")
        path = _shared / f"{name}-{digest}.bin"
        program = _read(path, name)
        if program is not None:
            return program
    start = time.perf_counter()
    lies: dict[str, Any] = {}
    if sharding is not None:
        lies = {"in_shardings": sharding, "out_shardings": sharding}
    program = jax.jit(function, donate_argnums=donated, **lies).lower(*arguments).compile()
    if path is not None:
        monitoring.record_event(MISS)
        _write(path, program, time.perf_counter() - start)
    return program


@contextmanager
def expect(at_most: int) -> Iterator[None]:
    """Fail where more is compiled than was promised.

    Parameters
    ----------
    at_most
        Programs, small ones of single operations included; those found on disk don't count.

    Raises
    ------
    AssertionError
        More were compiled; the message names them.
    """
    names: list[str] = []
    found: list[str] = []

    def note(event: str, duration_secs: float, **facts: Any) -> None:
        if event == COMPILE:
            names.append(str(facts.get("fun_name", "unnamed")))

    def forgive(event: str, **_: Any) -> None:
        if event == HIT:
            found.append(event)

    monitoring.register_event_duration_secs_listener(note)
    monitoring.register_event_listener(forgive)
    try:
        yield
    finally:
        monitoring.unregister_event_duration_listener(note)
        monitoring.unregister_event_listener(forgive)
    n = len(names) - len(found)
    if n > at_most:
        raise AssertionError(
            f"{n} programs were compiled, but at most {at_most} promised: {', '.join(names)}."
        )


def _digest(name: str, arguments: tuple[Any, ...], identity: str) -> str:
    leaves, tree = jax.tree.flatten(arguments)
    facts = [
        name,
        identity,
        str(tree),
        *(f"{leaf.dtype}{leaf.shape}" for leaf in leaves),
        jax.default_backend(),
        f"{len(jax.devices())} x {jax.devices()[0].device_kind}",
        str(_setting("jax_enable_x64")),
        str(_setting("jax_default_matmul_precision")),
        os.environ.get("XLA_FLAGS", ""),
        _sources(),
    ]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:32]


def _setting(name: str) -> Any:
    return getattr(jax.config, name)


@functools.cache
def _sources() -> str:
    """Return a hash of the code that programs are made from: ours, and the libraries' versions."""
    digest = hashlib.sha256()
    for distribution in ("jax", "jaxlib", "flax", "optax"):
        digest.update(f"{distribution}={metadata.version(distribution)}\n".encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _read(path: Path, name: str) -> Callable[..., Any] | None:
    """Return the program in a file, or None where there is none or it cannot be used."""
    begin = time.time()
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        _log.warning("%s cannot be read, so the program is compiled anew: %r", path, error)
        return None
    try:
        checksum, body = content[:32], content[32:]
        if hashlib.sha256(body).digest() != checksum:
            raise ValueError("its checksum is wrong")
        seconds, serialized, in_tree, out_tree = pickle.loads(body)
        program: Callable[..., Any] = serialize_executable.deserialize_and_load(
            serialized, in_tree, out_tree, execution_devices=jax.devices()
        )
    except Exception as error:  # whatever is wrong with it, compiling anew puts it right
        _log.warning("%s cannot be used, so the program is compiled anew: %r", path, error)
        return None
    end = time.time()
    monitoring.record_event(HIT)
    monitoring.record_event_duration_secs(SAVED, seconds - (end - begin))
    monitoring.record_event_duration_secs(COMPILE, end - begin, fun_name=name)
    return program


def _write(path: Path, compiled: jax.stages.Compiled, seconds: float) -> None:
    """Put a program into a file that appears whole or not at all; a full disk is no error."""
    with suppress(Exception):
        body = pickle.dumps((seconds, *serialize_executable.serialize(compiled)))
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(hashlib.sha256(body).digest() + body)
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
