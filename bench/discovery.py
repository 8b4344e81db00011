"""Plugins read one by one: imported, checked and attributed; a broken one is a finding, no crash.

Pluggy alone ignores a misspelt hook, dies with one bad import, refuses a whole plugin for one
malformed hook, and drops the second of two distributions that use one entry-point name.
"""

from __future__ import annotations

import contextlib
import inspect
import os
import sys
import traceback
import types
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

import pluggy

from bench import hookspecs
from bench.errors import BenchError, nearest
from bench.hookspecs import HOOK_API, PROJECT
from bench.spec import DatasetSpec, Metric, ModelSpec, ProbeSpec, Task

Kind = Literal["models", "datasets", "tasks", "metrics", "probes", "suites"]
State = Literal["ok", "partly", "broken"]
RecordT = TypeVar("RecordT")

HOOKS: Mapping[str, tuple[Kind, type]] = {
    "bench_models": ("models", ModelSpec),
    "bench_datasets": ("datasets", DatasetSpec),
    "bench_tasks": ("tasks", Task),
    "bench_metrics": ("metrics", Metric),
    "bench_probes": ("probes", ProbeSpec),
    "bench_suites": ("suites", Path),
}
_MAX_FINDINGS = 10  # of one plugin: one that is wrong in every record says enough with these
_MAX_MESSAGE = 500
_MAX_TRACEBACK = 16_384


@dataclass(frozen=True)
class Entry(Generic[RecordT]):
    """A record, and where it comes from.

    Parameters
    ----------
    record
        What the plugin yielded.
    plugin
        Name of its entry point.
    distribution, version
        The installed distribution that declares the entry point.
    """

    record: RecordT
    plugin: str
    distribution: str
    version: str


@dataclass(frozen=True, kw_only=True)
class PluginInfo:
    """One entry point, and what became of it.

    Parameters
    ----------
    name, distribution, version, module
        The entry point, who declares it, and the module that it names.
    hook_api
        The `HOOK_API` that the module states; None where it states none.
    state
        ``"ok"``; ``"partly"``: something is wrong, but the rest of it can be used; ``"broken"``:
        nothing of it can.
    reasons
        What is wrong with it, in sentences.
    offers
        How many records of each kind it gave; kinds that it has none of are left out.
    error
        The original traceback of what it raised, at most 16 KiB of it.
    """

    name: str
    distribution: str
    version: str
    module: str
    hook_api: int | None = None
    state: State = "ok"
    reasons: tuple[str, ...] = ()
    offers: Mapping[str, int] = field(default_factory=dict)
    error: str = ""

    @property
    def origin(self) -> str:
        """Who it is, in words."""
        return f"{self.distribution} {self.version} (plugin {self.name!r})"


@dataclass(kw_only=True, eq=False)
class Plugin:
    """A plugin while it is being read."""

    name: str
    distribution: str
    version: str
    module: str
    hook_api: int | None = None
    left_out: bool = False
    findings: list[str] = field(default_factory=list)
    tracebacks: list[str] = field(default_factory=list)
    offers: dict[Kind, list[Entry[Any]]] = field(default_factory=dict)

    def failed(self, doing: str, error: BaseException) -> None:
        """Keep what it raised, in brief and in full."""
        # Of a record's fault only the message matters: it names the record and the field.
        why = str(error) if isinstance(error, BenchError) else brief(error)
        self.findings.append(f"{doing}: {why}")
        self.tracebacks.append(_original(error))

    def offer(self, kind: Kind, record: Any) -> None:
        """Keep a good record."""
        entry = Entry(record, self.name, self.distribution, self.version)
        self.offers.setdefault(kind, []).append(entry)

    def info(self, clashes: list[str]) -> PluginInfo:
        """Return what became of it, given the names that others offer too."""
        findings = list(dict.fromkeys(self.findings))
        reasons = findings[:_MAX_FINDINGS]
        if (more := len(findings) - _MAX_FINDINGS) > 0:
            reasons.append(f"And {more} more like these.")
        reasons += clashes
        state: State = "partly" if reasons else "ok"
        if self.left_out or (self.findings and not self.offers):
            state = "broken"
        return PluginInfo(
            name=self.name,
            distribution=self.distribution,
            version=self.version,
            module=self.module,
            hook_api=self.hook_api,
            state=state,
            reasons=tuple(reasons),
            offers={kind: len(entries) for kind, entries in self.offers.items()},
            error="\n".join(self.tracebacks[:_MAX_FINDINGS])[:_MAX_TRACEBACK],
        )


def read_plugins(group: str) -> list[Plugin]:
    """Import every plugin of a group of entry points and call its hooks.

    What plugins print or warn of meanwhile is dropped. Only KeyboardInterrupt passes through.
    """
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    plugins: dict[str, Plugin] = {}
    with _silence():
        for entry_point in metadata.entry_points(group=group):
            distribution, version = _distribution(entry_point)
            # Of both names: pluggy drops the second of two plugins that are called the same.
            key = f"{distribution}:{entry_point.name}={entry_point.value}"
            if key not in plugins:
                plugins[key] = Plugin(
                    name=entry_point.name,
                    distribution=distribution,
                    version=version,
                    module=entry_point.value.partition(":")[0].strip(),
                )
                _register(manager, key, plugins[key], entry_point)
        for hook, (kind, record_class) in HOOKS.items():
            for implementation in getattr(manager.hook, hook).get_hookimpls():
                plugin = plugins[implementation.plugin_name.rpartition("#")[0]]
                _collect(plugin, hook, kind, record_class, implementation.function)
    return sorted(plugins.values(), key=lambda plugin: (plugin.distribution, plugin.name))


def brief(error: BaseException) -> str:
    """Return an exception in one line: its type, the first line of its message, and the place."""
    message = next(iter(_message(error).splitlines()), "")
    if len(message) > _MAX_MESSAGE:
        message = message[:_MAX_MESSAGE] + " ..."
    text = f"{type(error).__name__}: {message}" if message else type(error).__name__
    frames = _frames(error)
    # A SyntaxError's message has its place already.
    if frames and not isinstance(error, SyntaxError):
        text += f" ({frames[-1].filename}, line {frames[-1].lineno})"
    return text


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return "its message cannot be shown"


def _frames(error: BaseException) -> list[traceback.FrameSummary]:
    """Return the frames of a traceback but for those of the machinery that imports plugins."""
    machinery = (__file__, metadata.__file__)
    return [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename not in machinery
        and not frame.filename.startswith("<frozen importlib")
        and not frame.filename.endswith(f"importlib{os.sep}__init__.py")
    ]


def _original(error: BaseException) -> str:
    """Return the traceback as the plugin's author would see it."""
    full = traceback.TracebackException.from_exception(error)
    full.stack = traceback.StackSummary.from_list(_frames(error))
    return "".join(full.format())


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
        plugin.findings.append(
            f"Its entry point {entry_point.value!r} names an object of type "
            f"{type(module).__name__}; "
            "it must name a module."
        )
        return
    # Not getattr: a module that imports lazily must not be made to.
    attributes = vars(module)
    api = attributes.get("HOOK_API")
    if isinstance(api, int):
        plugin.hook_api = api
    elif api is not None:
        plugin.findings.append(f"HOOK_API is {api!r}; an integer is needed, as in HOOK_API = 1.")
    if plugin.hook_api is not None and plugin.hook_api > HOOK_API:
        plugin.left_out = True
        plugin.findings.append(
            f"It was written for HOOK_API {plugin.hook_api} and is left out: this bench has "
            f"{HOOK_API}. Upgrade crossover-bench."
        )
        return
    for name, value in sorted(attributes.items()):
        _register_hook(manager, key, plugin, name, value)


def _register_hook(
    manager: pluggy.PluginManager, key: str, plugin: Plugin, name: str, value: Any
) -> None:
    """Register one function if it is a hook, or say why it only looks like one."""
    if not inspect.isroutine(value):
        # A plugin may import another that is called as a hook is: `import bench_datasets`.
        if name in HOOKS and not isinstance(value, types.ModuleType):
            plugin.findings.append(
                f"{name} is of type {type(value).__name__}; "
                "a function marked with @bench.hookimpl is needed."
            )
        return
    # Each hook by itself, because pluggy refuses a whole plugin for one malformed hook.
    holder = types.ModuleType(name)
    setattr(holder, name, value)
    options = manager.parse_hookimpl_opts(holder, name)
    if options is None:
        if name in HOOKS:
            plugin.findings.append(f"{name} is never called: mark it with @bench.hookimpl.")
        elif name.startswith(f"{PROJECT}_"):
            plugin.findings.append(
                f"The function {name} has a hook's prefix, but no hook is called so."
                f"{nearest(name, HOOKS)}"
            )
        return
    hook = options.get("specname") or name
    if hook not in HOOKS:
        plugin.findings.append(
            f"{name} is marked with @bench.hookimpl, but no hook is called {hook!r}."
            + (nearest(hook, HOOKS) or f" The hooks are {', '.join(HOOKS)}.")
        )
    elif options.get("wrapper") or options.get("hookwrapper"):
        plugin.findings.append(f"{name} is a wrapper; bench's hooks cannot be wrapped.")
    else:
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
            if fault := _fault(record, record_class):
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
