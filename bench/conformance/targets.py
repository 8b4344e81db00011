"""Which plugins are meant: installed ones by any name, or a folder that is not installed."""

from __future__ import annotations

import re
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.spec.errors import PluginError, nearest

if TYPE_CHECKING:
    from bench.registry.lookup import PluginInfo, Registry


@dataclass(frozen=True)
class Targets:
    """The plugins that are meant, and everything else that is installed."""

    plugins: tuple[PluginInfo, ...]
    registry: Registry


@contextmanager
def targets(given: Sequence[str]) -> Iterator[Targets]:
    """Find plugins; folders that are not installed are so while the context lasts.

    Parameters
    ----------
    given
        Import packages, names of plugins or of distributions, or folders with a
        ``pyproject.toml``.

    Raises
    ------
    PluginError
        Nothing is called so, or a folder holds no plugin.
    """
    from bench.registry.lookup import discover

    with ExitStack() as stack:
        names = []
        for one in given:
            folder = Path(one)
            if (folder / "pyproject.toml").is_file():
                names.append(stack.enter_context(_installed(folder)))
            else:
                names.append(one)
        registry = discover()
        plugins: list[PluginInfo] = []
        for name in names:
            plugins += [one for one in find(registry, name) if one not in plugins]
        yield Targets(tuple(plugins), registry)


def find(registry: Registry, name: str) -> list[PluginInfo]:
    """Return the plugins of an import package, of a distribution, or of this name.

    Raises
    ------
    PluginError
        There is none.
    """
    found = [
        plugin
        for plugin in registry.plugins
        if name in (plugin.name, plugin.module, plugin.module.partition(".")[0])
        or _normal(name) == _normal(plugin.distribution)
    ]
    for plugin in found:
        if plugin.state == "disabled":
            raise PluginError(f"{plugin.origin} is switched off: {'; '.join(plugin.reasons)}")
    if found:
        return found
    allowed = {
        one
        for plugin in registry.plugins
        for one in (plugin.module.partition(".")[0], plugin.distribution, plugin.name)
    }
    hint = nearest(name, allowed) or " 'bench list plugins' shows all."
    if Path(name).is_dir():
        hint = " The folder has no pyproject.toml: name the one that has."
    raise PluginError(f"No installed plugin, package or distribution is called {name!r}.{hint}")


def distribution_of(file: str) -> str:
    """Return the name of the distribution whose folder a file lies in; "" where it is no file.

    Raises
    ------
    PluginError
        No folder above the file has a ``pyproject.toml`` that declares a plugin.
    """
    path = Path(file)
    if path.suffix != ".py" or not path.is_file():
        return ""
    for folder in path.resolve().parents:
        if (folder / "pyproject.toml").is_file():
            return _project(folder)[0]
    raise PluginError(f"{file}: no folder above it has a pyproject.toml.")


@contextmanager
def _installed(folder: Path) -> Iterator[str]:
    """Make the plugins of a folder importable and known; yield the distribution's name."""
    name, version, points = _project(folder)
    source = folder / "src" if (folder / "src").is_dir() else folder
    with tempfile.TemporaryDirectory(prefix="bench-check-") as made:
        facts = Path(made) / f"{_normal(name).replace('-', '_')}-{version}.dist-info"
        facts.mkdir()
        (facts / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8"
        )
        lines = "".join(f"{key} = {value}\n" for key, value in points.items())
        (facts / "entry_points.txt").write_text(f"[bench]\n{lines}", encoding="utf-8")
        added = [made, str(source.resolve())]
        # First, so that a version of it that is installed already is not looked at.
        sys.path[:0] = added
        try:
            yield name
        finally:
            for entry in added:
                sys.path.remove(entry)


def _project(folder: Path) -> tuple[str, str, dict[str, str]]:
    """Return name, version and entry points of the plugins that a folder says it has."""
    file = folder / "pyproject.toml"
    try:
        project = tomllib.loads(file.read_text(encoding="utf-8")).get("project", {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PluginError(f"{file}: cannot be read: {error}.") from error
    points = project.get("entry-points", {}).get("bench", {})
    if not points or not isinstance(points, dict):
        raise PluginError(
            f"{file} declares no plugin: write a table [project.entry-points.bench] with a line "
            'such as acme = "bench_acme".'
        )
    name = str(project.get("name", folder.resolve().name))
    return name, str(project.get("version", "0")), {str(k): str(v) for k, v in points.items()}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
