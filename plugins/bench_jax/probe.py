"""What JAX spends on compiling in each phase, and the memory of its device."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import Any

_COMPILE = "/jax/core/compile/backend_compile_duration"
_SPENT = (
    "/jax/core/compile/jaxpr_trace_duration",
    "/jax/core/compile/jaxpr_to_mlir_module_duration",
    _COMPILE,
)
_HIT = "/jax/compilation_cache/cache_hits"
_SAVED = "/jax/compilation_cache/compile_time_saved_sec"


class CompileProbe:
    """Listens to JAX's own monitoring; imports nothing that is not imported, starts nothing.

    Names, with units: ``compile_seconds`` (s; tracing, lowering and compiling, spans that lie in
    one another counted once), ``n_compilations`` (programs really compiled), ``cache_hits``
    (programs found on disk), ``compile_saved_seconds`` (s; what compiling those once took, less
    finding them) and, where the device tells, ``peak_device_bytes`` (B).
    """

    def __init__(self) -> None:
        self._is_listening = False
        self._spans: list[tuple[float, float]] = []
        self._compiled = 0
        self._hits = 0
        self._saved = 0.0

    def start(self, phase: str) -> None:
        """Begin to count."""
        self._listen()
        self._spans = []
        self._compiled = self._hits = 0
        self._saved = 0.0

    def stop(self, phase: str) -> Mapping[str, tuple[float, str]]:
        """Return what happened since; nothing where JAX is not imported."""
        if not self._is_listening:
            # It was imported within the phase: what it compiled there went unheard.
            self._listen()
            return {}
        found: dict[str, tuple[float, str]] = {
            "compile_seconds": (_covered(self._spans), "s"),
            "n_compilations": (max(self._compiled - self._hits, 0), ""),
            "cache_hits": (self._hits, ""),
            "compile_saved_seconds": (self._saved, "s"),
        }
        peak = _peak_device_bytes()
        if peak is not None:
            found["peak_device_bytes"] = (peak, "B")
        return found

    def _listen(self) -> None:
        if self._is_listening or "jax" not in sys.modules:
            return
        from jax import monitoring

        monitoring.register_event_duration_secs_listener(self._on_duration)
        monitoring.register_event_listener(self._on_event)
        self._is_listening = True

    def _on_duration(self, event: str, duration_secs: float, **_: Any) -> None:
        if event in _SPENT:
            now = time.time()
            self._spans.append((now - duration_secs, now))
            self._compiled += event == _COMPILE
        elif event == _SAVED:
            self._saved += duration_secs

    def _on_event(self, event: str, **_: Any) -> None:
        self._hits += event == _HIT


def _covered(spans: list[tuple[float, float]]) -> float:
    """Return the length of the union of spans."""
    total, reached = 0.0, float("-inf")
    for begin, end in sorted(spans):
        total += max(0.0, end - max(begin, reached))
        reached = max(reached, end)
    return total


def _peak_device_bytes() -> float | None:
    """Return the most memory that any device had in use, or None where none tells."""
    bridge = sys.modules.get("jax._src.xla_bridge")
    # Public ways to ask start a backend; this one only looks whether one has been started.
    if bridge is None or not getattr(bridge, "_backends", None):
        return None
    import jax

    peaks = [
        stats["peak_bytes_in_use"]
        for device in jax.local_devices()
        if (stats := device.memory_stats()) and "peak_bytes_in_use" in stats
    ]
    return float(max(peaks)) if peaks else None
