"""Plugins that the user's configuration alone names: of other environments, or of nobody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from bench.registry.configuration import Configuration
from bench.registry.discovery.judging import hook_fault, judge_api, no_module
from bench.registry.discovery.plugin import HOOKS, Plugin
from bench.spec import ModelSpec
from bench.spec.errors import BenchError, PluginError, RecordError, nearest


def plugins_elsewhere(configuration: Configuration, installed: set[str]) -> Iterator[Plugin]:
    """Yield the plugins that only the configuration names: of other environments, or unknown."""
    for name, settings in configuration.plugins.items():
        if settings.python is not None:
            if settings.disabled and name in installed:
                continue
            plugin = Plugin(name=name, distribution="", version="", module="")
            plugin.python = settings.python
            if settings.disabled:
                plugin.disabled_in = str(configuration.path)
            else:
                _read_elsewhere(plugin, settings.python)
            yield plugin
        elif name not in installed:
            plugin = Plugin(name=name, distribution="", version="", module="", left_out=True)
            plugin.findings.append(
                f"{configuration.path}: no plugin that is installed is called {name!r}."
                f"{nearest(name, installed)} Remove [plugins.{name}], or correct the name."
            )
            yield plugin


def _read_elsewhere(plugin: Plugin, python: str) -> None:
    """Fill in what a plugin offers in an environment of its own: models alone can be run there."""
    from bench.registry.venvs import reading

    try:
        facts = reading.describe(plugin.name, python)
    except PluginError as error:
        plugin.left_out = True
        plugin.findings.append(str(error))
        return
    plugin.distribution, plugin.version = facts["distribution"], facts["version"]
    plugin.module = facts["value"].partition(":")[0].strip()
    plugin.libraries = {"python": facts["python"], **facts["libraries"]}
    plugin.warnings += facts["warnings"]
    for failure in facts["failures"]:
        is_import = failure["doing"] == "import"
        doing = f"Importing {plugin.module!r} failed" if is_import else f"{failure['doing']} failed"
        plugin.left_out = plugin.left_out or is_import
        plugin.findings.append(f"{doing}: {failure['brief']}")
        plugin.tracebacks.append(failure["traceback"])
    if facts.get("type"):
        plugin.left_out = True
        plugin.findings.append(no_module(facts["value"], facts["type"]))
    judge_api(plugin, facts.get("hook_api"))
    if not plugin.left_out:
        _judge_elsewhere(plugin, facts)


def _judge_elsewhere(plugin: Plugin, facts: Mapping[str, Any]) -> None:
    for attribute in facts["attributes"]:
        if attribute["type"] == "module":
            continue
        hook = attribute["hook"]
        type_name = None if attribute["is_function"] else attribute["type"]
        fault = hook_fault(
            attribute["name"], hook, type_name=type_name, is_wrapper=attribute["is_wrapper"]
        )
        if fault:
            plugin.findings.append(fault)
        elif hook is not None and (kind := HOOKS[hook][0]) != "models":
            plugin.notes.append(
                f"Its {kind} are left out: from an environment of its own a plugin gives models "
                "alone. Put them into a package that is installed beside bench."
            )
    for given in facts["records"]:
        try:
            plugin.offer("models", _model_elsewhere(given))
        except BenchError as error:
            plugin.findings.append(f"bench_models failed: {error}")


def _model_elsewhere(given: Mapping[str, Any]) -> ModelSpec:
    """Return the record that an environment has described; it cannot stream."""
    values = given["fields"]
    if given["type"] != "ModelSpec" or values is None:
        fault = given.get("fault")
        why = f"which JSON cannot hold: {fault}" if fault else "which is no ModelSpec"
        raise RecordError(f"{given['type']} {given.get('name', '')!r}, {why}.")
    known = {entry.name for entry in fields(ModelSpec)}
    if unknown := sorted(set(values) - known):
        raise RecordError(
            f"ModelSpec {values.get('name')!r}: this bench does not know {', '.join(unknown)}. "
            "Upgrade crossover-bench."
        )
    tuples = {
        name: tuple(tuple(item) if isinstance(item, list) else item for item in value)
        for name, value in values.items()
        if isinstance(value, list)
    }
    return ModelSpec(**{**values, **tuples, "streams": False})
