"""How a program of ours is run by the interpreter of another environment."""

from __future__ import annotations

import os
import sys
from pathlib import Path

OLDEST_PYTHON = (3, 11)
"""Whatever runs there must be able to read our programs, and bench itself needs no less."""

_HERE = Path(__file__).parent


def command(python: str, program: str, *arguments: str) -> list[str]:
    """Return the command line of a program of this folder, ``"describe"`` or ``"worker"``."""
    return [python, str(_HERE / f"{program}.py"), *arguments]


def environment() -> dict[str, str]:
    """Return our variables without those that would lead another Python to our libraries."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    kept.pop("__PYVENV_LAUNCHER__", None)
    # As in the processes of all trials: the order of a set of texts is the same every time.
    return kept | {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": _writes_no_bytecode()}


def _writes_no_bytecode() -> str:
    return "1" if sys.dont_write_bytecode else ""
