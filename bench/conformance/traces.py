"""What code leaves behind in its process and around it: recorded while it runs, and told after.

The code runs twice. The first time is not held against it: libraries that are imported then may
well set a variable or start a pool. What that changed is put back, and the second time is watched.
Processes and Python threads count from the first time on.
"""

from __future__ import annotations

import contextlib
import gc
import locale
import os
import signal
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.conformance.promise import Broken, Inapplicable, Kind, Promise, promise
from bench.execution import process

_PATIENCE_SECONDS = 1.0
"""For processes and threads that are on their way out when the code returns."""

_QUIET = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)
"""Warnings that Python itself does not show to users."""

_CACHES = (".cache", ".config", ".local", "__pycache__")
"""Folders of a home in which libraries keep what can be made again."""


@dataclass(frozen=True, kw_only=True)
class Traces:
    """What was left behind, in words; an empty tuple where nothing was."""

    processes: tuple[str, ...]
    threads: tuple[str, ...]
    files: tuple[str, ...]
    variables: tuple[str, ...]
    state: tuple[str, ...]
    warnings: tuple[str, ...]
    printed: str


@dataclass(frozen=True)
class Before:
    """How a process was before a plugin did anything in it."""

    processes: frozenset[int]
    threads: frozenset[threading.Thread]
    state: Mapping[str, Any]

    @classmethod
    def now(cls) -> Before:
        """Return how this process is."""
        children = process.children(os.getpid())
        return cls(frozenset(children), frozenset(threading.enumerate()), _state())


def watch(code: Callable[[], object], folder: Path, before: Before) -> Traces:
    """Run code twice and return what the second time left behind.

    Parameters
    ----------
    code
        What a plugin does, from nothing to nothing: what it returns is dropped.
    folder
        An empty folder, in which the working folder, the home and the temporary folder lie
        meanwhile.
    before
        How things were before the plugin did anything.
    """
    with _elsewhere(folder):
        code()
        gc.collect()
        _restore(before.state)
        with _elsewhere(folder):
            inside = _state()
            files = set(_files(folder))
            with warnings.catch_warnings(record=True) as warned, _captured(folder) as printed:
                warnings.simplefilter("always")
                filters = list(warnings.filters)
                code()
                changed_filters = list(warnings.filters) != filters
            gc.collect()
            after = _state()
            new_files = [file for file in _files(folder) if file not in files]
    state = [
        f"{name} changed from {inside[name]!r} to {after[name]!r}"
        for name in inside
        if name != "environment" and inside[name] != after[name]
    ]
    if changed_filters:
        state.append("the filters of warnings changed")
    _restore(before.state)
    return Traces(
        processes=tuple(_left(lambda: _new_processes(before.processes))),
        threads=tuple(_left(lambda: _new_threads(before.threads))),
        files=tuple(new_files),
        variables=tuple(_changed(inside["environment"], after["environment"])),
        state=tuple(state),
        warnings=tuple(
            dict.fromkeys(
                f"{one.category.__name__}: {one.message} ({one.filename}, line {one.lineno})"
                for one in warned
                if not issubclass(one.category, _QUIET)
                and one.category.__name__ != "ConvergenceWarning"
            )
        ),
        printed=printed(),
    )


def _state() -> dict[str, Any]:
    """Return what of a process belongs to all of it."""
    import numpy as np

    return {
        "environment": dict(os.environ),
        "the working folder": os.getcwd(),
        "NumPy's handling of errors": dict(np.geterr()),
        "NumPy's way of printing": {
            name: value for name, value in np.get_printoptions().items() if name != "override_repr"
        },
        "the locale": locale.setlocale(locale.LC_ALL),
        "the limit of recursion": sys.getrecursionlimit(),
        "the handlers of signals": {
            number.name: _handler(number)
            for number in signal.valid_signals()
            if isinstance(number, signal.Signals)
        },
    }


def _handler(number: signal.Signals) -> str:
    handler = signal.getsignal(number)
    if handler is None or isinstance(handler, int):
        return str(handler)
    return str(getattr(handler, "__qualname__", handler))


def _restore(state: Mapping[str, Any]) -> None:
    """Put back what code may have changed; handlers of signals stay as they are."""
    import numpy as np

    if dict(os.environ) != state["environment"]:
        os.environ.clear()
        os.environ.update(state["environment"])
    os.chdir(state["the working folder"])
    np.seterr(**state["NumPy's handling of errors"])
    np.set_printoptions(**state["NumPy's way of printing"])
    locale.setlocale(locale.LC_ALL, state["the locale"])
    sys.setrecursionlimit(state["the limit of recursion"])


@contextlib.contextmanager
def _elsewhere(folder: Path) -> Iterator[None]:
    """Have the working folder, the home and the temporary folder lie in `folder`."""
    from bench.registry.configuration import cache_folder

    os.environ["BENCH_CACHE"] = str(cache_folder())  # before the home moves
    names = {"HOME": "home", "TMPDIR": "tmp"}
    kept = {name: os.environ.get(name) for name in names}
    where = os.getcwd()
    for name, place in {**names, "": "work"}.items():
        (folder / place).mkdir(parents=True, exist_ok=True)
        if name:
            os.environ[name] = str(folder / place)
    os.chdir(folder / "work")
    tempfile.tempdir = None
    try:
        yield
    finally:
        for name, value in kept.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        with contextlib.suppress(OSError):
            os.chdir(where)
        tempfile.tempdir = None


def _files(folder: Path) -> Iterator[str]:
    """Yield the files in a folder, but for those in caches."""
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in _CACHES]
        yield from (str(Path(parent, name).relative_to(folder)) for name in sorted(names))


@contextlib.contextmanager
def _captured(folder: Path) -> Iterator[Callable[[], str]]:
    """Catch what is written to both outputs, by C libraries too; yield what returns it."""
    streams = {1: sys.stdout, 2: sys.stderr}
    text = ""
    with tempfile.TemporaryFile(dir=folder) as caught:
        kept = {}
        for number, stream in streams.items():
            stream.flush()
            kept[number] = os.dup(number)
            os.dup2(caught.fileno(), number)
        try:
            yield lambda: text
        finally:
            for number, stream in streams.items():
                with contextlib.suppress(OSError, ValueError):
                    stream.flush()
                os.dup2(kept[number], number)
                os.close(kept[number])
            caught.seek(0)
            text = caught.read(_FLOOD).decode(errors="replace")


def _left(found: Callable[[], list[str]]) -> list[str]:
    """Return what is still there after a moment's patience."""
    end = time.monotonic() + _PATIENCE_SECONDS
    while (left := found()) and time.monotonic() < end:
        time.sleep(0.02)
    return left


def _new_processes(before: frozenset[int]) -> list[str]:
    import psutil

    found = []
    for pid in process.children(os.getpid()):
        if pid in before:
            continue
        with contextlib.suppress(psutil.Error):
            one = psutil.Process(pid)
            if one.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(one.cmdline())[:80] or one.name())
    return found


def _new_threads(before: frozenset[threading.Thread]) -> list[str]:
    return [one.name for one in threading.enumerate() if one not in before]


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            yield f"{name} changed from {before.get(name)!r} to {after.get(name)!r}"


# --- the promises, the same for models and datasets ----------------------------------------------


def _found(what: str, things: tuple[str, ...]) -> None:
    if things:
        shown = "; ".join(things[:_SHOWN]) + (" ..." if things[_SHOWN:] else "")
        raise Broken(f"{what}: {shown}")


def leaves_no_process(case: Any) -> None:
    """No process that it started outlives it."""
    _found("these processes are left", case.traces.processes)


def leaves_no_thread(case: Any) -> None:
    """No Python thread that it started still runs."""
    _found("these threads are left", case.traces.threads)


def leaves_no_file(case: Any) -> None:
    """It writes no file to the working folder, the home or the temporary folder."""
    _found("these files are left", case.traces.files)


def leaves_variables_alone(case: Any) -> None:
    """It changes no environment variable."""
    _found("variables", case.traces.variables)


def leaves_the_process_alone(case: Any) -> None:
    """It changes nothing that the whole process shares: the working folder, NumPy's handling of
    errors, the locale, the handlers of signals, the filters of warnings.
    """
    _found("for the whole process", case.traces.state)


def warns_of_nothing(case: Any) -> None:
    """It raises no warning that Python would show, but for those of an optimisation that did not
    converge: they are about the data.
    """
    _found("it warns", case.traces.warnings)


def prints_little(case: Any) -> None:
    """It prints nothing; a few lines are a remark, a flood is a failure."""
    printed = case.traces.printed
    if len(printed) >= _FLOOD:
        raise Broken(f"it prints {len(printed):,} characters or more, beginning {printed[:80]!r}")
    if printed:
        raise Inapplicable(f"it prints, which is kept in the trial's log: {printed[:80]!r}")


_FLOOD = 2000
"""Characters."""

_SHOWN = 4

_SHARED: tuple[tuple[Callable[[Any], None], str, str], ...] = (
    (
        leaves_no_process,
        "What is left takes memory and time from every measurement that follows.",
        "Join or terminate workers before returning; close pools with a `with` block.",
    ),
    (
        leaves_no_thread,
        "A thread that runs on takes time from whatever is measured next, and keeps a process from "
        "being forked.",
        "Join threads before returning; shut executors down.",
    ),
    (
        leaves_no_file,
        "Thousands of trials fill a disk, and trials that share a file change one another's "
        "results.",
        "A model writes to `context.scratch`, which is removed after the trial; a loader keeps "
        "what it fetched in `bench.cache_folder()`.",
    ),
    (
        leaves_variables_alone,
        "Whatever runs next in the process is measured under settings that nobody asked for.",
        "Pass settings as arguments, or put the variable back in a `finally` block.",
    ),
    (
        leaves_the_process_alone,
        "Whatever runs next in the process, bench included, behaves differently from then on.",
        "Use a context manager (`np.errstate`, `contextlib.chdir`, `warnings.catch_warnings`), or "
        "put it back in a `finally` block.",
    ),
    (
        warns_of_nothing,
        "A warning says that something is not as it should be; where each trial raises it, nobody "
        "reads it any more.",
        "Mend what it warns of; catch it where it is known to be harmless.",
    ),
    (
        prints_little,
        "What trials print is kept with the results: a flood hides the line that matters.",
        "Print nothing, or set the library's `verbose` to 0.",
    ),
)


def promises(kind: Kind) -> tuple[Promise, ...]:
    """Return these promises as those of a kind of subject."""
    return tuple(
        promise(kind, why=why, mend=mend, once_for="task")(look) for look, why, mend in _SHARED
    )
