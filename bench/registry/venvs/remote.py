"""Estimators of another environment as a trial sees them: objects that live in its worker.

The trial's process loads, splits and scores; a worker (`worker.py`), in the plugin's environment,
makes the estimator, fits it and answers for it. Here is the trial's side: `Remote` stands for an
object there, and whatever is asked of it is asked there.

What the worker needs for its own work is measured there; all that is spent on sending, waiting and
receiving is counted as transport, which `clock` leaves out.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from time import perf_counter, process_time
from typing import Any, NoReturn

from bench.registry.venvs import codec
from bench.spec import ModelContext, errors
from bench.spec.errors import BenchError

LOST = 86
"""Exit code of a trial's process whose worker has ended: how it did so is what counts."""

RINGS_AGAIN_SECONDS = 1.0
"""After which a call that has swallowed the end of its time is interrupted again."""


READING = ("predict", "predict_proba", "decision_function", "score_samples", "transform")
"""Methods that do not change an estimator, by scikit-learn's convention: what is known of it holds
until another one is called."""


class WorkerLostError(BaseException):
    """The worker has ended; whoever started it knows how. No `Exception`, for nothing can go on."""


class RemoteError(Exception):
    """What was raised in a worker; each is of a class named as the original's class.

    The original traceback is a note of the exception.
    """


class Connection:
    """A worker, as the trial's process speaks with it.

    Parameters
    ----------
    channel
        The socket that leads to it.
    is_awaited
        Whether what its environment imports before it is there is no time of this process's call.
    """

    def __init__(self, channel: socket.socket, *, is_awaited: bool = False) -> None:
        self.is_awaited = is_awaited
        self.transport_seconds = 0.0
        """Spent so far on what is not the worker's own work."""
        self.cpu_seconds = 0.0
        """Used by the worker's own work, less what this process used for the transport."""
        self.switches = 0
        """Involuntary ones in the worker."""
        self.bytes_sent = 0
        self._channel = channel
        self._pid = 0
        self._seed: int | None = None
        self._dropped: list[int] = []
        self._remotes: weakref.WeakValueDictionary[int, Remote] = weakref.WeakValueDictionary()
        self._delivered: Callable[[], None] | None = None

    @property
    def pid(self) -> int:
        """The number of the worker's process; 0 until it has answered."""
        return self._pid

    def seed(self, seed: int) -> None:
        """Have its global generators seeded before it does anything more."""
        self._seed = seed

    def when_delivered(self, tell: Callable[[], None] | None) -> None:
        """Have `tell` called once: when the arguments of the next call have arrived there.

        What they take in memory is not what the call itself takes.
        """
        self._delivered = tell

    def prepare(self, factory: str) -> None:
        """Have it import what a factory needs."""
        self._ask("import", reference=factory)

    def make(self, factory: str, context: ModelContext, params: Mapping[str, Any]) -> Any:
        """Return an estimator that it has made."""
        return self._ask(
            "make", factory=factory, context=_plain_context(context), params=dict(params)
        )

    def bind(
        self, factory: str, context: ModelContext, params: Mapping[str, Any]
    ) -> tuple[str | None, list[str]]:
        """Return what a factory says against parameters, None: nothing, and which it takes."""
        fault, taken = self._ask(
            "bind", factory=factory, context=_plain_context(context), params=dict(params)
        )
        return fault, taken

    def get(self, of: Remote, name: str) -> Any:
        """Return an attribute of an object there.

        Raises
        ------
        AttributeError
            It has none of this name, or none now.
        """
        return self._ask("get", of=of, name=name)

    def call(self, of: Remote, name: str, given: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Call a method of an object there."""
        arguments: dict[str, Any] = {"given": list(given), "named": named}
        if self._delivered is not None:
            tell, self._delivered = self._delivered, None
            arguments = {key: self._ask("hold", value=value) for key, value in arguments.items()}
            tell()
        return self._ask("call", of=of, name=name, **arguments)

    def _ask(self, action: str, **arguments: Any) -> Any:
        start, cpu = perf_counter(), process_time()
        header: dict[str, Any] = {}
        try:
            buffers: list[Any] = []
            forms = {
                name: codec.encode(value, buffers, self._refer) for name, value in arguments.items()
            }
            dropped, self._dropped = self._dropped, []
            seed, self._seed = self._seed, None
            request = {"action": action, "arguments": forms, "drop": dropped, "seed": seed}
            header, answers = self._exchange(request, buffers)
            if "error" in header:
                _raise(header["error"], is_get=action == "get")
            form = header["form"]
            if form[0] == "method":
                return _Method(arguments["of"], arguments["name"])
            return codec.decode(form, answers, self._look_up)
        finally:
            worked = header.get("seconds", 0.0)
            self.transport_seconds += max(0.0, perf_counter() - start - worked)
            self.cpu_seconds += header.get("cpu_seconds", 0.0) - (process_time() - cpu)
            self.switches += header.get("switches", 0)

    def _exchange(
        self, request: Mapping[str, Any], buffers: list[Any]
    ) -> tuple[dict[str, Any], list[Any]]:
        """Send a request and wait for its answer.

        A signal may interrupt the waiting alone, never the sending or receiving, after which the
        two sides would no longer understand each other.
        """
        with _uninterrupted():
            try:
                codec.send(self._channel, request, buffers)
                try:
                    _wait(self._channel)
                except BaseException:
                    self._interrupt()
                    raise
                header, answers = codec.receive(self._channel)
            except codec.ClosedError:
                raise WorkerLostError from None
        self._pid = header["pid"]
        return header, answers

    def _interrupt(self) -> None:
        """End the call in progress, and take the answer that nobody waits for any more."""
        waiting = select.poll()
        waiting.register(self._channel, select.POLLIN)
        while True:
            if self._pid:
                with contextlib.suppress(OSError):
                    os.kill(self._pid, codec.INTERRUPT)
            if waiting.poll(1000 * RINGS_AGAIN_SECONDS):
                codec.receive(self._channel)
                return

    def _refer(self, value: Any) -> codec.Form | None:
        if isinstance(value, Remote):
            return ["object", _of(value, "number")]
        return None

    def _look_up(self, form: codec.Form) -> Remote:
        _, number, type_name = form
        remote = self._remotes.get(number)
        if remote is None:
            remote = self._remotes[number] = Remote(self, number, type_name)
            # Sent with the next request: a message of its own would arrive at any time.
            weakref.finalize(remote, self._dropped_later, number)
        return remote

    def _dropped_later(self, number: int) -> None:
        self._dropped.append(number)


class Remote:
    """An object in a worker: an estimator, or a part of one.

    Public attributes and methods are those that it has there; what they return is a value of this
    process where it can cross, and another `Remote` where it cannot.
    """

    _is_reference = True

    def __init__(self, connection: Connection, number: int, type_name: str) -> None:
        self.__dict__["_bench_connection"] = connection
        self.__dict__["_bench_number"] = number
        self.__dict__["_bench_type_name"] = type_name
        self.__dict__["_bench_known"] = {}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # what Python and NumPy look for is not asked for there
            raise AttributeError(name)
        known = _of(self, "known")
        if name not in known:
            try:
                known[name] = _of(self, "connection").get(self, name)
            except AttributeError as error:
                known[name] = error
        found = known[name]
        if isinstance(found, AttributeError):
            raise AttributeError(*found.args)
        return found

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(f"{name} cannot be set: the object is in another process")

    def __repr__(self) -> str:
        return f"<{_of(self, 'type_name')} in another environment>"


class _Method:
    """A method of an object in a worker."""

    def __init__(self, of: Remote, name: str) -> None:
        self._of = of
        self._name = name

    def __call__(self, *given: Any, **named: Any) -> Any:
        if self._name not in READING:
            _of(self._of, "known").clear()
        return _of(self._of, "connection").call(self._of, self._name, given, named)

    def __repr__(self) -> str:
        return f"<method {self._name} of {self._of!r}>"


def _of(remote: Remote, name: str) -> Any:
    return remote.__dict__[f"_bench_{name}"]


# --- the worker of this process ------------------------------------------------------------------

_attached: Connection | None = None


def attach(channel: socket.socket, *, is_awaited: bool = False) -> None:
    """Make the worker at the other end of a socket that of this process."""
    global _attached
    _attached = Connection(channel, is_awaited=is_awaited)


def attached() -> Connection | None:
    """Return the worker of this process, if there is one: a trial's process has at most one."""
    return _attached


def clock() -> float:
    """Return seconds, as `perf_counter` does, that do not pass during transport to a worker."""
    return perf_counter() - (_attached.transport_seconds if _attached else 0.0)


# --- what crosses --------------------------------------------------------------------------------


def _plain_context(context: ModelContext) -> dict[str, Any]:
    values = {field.name: getattr(context, field.name) for field in fields(context)}
    target = context.target
    return values | {
        "columns": [[column.name, column.kind] for column in context.columns],
        "target": target and [target.kind, target.n_outputs, _labels(target.classes)],
        "scratch": context.scratch and str(context.scratch),
        "extra": {name: value for name, value in context.extra.items() if _can_cross(value)},
    }


def _can_cross(value: Any) -> bool:
    try:
        codec.encode(value, [])
    except codec.NotTransferableError:
        return False
    return True


def _labels(classes: tuple[Any, ...]) -> list[Any]:
    plain = [label.item() if hasattr(label, "item") else label for label in classes]
    return [label if codec.is_plain(label) else str(label) for label in plain]


_CLASSES: dict[str, type[Exception]] = {
    **{
        f"bench.spec.errors.{name}": getattr(errors, name)
        for name in ("Skip", "ParameterError", "PluginError", "DatasetError", "BenchError")
    },
    "builtins.MemoryError": MemoryError,
    "builtins.TypeError": TypeError,
    "builtins.ValueError": ValueError,
}
"""What is told apart by those who catch exceptions of an estimator."""


def _raise(error: Mapping[str, Any], *, is_get: bool) -> NoReturn:
    """Raise here what was raised there."""
    kinds: list[str] = error["kinds"]
    if is_get and "builtins.AttributeError" in kinds:
        raise AttributeError(error["message"])
    known = next((_CLASSES[kind] for kind in kinds if kind in _CLASSES), None)
    if known is errors.Skip:
        raise errors.Skip(error["message"], limit=error.get("limit"))
    if known is not None and issubclass(known, BenchError):
        raise known(error["message"])
    bases = (RemoteError,) if known is None else (RemoteError, known)
    module = kinds[0].rpartition(".")[0]
    raised = type(error["type"], bases, {"__module__": module})(error["message"])
    raised.add_note(f"In the plugin's own environment:\n{error['traceback']}")
    raise raised


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Keep the alarm of `bench.trial.deadline` away but where `_wait` lets it in."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _wait(channel: socket.socket) -> None:
    """Wait until something has arrived; an alarm may go off meanwhile."""
    waiting = select.poll()
    waiting.register(channel, select.POLLIN)
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGALRM])
        waiting.poll()
    finally:
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
