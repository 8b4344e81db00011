"""What runs calls: an engine, the calls that it is given and the reports that it gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


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


@dataclass(frozen=True, kw_only=True)
class Report:
    """How a call ended.

    `answer` is None where the function did not return; `lost` where nothing is known of the call,
    because the keeper itself was killed.
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


class Engine(Protocol):
    """What runs calls: `bench.execution.local.LocalEngine`, or the same elsewhere."""

    @property
    def n_slots(self) -> int:
        """How many calls can be in progress at once."""

    @property
    def idle(self) -> list[int]:
        """Slots in which nothing is in progress."""

    def submit(self, slot: int, call: Call) -> None:
        """Begin a call in an idle slot."""

    def wait(self, timeout: float | None = None) -> list[Report]:
        """Return the calls that have ended."""
