"""The user's configuration: plugins switched off, or with a Python of their own.

A file of TOML, ``$BENCH_CONFIG`` or ``$XDG_CONFIG_HOME/bench/config.toml``::

    [plugins.acme]
    python = "/home/me/acme/bin/python"

    [plugins.noisy]
    disabled = true

A plugin is named as its entry point is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from bench.spec.errors import BenchError, nearest

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

CORE = "core"
"""The plugin that is bench itself: without its tasks and metrics nothing can be measured."""

_KEYS = ("disabled", "python")


@dataclass(frozen=True)
class PluginSettings:
    """What the user says of one plugin.

    Parameters
    ----------
    disabled
        It is not to be imported.
    python
        The interpreter of the environment that it lives in; None: ours.
    """

    disabled: bool = False
    python: str | None = None


@dataclass(frozen=True)
class Configuration:
    """What the user's file says.

    Parameters
    ----------
    path
        Where it is, or would be.
    plugins
        By the names of their entry points.
    """

    path: Path
    plugins: Mapping[str, PluginSettings] = field(default_factory=dict)

    def of(self, name: str) -> PluginSettings:
        """Return what is said of a plugin; nothing special where it is not named."""
        return self.plugins.get(name, PluginSettings())


def configuration_path() -> Path:
    """Return where the configuration is: ``$BENCH_CONFIG``, or in the user's folder for such."""
    if given := os.environ.get("BENCH_CONFIG"):
        return Path(given).expanduser()
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "bench" / "config.toml"


def cache_folder() -> Path:
    """Return where bench keeps what can be made again: ``$BENCH_CACHE``, or the user's cache."""
    if given := os.environ.get("BENCH_CACHE"):
        return Path(given)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "crossover-bench"


def read_configuration() -> Configuration:
    """Read the configuration; one that is not there says nothing.

    Raises
    ------
    BenchError
        The file cannot be read or has something that is not allowed.
    """
    path = configuration_path()
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Configuration(path)
    except (OSError, ValueError) as error:
        raise BenchError(f"The configuration {path} cannot be read: {error}.") from None
    import tomllib

    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BenchError(f"The configuration {path} is no TOML: {error}.") from None
    return Configuration(path, _plugins(path, tables))


def switch(names: Iterable[str], *, disabled: bool) -> Path:
    """Switch plugins off or on in the user's file, all else in it kept; return its path.

    Raises
    ------
    BenchError
        The file is wrong, or cannot be written.
    """

    def change(table: Any) -> None:
        if disabled:
            table["disabled"] = True
        else:
            table.pop("disabled", None)

    return _edit(names, change)


def place(name: str, python: str | None) -> Path:
    """Say in the user's file which interpreter a plugin has, None: ours; return the file's path.

    Raises
    ------
    BenchError
        The file is wrong, or cannot be written.
    """

    def change(table: Any) -> None:
        if python is None:
            table.pop("python", None)
        else:
            table["python"] = python

    return _edit([name], change)


def _plugins(path: Path, tables: Mapping[str, Any]) -> dict[str, PluginSettings]:
    for key in tables:
        if key != "plugins":
            _refuse(path, f"{key!r} is not known; [plugins.NAME] is.{nearest(key, ['plugins'])}")
    plugins = tables.get("plugins", {})
    if not isinstance(plugins, Mapping):
        _refuse(path, f"plugins is {plugins!r}; a table for each plugin is needed, [plugins.NAME].")
    return {name: _settings(path, name, table) for name, table in plugins.items()}


def _settings(path: Path, name: str, table: object) -> PluginSettings:
    where = f"[plugins.{name}]"
    if not isinstance(table, Mapping):
        _refuse(path, f"plugins.{name} is {table!r}; a table is needed, {where}.")
    if name == CORE:
        _refuse(path, f"{where}: {CORE!r} is bench itself; it is always there. Remove the table.")
    for key in table:
        if key not in _KEYS:
            allowed = " and ".join(_KEYS)
            _refuse(path, f"{where}: {key!r} is not known; {allowed} are.{nearest(key, _KEYS)}")
    disabled, python = table.get("disabled", False), table.get("python")
    if not isinstance(disabled, bool):
        _refuse(path, f"{where}: disabled is {disabled!r}; true or false is needed.")
    if python is None:
        return PluginSettings(disabled)
    if not isinstance(python, str) or not python:
        _refuse(path, f'{where}: python is {python!r}; a path is needed, as in "/path/bin/python".')
    # Never resolved: a virtual environment is known by the link that its interpreter is.
    return PluginSettings(disabled, str(path.parent / Path(python).expanduser()))


def _refuse(path: Path, fault: str) -> NoReturn:
    raise BenchError(f"The configuration {path}: {fault}")


def _edit(names: Iterable[str], change: Callable[[Any], None]) -> Path:
    import tomlkit

    path = read_configuration().path
    try:
        document = tomlkit.parse(path.read_text(encoding="utf-8") if path.exists() else "")
        plugins = _table(document, "plugins", is_super=True)
        for name in names:
            table = _table(plugins, name)
            change(table)
            if not table:
                del plugins[name]
        _write(path, document)
    except OSError as error:
        raise BenchError(f"The configuration {path} cannot be written: {error}.") from None
    return path


def _table(parent: Any, name: str, *, is_super: bool = False) -> Any:
    import tomlkit

    if name not in parent:
        parent[name] = tomlkit.table(is_super_table=is_super)
    return parent[name]


def _write(path: Path, document: TOMLDocument) -> None:
    """Write the whole file or none of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    target = path.resolve()  # a link into somebody's dotfiles stays one
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        draft.write_text(document.as_string(), encoding="utf-8")
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
