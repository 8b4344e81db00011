"""The reference is whole: what there is stands in it, and nothing else."""

import re
import tomllib

import pytest

import bench
import bench.testing
from bench.conformance.catalogue import PROMISES
from bench.planning.suite import json_schema
from bench.registry.discovery import HOOKS
from bench.registry.lookup import discover
from bench.results.schema import SCHEMAS
from bench.spec.outcome import FAILED, STATUSES
from code_blocks import ROOT

REFERENCE = ROOT / "docs" / "reference"


def page(name):
    return (REFERENCE / f"{name}.md").read_text(encoding="utf-8")


def asked_for(name, part):
    """Return what a page has generated, by the name of the part."""
    return re.findall(rf"^```{{generated}} {part} ([\w-]+)$", page(name), re.MULTILINE)


def test_every_public_name_is_described():
    """What `bench` exports is what the page of the Python interface documents."""
    documented = re.findall(r"^\.\. (?:auto\w+|py:data):: (\w+)$", page("python"), re.MULTILINE)
    assert sorted(documented) == sorted({*bench.__all__})


def test_everything_for_tests_is_described():
    """What `bench.testing` exports is documented there too."""
    documented = re.findall(r"^\.\. auto\w+:: bench\.testing\.(\w+)", page("python"), re.MULTILINE)
    assert sorted(documented) == sorted(bench.testing.__all__)


def test_every_hook_is_described():
    """The page of the hooks has all of them."""
    assert re.findall(r"autofunction:: bench.spec.hooks.(\w+)", page("hooks")) == list(HOOKS)


def test_every_column_has_a_meaning():
    """Tables and columns that are explained are those that there are, in the same order."""
    explained = tomllib.loads((REFERENCE / "columns.toml").read_text(encoding="utf-8"))
    assert {name: list(columns) for name, columns in explained.items()} == {
        name: schema.names for name, schema in SCHEMAS.items()
    }
    assert asked_for("columns", "columns") == list(SCHEMAS)


def test_every_table_of_a_suite_is_described():
    """Each table of the JSON schema has its keys listed."""
    assert sorted(asked_for("suites", "suite-table")) == sorted(json_schema()["$defs"])


def test_every_status_is_explained():
    """The statuses stand in the table in the order of the code, with the failed ones marked."""
    rows = re.findall(r"^\| `(\w+)` \|.*\| ([\w ]+) \|$", page("statuses"), re.MULTILINE)
    assert [name for name, _ in rows] == list(STATUSES)
    assert [name for name, counts in rows if counts == "failed"] == list(FAILED)


@pytest.mark.parametrize("kind", ["models", "datasets"])
def test_everything_that_comes_along_is_listed(kind):
    """Each family of models and each modality of datasets of ours has its table."""
    entries = getattr(discover(), kind).values()
    own = [entry.record for entry in entries if entry.distribution == "crossover-bench"]
    there = {record.family if kind == "models" else record.modality for record in own}
    assert set(asked_for(kind, kind)) == there


def test_every_check_is_described():
    """Each kind of subject that promises are made of has its checks listed."""
    assert set(asked_for("checks", "checks")) == {promise.kind for promise in PROMISES}
