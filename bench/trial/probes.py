"""What is measured around every phase of a trial: wall clock, CPU time, switches, and plugins'."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter, process_time
from typing import Literal

from bench.registry.lookup import resolve
from bench.registry.venvs.remote import attached, clock
from bench.spec import Phase, Probe, ProbeSpec
from bench.spec.outcome import Measure


def anon_bytes(pid: int | str = "self") -> int:
    """Return the anonymous and shared memory of a process, or 0 where the system does not tell."""
    try:
        with open(f"/proc/{pid}/status", "rb") as file:
            text = file.read()
    except OSError:
        return 0
    total = 0
    for key in (b"RssAnon:", b"RssShmem:"):
        start = text.find(key)
        if start >= 0:
            total += int(text[start + len(key) :].split(None, 1)[0]) * 1024
    return total


def cpu_seconds() -> float:
    """Return the CPU time of this process, of its children that have ended, and of its worker."""
    times = os.times()
    ours = process_time() + times.children_user + times.children_system
    return ours + (worker.cpu_seconds if (worker := attached()) else 0.0)


def _trial_bytes() -> int:
    """Return the anonymous and shared memory of this process and of its worker."""
    worker = attached()
    return anon_bytes() + (anon_bytes(worker.pid) if worker and worker.pid else 0)


def _switches() -> int:
    """Return the involuntary switches of this process and of its worker."""
    ours = resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw
    return ours + (worker.switches if (worker := attached()) else 0)


class Recorder:
    """Runs the phases of a trial with probes around each, and keeps what they say.

    Parameters
    ----------
    announce
        Called with the name of each phase and the memory in use, just before it starts: whoever
        watches from outside knows by it where a trial was when it died.
    """

    def __init__(self, announce: Callable[[str, int], None]) -> None:
        self.measures: list[Measure] = []
        self.notes: list[str] = []
        self._probes: dict[str, Probe] = {}
        self._announce = announce
        self._before_fit = 0

    def use(self, probes: Mapping[str, Probe]) -> None:
        """Add plugins' probes."""
        self._probes.update(probes)

    @contextmanager
    def phase(self, name: Phase) -> Iterator[None]:
        """Measure a phase; what the probes say is kept also when it fails."""
        for probe_name in list(self._probes):
            self._ask(probe_name, "start", name)
        worker = attached()
        self._announce_use(name)
        if worker and name == "fit":
            # What the training rows take there is not what the fit takes.
            worker.when_delivered(lambda: self._announce_use(name))
        moved = worker.transport_seconds if worker else 0.0
        switches = _switches()
        cpu = cpu_seconds()
        start = clock()
        try:
            yield
        finally:
            seconds = clock() - start
            cpu = cpu_seconds() - cpu
            switches = _switches() - switches
            self.note(name, "clock", "seconds", seconds, "s")
            self.note(name, "cpu", "seconds", cpu, "s")
            self.note(name, "switches", "involuntary", switches, "")
            if worker:
                worker.when_delivered(None)
                moved = worker.transport_seconds - moved
                self.note(name, "transport", "seconds", moved, "s")
            if name == "fit":
                grown = max(0, _trial_bytes() - self._before_fit)
                self.note(name, "memory", "anon_bytes_after", grown, "B")
            for probe_name in list(self._probes):
                self._ask(probe_name, "stop", name)

    def _announce_use(self, name: Phase) -> None:
        """Say which phase begins, and what memory was in use before a fit."""
        self._before_fit = _trial_bytes() if name == "fit" else 0
        self._announce(name, self._before_fit)

    def note(self, phase: str, probe: str, name: str, value: float, unit: str = "") -> None:
        """Keep one measured value."""
        self.measures.append(Measure(phase, probe, name, float(value), unit))

    def value(self, name: str, *, probe: str | None = None, phase: str | None = None) -> float:
        """Return the sum of what was measured under a name; 0 where nothing was."""
        return sum(m.value for m in self._matching(name, probe, phase))

    def measured(self, name: str, *, probe: str | None = None, phase: str | None = None) -> bool:
        """Whether anything was measured under a name."""
        return any(True for _ in self._matching(name, probe, phase))

    def largest(self, name: str) -> float:
        """Return the largest value measured under a name."""
        return max(m.value for m in self._matching(name, None, None))

    def _matching(self, name: str, probe: str | None, phase: str | None) -> Iterator[Measure]:
        for measure in self.measures:
            if (
                measure.name == name
                and probe in (None, measure.probe)
                and phase in (None, measure.phase)
            ):
                yield measure

    def _ask(self, probe_name: str, what: Literal["start", "stop"], phase: Phase) -> None:
        """Start or stop a plugin's probe; one that fails is dropped and said to be so."""
        probe = self._probes[probe_name]
        try:
            if what == "start":
                probe.start(phase)
                return
            for name, (value, unit) in dict(probe.stop(phase)).items():
                self.note(phase, probe_name, str(name), float(value), str(unit))
        except Exception as error:
            del self._probes[probe_name]
            self.notes.append(f"probe {probe_name!r} failed in {phase}: {error!r}")


def build(specs: Iterable[ProbeSpec], modules: Iterable[str]) -> tuple[dict[str, Probe], list[str]]:
    """Make the probes that apply where `modules` are imported; return them and what failed."""
    present = set(modules)
    probes: dict[str, Probe] = {}
    failed = []
    for spec in specs:
        if spec.modules and not any(m in sys.modules or m in present for m in spec.modules):
            continue
        try:
            probes[spec.name] = resolve(spec.factory)()
        except Exception as error:
            failed.append(f"probe {spec.name!r} could not be made: {error!r}")
    return probes, failed


def calibrate(repetitions: int = 5) -> dict[str, float]:
    """Time a fixed load on this core; return the seconds of the best and the median repetition.

    The load is half interpreter, half memory and arithmetic, as trials are.
    """
    import numpy as np

    values = np.arange(200_000, dtype=np.float64)
    seconds = []
    for _ in range(repetitions):
        start = perf_counter()
        total = 0
        for number in range(100_000):
            total += number & 7
        for _ in range(10):
            np.sort(values[::-1])
            np.dot(values, values)
        seconds.append(perf_counter() - start)
    seconds.sort()
    return {"best": seconds[0], "median": seconds[len(seconds) // 2]}
