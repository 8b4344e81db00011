"""What is known of a plugin, while it is read and after, and what it offers."""

from __future__ import annotations

import os
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from bench.spec import Change, DatasetSpec, Metric, ModelSpec, ProbeSpec, Task
from bench.spec.errors import BenchError

Kind = Literal["models", "datasets", "tasks", "metrics", "conditions", "probes", "suites"]
State = Literal["ok", "partly", "broken", "disabled"]
RecordT = TypeVar("RecordT")

HOOKS: Mapping[str, tuple[Kind, type]] = {
    "bench_models": ("models", ModelSpec),
    "bench_datasets": ("datasets", DatasetSpec),
    "bench_tasks": ("tasks", Task),
    "bench_metrics": ("metrics", Metric),
    "bench_conditions": ("conditions", Change),
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
    python
        The interpreter of the plugin's own environment; None: ours.
    """

    record: RecordT
    plugin: str
    distribution: str
    version: str
    python: str | None = None


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
        nothing of it can; ``"disabled"``: the user has switched it off, and it was not imported.
    reasons
        What is wrong with it, or where it was switched off, in sentences.
    notes
        What of it is left out though nothing is wrong with it.
    warnings
        What it uses that a later `HOOK_API` takes away, and what to use instead.
    offers
        How many records of each kind it gave; kinds that it has none of are left out.
    error
        The original traceback of what it raised, at most 16 KiB of it.
    python
        The interpreter of its own environment; None: ours.
    libraries
        Of its own environment: the version of Python and of what it requires.
    """

    name: str
    distribution: str
    version: str
    module: str
    hook_api: int | None = None
    state: State = "ok"
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    offers: Mapping[str, int] = field(default_factory=dict)
    error: str = ""
    python: str | None = None
    libraries: Mapping[str, str] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        """Who it is, in words."""
        if not self.distribution:
            return f"plugin {self.name!r}"
        return f"{self.distribution} {self.version} (plugin {self.name!r})"


@dataclass(kw_only=True, eq=False)
class Plugin:
    """A plugin while it is being read."""

    name: str
    distribution: str
    version: str
    module: str
    hook_api: int | None = None
    python: str | None = None
    libraries: dict[str, str] = field(default_factory=dict)
    disabled_in: str = ""
    left_out: bool = False
    findings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
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
        entry = Entry(record, self.name, self.distribution, self.version, self.python)
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
        if self.disabled_in:
            state = "disabled"
            reasons.append(
                f"It is switched off in {self.disabled_in}; 'bench plugins enable {self.name}' "
                "switches it on."
            )
        return PluginInfo(
            name=self.name,
            distribution=self.distribution,
            version=self.version,
            module=self.module,
            hook_api=self.hook_api,
            state=state,
            reasons=tuple(reasons),
            notes=tuple(dict.fromkeys(self.notes)),
            warnings=tuple(dict.fromkeys(self.warnings))[:_MAX_FINDINGS],
            offers={kind: len(entries) for kind, entries in self.offers.items()},
            error="\n".join(self.tracebacks[:_MAX_FINDINGS])[:_MAX_TRACEBACK],
            python=self.python,
            libraries=self.libraries,
        )


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
    ours = os.path.dirname(__file__)
    return [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename != metadata.__file__
        and os.path.dirname(frame.filename) != ours
        and not frame.filename.startswith("<frozen importlib")
        and not frame.filename.endswith(f"importlib{os.sep}__init__.py")
    ]


def _original(error: BaseException) -> str:
    """Return the traceback as the plugin's author would see it."""
    full = traceback.TracebackException.from_exception(error)
    full.stack = traceback.StackSummary.from_list(_frames(error))
    return "".join(full.format())
