"""Which names a plugin's probe may take: none that the core measures under itself."""

import re
from pathlib import Path

import pytest

import bench
from bench.registry.lookup import discover
from bench.spec.errors import RecordError
from bench.spec.probes import CORE_PROBES

CORE = Path(bench.__file__).parent

PLUGIN = """
import bench

@bench.hookimpl
def bench_probes():
    yield bench.ProbeSpec(name="clock", factory="own_clock:Clock")
"""


@pytest.mark.parametrize("name", CORE_PROBES)
def test_a_name_of_the_cores_is_refused(name):
    """The message names the probe and every name that is taken."""
    with pytest.raises(RecordError) as error:
        bench.ProbeSpec(name=name, factory="acme:Probe")
    assert f"ProbeSpec {name!r}" in str(error.value)
    assert all(taken in str(error.value) for taken in CORE_PROBES)


def test_it_is_a_finding_at_discovery(tmp_path, monkeypatch):
    """A plugin whose probe is called "clock" is listed with the reason and harms nobody."""
    (tmp_path / "own_clock.py").write_text(PLUGIN)
    info = tmp_path / "own_clock-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: own-clock\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[bench]\nown = own_clock\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    registry = discover()
    (plugin,) = (plugin for plugin in registry.plugins if plugin.name == "own")
    assert plugin.state == "broken"
    assert "ProbeSpec 'clock'" in plugin.reasons[0]
    assert "calibration, clock, cpu" in plugin.reasons[0]
    assert "clock" not in registry.probes


def test_the_list_holds_every_name_that_the_core_measures_under():
    """Whoever adds a measure to the core adds its name to the list."""
    written = re.compile(r"""\b(?:note|Measure)\(\s*[\w".-]+,\s*"([\w-]+)",""")
    found = {
        name
        for path in CORE.rglob("*.py")
        for name in written.findall(path.read_text(encoding="utf-8"))
    }
    assert found == set(CORE_PROBES)
