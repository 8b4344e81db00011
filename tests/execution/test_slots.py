"""Slots: cores and devices of their own, and no more of either than there are."""

import pytest

from bench.execution import slots
from bench.execution.engine import Needs, Slot
from bench.execution.slots import available_devices, deal, visible
from bench.spec.errors import SuiteError


@pytest.fixture
def five_cores(monkeypatch):
    monkeypatch.setattr(slots, "available_cores", lambda: [0, 2, 3, 5, 7])


def test_slots_get_cores_of_their_own(five_cores):
    """Of five cores, two a trial make two slots; `None` takes as many slots as fit."""

    def cores(jobs, n):
        return [slot.cores for slot in deal(Needs(cores=n), jobs, "here")]

    assert cores(None, 2) == [(0, 2), (3, 5)]
    assert cores(1, 2) == [(0, 2)]
    assert cores(None, 1) == [(0,), (2,), (3,), (5,), (7,)]


def test_more_cores_than_there_are_is_refused(monkeypatch):
    """What was asked for, what there is, and what would fit are said."""
    monkeypatch.setattr(slots, "available_cores", lambda: [0, 1, 2])
    with pytest.raises(SuiteError, match="asks for 4 cores; this machine lets us use 3"):
        deal(Needs(cores=4), None, "here")
    with pytest.raises(SuiteError, match="enough for --jobs 1"):
        deal(Needs(cores=2), 2, "here")


def devices(needs, jobs):
    return [slot.devices for slot in deal(needs, jobs, "here")]


def test_a_device_belongs_to_one_slot(five_cores, monkeypatch):
    """Of two devices, the first two of four slots own one each; a suite may have them shared."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    assert devices(Needs(device="gpu"), 4) == [("gpu:0",), ("gpu:1",), (), ()]
    assert devices(Needs(device="gpu"), 1) == [("gpu:0",)]
    shared = [("gpu:0",), ("gpu:0",), ("gpu:1",), ("gpu:1",)]
    assert devices(Needs(device="gpu", calls_per_device=2), 4) == shared
    assert devices(Needs(), 2) == [(), ()]


def test_devices_are_those_that_this_process_may_use(monkeypatch, tmp_path):
    """The variable of the driver counts, else the files of devices, numbered from zero."""
    for variable in ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "TPU_VISIBLE_CHIPS"):
        monkeypatch.delenv(variable, raising=False)
    for name in ("nvidia2", "nvidia7", "nvidiactl", "nvidia-uvm", "accel0"):
        (tmp_path / name).touch()
    assert available_devices("gpu", tmp_path) == ["gpu:0", "gpu:1"]
    assert available_devices("tpu", tmp_path) == ["tpu:0"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3, MIG-1")
    assert available_devices("gpu", tmp_path) == ["gpu:3", "gpu:MIG-1"]
    for none in ("", "-1"):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", none)
        assert available_devices("gpu", tmp_path) == ["gpu"]


def test_a_device_that_cannot_be_seen_is_one_slots(five_cores, monkeypatch, tmp_path):
    """Its framework may find one all the same: one slot tries, and its variables stay."""
    monkeypatch.setattr(slots, "available_devices", lambda kind: available_devices(kind, tmp_path))
    for variable in ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES"):
        monkeypatch.delenv(variable, raising=False)
    assert devices(Needs(device="gpu"), 2) == [("gpu",), ()]
    assert visible(("gpu",), "gpu") == {}


def test_a_process_sees_the_devices_of_its_slot():
    """By the variables that drivers read; on the CPU it sees no GPU."""
    assert visible(("gpu:4", "gpu:5"), "gpu")["CUDA_VISIBLE_DEVICES"] == "4,5"
    assert visible(("tpu:1",), "tpu")["TPU_VISIBLE_CHIPS"] == "1"
    assert visible(("gpu:4",), "cpu")["CUDA_VISIBLE_DEVICES"] == "-1"


def test_a_slot_has_the_kinds_of_its_devices():
    """Every slot has the CPU."""
    slot = Slot(node="here", cores=(0,), devices=("gpu:0",))
    assert [slot.has(kind) for kind in ("cpu", "gpu", "tpu")] == [True, True, False]
