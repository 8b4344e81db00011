"""Plugins of our own environment, imported and asked."""

from __future__ import annotations

import contextlib
import inspect
import os
import sys
import types
import warnings
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pluggy

from bench.registry.configuration import Configuration
from bench.registry.discovery.elsewhere import plugins_elsewhere
from bench.registry.discovery.judging import hook_fault, judge_api, no_module, outdated
from bench.registry.discovery.plugin import HOOKS, Kind, Plugin
from bench.spec import Task
from bench.spec import hooks as hookspecs
from bench.spec.errors import BenchDeprecationWarning
from bench.spec.hooks import PROJECT


def read_plugins(group: str, configuration: Configuration) -> list[Plugin]:
    """Import every plugin of a group of entry points and call its hooks.

    What plugins print or warn of meanwhile is dropped, but for what they are told about their own
    records. Only KeyboardInterrupt passes through.
    """
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    plugins: dict[str, Plugin] = {}
    with _silence():
        for entry_point in metadata.entry_points(group=group):
            settings = configuration.of(entry_point.name)
            if settings.python is not None and not settings.disabled:
                continue  # it lives elsewhere, whether or not it is installed here, too
            distribution, version = _distribution(entry_point)
            # Of both names: pluggy drops the second of two plugins that are called the same.
            key = f"{distribution}:{entry_point.name}={entry_point.value}"
            if key in plugins:
                continue
            plugins[key] = plugin = Plugin(
                name=entry_point.name,
                distribution=distribution,
                version=version,
                module=entry_point.value.partition(":")[0].strip(),
            )
            if settings.disabled:
                plugin.disabled_in = str(configuration.path)
            else:
                with _noticing(plugin):
                    _register(manager, key, plugin, entry_point)
        for hook, (kind, record_class) in HOOKS.items():
            for implementation in getattr(manager.hook, hook).get_hookimpls():
                plugin = plugins[implementation.plugin_name.rpartition("#")[0]]
                with _noticing(plugin):
                    _collect(plugin, hook, kind, record_class, implementation.function)
    found = [
        *plugins.values(),
        *plugins_elsewhere(configuration, {p.name for p in plugins.values()}),
    ]
    return sorted(found, key=lambda plugin: (plugin.distribution, plugin.name))


def plugin_names(group: str) -> list[str]:
    """Return the names of all plugins that are installed here, without importing any."""
    return sorted(metadata.entry_points(group=group).names)


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Drop what is printed, by C libraries too, and warned of."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        nowhere = os.open(os.devnull, os.O_WRONLY)
        stack.callback(os.close, nowhere)
        for stream, number in ((sys.stdout, 1), (sys.stderr, 2)):
            # The descriptor is swapped, not sys.stdout: a plugin may keep a reference to that.
            try:
                stream.flush()
                kept = os.dup(number)
            except (AttributeError, OSError, ValueError):
                continue  # closed: nothing can be printed
            os.dup2(nowhere, number)
            stack.callback(os.close, kept)
            stack.callback(os.dup2, kept, number)
            stack.callback(stream.flush)
        yield


@contextlib.contextmanager
def _noticing(plugin: Plugin) -> Iterator[None]:
    """Keep what a plugin is told about fields that will go."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", BenchDeprecationWarning)
        yield
    for warning in caught:
        if issubclass(warning.category, BenchDeprecationWarning):
            plugin.warnings.append(str(warning.message))


def _distribution(entry_point: metadata.EntryPoint) -> tuple[str, str]:
    """Return name and version of who declares an entry point."""
    try:
        facts = entry_point.dist.metadata  # type: ignore[union-attr]
        return str(facts["Name"] or "unknown"), str(facts["Version"] or "?")
    except Exception:
        return "unknown", "?"  # a damaged dist-info folder


def _register(
    manager: pluggy.PluginManager, key: str, plugin: Plugin, entry_point: metadata.EntryPoint
) -> None:
    """Import a plugin and register those of its hooks that are in order."""
    try:
        module = entry_point.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        # SystemExit, too: importing a plugin must not end the program.
        plugin.left_out = True
        plugin.failed(f"Importing {plugin.module!r} failed", error)
        return
    if not isinstance(module, types.ModuleType):
        plugin.left_out = True
        plugin.findings.append(no_module(entry_point.value, type(module).__name__))
        return
    # Not getattr: a module that imports lazily must not be made to.
    attributes = vars(module)
    judge_api(plugin, attributes.get("HOOK_API"))
    if plugin.left_out:
        return
    for name, value in sorted(attributes.items()):
        _register_hook(manager, key, plugin, name, value)


def _register_hook(
    manager: pluggy.PluginManager, key: str, plugin: Plugin, name: str, value: Any
) -> None:
    """Register one function if it is a hook, or say why it only looks like one."""
    # A plugin may import another that is called as a hook is: `import bench_datasets`.
    if isinstance(value, types.ModuleType):
        return
    # Each hook by itself, because pluggy refuses a whole plugin for one malformed hook.
    holder = types.ModuleType(name)
    setattr(holder, name, value)
    is_function = inspect.isroutine(value)
    options = manager.parse_hookimpl_opts(holder, name) if is_function else None
    hook = None if options is None else options.get("specname") or name
    is_wrapper = options is not None and bool(options["wrapper"] or options["hookwrapper"])
    type_name = None if is_function else type(value).__name__
    if fault := hook_fault(name, hook, type_name=type_name, is_wrapper=is_wrapper):
        plugin.findings.append(fault)
    elif hook is not None:
        try:
            manager.register(holder, f"{key}#{name}")
        except (pluggy.PluginValidationError, ValueError) as error:
            why = str(error).rstrip().rpartition("\n")[2]
            plugin.findings.append(f"{name} must be a function without arguments: {why}.")


def _collect(plugin: Plugin, hook: str, kind: Kind, record_class: type, function: Any) -> None:
    """Call a hook of a plugin and keep the good records."""
    try:
        answer = function()
        if isinstance(answer, (record_class, str)) or not hasattr(answer, "__iter__"):
            plugin.findings.append(
                f"{hook} returned {_shown(answer)}; it must yield {record_class.__name__} records."
            )
            return
        for record in answer:
            if fault := _fault(record, record_class) or outdated(plugin, record):
                plugin.findings.append(f"{hook} yielded {fault}")
            elif isinstance(record, Path):
                for path in sorted(record.glob("*.toml")):
                    plugin.offer(kind, path)
            else:
                plugin.offer(kind, record)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        plugin.failed(f"{hook} failed", error)


def _fault(record: Any, record_class: type) -> str:
    """Return what is wrong with a record, or an empty string."""
    if not isinstance(record, record_class):
        return f"{_shown(record)}, which is no {record_class.__name__}."
    if isinstance(record, Path) and not record.is_dir():
        return f"{str(record)!r}, which is not a folder; a folder of suites is needed."
    if isinstance(record, Task):
        made_by = type(record).__name__
        if not isinstance(getattr(record, "name", None), str):
            return f"the task {made_by}, which has no name; set the class attribute 'name'."
        metrics = getattr(record, "metrics", None)
        if not metrics or not isinstance(metrics, tuple):
            return (
                f"the task {record.name!r}, whose metrics are {metrics!r}; "
                "a tuple of names is needed, the primary metric first."
            )
    return ""


def _shown(value: Any) -> str:
    """Return a value that should not be here, in few words."""
    if value is None:
        return "None"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if isinstance(value, str):
        return f"the string {value[:60]!r}"
    return f"an object of type {type(value).__name__}"
