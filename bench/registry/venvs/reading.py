"""What a plugin in an environment of its own offers: asked once, kept until something changes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any

from bench.registry.configuration import cache_folder
from bench.registry.venvs.launching import OLDEST_PYTHON, command, environment
from bench.spec.errors import PluginError, nearest

SECONDS = 60.0
"""How long an interpreter may take to say what a plugin offers."""

_FORMAT = 1
_OURS = ("describe.py", "reading.py")


def describe(name: str, python: str) -> dict[str, Any]:
    """Return what the plugin of this name in an environment offers, as `describe.py` prints it.

    The answer is kept in the cache folder until the interpreter, what is installed beside it or
    the plugin's modules change.

    Raises
    ------
    PluginError
        The interpreter is missing, broken, or takes too long; it lacks what is needed there; or
        there is no such plugin.
    """
    file = _file(name, python)
    kept = _kept(file)
    if kept is not None:
        return kept
    facts = _ask(name, python)
    _check(facts, name, python)
    with contextlib.suppress(OSError):  # a cache that cannot be written to is done without
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps({"facts": facts, "stamps": _stamps(facts["watched"])}))
        draft.replace(file)
    return facts


def _file(name: str, python: str) -> Path:
    own = [(Path(__file__).with_name(file)).stat().st_mtime_ns for file in _OURS]
    digest = hashlib.sha256(json.dumps([_FORMAT, name, python, own]).encode()).hexdigest()
    return cache_folder() / "environments" / f"{digest[:20]}.json"


def _kept(file: Path) -> dict[str, Any] | None:
    try:
        kept = json.loads(file.read_text())
        facts: dict[str, Any] = kept["facts"]
        return facts if kept["stamps"] == _stamps(facts["watched"]) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _stamps(paths: list[str]) -> list[list[Any]]:
    """Return what changes of each file or folder when its content does."""
    stamps: list[list[Any]] = []
    for path in paths:
        try:
            status = os.stat(path)
        except OSError:
            stamps.append([path])
        else:
            stamps.append([path, status.st_size, status.st_mtime_ns])
    return stamps


def _ask(name: str, python: str) -> dict[str, Any]:
    try:
        done = subprocess.run(
            command(python, "describe", name),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=SECONDS,
            env=environment(),
        )
    except FileNotFoundError:
        raise PluginError(
            f"There is no interpreter {python}. Correct `python`, or make the environment again."
        ) from None
    except OSError as error:
        raise PluginError(
            f"{python} cannot be run: {error.strerror}. `python` is to be the interpreter itself, "
            "such as /path/to/environment/bin/python."
        ) from None
    except subprocess.TimeoutExpired:
        raise PluginError(
            f"{python} did not say within {SECONDS:g} s what the plugin offers; importing it must "
            "take less."
        ) from None
    try:
        facts: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        oldest = ".".join(map(str, OLDEST_PYTHON))
        raise PluginError(
            f"{python} ended with code {done.returncode} and did not say what the plugin offers"
            + (f": {said[-1][:500]}" if said else "")
            + f". It must be a Python of version {oldest} or later that works."
        ) from None
    return facts


def _check(facts: dict[str, Any], name: str, python: str) -> None:
    """Refuse an environment without the plugin, or without what is needed beside it."""
    if lacking := facts["lacking"]:
        names = ["crossover-bench" if module == "bench" else module for module in lacking]
        raise PluginError(
            f"{python} lacks {' and '.join(names)}, which a plugin needs there: "
            f"{python} -m pip install {' '.join(names)}"
        )
    if name not in facts["plugins"]:
        there = ", ".join(facts["plugins"]) or "none"
        raise PluginError(
            f"Nothing that is installed for {python} has an entry point {name!r} of the group "
            f"'bench'; there are: {there}.{nearest(name, facts['plugins'])} Install the plugin "
            "there, or correct the name in the configuration."
        )
