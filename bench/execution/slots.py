"""What slots of this machine own: their cores, and devices that a call's process alone sees."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from itertools import repeat
from pathlib import Path

import psutil

from bench.execution.engine import Needs, Slot
from bench.spec.errors import SuiteError

_VARIABLES = {
    "gpu": ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES"),
    "tpu": ("TPU_VISIBLE_CHIPS",),
}
"""What the drivers of devices read: the ones that a process may see."""

_ALONE = {
    "tpu": {"TPU_PROCESS_BOUNDS": "1,1,1", "TPU_CHIPS_PER_PROCESS_BOUNDS": "1,1,1"},
}
"""What else a process must be told to compute on one device of several."""

_FILES = {"gpu": re.compile(r"nvidia\d+"), "tpu": re.compile(r"accel\d+")}
_NONE = "-1"


def available_cores() -> list[int]:
    """Return the numbers of the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(psutil.cpu_count() or 1))


def available_devices(kind: str, folder: Path = Path("/dev")) -> list[str]:
    """Return the devices of a kind that this process may use, such as ``["gpu:0", "gpu:1"]``.

    Where none can be seen there may still be one, of which its framework alone knows, or which it
    alone can say is not there: it has no number.
    """
    for variable in _VARIABLES.get(kind, ()):
        if (said := os.environ.get(variable)) is not None:
            names = [name.strip() for name in said.split(",")]
            return [f"{kind}:{name}" for name in names if name not in ("", _NONE)] or [kind]
    pattern = _FILES.get(kind)
    try:
        found = [name for name in os.listdir(folder) if pattern and pattern.fullmatch(name)]
    except OSError:
        found = []
    return [f"{kind}:{number}" for number in range(len(found))] or [kind]


def deal(needs: Needs, jobs: int | None, node: str) -> list[Slot]:
    """Return slots, each with cores of its own and, while there are any, a device of its own.

    Parameters
    ----------
    needs
        Of each call.
    jobs
        Number of slots; None: as many as fit.
    node
        The name of this machine.

    Raises
    ------
    SuiteError
        There are not so many cores.
    """
    have = available_cores()
    cores = needs.cores
    fitting = len(have) // cores
    if fitting == 0:
        raise SuiteError(f"a trial asks for {cores} cores; this machine lets us use {len(have)}.")
    if jobs is not None and jobs > fitting:
        raise SuiteError(
            f"--jobs {jobs} with {cores} core(s) a trial asks for {jobs * cores} cores; this "
            f"machine lets us use {len(have)}, which is enough for --jobs {fitting}."
        )
    devices = [] if needs.device == "cpu" else available_devices(needs.device)
    shared = [device for device in devices for _ in repeat(None, needs.calls_per_device)]
    return [
        Slot(
            node=node,
            cores=tuple(have[slot * cores : (slot + 1) * cores]),
            devices=tuple(shared[slot : slot + 1]),
        )
        for slot in range(fitting if jobs is None else jobs)
    ]


def visible(devices: Sequence[str], device: str) -> dict[str, str]:
    """Return the variables with which a process sees its devices of a kind, and no other ones.

    Parameters
    ----------
    devices
        Of the slot.
    device
        The kind that the call is for; for a call on the CPU there is no GPU.
    """
    if device == "cpu":
        return dict.fromkeys(_VARIABLES["gpu"], _NONE)
    own = [one.partition(":")[2] for one in devices if one.partition(":")[0] == device]
    if not all(own):  # its driver is left to find it
        return {}
    return dict.fromkeys(_VARIABLES[device], ",".join(own)) | _ALONE.get(device, {})
