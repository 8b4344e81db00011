"""The program that says what a plugin offers, run by the Python of the environment it lives in.

``PYTHON describe.py NAME`` prints JSON. It is run by its path and imports nothing of bench but what
the plugin itself imports there, whose version may be another one; what it finds is judged by
`bench.registry.discovery`, as that of any plugin.
"""

from __future__ import annotations

import contextlib
import dataclasses
import glob
import importlib.metadata
import importlib.util
import inspect
import json
import os
import platform
import re
import sys
import traceback
import types
import warnings
from typing import Any

NEEDED = ("bench", "numpy", "pyarrow")
MODELS = "bench_models"
OLDEST = (3, 11)


def main(name: str) -> None:
    """Print what is known of a plugin."""
    if sys.version_info < OLDEST:
        sys.exit(f"its Python is {platform.python_version()}")
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [path for path in sys.path if os.path.abspath(path) != here]
    answer = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):  # what the plugin prints is not our answer
        os.dup2(nowhere, number)
    facts = describe(name)
    with os.fdopen(answer, "w", encoding="utf-8") as file:
        json.dump(facts, file)
    os._exit(0)  # whatever the plugin has left running


def describe(name: str) -> dict[str, Any]:
    """Return what is known of a plugin, as plain values."""
    lacking = [module for module in NEEDED if importlib.util.find_spec(module) is None]
    offered = importlib.metadata.entry_points(group="bench")
    found = [entry_point for entry_point in offered if entry_point.name == name]
    facts: dict[str, Any] = {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "lacking": lacking,
        "plugins": sorted(set(offered.names)),
        "watched": _places(),
    }
    if lacking or not found:
        return facts
    distribution = found[0].dist
    facts |= {
        "distribution": str(distribution.metadata["Name"]) if distribution else "unknown",
        "version": str(distribution.version) if distribution else "?",
        "value": found[0].value,
        "libraries": _libraries(distribution),
        "failures": [],
        "warnings": [],
        "attributes": [],
        "records": [],
    }
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        _read(found[0], facts)
    facts["warnings"] = [
        str(warning.message)
        for warning in caught
        if warning.category.__name__ == "BenchDeprecationWarning"
    ]
    facts["watched"] += [*_files(distribution), *_modules(found[0].value)]
    return facts


def _read(entry_point: importlib.metadata.EntryPoint, facts: dict[str, Any]) -> None:
    """Import a plugin; say which of its attributes are hooks or look so, and ask for models."""
    try:
        module = entry_point.load()
    except BaseException as error:
        facts["failures"].append(_failure("import", error))
        return
    facts["type"] = "" if isinstance(module, types.ModuleType) else type(module).__name__
    attributes = vars(module) if not facts["type"] else {}
    api = attributes.get("HOOK_API")
    facts["hook_api"] = api if api is None or isinstance(api, int) else repr(api)
    for name, value in sorted(attributes.items()):
        options = getattr(value, "bench_impl", None) if inspect.isroutine(value) else None
        options = options if isinstance(options, dict) else None
        if options is None and not name.startswith("bench_"):
            continue
        hook = (options or {}).get("specname") or name
        is_wrapper = any((options or {}).get(key) for key in ("wrapper", "hookwrapper"))
        facts["attributes"].append(
            {
                "name": name,
                "type": "module" if isinstance(value, types.ModuleType) else type(value).__name__,
                "is_function": inspect.isroutine(value),
                "hook": hook if options is not None else None,
                "is_wrapper": is_wrapper,
            }
        )
        if options is not None and hook == MODELS and not is_wrapper:
            _ask(value, facts)


def _ask(hook: Any, facts: dict[str, Any]) -> None:
    try:
        for record in hook():
            facts["records"].append(_record(record))
    except BaseException as error:
        facts["failures"].append(_failure(MODELS, error))


def _record(record: Any) -> dict[str, Any]:
    """Return the fields of a record that are not as they are by default."""
    if not dataclasses.is_dataclass(record) or isinstance(record, type):
        return {"type": type(record).__name__, "fields": None}
    fields = {}
    for field in dataclasses.fields(record):
        value, usual = getattr(record, field.name), field.default
        if field.default_factory is not dataclasses.MISSING:
            usual = field.default_factory()
        if usual is dataclasses.MISSING or value != usual:
            fields[field.name] = value
    try:
        return {"type": type(record).__name__, "fields": json.loads(json.dumps(fields))}
    except (TypeError, ValueError) as error:
        return {
            "type": type(record).__name__,
            "fields": None,
            "name": str(fields.get("name")),
            "fault": str(error),
        }


def _failure(doing: str, error: BaseException) -> dict[str, Any]:
    """Return an exception as text, without the frames of this file and of the machinery."""
    trace = traceback.TracebackException.from_exception(error)
    frames = [
        frame
        for frame in trace.stack
        if frame.filename not in (__file__, importlib.metadata.__file__)
        and not frame.filename.startswith("<frozen importlib")
        and not frame.filename.endswith(f"importlib{os.sep}__init__.py")
    ]
    trace.stack = traceback.StackSummary.from_list(frames)
    brief = next(iter("".join(trace.format_exception_only()).splitlines()), "")
    if frames and not isinstance(error, SyntaxError):
        brief += f" ({frames[-1].filename}, line {frames[-1].lineno})"
    return {
        "doing": doing,
        "brief": brief[:500],
        "traceback": "".join(trace.format())[:16_384],
    }


def _libraries(distribution: importlib.metadata.Distribution | None) -> dict[str, str]:
    """Return the versions of what a distribution requires, and of what data cross by."""
    names = {"crossover-bench", "numpy", "pyarrow"}
    for requirement in (distribution.requires if distribution else None) or ():
        names.add(re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0].lower())
    versions = {}
    for name in sorted(names):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    return versions


def _places() -> list[str]:
    """Return the files and folders that change when something is installed or removed."""
    folders = [path for path in sys.path if os.path.isdir(path)]
    lists = [file for folder in folders for file in sorted(glob.glob(f"{folder}/*.pth"))]
    return [sys.executable, os.path.join(sys.prefix, "pyvenv.cfg"), *folders, *lists]


def _files(distribution: importlib.metadata.Distribution | None) -> list[str]:
    folder = getattr(distribution, "_path", None)  # there is no public name for it
    names = ("METADATA", "PKG-INFO", "entry_points.txt")
    return [os.path.join(folder, name) for name in names] if folder else []


def _modules(value: str) -> list[str]:
    """Return the files of the modules that were imported of a plugin, and of bench."""
    packages = {value.partition(":")[0].strip().partition(".")[0], "bench"}
    modules = [
        module for name, module in list(sys.modules.items()) if name.partition(".")[0] in packages
    ]
    files = {getattr(module, "__file__", None) for module in modules}
    return sorted(file for file in files if file)


if __name__ == "__main__":
    main(sys.argv[1])
