"""Plugins read one by one: imported, checked and attributed; a broken one is a finding, no crash.

Pluggy alone ignores a misspelt hook, dies with one bad import, refuses a whole plugin for one
malformed hook, and drops the second of two distributions that use one entry-point name. A plugin
that the user's configuration gives a Python of its own is read there, by
`bench.registry.venvs`, and judged here as any other.
"""

from bench.registry.discovery.plugin import HOOKS, Entry, Kind, Plugin, PluginInfo, State, brief
from bench.registry.discovery.reading import plugin_names, read_plugins

__all__ = [
    "HOOKS",
    "Entry",
    "Kind",
    "Plugin",
    "PluginInfo",
    "State",
    "brief",
    "plugin_names",
    "read_plugins",
]
