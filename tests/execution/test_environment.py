"""The facts of a machine, as the table of environments takes them."""

import os
import platform
from importlib import metadata

import psutil

from bench.execution.environment import describe, steal_seconds
from bench.results import store
from bench.results.schema import SCHEMAS


def test_every_column_of_the_table_is_described():
    """Each fact has a column and each column a fact, but for the identity itself."""
    assert set(describe()) == set(SCHEMAS["environments"].names) - {"environment_id"}


def test_the_facts_are_those_of_this_machine(monkeypatch):
    """Memory, cores, Python, versions, thread settings and XLA's flags are told as they are."""
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("VECLIB_MAXIMUM_THREADS", "4")
    monkeypatch.setenv("XLA_FLAGS", "--xla_test")
    facts = describe(["crossover-bench", "numpy", "no-such-distribution"])
    assert facts["memory_bytes"] == psutil.virtual_memory().total
    assert facts["n_cores"] == os.cpu_count()
    assert facts["python"] == f"CPython {platform.python_version()}"
    assert facts["bench_version"] == metadata.version("crossover-bench")
    assert facts["distributions"]["numpy"] == metadata.version("numpy")
    assert facts["distributions"]["no-such-distribution"] == ""
    assert facts["libraries"]["scikit-learn"] == metadata.version("scikit-learn")
    assert "no-such-distribution" not in facts["libraries"]
    assert facts["threads"]["OMP_NUM_THREADS"] == "3"
    assert facts["threads"]["VECLIB_MAXIMUM_THREADS"] == "4"
    assert facts["xla_flags"] == "--xla_test"
    assert facts["cpu_model"]


def test_the_same_machine_has_the_same_identity(tmp_path):
    """Asked twice, the facts make one environment: only the load differs."""
    first, second = ({**describe(), "load": load} for load in (0.1, 7.0))
    ids = {store.write_environment(tmp_path, facts) for facts in (first, second)}
    assert len(ids) == 1
    other = {**first, "libraries": {"numpy": "0.1"}}
    assert store.write_environment(tmp_path, other) not in ids


def test_stolen_time_does_not_shrink():
    """It counts from the start of the machine."""
    assert 0 <= steal_seconds() <= steal_seconds()


def test_what_only_reports_need_makes_no_other_environment():
    """Versions of drawing and terminal libraries are no part of what times depend on."""
    facts = describe()
    assert not {"altair", "jinja2", "rich", "click"} & set(facts["libraries"])
