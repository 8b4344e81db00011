"""Conditions as the registry has them: in the order of offers, and no two under one key."""

import sys
from pathlib import Path

import pytest

from bench.planning.suite import json_schema, parse
from bench.registry.lookup import discover
from bench.spec.errors import PluginError, SuiteError

DATA = Path(__file__).parent / "plugins_data"
OURS = ["noise.labels", "noise.features", "missing", "imbalance"]
SUITE = '[suite]\nname = "a"\n[[models]]\nname = "a"\n[[datasets]]\nname = "a"\n[[conditions]]\n'


@pytest.fixture
def registry(monkeypatch, tmp_path):
    """What is there where a plugin offers conditions, some of which cannot be used."""
    monkeypatch.setenv("BENCH_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.syspath_prepend(str(DATA / "conditions"))
    yield discover()
    sys.modules.pop("acme_conditions", None)


def offered(registry, *plugins):
    """Return what these plugins offer: tests before may have left others to be found."""
    return [key for key in registry.conditions if registry.condition(key).plugin in plugins]


def test_those_of_bench_come_first():
    """They are shown, and come in suites' schemas, in the order in which they are offered."""
    registry = discover()
    assert list(registry.conditions)[: len(OURS)] == offered(registry, "core") == OURS


def test_a_plugins_own_come_after_them(registry):
    """Whatever the names are: those that are offered twice are in nobody's list."""
    ours = [key for key in OURS if key != "missing"]
    assert list(registry.conditions)[: len(ours)] == ours
    assert offered(registry, "core", "acme") == [*ours, "aged"]
    assert registry.condition("aged").plugin == "acme"


def test_a_key_that_is_offered_twice_is_refused_by_both_names(registry):
    """In a suite and in a look-up, whoever offers it is named."""
    said = "The condition 'missing' is offered by acme-conditions 1.0 (plugin 'acme') and by cross"
    with pytest.raises(PluginError) as looked_up:
        registry.condition("missing")
    with pytest.raises(SuiteError) as parsed:
        parse(f"{SUITE}missing = 0.1\n", "a.toml", registry)
    assert str(looked_up.value).startswith(said)
    assert str(parsed.value).startswith(f"a.toml: conditions[0].missing: {said}")


def test_a_key_cannot_be_the_table_of_others(registry):
    """`noise` beside `noise.labels` would be two things in one place: the latter stays."""
    (plugin,) = (one for one in registry.plugins if one.name == "acme")
    assert plugin.state == "partly"
    assert any(
        reason.startswith("The condition 'noise' is offered by") for reason in plugin.reasons
    )
    suite = parse(f"{SUITE}noise = {{ labels = 0.1 }}\n", "a.toml", registry)
    assert suite.conditions[0].condition().name == "label noise 0.1"
    assert "noise" in json_schema(registry)["$defs"]["ConditionTable"]["properties"]


def test_a_record_that_is_wrong_is_a_finding(registry):
    """It is named with what is allowed, and suites that ask for it are told where it may be."""
    (plugin,) = (one for one in registry.plugins if one.name == "acme")
    said = "Change 'drift': changes is 'time'; allowed: rows, X, y."
    assert any(said in reason for reason in plugin.reasons)
    with pytest.raises(SuiteError) as error:
        parse(f"{SUITE}drift = 0.1\n", "a.toml", registry)
    assert "conditions[0].drift: no such key; allowed: noise, imbalance, aged" in str(error.value)
    assert "It may belong to a plugin that could not be read in full:" in str(error.value)
    assert said in str(error.value)
