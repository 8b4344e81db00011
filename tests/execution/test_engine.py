"""What an engine is: sessions and `choose` run on any, its nodes and slots coming and going."""

import contextlib
import io
import time
from types import SimpleNamespace

import pytest
from rich.console import Console
from toy_engine import ForwardingEngine

from bench.choosing.answer import Request
from bench.choosing.command import answer
from bench.execution.asking import _answer
from bench.execution.engine import Call, Report
from bench.execution.opening import open_session
from bench.notebook.measure import Silent
from bench.planning.selection import expand
from bench.planning.suite import parse
from bench.planning.wanted import Wanted
from bench.registry.lookup import discover
from bench.results import store
from bench.spec.errors import DatasetError

SUITE = """
[suite]
name = "small"
[protocol]
sizes = [16, 32]
outer_seeds = 5
[[models]]
name = "dummy"
[[models]]
name = "gaussian-nb"
[[datasets]]
name = "iris"
[[datasets]]
name = "wine"
"""


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path / "cache"))


def run(engine, folder):
    """Run the suite on an engine; return its results."""
    with contextlib.closing(engine):
        wanted = Wanted(output=folder)
        session = open_session(SUITE, "small", discover(), wanted, engine=engine, command=["bench"])
        progress = session.run(Silent())
    assert not progress.interrupted
    return store.load(folder)


@pytest.mark.parametrize("answered", [b"\x00\n{}", b"", None])
def test_calls_and_reports_travel_as_bytes(answered):
    """They are the same after a journey, an empty answer and none among them."""
    call = Call(id="c", function="f", argument={"é": [1]}, limit_seconds=1.5, limit_bytes=2)
    assert Call.from_bytes(call.to_bytes()) == call
    report = Report(slot=3, id="c", answer=answered, output="a\nb", seconds=0.1, steal_seconds=4.0)
    assert Report.from_bytes(report.to_bytes()) == report


def test_a_suite_runs_on_several_nodes(tmp_path):
    """Every row is there once; each node has said what it is, and each slot how fast.

    Both datasets are described at once, before either has answered.
    """
    engine = ForwardingEngine()
    results = run(engine, tmp_path / "run")
    first = [(slot, call.function.partition(":")[2]) for slot, call in engine.calls[:2]]
    assert first == [(0, "describe"), (1, "describe")]
    assert results.trials["status"].to_pylist() == ["ok"] * 40
    known = set(results.environments["environment_id"].to_pylist())
    assert set(results.trials["environment_id"].to_pylist()) <= known
    measures = results.measures.to_pylist()
    slots = [m["name"] for m in measures if m["probe"] == "calibration"]
    assert sorted(slots) == ["slot-0", "slot-1"]
    (stolen,) = [m["value"] for m in measures if m["name"] == "steal_seconds"]
    assert stolen >= 0


def test_nodes_may_come_and_go(tmp_path):
    """What a lost node did is done elsewhere; a node that comes is calibrated, then it works."""
    engine = ForwardingEngine(changes={10: "-b", 20: "+c"})
    results = run(engine, tmp_path / "run")
    assert results.trials["status"].to_pylist() == ["ok"] * 40
    assert len(set(results.trials["trial_id"].to_pylist())) == 40
    late = [call.id for slot, call in engine.calls if slot == 2]
    assert late[0] == "calibration-2"
    assert len(late) > 1


def test_choose_runs_on_any_engine(tmp_path):
    """A table is examined and measured through bytes alone."""
    rows = [f"{i % 7},{i % 5},{'yes' if i % 7 > 3 else 'no'}" for i in range(300)]
    table = tmp_path / "table.csv"
    table.write_text("\n".join(["a,b,c", *rows]))
    registry = discover()
    candidates = """
[suite]
name = "few"
[[models]]
name = "dummy"
[[models]]
name = "gaussian-nb"
[[models]]
name = "decision-tree"
[[datasets]]
name = "iris"
"""
    request = Request(
        table=f"csv:{table}",
        target="c",
        minutes=20.0,
        candidates=expand(parse(candidates, "few"), registry),
        folder=tmp_path / "chosen",
    )
    with contextlib.closing(ForwardingEngine()) as engine:
        console = Console(file=io.StringIO())
        found = answer(request, registry, console, began=time.time() + 60, engine=engine)
    assert found.choice is not None
    assert {slot for slot, _ in engine.calls} == {0, 1}


def test_a_dataset_whose_process_was_lost_has_no_exit_code():
    """It is said that something outside has killed what watched it, and what to do."""
    lost = Report(slot=0, id="x", lost=True)
    with pytest.raises(DatasetError, match="watched it was killed; the same command tries again"):
        _answer(lost, SimpleNamespace(name="iris"))
