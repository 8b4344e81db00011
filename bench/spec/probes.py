"""What measures around the phases of a trial."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from bench.spec.errors import RecordError
from bench.spec.fields import check_name, check_reference, check_strings
from bench.spec.records import record

CORE_PROBES = (
    "calibration",
    "clock",
    "cpu",
    "latency",
    "memory",
    "noise",
    "sentinel",
    "split",
    "switches",
    "transport",
    "tuning",
)
"""Under these names the core's own measures stand: what it measures itself is read by them."""


@record()
@dataclass(frozen=True, kw_only=True)
class ProbeSpec:
    """A named recipe that makes a `Probe`, something that measures around a phase of a trial.

    Parameters
    ----------
    name
        Unique over all plugins; lower case, digits, hyphens; none of the core's own.
    factory
        ``"package.module:function"``, called without arguments in the trial's process.
    modules
        Built only where one of these modules is imported or preloaded; empty: always.
    summary
        One sentence, shown by ``bench list plugins``.

    Raises
    ------
    RecordError
        A field is not of the form above.
    """

    name: str
    factory: str
    modules: tuple[str, ...] = ()
    summary: str = ""

    def __post_init__(self) -> None:
        check_name(self, self.name)
        if self.name in CORE_PROBES:
            raise RecordError(
                f"ProbeSpec {self.name!r}: the core measures under this name itself; take another "
                f"one than {', '.join(CORE_PROBES)}."
            )
        check_reference(self, "factory", self.factory)
        check_strings(self, "modules", self.modules)


@runtime_checkable
class Probe(Protocol):
    """Measures around the phases of a trial.

    Phases are ``load``, ``split``, ``init``, ``warm-up``, ``fit``, ``predict`` and ``score``.
    """

    def start(self, phase: str) -> None:
        """Begin to measure, just before the phase."""

    def stop(self, phase: str) -> Mapping[str, tuple[float, str]]:
        """Return ``{name: (value, unit)}`` just after the phase."""
