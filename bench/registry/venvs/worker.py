"""The program in which estimators of another environment are made, fitted and asked.

It is run by its path, by the interpreter of that environment, and imports nothing of bench but what
the plugin itself imports there, whose version may be another one.

``serve`` imports what it is asked to, keeps to one thread, and forks a worker for each trial.
``work`` is such a worker as a program of its own, for where forking is not possible. A worker
answers one trial's requests, one after the other, and ends when that trial's process does. It gets
what `fit` gets, and then what the estimator is asked about: no label of a test row is ever there.
"""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import faulthandler
import gc
import importlib
import importlib.util
import inspect
import json
import os
import random
import resource
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

KEPT = 32 * 1024
_ALWAYS = ("numpy", "pyarrow", "pandas", "bench")
_REPARENTED_SECONDS = 10.0
_PR_SET_PDEATHSIG = 1


class OutOfTimeError(BaseException):
    """The time of a call is over; no `Exception`, for learners catch those of their parts."""


def _load_codec() -> Any:
    """Import the file beside this one, whatever else is called so in this environment."""
    place = Path(__file__).with_name("codec.py")
    spec = importlib.util.spec_from_file_location("_bench_codec", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# --- the server ----------------------------------------------------------------------------------


def serve() -> None:
    """Fork a worker for each request that comes on standard input; never return."""
    gc.disable()  # for good, here: what is forked shares more memory
    keeper = os.getppid()
    _die_with(keeper)
    codec = _load_codec()
    for number in (signal.SIGINT, signal.SIGTERM, codec.INTERRUPT):
        signal.signal(number, signal.SIG_IGN)
    with socket.socket(fileno=os.dup(0)) as control:
        imported: set[str] = set()
        while True:
            start, descriptors = _receive_start(codec, control)
            new = [name for name in (*_ALWAYS, *start["modules"]) if name not in imported]
            for name in new:
                # What does not import is the trial's error, with its own row.
                with contextlib.suppress(BaseException):
                    importlib.import_module(name)
            if new:
                imported.update(new)
                gc.collect()
                gc.freeze()
            answer = {"pid": 0}
            if _n_os_threads() == 1:
                answer["pid"] = _fork(codec, start, descriptors, control)
            for descriptor in descriptors:
                os.close(descriptor)
            codec.send(control, answer, [])


def _receive_start(codec: Any, control: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Return a request and the descriptors that came with it; exit when nobody is left to ask."""
    data, descriptors, _, _ = socket.recv_fds(control, 1, 2)
    if not data:
        os._exit(0)
    try:
        start, _ = codec.receive(control)
    except codec.ClosedError:
        os._exit(0)
    return start, descriptors


def _fork(
    codec: Any, start: Mapping[str, Any], descriptors: list[int], control: socket.socket
) -> int:
    """Fork a worker and return its number; the keeper, not this process, becomes its parent.

    The process in between ends at once, and the keeper adopts what its descendants leave behind.
    So it sees how the worker ends, and the worker ends with it.
    """
    told, tell = os.pipe()
    middle = os.fork()
    if middle == 0:
        worker = os.fork()
        if worker == 0:
            for descriptor in (told, tell):
                os.close(descriptor)
            control.close()
            be(codec, start, *descriptors)
        os.write(tell, b"%d" % worker)
        os._exit(0)
    os.close(tell)
    number = int(os.read(told, 32))
    os.close(told)
    os.waitpid(middle, 0)
    return number


def _n_os_threads() -> int:
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return 0


def _die_with(parent: int) -> None:
    """Have this process killed when its parent ends; exit at once if it already has."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


# --- a worker ------------------------------------------------------------------------------------


def be(codec: Any, start: Mapping[str, Any], connection: int, output: int) -> None:
    """Become a worker; this never returns.

    Parameters
    ----------
    codec
        The module by which requests are read.
    start
        ``parent``, ``cores``, ``environment`` and ``scratch``, as in `bench.execution.child`.
    connection, output
        Descriptors: of the socket on which requests come, and where all that is printed goes.
    """
    code = 1
    try:
        _settle(start, output)
        with socket.socket(fileno=connection) as trial:
            _Worker(codec, trial).answer_all()
        code = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        _flush()
        os._exit(code)


def _settle(start: Mapping[str, Any], output: int) -> None:
    os.setsid()
    deadline = time.monotonic() + _REPARENTED_SECONDS
    while os.getppid() != start["parent"] and time.monotonic() < deadline:
        time.sleep(1e-4)
    _die_with(start["parent"])
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    faulthandler.enable(file=2)
    os.chdir(start["scratch"])
    os.environ.update(start["environment"])
    cores = start["cores"]
    if cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)
    n_threads = max(1, len(cores))
    os.environ["OPENBLAS_NUM_THREADS"] = str(n_threads)  # for what is loaded from now on
    if n_threads > 1:
        with contextlib.suppress(ImportError):
            from threadpoolctl import threadpool_limits

            threadpool_limits(n_threads)
    gc.enable()


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()


class _Worker:
    """The objects of one trial, and the requests that make, call and read them."""

    def __init__(self, codec: Any, trial: socket.socket) -> None:
        self.codec = codec
        self.trial = trial
        self.objects: dict[int, Any] = {}
        self.numbers: dict[int, int] = {}
        self.n_made = 0
        self.is_acting = False
        self.actions: dict[str, Callable[..., Any]] = {
            "import": self.import_,
            "make": self.make,
            "bind": self.bind,
            "hold": lambda value: value,
            "get": self.get,
            "call": self.call,
        }
        signal.signal(codec.INTERRUPT, self.ring)

    def ring(self, number: int, frame: FrameType | None) -> None:
        """End the action in progress, if there is one."""
        if self.is_acting:
            raise OutOfTimeError

    def answer_all(self) -> None:
        """Answer requests until the trial's process has ended."""
        while True:
            try:
                request, buffers = self.codec.receive(self.trial)
                header, answers = self.answer(request, buffers)
                _flush()
                self.codec.send(self.trial, {**header, "pid": os.getpid()}, answers)
            except self.codec.ClosedError:
                return

    def answer(
        self, request: dict[str, Any], buffers: list[Any]
    ) -> tuple[dict[str, Any], list[Any]]:
        """Return the answer to a request: a value or an error, and what the action itself took."""
        for number in request.pop("drop"):
            self.numbers.pop(id(self.objects.pop(number, None)), None)
        if (seed := request.pop("seed")) is not None:
            seed_all(seed)
        answers: list[Any] = []
        header: dict[str, Any] = {}
        measured = _Measured()
        try:
            arguments = {
                name: self.codec.decode(form, buffers, self.look_up)
                for name, form in request["arguments"].items()
            }
            action = self.actions[request["action"]]
            try:
                measured = _Measured()
                self.is_acting = True
                value = action(**arguments)
            finally:
                self.is_acting = False
                header |= measured.so_far()
            del arguments
            if request["action"] == "hold":
                header["form"] = self.refer(value)
            elif request["action"] == "get" and _is_method(value):
                header["form"] = ["method"]
            else:
                header["form"] = self.codec.encode(value, answers, self.refer)
        except BaseException as error:
            answers.clear()
            header = {**measured.so_far(), **header, "error": _error(error)}
        return header, answers

    def refer(self, value: Any) -> list[Any]:
        """Return a reference to an object that stays here."""
        number = self.numbers.get(id(value))
        if number is None:
            number = self.n_made = self.n_made + 1
            self.objects[number] = value
            self.numbers[id(value)] = number
        return ["object", number, type(value).__name__]

    def look_up(self, form: list[Any]) -> Any:
        """Return the object that a reference is to."""
        return self.objects[form[1]]

    def import_(self, reference: str) -> None:
        """Import what a factory needs."""
        _resolve(reference)

    def make(self, factory: str, context: Mapping[str, Any], params: Mapping[str, Any]) -> Any:
        """Return an estimator."""
        return _resolve(factory)(_context(context), **params)

    def bind(
        self, factory: str, context: Mapping[str, Any], params: Mapping[str, Any]
    ) -> list[Any]:
        """Return what a factory says against parameters, or None, and those that it takes."""
        signature = inspect.signature(_resolve(factory))
        known = list(signature.parameters.items())[1:]
        try:
            signature.bind(context, **params)
        except TypeError as error:
            return [str(error), [name for name, p in known if p.kind != p.VAR_KEYWORD]]
        return [None, []]

    def get(self, of: Any, name: str) -> Any:
        """Return an attribute."""
        return getattr(of, name)

    def call(self, of: Any, name: str, given: list[Any], named: dict[str, Any]) -> Any:
        """Call a method."""
        return getattr(of, name)(*given, **named)


def _is_method(value: Any) -> bool:
    """Whether what an attribute holds is there to be called, and is no estimator or model."""
    return callable(value) and not isinstance(value, type) and not hasattr(value, "fit")


class _Measured:
    """What has been used since it was made: time, CPU time and turns that others took."""

    def __init__(self) -> None:
        self.switches = resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw
        self.cpu = _cpu_seconds()
        self.start = time.perf_counter()

    def so_far(self) -> dict[str, float]:
        return {
            "seconds": time.perf_counter() - self.start,
            "cpu_seconds": _cpu_seconds() - self.cpu,
            "switches": resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw - self.switches,
        }


def _cpu_seconds() -> float:
    times = os.times()
    return time.process_time() + times.children_user + times.children_system


def seed_all(seed: int) -> None:
    """Seed the global generators, as `bench.trial.fitting` does in a trial's own process."""
    import numpy as np

    random.seed(seed)
    np.random.seed(seed)


def _resolve(reference: str) -> Any:
    module, _, path = reference.partition(":")
    found: Any = importlib.import_module(module)
    for attribute in path.split("."):
        found = getattr(found, attribute)
    return found


def _context(values: Mapping[str, Any]) -> Any:
    """Return the `ModelContext` of this environment's bench, with the fields that it knows."""
    bench = importlib.import_module("bench")  # this environment's, not the one beside this file
    target, scratch = values["target"], values["scratch"]
    made = {
        **values,
        "columns": tuple(bench.Column(*column) for column in values["columns"]),
        "target": target and bench.Target(target[0], target[1], tuple(target[2])),
        "scratch": scratch and Path(scratch),
        # Fields of their own, where bench is of HOOK_API 1.
        **{name: values["extra"].get(name) for name in ("horizon", "season", "sampling_rate")},
    }
    known = {field.name for field in dataclasses.fields(bench.ModelContext)}
    return bench.ModelContext(**{name: value for name, value in made.items() if name in known})


def _error(error: BaseException) -> dict[str, Any]:
    """Return an exception as text: what it is, what it says, and where it was raised."""
    try:
        message = str(error)
    except Exception:
        message = "(its message cannot be shown)"
    trace = traceback.TracebackException.from_exception(error)
    trace.stack = traceback.StackSummary.from_list(
        [frame for frame in trace.stack if frame.filename != __file__]
    )
    return {
        "type": type(error).__name__,
        "kinds": [f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__],
        "message": _shortened(message),
        "limit": limit if isinstance(limit := getattr(error, "limit", None), str) else None,
        "traceback": _shortened("".join(trace.format())),
    }


def _shortened(text: str) -> str:
    if len(text) <= 2 * KEPT:
        return text
    left_out = len(text) - 2 * KEPT
    return f"{text[:KEPT]}\n[... {left_out:,} characters left out ...]\n{text[-KEPT:]}"


def main() -> None:
    """Run as a program."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [path for path in sys.path if os.path.abspath(path) != here]
    if sys.argv[1] == "serve":
        serve()
    start = json.loads(sys.argv[2])
    be(_load_codec(), start, start["connection"], start["output"])


if __name__ == "__main__":
    main()
