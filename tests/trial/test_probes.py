"""Probes: what is measured around each phase, and what becomes of probes that fail."""

import sys

import numpy as np
import pytest

import bench
from bench.trial.probes import Recorder, anon_bytes, build, calibrate, cpu_seconds


class Counter:
    """Says how often it was started and stopped, and in which phases."""

    def __init__(self):
        self.seen = []

    def start(self, phase):
        self.seen.append(("start", phase))

    def stop(self, phase):
        self.seen.append(("stop", phase))
        return {"calls": (len(self.seen), ""), "energy": (np.float32(2.5), "J")}


class Broken(Counter):
    def stop(self, phase):
        raise RuntimeError("no sensor")


class BrokenAtStart(Counter):
    def start(self, phase):
        raise RuntimeError("no power")


class Strange(Counter):
    def stop(self, phase):
        return {"calls": "many"}


def make_broken():
    raise RuntimeError("no such device")


def record(phases, **probes):
    told = []
    recorder = Recorder(lambda phase, anonymous: told.append((phase, anonymous)))
    recorder.use(probes)
    for phase in phases:
        with recorder.phase(phase):
            pass
    return recorder, told


def test_phases_are_announced_with_the_memory_before_the_fit():
    """Whoever watches hears of each phase as it starts; memory is read for the fit alone."""
    _, told = record(["load", "fit", "predict"])
    assert [phase for phase, _ in told] == ["load", "fit", "predict"]
    assert told[0][1] == told[2][1] == 0
    if sys.platform == "linux":
        assert told[1][1] > 2**20


def test_every_phase_has_clock_cpu_and_switches():
    """Three measures for each phase, and the memory of the fit."""
    recorder, _ = record(["load", "fit"])
    found = {(m.phase, m.probe, m.name, m.unit) for m in recorder.measures}
    every = {("clock", "seconds", "s"), ("cpu", "seconds", "s"), ("switches", "involuntary", "")}
    expected = {(phase, *rest) for phase in ("load", "fit") for rest in every}
    assert found == expected | {("fit", "memory", "anon_bytes_after", "B")}
    assert all(m.value >= 0 for m in recorder.measures)


def test_a_phase_that_fails_is_measured_all_the_same():
    """What it took until it failed is kept, and the failure goes on."""
    probe = Counter()
    recorder = Recorder(lambda phase, anonymous: None)
    recorder.use({"counter": probe})
    with pytest.raises(KeyError), recorder.phase("fit"):
        raise KeyError("x")
    assert recorder.measured("seconds", probe="clock", phase="fit")
    assert probe.seen == [("start", "fit"), ("stop", "fit")]


def test_what_plugins_probes_say_is_kept():
    """Each value arrives with phase, probe and unit, as a plain number."""
    recorder, _ = record(["load", "fit"], counter=Counter())
    said = [tuple(m) for m in recorder.measures if m.probe == "counter" and m.name == "energy"]
    assert said == [("load", "counter", "energy", 2.5, "J"), ("fit", "counter", "energy", 2.5, "J")]
    assert all(type(m.value) is float for m in recorder.measures)
    assert recorder.value("energy") == 5.0
    assert recorder.value("energy", phase="fit") == 2.5
    assert recorder.largest("calls") == 4
    assert not recorder.measured("energy", probe="clock")


@pytest.mark.parametrize("broken", [Broken, BrokenAtStart, Strange])
def test_a_probe_that_fails_is_dropped_and_said(broken):
    """It costs its own figures from then on, and nobody else's."""
    recorder, told = record(["load", "fit"], broken=broken(), counter=Counter())
    assert len(told) == 2
    assert len(recorder.notes) == 1
    assert "'broken' failed in load" in recorder.notes[0]
    assert recorder.value("energy") == 5.0
    assert recorder.measured("seconds", probe="clock", phase="fit")


def spec(name, factory, **changes):
    return bench.ProbeSpec(name=name, factory=f"{__name__}:{factory}", **changes)


def test_probes_are_made_where_their_modules_are():
    """A probe of a framework is made only where the framework is imported or will be."""
    specs = [
        spec("always", "Counter"),
        spec("imported", "Counter", modules=("numpy",)),
        spec("preloaded", "Counter", modules=("acme_framework",)),
        spec("absent", "Counter", modules=("other_framework",)),
    ]
    probes, failed = build(specs, ["acme_framework"])
    assert list(probes) == ["always", "imported", "preloaded"]
    assert failed == []


def test_a_probe_that_cannot_be_made_is_said():
    """A factory that fails or does not exist costs its probe alone."""
    probes, failed = build(
        [spec("broken", "make_broken"), spec("lost", "nowhere"), spec("good", "Counter")], []
    )
    assert list(probes) == ["good"]
    assert "probe 'broken' could not be made" in failed[0]
    assert "no such device" in failed[0]
    assert "probe 'lost' could not be made" in failed[1]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_anonymous_memory_is_what_is_allocated():
    """Sixty-four mebibytes that are written to are sixty-four more; a gone process has none."""
    before = anon_bytes()
    block = np.ones(8 * 2**20)
    assert anon_bytes() - before >= 0.9 * block.nbytes
    assert anon_bytes(2**30) == 0


def test_cpu_time_never_runs_backwards():
    """Two readings are in order."""
    assert cpu_seconds() <= cpu_seconds()


def test_the_calibration_says_its_best_and_its_median():
    """The best of the repetitions is not above their median."""
    found = calibrate(3)
    assert 0 < found["best"] <= found["median"]
