"""What runs calls: an engine with its slots, the calls that it takes and the reports it gives."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What the calls of a session need, told to an engine before the first of them.

    `cores` is of each call. Those on another kind of device than the CPU each have one `device` of
    a slot, which `calls_per_device` of them may share. Modules in `preload` are imported once.
    """

    cores: int = 1
    device: str = "cpu"
    calls_per_device: int = 1
    preload: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Slot:
    """Where one call at a time is made.

    `node` is the machine; slots of one node share its environment and its noise. `devices` are such
    as ``"gpu:0"``: a kind, and what its driver knows it by, if that is known.
    """

    node: str
    cores: tuple[int, ...]
    devices: tuple[str, ...] = ()

    def has(self, device: str) -> bool:
        """Whether calls on a kind of device can be made here."""
        return device == "cpu" or any(own.partition(":")[0] == device for own in self.devices)


@dataclass(frozen=True, kw_only=True)
class Call:
    """A function to be called in a process of its own, and what that process may use.

    `model` is the one that it makes estimators of, if any: where that has an environment of its
    own, a worker there is part of the call.
    """

    id: str
    function: str
    argument: Mapping[str, Any]
    limit_seconds: float
    limit_bytes: int
    model: str = ""
    device: str = "cpu"

    def to_bytes(self) -> bytes:
        """Return it as bytes, for an engine that is elsewhere."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Call:
        """Read what `to_bytes` wrote."""
        return cls(**json.loads(data))


@dataclass(frozen=True, kw_only=True)
class Report:
    """How a call ended.

    `answer` is None where the function did not return; `lost` where nothing is known of the call,
    because the keeper itself was killed or the slot has gone. `steal_seconds` is what others had of
    the node's time since it started, as of then.
    """

    slot: int
    id: str
    answer: bytes | None = None
    lost: bool = False
    exit_code: int = 0
    killed_for: str = ""
    kernel_out_of_memory: bool = False
    phase: str = ""
    peak_anon_bytes: int = 0
    peak_resident_bytes: int = 0
    output: str = ""
    seconds: float = 0.0
    steal_seconds: float = 0.0

    def to_bytes(self) -> bytes:
        """Return it as bytes, for a driver that is elsewhere: a line of JSON, then the answer."""
        header = asdict(replace(self, answer=None)) | {"answered": self.answer is not None}
        return json.dumps(header).encode() + b"\n" + (self.answer or b"")

    @classmethod
    def from_bytes(cls, data: bytes) -> Report:
        """Read what `to_bytes` wrote."""
        line, _, answer = data.partition(b"\n")
        header = json.loads(line)
        answered = header.pop("answered")
        return replace(cls(**header), answer=answer if answered else None)


class Engine(Protocol):
    """What runs calls: `bench.execution.local.LocalEngine`, or the same elsewhere.

    Slots may come and go. Each has a number that no other one gets; when it goes while a call is in
    progress there, the report of that call says that it is lost.
    """

    def prepare(self, needs: Needs) -> None:
        """Be told what calls will need; from here on there are slots, but nothing is started.

        Raises
        ------
        SuiteError
            It cannot be had. What is prepared stays as it is where the same is asked again.
        """

    def start(self) -> None:
        """Begin whatever takes time, as far as it is known what is needed; it may be repeated."""

    @property
    def slots(self) -> Mapping[int, Slot]:
        """The slots that there are now, by number."""

    @property
    def idle(self) -> Sequence[int]:
        """Slots in which nothing is in progress."""

    def submit(self, slot: int, call: Call) -> None:
        """Begin a call in an idle slot."""

    def wait(self, timeout: float | None = None) -> list[Report]:
        """Return the calls that have ended, waiting for one at most so many seconds."""

    def close(self) -> None:
        """End every process that was started; calls in progress are given up."""
