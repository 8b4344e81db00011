"""The probe: JAX's own monitoring, read once and counted once."""

import subprocess
import sys

import pytest
from jax import monitoring

from bench_jax.probe import CompileProbe, _covered

TRACE = "/jax/core/compile/jaxpr_trace_duration"
COMPILE = "/jax/core/compile/backend_compile_duration"
HIT = "/jax/compilation_cache/cache_hits"
SAVED = "/jax/compilation_cache/compile_time_saved_sec"


def test_spans_within_one_another_count_once():
    """Of 0-4, 1-2, 3-6 and 8-9, seven seconds are covered."""
    assert _covered([(3.0, 6.0), (0.0, 4.0), (8.0, 9.0), (1.0, 2.0)]) == 7.0
    assert _covered([]) == 0.0


def test_programs_found_on_disk_are_no_compilations(monkeypatch):
    """Two programs of which one was found: one compilation, one hit, and what it saved."""
    probe = CompileProbe()
    probe.start("warm-up")
    monitoring.record_event_duration_secs(COMPILE, 0.0)
    monitoring.record_event(HIT)
    monitoring.record_event_duration_secs(SAVED, 1.5)
    monitoring.record_event_duration_secs(COMPILE, 0.0)
    found = probe.stop("warm-up")
    assert found["n_compilations"] == (1, "")
    assert found["cache_hits"] == (1, "")
    assert found["compile_saved_seconds"] == (1.5, "s")


def test_each_phase_is_counted_on_its_own():
    """What happened in one phase, or between phases, is not in the next one's figures."""
    probe = CompileProbe()
    probe.start("warm-up")
    monitoring.record_event_duration_secs(TRACE, 2.0)
    assert probe.stop("warm-up")["compile_seconds"][0] == pytest.approx(2.0)
    monitoring.record_event_duration_secs(TRACE, 2.0)
    probe.start("fit")
    assert probe.stop("fit")["compile_seconds"] == (0.0, "s")


def test_without_jax_it_says_nothing_and_imports_nothing():
    """A trial of a classical model is not made to import JAX."""
    code = (
        "import sys; from bench_jax.probe import CompileProbe; p = CompileProbe(); p.start('fit'); "
        "assert p.stop('fit') == {}; assert 'jax' not in sys.modules"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert answer.returncode == 0, answer.stderr


def test_it_starts_no_backend():
    """Asking for the device's memory is left out where no backend has been started."""
    code = (
        "import jax; from bench_jax.probe import CompileProbe; p = CompileProbe(); p.start('fit'); "
        "p.stop('fit'); from jax._src import xla_bridge; assert not xla_bridge._backends"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert answer.returncode == 0, answer.stderr
