"""What is installed, by name: every model, dataset, task, metric, probe and suite, and by whom."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import chain
from pathlib import Path, PurePath
from typing import Any, NoReturn, TypeVar

from bench.registry.configuration import CORE, read_configuration
from bench.registry.discovery import (
    HOOKS,
    Entry,
    Kind,
    Plugin,
    PluginInfo,
    State,
    brief,
    read_plugins,
)
from bench.spec import Change, DatasetSpec, Metric, ModelSpec, ProbeSpec, Task
from bench.spec.errors import PluginError, nearest
from bench.spec.hooks import PROJECT

__all__ = ["Entry", "Kind", "PluginInfo", "Registry", "State", "SuiteFile", "discover", "resolve"]

_OfferT = TypeVar("_OfferT")


@dataclass(frozen=True)
class SuiteFile:
    """A suite that a plugin offers; its name is the file's stem."""

    path: Path
    distribution: str
    version: str
    plugin: str = ""


@dataclass(frozen=True, kw_only=True)
class Registry:
    """Everything that the installed plugins offer, by name.

    Parameters
    ----------
    models, datasets, tasks, metrics, conditions, probes, suites
        What can be looked up, sorted by name; conditions stand in the order in which they are
        offered, bench's own first. A name that is offered twice is in none of them.
    plugins
        Every plugin, the broken ones too, sorted by distribution and name.
    aliases
        Further names of models, and the name that each stands for.
    clashes
        By kind: the names that are offered more than once, and by whom.
    incomplete
        The plugins that may have more to offer than could be read.
    """

    models: Mapping[str, Entry[ModelSpec]] = field(default_factory=dict)
    datasets: Mapping[str, Entry[DatasetSpec]] = field(default_factory=dict)
    tasks: Mapping[str, Entry[Task]] = field(default_factory=dict)
    metrics: Mapping[str, Entry[Metric]] = field(default_factory=dict)
    conditions: Mapping[str, Entry[Change]] = field(default_factory=dict)
    probes: Mapping[str, Entry[ProbeSpec]] = field(default_factory=dict)
    suites: Mapping[str, SuiteFile] = field(default_factory=dict)
    plugins: tuple[PluginInfo, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    clashes: Mapping[Kind, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    incomplete: tuple[PluginInfo, ...] = ()

    def model(self, name: str) -> Entry[ModelSpec]:
        """Return the model of this name or alias.

        Raises
        ------
        PluginError
            No plugin offers it, or two do.
        """
        self._refuse_clash("models", name)
        canonical = self.aliases.get(name, name)
        self._refuse_clash("models", canonical)
        if canonical not in self.models:
            self._refuse_unknown("models", name, [*self.models, *self.aliases])
        return self.models[canonical]

    def dataset(self, name: str) -> Entry[DatasetSpec]:
        """Return the dataset of this name; of ``scheme:PATH``, the one that reads such files.

        Raises
        ------
        PluginError
            No plugin offers it, or two do; or a path is missing, or given where none is taken.
        """
        scheme, colon, path = name.partition(":")
        self._refuse_clash("datasets", scheme)
        if scheme not in self.datasets:
            readers = [key for key, entry in self.datasets.items() if entry.record.takes_path]
            if colon:
                self._refuse_unknown("datasets", scheme, readers)
            if (suffix := PurePath(name).suffix.lower().lstrip(".")) in readers:
                raise PluginError(
                    f"{name!r} is not the name of a dataset. "
                    f"If it is a file of yours, write '{suffix}:{name}'."
                )
            self._refuse_unknown("datasets", name, self.datasets)
        entry = self.datasets[scheme]
        if entry.record.takes_path and not path:
            raise PluginError(
                f"Dataset {name!r} reads a file, but names none: write '{scheme}:PATH', "
                f"as in '{scheme}:data/mine.{scheme}'."
            )
        if colon and not entry.record.takes_path:
            raise PluginError(
                f"Dataset {name!r}: {scheme!r} reads no file, so no path may follow it. "
                f"Write {scheme!r}."
            )
        return entry

    def task(self, name: str) -> Entry[Task]:
        """Return the task of this name; raises `PluginError` as `model` does."""
        return self._look_up("tasks", self.tasks, name)

    def metric(self, name: str) -> Entry[Metric]:
        """Return the metric of this name; raises `PluginError` as `model` does."""
        return self._look_up("metrics", self.metrics, name)

    def condition(self, key: str) -> Entry[Change]:
        """Return the condition of this key; raises `PluginError` as `model` does."""
        return self._look_up("conditions", self.conditions, key)

    def suite(self, name: str) -> SuiteFile:
        """Return the suite of this name; raises `PluginError` as `model` does."""
        return self._look_up("suites", self.suites, name)

    def match(self, kind: Kind, pattern: str) -> list[str]:
        """Return the sorted names that match a glob (``*``, ``?``, ``[...]``).

        A model matches by its aliases too. A dataset that reads a file matches its exact name
        only. A name that is offered twice matches as well, and is refused when it is looked up.
        """
        offered: Mapping[str, Any] = getattr(self, kind)
        names = {*_matching(offered, pattern), *_matching(self.clashes.get(kind, ()), pattern)}
        if kind == "models":
            names.update(self.aliases[alias] for alias in _matching(self.aliases, pattern))
        if kind == "datasets":
            names -= {
                name
                for name, entry in self.datasets.items()
                if entry.record.takes_path and name != pattern
            }
        return sorted(names)

    def clash(self, kind: Kind, name: str) -> str:
        """Return who offers a name that is offered twice, and what to do; else an empty text."""
        origins = self.clashes.get(kind, {}).get(name)
        return f"{_clash(kind, name, origins)} Uninstall one of them." if origins else ""

    def hints(self) -> str:
        """Return what an unknown name may belong to, a line each: plugins that are not read."""
        text = ""
        if self.incomplete:
            text += "\nIt may belong to a plugin that could not be read in full:"
            for plugin in self.incomplete:
                for reason in (*plugin.reasons, *plugin.notes):
                    text += f"\n  {plugin.origin}: {reason}"
        if off := [plugin for plugin in self.plugins if plugin.state == "disabled"]:
            text += "\nIt may belong to a plugin that is switched off:"
            for plugin in off:
                text += f"\n  {plugin.origin}: 'bench plugins enable {plugin.name}'"
        return text

    def _look_up(self, kind: Kind, offered: Mapping[str, _OfferT], name: str) -> _OfferT:
        self._refuse_clash(kind, name)
        if name not in offered:
            self._refuse_unknown(kind, name, offered)
        return offered[name]

    def _refuse_clash(self, kind: Kind, name: str) -> None:
        if clash := self.clash(kind, name):
            raise PluginError(clash)

    def _refuse_unknown(self, kind: Kind, name: str, allowed: Iterable[str]) -> NoReturn:
        raise PluginError(
            f"No {kind.removesuffix('s')} is called {name!r}.{nearest(name, allowed)} "
            f"'bench list {kind}' shows all.{self.hints()}"
        )


def discover(group: str = PROJECT) -> Registry:
    """Find, import and ask every installed plugin that the user has not switched off.

    Plugins are imported, but nothing that their records name is. What they print or warn of
    meanwhile is dropped.

    Parameters
    ----------
    group
        The group of entry points that name plugins.

    Returns
    -------
    Registry
        Every good record, and a finding for each thing that is wrong: no plugin's fault raises
        here.

    Raises
    ------
    BenchError
        The user's configuration is wrong.
    """
    plugins = read_plugins(group, read_configuration())
    offered: dict[Kind, dict[str, Entry[Any]]] = {}
    clashes: dict[Kind, dict[str, tuple[str, ...]]] = {}
    aliases: dict[str, str] = {}
    for kind, _ in HOOKS.values():
        offered[kind] = {}
        named = _claims(plugins, kind)
        for name in sorted(named) if kind != "conditions" else _as_offered(named):
            claims = named[name]
            record_name = _name(claims[0])
            if len(claims) > 1:
                clashes.setdefault(kind, {})[name] = tuple(_origin(entry) for entry in claims)
            elif name == record_name:
                offered[kind][name] = claims[0]
            else:
                aliases[name] = record_name
    infos = [(plugin, plugin.info(_clashes_of(plugin, clashes))) for plugin in plugins]
    suites = {
        name: SuiteFile(entry.record, entry.distribution, entry.version, entry.plugin)
        for name, entry in offered["suites"].items()
    }
    kinds: dict[str, Any] = {str(kind): entries for kind, entries in offered.items()}
    return Registry(
        **{**kinds, "suites": suites},
        plugins=tuple(info for _, info in infos),
        aliases=aliases,
        clashes=clashes,
        incomplete=tuple(info for plugin, info in infos if plugin.findings or plugin.notes),
    )


def resolve(reference: str) -> Any:
    """Return the object that a ``"package.module:attribute"`` string names.

    Raises
    ------
    PluginError
        The module cannot be imported (the original error is shown), or has no such attribute.
    """
    module, _, path = reference.partition(":")
    if not module or not path:
        raise PluginError(f"{reference!r} names nothing; 'package.module:attribute' is needed.")
    try:
        found: Any = importlib.import_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise PluginError(f"{reference!r}: importing {module!r} failed: {brief(error)}") from error
    for attribute in path.split("."):
        try:
            found = getattr(found, attribute)
        except AttributeError as error:
            owner = getattr(found, "__name__", type(found).__name__)
            raise PluginError(
                f"{reference!r}: {owner!r} has no attribute {attribute!r}."
                f"{nearest(attribute, dir(found))}"
            ) from error
    return found


def _claims(plugins: Iterable[Plugin], kind: Kind) -> dict[str, list[Entry[Any]]]:
    """Return who offers each name; an alias is a claim as good as a name."""
    claims: dict[str, list[Entry[Any]]] = {}
    for plugin in plugins:
        for entry in plugin.offers.get(kind, ()):
            # Once each, though a record may repeat its own name as an alias.
            for name in dict.fromkeys((_name(entry), *getattr(entry.record, "aliases", ()))):
                claims.setdefault(name, []).append(entry)
    return claims


def _as_offered(claims: dict[str, list[Entry[Any]]]) -> list[str]:
    """Return keys of conditions as they are offered, bench's own first.

    A key that is also the name of a table of others (``noise`` beside ``noise.labels``) is claimed
    by those who offer these, too.
    """
    for key in claims:
        inner = [claims[other] for other in claims if other.startswith(f"{key}.")]
        claims[key] = [*claims[key], *chain(*inner)]
    return sorted(claims, key=lambda key: claims[key][0].plugin != CORE)


def _clashes_of(plugin: Plugin, clashes: Mapping[Kind, Mapping[str, tuple[str, ...]]]) -> list[str]:
    """Return a sentence for each name of the plugin's that is offered twice."""
    return [
        _clash(kind, name, clashes[kind][name])
        for kind in plugin.offers
        for name in _claims([plugin], kind)
        if name in clashes.get(kind, {})
    ]


def _clash(kind: Kind, name: str, origins: tuple[str, ...]) -> str:
    return f"The {kind.removesuffix('s')} {name!r} is offered by {' and by '.join(origins)}."


def _name(entry: Entry[Any]) -> str:
    return entry.record.stem if isinstance(entry.record, Path) else str(entry.record.name)


def _origin(entry: Entry[Any]) -> str:
    return f"{entry.distribution} {entry.version} (plugin {entry.plugin!r})"


def _matching(names: Iterable[str], pattern: str) -> list[str]:
    return [name for name in names if fnmatchcase(name, pattern)]
